"""Draw a synthetic frontal chest film, for whoever wants to try the service and has no radiograph at hand.

The drawing follows a radiograph's own arithmetic: thicknesses of tissue, bone and air are summed along
the beam, then sent through an exposure curve. It looks like a child's AP chest film at a glance, and that
is all it is good for: no patient was imaged, no proportion was measured, nothing can be diagnosed from it,
and a network's answer to it is no measure of that network. Every film carries its caption.
"""

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.inference.images import Film

SMALLEST_SIDE = 64
CAPTION = "SYNTHETIC - NOT A PATIENT"

Map = NDArray[np.floating[Any]]
"""A value for each pixel of the sketch, or for each row or column: a thickness, a distance, or a share."""

Path = Sequence[tuple[float, float]] | NDArray[np.float64]

# The anatomy is sketched at this size, then resampled to the film's: it always fills the picture. Its unit is
# a hundredth of the height: y runs from 0 at the top to 100, x from the midline, the patient's left positive.
_SHAPE = _HEIGHT, _WIDTH = 876, 1280
_UNIT = _HEIGHT / 100
_Y: Map = np.arange(_HEIGHT, dtype=np.float32)[:, None] / _UNIT
_X: Map = (np.arange(_WIDTH, dtype=np.float32)[None] - (_WIDTH - 1) / 2) / _UNIT


def draw_chest_film(height: int = 876, width: int = 1280, *, opacity: bool = False, seed: int = 0) -> Film:
    """Return a drawn film; with opacity, the right lower zone (on the left of the picture) is consolidated.

    The seed varies vessels, texture and grain. The same arguments always give the same film.
    """
    if min(height, width) < SMALLEST_SIDE:
        raise ValueError(f"A film of {height} x {width} is too small: a side needs {SMALLEST_SIDE} pixels.")
    rng = np.random.default_rng(seed)
    mottle, patches, vessels = _clouds(rng, 0.4), _clouds(rng, 1.6), _vessels(rng)
    air = _lungs() * (1 - 0.38 * vessels - 0.03 * mottle)
    if opacity:
        air *= 1 - _consolidation(patches)
    sketch = _body() + _mediastinum() + _abdomen() + _bones() - 0.76 * air
    sketch = _resample(_blur(sketch * (1 + 0.006 * mottle), 0.1), height, width)
    grain = cv2.GaussianBlur(rng.standard_normal(sketch.shape, np.float32), (0, 0), 0.7)
    return _mark(np.clip(_expose(sketch) + 4 * grain, 0, 255).astype(np.uint8))


def _resample(sketch: Map, height: int, width: int) -> Map:
    smaller = min(width, _WIDTH), min(height, _HEIGHT)  # averaging first: nothing else shrinks without moire
    sketch = np.asarray(cv2.resize(sketch, smaller, interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(cv2.resize(sketch, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _expose(thickness: Map) -> Map:
    return 255 * (1 - _decay(1.1 * np.maximum(thickness, 0.03))) ** 1.2


def _body() -> Map:
    """Trunk, head and raised arms: soft tissue, as thick as the chord of a round cross-section."""
    outline = np.interp(_Y[:, 0], [0, 6, 11, 16, 24, 34, 100], [13, 14, 26, 40, 48, 52, 54])
    trunk = 1.1 * _chord(_X / _blur(outline[:, None], 2.5))
    head = 1.3 * _chord(np.hypot(_X / 21, (_Y + 9) / 17))
    arm = _chord(_distance([(37, 42), (46, 18), (66, -14)]) / 15)
    # A high norm is a maximum without its creases.
    return _blur(np.linalg.norm([trunk, head, arm, np.fliplr(arm)], ord=6, axis=0), 0.3)


def _lungs() -> Map:
    """Air within the rib cage, wherever heart, great vessels and diaphragm leave it room."""
    hollow = _chord(_X / np.maximum(_cage(_Y) - 0.6, 0.1)) ** 0.6
    taken: Map = np.maximum(_beneath(), 0.96 * np.maximum(_heart(), _pedicle()))
    return _blur(hollow, 0.2) * (1 - taken)


def _cage(y: Map) -> Map:
    """Half the width of the rib cage at height y."""
    return 48 * _chord(np.abs((90 - y) / 76) ** 1.6)


def _beneath() -> Map:
    """Share below the diaphragm: two domes, the right one higher, over the liver."""
    side = np.abs(_X) - 21
    dome = np.where(_X < 0, 67.5, 70.5) + np.where(side < 0, 0.006, 0.02) * side**2
    return _edge(_Y - _blur(dome, 2.5), 0.25)


def _heart() -> Map:
    ventricles, base = _ellipse(8, 61, 20, 15, 35), _ellipse(3, 46, 9.5, 16)
    return _edge(np.logaddexp(ventricles, base), 0.3)


def _pedicle() -> Map:
    """Great vessels and thymus above the heart, wider at the root of the neck, with the aortic knob."""
    strip = 7.5 + 8 * _bell((_Y - 10) / 6) - np.abs(_X - 0.5)
    return _edge(np.logaddexp(strip, _ellipse(6, 33, 5, 6)), 0.4)


def _mediastinum() -> Map:
    """What stands between the lungs adds its own thickness, less the air of trachea and main bronchi."""
    trachea, bronchi = [(-0.5, 0), (-0.5, 38)], [(-11, 46), (-0.5, 36), (12, 45)]
    airway = np.maximum(_chord(_distance(trachea) / 1.6), 0.6 * _chord(_distance(bronchi) / 1.3))
    right, left = (_bell(np.hypot((_X - x) / 3.5, (_Y - y) / 5)) for x, y in ((-11, 47), (13, 43)))
    return 0.3 * _heart() + 0.2 * _pedicle() + 0.14 * (right + left) - 0.25 * _blur(airway, 0.25)


def _abdomen() -> Map:
    bubble = _edge(_ellipse(26, 81, 9, 5, -12), 0.5)
    return _beneath() * _chord(_X / 48) * (0.45 - 0.55 * bubble)


def _bones() -> Map:
    """The skeleton is symmetric: its left half is drawn, and mirrored."""
    clavicle = [(4, 19), (9, 16), (18, 14.5), (26, 16.5), (33, 15), (40, 13)]
    scapula = [(40, 14), (46, 18), (51, 40), (49, 43), (45, 41), (33, 24)]
    half: Map = _ribs() + 0.45 * _tube(clavicle, 1.4) + 0.15 * _tube(scapula[1:4], 1.4)
    half += _blur(cv2.fillPoly(np.zeros(_SHAPE, np.float32), _pixels(scapula), 0.13, shift=4), 0.4)
    half += 0.5 * _tube([(51, 8), (67, -14)], 2.6) + 0.2 * _edge(_ellipse(48, 12.5, 4.4, 3, 35), 0.3)
    return half + np.fliplr(half) + _spine()


def _ribs() -> Map:
    """The left ribs, each a tilted hoop: outwards from the spine, round the flank, down to the sternum."""
    ribs = np.zeros(_SHAPE, np.float32)
    for number in range(11):
        level, drop = 16 + 5.9 * number, 7 + 2.3 * number
        reach = float(_cage(np.array([level + drop / 2], np.float32))[0])
        edge_on = _bell((_X - reach) / 2.5)
        bony = _edge(_X - 0.6 * reach, 1.2)  # the cartilage in front casts no shadow

        turn = np.linspace(0, 0.85 * np.pi, 69)
        x, y = 3 + (reach - 3) * np.sin(turn), level + drop * (1 - np.cos(turn)) / 2
        hoop, flank = np.stack([x, y], axis=1), int(np.argmax(x))
        posterior = (0.3 + 0.12 * edge_on) * _tube(hoop[: flank + 1], 1.25)
        anterior = (0.18 + 0.24 * edge_on) * bony * _tube(hoop[flank:], 1.25)
        ribs += np.maximum(posterior, anterior)
    return ribs


def _spine() -> Map:
    """Vertebrae: square bodies parted by discs, each with its pair of pedicles and its spinous process."""
    level = (_Y - 15) / 5.9 % 1 - 0.5
    body = _edge(5 - 0.6 * np.cos(2 * np.pi * level) - np.abs(_X), 0.25)
    bone = 0.22 + 0.12 * _bell((level / 0.42) ** 5)
    pedicles = _bell(np.hypot((np.abs(_X) - 3.6) / 0.7, (level + 0.1) / 0.17))
    process = _bell(np.hypot(_X / 0.7, (level - 0.2) / 0.2))
    return 0.1 * pedicles + 0.08 * process + body * bone


def _vessels(rng: np.random.Generator) -> Map:
    """Pulmonary vessels: they leave the hila, wander, fork, and thin out towards the periphery."""
    tree = np.zeros(_SHAPE, np.uint8)

    def grow(x: float, y: float, angle: float, radius: float) -> None:
        if radius < 0.08:
            return
        step, shade = rng.uniform(1.5, 3.5), min(255, int(30 + 450 * radius))
        tip = x + step * math.cos(angle), y + step * math.sin(angle)
        width = max(1, round(2 * radius * _UNIT))
        cv2.polylines(tree, _pixels([(x, y), tip]), False, shade, width, cv2.LINE_AA, 4)
        grow(*tip, angle + rng.normal(0, 0.2), 0.9 * radius)
        if rng.random() < 0.45:
            grow(*tip, angle + rng.choice((-1, 1)) * rng.uniform(0.4, 0.9), 0.65 * radius)

    for x, y, right in ((-10, 46, True), (11, 43, False)):
        for angle in np.linspace(-1.3, 1.4, 11):
            heading = math.pi - angle if right else angle
            grow(x + rng.normal(), y + 3 * angle, heading, rng.uniform(0.3, 0.55))
    return _blur(tree / 255, 0.1)


def _consolidation(patches: Map) -> Map:
    """Share of the air that is replaced by fluid: patchy, soft-edged, in the right lower zone."""
    core = _bell(np.hypot((_X + 27) / 11, (_Y - 59) / 8))
    return 1 - _decay(np.maximum(1.9 * core * _decay(-0.5 * patches) - 0.1, 0))


def _clouds(rng: np.random.Generator, grain: float) -> Map:
    clouds = _blur(rng.standard_normal(_SHAPE, np.float32), grain)
    return clouds / float(clouds.std())


def _chord(offset: Map) -> Map:
    """Thickness of a round body of thickness 1, at an offset from its axis in radii."""
    return np.sqrt(np.maximum(1 - offset**2, 0))


def _bell(offset: Map) -> Map:
    return _decay(offset**2)


def _decay(thickness: Map) -> Map:
    """Share of the beam that is left behind a thickness."""
    return np.asarray(np.exp(-thickness), np.float32)


def _ellipse(x: float, y: float, a: float, b: float, tilt: float = 0) -> Map:
    """Distance from an ellipse's rim, roughly, positive inside; the tilt turns it clockwise, in degrees."""
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    along, across = (_X - x) * cos + (_Y - y) * sin, (_Y - y) * cos - (_X - x) * sin
    return min(a, b) * (1 - np.hypot(along / a, across / b))


def _edge(distance: Map, softness: float) -> Map:
    """Share that lies on the positive side: a half at distance 0, and soft to either side."""
    return 1 / (1 + _decay(np.clip(distance / softness, -30, 30)))


def _tube(path: Path, radius: float) -> Map:
    """Thickness of a long bone: cortex round marrow, hence the bright rims."""
    offset = _distance(path) / radius
    return _chord(offset) - 0.55 * _chord(offset / 0.75)


def _distance(path: Path) -> Map:
    """Distance from a path, its corners rounded by cutting them four times."""
    points = np.array(path, float)
    for _ in range(4):
        cuts = [0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]]
        points = np.concatenate([points[:1], np.stack(cuts, axis=1).reshape(-1, 2), points[-1:]])
    ink = np.full(_SHAPE, 255, np.uint8)
    cv2.polylines(ink, _pixels(points), False, 0, 1, cv2.LINE_8, 4)
    return np.asarray(cv2.distanceTransform(ink, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32) / _UNIT


def _pixels(path: Path) -> list[NDArray[np.int32]]:
    """Return the path as OpenCV draws it: in sixteenths of a pixel."""
    return [np.rint((np.array(path) * _UNIT + ((_WIDTH - 1) / 2, 0)) * 16).astype(np.int32)]


def _blur(image: NDArray[Any], sigma: float) -> Map:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma * _UNIT), np.float32)


def _mark(film: Film) -> Film:
    """Burn in the side marker, and the caption that tells this film from a patient's."""
    _write(film, "R", (0.035, 0.23), rows=0.07, columns=0.1)
    _write(film, CAPTION, (0.5, 0.95), rows=0.055, columns=0.96)
    return film


def _write(film: Film, text: str, middle: tuple[float, float], rows: float, columns: float) -> None:
    """Paste a black plate with white text; its place, and the most it may take, are shares of the film."""
    font, scale, stroke, pad = cv2.FONT_HERSHEY_SIMPLEX, 4, 8, 24
    (text_width, text_height), _ = cv2.getTextSize(text, font, scale, stroke)
    plate = np.zeros((text_height + 2 * pad, text_width + 2 * pad), np.uint8)
    cv2.putText(plate, text, (pad, pad + text_height), font, scale, 255, stroke, cv2.LINE_AA)

    height, width = film.shape
    # At least 16 rows, or a small film's caption could not be read.
    shrink = min(max(rows * height, 16) / plate.shape[0], columns * width / plate.shape[1])
    plate = np.asarray(cv2.resize(plate, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    top = round(np.clip(middle[1] * height - plate.shape[0] / 2, 0, height - plate.shape[0]))
    left = round(np.clip(middle[0] * width - plate.shape[1] / 2, 0, width - plate.shape[1]))
    film[top : top + plate.shape[0], left : left + plate.shape[1]] = plate
