"""Draw what is no chest radiograph: the gate learns from it what to refuse.

Every kind is a function of a random generator that returns grey levels uint8 (side, side); those of
FROM_FILMS spoil films in the way that no camera does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.inference.images import Film
from backend.inference.preprocess import squeeze

SIDE = 224
_TEXT = (
    "invoice total patient name date of birth chest report the of and to in is that for it "
    "was on are as with his they at be this from have or by one had not but what all were "
    "when we there can an your which their Radiology Department 2024 kV mAs 0123456789 Tel. "
    "Dr. (see page 12) figure table sum EUR % @ www "
)
_WORDS = _TEXT.split()
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_PLAIN,
)

Random = np.random.Generator
Drawing = Callable[[Random], Film]


def clouds(rng: Random) -> Film:
    """Noise whose spectrum falls as those of natural pictures do, or faster, or not at all."""
    falls = rng.uniform(0, 2.6)
    distance = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None]) + 1 / SIDE
    spectrum = np.fft.rfft2(rng.standard_normal((SIDE, SIDE))) / distance**falls
    return _stretched(np.fft.irfft2(spectrum, (SIDE, SIDE)), rng)


def noise(rng: Random) -> Film:
    grain = rng.standard_normal((SIDE, SIDE)) * rng.uniform(5, 90) + rng.uniform(20, 235)
    return _clipped(cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.3, 3)))


def gradient(rng: Random) -> Film:
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    angle = rng.uniform(0, 2 * np.pi)
    ramp = np.cos(angle) * x + np.sin(angle) * y
    radius = np.hypot(x - rng.uniform(0, 1), y - rng.uniform(0, 1))
    shape = [ramp, radius, np.sin(rng.uniform(3, 60) * ramp), np.sin(rng.uniform(3, 60) * radius)]
    return _stretched(shape[rng.integers(4)] + rng.uniform(0, 0.05) * rng.standard_normal((SIDE, SIDE)), rng)


def blank(rng: Random) -> Film:
    levels = np.full((SIDE, SIDE), rng.uniform(0, 255)) + rng.uniform(1, 4) * rng.standard_normal(
        (SIDE, SIDE)
    )
    return _clipped(levels)


def checks(rng: Random) -> Film:
    y, x = np.mgrid[:SIDE, :SIDE]
    wide, high = rng.integers(4, 60, 2)
    kind = rng.integers(3)
    board = ((x // wide + y // high) % 2, (x // wide) % 2, (y // high) % 2)[kind]
    dark, light = rng.uniform(0, 255, 2)
    return _clipped(np.where(board, dark, light))


def shapes(rng: Random) -> Film:
    """A cartoon: flat shapes, mostly outlined."""
    picture = _canvas(rng)
    outline = int(rng.uniform(0, 255))
    for _ in range(rng.integers(3, 25)):
        _shape(picture, rng, outline)
    return _softened(picture, rng)


def sketch(rng: Random) -> Film:
    """Pen on paper, or chalk on a board."""
    paper, ink = (245, 20) if rng.random() < 0.8 else (15, 235)
    picture = np.full((SIDE, SIDE), paper, np.uint8)
    for _ in range(rng.integers(4, 30)):
        steps = np.cumsum(rng.normal(0, rng.uniform(3, 22), (rng.integers(3, 25), 2)), axis=0)
        points = (rng.uniform(0, SIDE, 2) + steps).astype(np.int32)
        cv2.polylines(picture, [points], bool(rng.random() < 0.2), ink, int(rng.integers(1, 4)), cv2.LINE_AA)
    if rng.random() < 0.3:  # a child's chest: an outline with two lungs
        for x in (75, 150):
            cv2.ellipse(picture, (x, 115), (32, 65), 0, 0, 360, ink, 2, cv2.LINE_AA)
        cv2.rectangle(picture, (25, 20), (200, 210), ink, 2)
    return _softened(picture, rng)


def page(rng: Random) -> Film:
    """A page of text, some of it in columns, with headings, rules and a table or a picture."""
    paper, ink = (int(rng.uniform(200, 256)), int(rng.uniform(0, 90)))
    if rng.random() < 0.15:
        paper, ink = 255 - paper, 255 - ink
    big = np.full((3 * SIDE, 3 * SIDE), paper, np.uint8)
    scale, font = rng.uniform(0.35, 1.3), _FONTS[rng.integers(len(_FONTS))]
    columns, margin = int(rng.integers(1, 4)), int(rng.uniform(10, 80))
    width = (3 * SIDE - 2 * margin) // columns
    for column in range(columns):
        left, y = margin + column * width, margin + 20
        while y < 3 * SIDE - margin:
            if rng.random() < 0.08:
                block = int(rng.uniform(30, 130))
                level = int(rng.uniform(60, 220))
                cv2.rectangle(
                    big, (left, y), (left + width - 15, y + block), level, -1 if rng.random() < 0.5 else 2
                )
                y += block + 25
                continue
            text = " ".join(rng.choice(_WORDS, rng.integers(1, 14)))
            heading = 1.8 if rng.random() < 0.08 else 1
            cv2.putText(
                big[:, : left + width - 10],
                text,
                (left, y),
                font,
                scale * heading,
                ink,
                1 + int(heading > 1),
                cv2.LINE_AA,
            )
            y += int(34 * scale * heading * rng.choice([1, 1, 1, 1.8])) + 4
    return _softened(_part_of(big, rng), rng)


def screen(rng: Random) -> Film:
    """A screenshot: bars, windows, buttons, text."""
    big = np.full((2 * SIDE, 2 * SIDE), int(rng.uniform(0, 256)), np.uint8)
    for _ in range(rng.integers(2, 9)):
        x, y = map(int, rng.integers(-40, 2 * SIDE - 60, 2))
        w, h = map(int, rng.integers(60, 400, 2))
        level = int(rng.uniform(0, 256))
        cv2.rectangle(big, (x, y), (x + w, y + h), level, -1)
        cv2.rectangle(big, (x, y), (x + w, y + 16), int(rng.uniform(0, 256)), -1)
        for row in range(y + 32, y + h - 8, int(rng.integers(14, 30))):
            text = " ".join(rng.choice(_WORDS, rng.integers(1, 6)))
            cv2.putText(
                big, text, (x + 6, row), _FONTS[0], rng.uniform(0.3, 0.6), 255 - level, 1, cv2.LINE_AA
            )
    cv2.rectangle(big, (0, 0), (2 * SIDE, int(rng.uniform(10, 40))), int(rng.uniform(0, 256)), -1)
    return _softened(_part_of(big, rng), rng)


def plot(rng: Random) -> Film:
    """Axes with curves, bars or points."""
    dark = rng.random() < 0.2
    paper, ink = (15, 240) if dark else (255, 20)
    picture = np.full((SIDE, SIDE), paper, np.uint8)
    left, bottom = int(rng.integers(10, 50)), SIDE - int(rng.integers(10, 50))
    cv2.rectangle(picture, (left, 10), (SIDE - 10, bottom), ink, 1)
    along = np.linspace(left, SIDE - 10, 60)
    for _ in range(rng.integers(1, 6)):
        level = int(rng.uniform(0, 200)) if not dark else int(rng.uniform(80, 255))
        heights = (bottom - 10) * (0.5 + 0.4 * np.sin(along / rng.uniform(5, 60) + rng.uniform(0, 6)))
        heights = heights + rng.normal(0, rng.uniform(0, 12), 60)
        points = np.stack([along, heights.clip(10, bottom)], axis=1).astype(np.int32)
        kind = rng.integers(3)
        if kind == 0:
            cv2.polylines(picture, [points], False, level, int(rng.integers(1, 4)), cv2.LINE_AA)
        for x, y in points[:: rng.integers(2, 6)]:
            if kind == 1:
                cv2.rectangle(picture, (x, y), (x + int(rng.integers(2, 8)), bottom), level, -1)
            if kind == 2:
                cv2.circle(picture, (x, y), int(rng.integers(1, 5)), level, -1, cv2.LINE_AA)
    for x in range(left, SIDE - 20, 30):
        cv2.putText(picture, str(rng.integers(1000)), (x, bottom + 10), _FONTS[0], 0.25, ink, 1, cv2.LINE_AA)
    return _softened(picture, rng)


def fractal(rng: Random) -> Film:
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    z = (x + 1j * y) * rng.uniform(0.5, 3.5) + complex(*rng.uniform(-0.6, 0.6, 2))
    c = (
        z.copy()
        if rng.random() < 0.4
        else np.full_like(z, complex(rng.uniform(-1, 0.4), rng.uniform(-0.9, 0.9)))
    )
    steps = np.zeros((SIDE, SIDE))
    for _ in range(40):
        z = np.where(np.abs(z) < 4, z * z + c, z)
        steps += np.abs(z) < 4
    return _stretched(np.log1p(steps), rng)


def dead_leaves(rng: Random) -> Film:
    """Discs that hide each other, of all sizes and shaded: edges as natural scenes have them."""
    picture: NDArray[Any] = np.full((SIDE, SIDE), rng.uniform(0, 255), np.float32)
    shade = clouds(rng).astype(np.float32) - 128
    for _ in range(rng.integers(20, 350)):
        radius = int(min(4 / rng.uniform(0.02, 1), 120))
        centre = tuple(int(v) for v in rng.integers(-20, SIDE + 20, 2))
        axes = (radius, max(1, int(radius * rng.uniform(0.2, 1))))
        cv2.ellipse(picture, centre, axes, rng.uniform(0, 180), 0, 360, rng.uniform(0, 255), -1, cv2.LINE_AA)
    return _softened(_clipped(picture + rng.uniform(0, 0.6) * shade), rng)


def scene(rng: Random) -> Film:
    """Something like a photograph: a sky over a ground, a few shaded bodies, texture and blur."""
    y = np.mgrid[:SIDE, :SIDE][0] / SIDE
    horizon, sky, ground = rng.uniform(0.2, 0.9), *rng.uniform(20, 240, 2)
    picture: NDArray[Any] = np.where(y < horizon, sky + 40 * y, ground + 30 * (y - horizon)).astype(
        np.float32
    )
    picture += rng.uniform(0.1, 0.9) * (clouds(rng).astype(np.float32) - 128) * (y > horizon)
    for _ in range(rng.integers(1, 9)):
        mask = np.zeros((SIDE, SIDE), np.float32)
        _shape(mask, rng, 1.0, fill=1.0)
        light = cv2.GaussianBlur(mask, (0, 0), rng.uniform(4, 25))
        texture = clouds(rng).astype(np.float32) - 128
        body = rng.uniform(10, 245) * (0.4 + 0.8 * light) + rng.uniform(0, 0.5) * texture
        cover = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.4, 3))
        picture = picture * (1 - cover) + body * cover
    return _softened(_clipped(picture), rng)


def axial_slice(rng: Random) -> Film:
    """A CT or MR slice across a body or a head: an oval with organs in it, a table under it, air around."""
    picture = np.zeros((SIDE, SIDE), np.float32)
    middle, air = np.array([112 + rng.normal(0, 8), 110 + rng.normal(0, 8)]), rng.uniform(0, 60)
    a, b = rng.uniform(55, 108), rng.uniform(45, 90)
    tissue, bone, gas = rng.uniform(90, 190), rng.uniform(190, 255), rng.uniform(0, 50)

    def oval(
        x: float, y: float, rx: float, ry: float, level: float, tilt: float = 0, width: int = -1
    ) -> None:
        centre = (int(middle[0] + x * a), int(middle[1] + y * b))
        axes = (max(1, int(rx * a)), max(1, int(ry * b)))
        cv2.ellipse(picture, centre, axes, tilt, 0, 360, level, width, cv2.LINE_AA)

    picture[:] = air
    oval(0, 0, 1, 1, rng.uniform(50, 130))  # skin and fat
    oval(0, 0, 0.9, 0.87, tissue)
    kind = rng.integers(4)
    if kind == 0:  # chest
        for side in (-1, 1):
            oval(0.45 * side, -0.02, rng.uniform(0.27, 0.38), rng.uniform(0.5, 0.68), gas, rng.normal(0, 8))
        oval(
            rng.uniform(-0.05, 0.2),
            -0.25,
            rng.uniform(0.15, 0.35),
            rng.uniform(0.2, 0.4),
            rng.uniform(130, 235),
        )
    elif kind == 1:  # belly
        for _ in range(rng.integers(4, 12)):
            x, y = rng.uniform(-0.6, 0.6, 2)
            wide, high = rng.uniform(0.06, 0.3, 2)
            oval(x, y, wide, high, rng.choice([gas, *rng.uniform(80, 240, 4)]), rng.uniform(0, 180))
    elif kind == 2:  # head
        oval(0, 0, 0.93, 0.93, bone, width=int(rng.integers(3, 12)))
        for side in (-1, 1):
            oval(0.14 * side, 0, 0.08, 0.3, rng.uniform(20, 90), rng.normal(0, 12))
    else:  # hips or limbs
        for side in (-1, 1):
            oval(0.5 * side, 0.1, 0.17, 0.25, bone, width=int(rng.choice([-1, 3, 5])))
    if kind != 2:
        oval(0, rng.uniform(0.45, 0.65), 0.13, 0.2, bone)
        for angle in np.arange(0, 6.2, rng.uniform(0.3, 0.7)):
            oval(0.83 * np.cos(angle), 0.8 * np.sin(angle), 0.08, 0.04, bone, np.degrees(angle) + 90)
    if rng.random() < 0.6:
        cv2.ellipse(
            picture, (112, int(middle[1] + b + 25)), (120, 30), 0, 180, 360, 130.0, int(rng.integers(1, 6))
        )
    picture += rng.uniform(0, 0.35) * (clouds(rng).astype(np.float32) - 128) * (picture > air + 10)
    return _softened(_clipped(picture + rng.normal(0, rng.uniform(1, 12), picture.shape)), rng)


def limb(rng: Random) -> Film:
    """Long bones in soft tissue: an arm, a leg, a hand."""
    picture: NDArray[Any] = np.full((SIDE, SIDE), rng.uniform(0, 40), np.float32)
    for _ in range(rng.integers(1, 6)):
        start, end = rng.uniform(-20, SIDE + 20, (2, 2))
        flesh, bone = rng.uniform(25, 90), rng.uniform(8, 22)
        for width, level in ((flesh, 70), (bone, 190), (bone * 0.5, 150)):
            layer = np.zeros_like(picture)
            cv2.line(layer, _at(start), _at(end), level, max(1, int(width)), cv2.LINE_AA)
            picture = np.maximum(picture, cv2.GaussianBlur(layer, (0, 0), 2))
        for place in (start, end):
            cv2.circle(picture, _at(place), int(bone * rng.uniform(0.7, 1.3)), 175, -1, cv2.LINE_AA)
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.7, 3))
    return _softened(_clipped(picture + rng.normal(0, rng.uniform(1, 10), picture.shape)), rng)


def fan(rng: Random) -> Film:
    """An ultrasound image: a fan of speckle, with text beside it."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    angle, depth = np.arctan2(x - 112, y + 10), np.hypot(x - 112, y + 10)
    inside = (np.abs(angle) < rng.uniform(0.4, 0.9)) & (depth > 30) & (depth < rng.uniform(150, 230))
    speckle = np.abs(cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)), (0, 0), rng.uniform(0.6, 2)))
    picture = inside * (400 * speckle * (clouds(rng) / 255 + 0.1))
    picture = _clipped(picture)
    for row in rng.integers(8, SIDE - 8, rng.integers(0, 8)):
        cv2.putText(picture, str(rng.choice(_WORDS)), (4, int(row)), _FONTS[0], 0.3, 220, 1, cv2.LINE_AA)
    return picture


DRAWN: Mapping[str, Drawing] = {
    each.__name__: each
    for each in (
        clouds, noise, gradient, blank, checks, shapes, sketch, page, screen, plot, fractal, dead_leaves,
        scene, axial_slice, limb, fan,
    )
}  # fmt: skip


def shuffled(film: Film, other: Film, rng: Random) -> Film:
    """The film cut in squares that changed places."""
    cuts = int(rng.integers(2, 6))
    tile = SIDE // cuts
    whole = film[: tile * cuts, : tile * cuts].reshape(cuts, tile, cuts, tile)
    tiles = rng.permutation(whole.swapaxes(1, 2).reshape(-1, tile, tile))
    moved = tiles.reshape(cuts, cuts, tile, tile).swapaxes(1, 2).reshape(tile * cuts, tile * cuts)
    return squeeze(np.ascontiguousarray(moved), SIDE)


def several(film: Film, other: Film, rng: Random) -> Film:
    """Several films on one sheet."""
    across, down = rng.choice([2, 3, 4]), rng.choice([1, 2, 3])
    rows = [np.hstack([(film, other)[rng.integers(2)] for _ in range(across)]) for _ in range(down)]
    return squeeze(np.vstack(rows), SIDE)


def inset(film: Film, other: Film, rng: Random) -> Film:
    """A film that is only a small part of a page, a screen or a scene."""
    around = (page, screen, scene, clouds)[rng.integers(4)](rng)
    side = int(rng.uniform(35, 100))
    top, left = rng.integers(0, SIDE - side, 2)
    around[top : top + side, left : left + side] = squeeze(film, side)
    return around


def detail(film: Film, other: Film, rng: Random) -> Film:
    """A small piece of a film, as if it were the whole."""
    side = int(rng.uniform(20, 75))
    top, left = rng.integers(0, SIDE - side, 2)
    return squeeze(np.ascontiguousarray(film[top : top + side, left : left + side]), SIDE)


def swirled(film: Film, other: Film, rng: Random) -> Film:
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    dx, dy = x - 112, y - 112
    turn = rng.choice([-1, 1]) * rng.uniform(2, 6) * np.exp(-np.hypot(dx, dy) / rng.uniform(50, 120))
    map_x, map_y = 112 + dx * np.cos(turn) - dy * np.sin(turn), 112 + dx * np.sin(turn) + dy * np.cos(turn)
    return np.asarray(cv2.remap(film, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR))


def blended(film: Film, other: Film, rng: Random) -> Film:
    """A film under another kind of picture."""
    over = (scene, dead_leaves, page, clouds)[rng.integers(4)](rng)
    share = rng.uniform(0.1, 0.25)
    return _clipped(share * film + (1 - share) * over)


Spoiling = Callable[[Film, Film, Random], Film]
FROM_FILMS: Mapping[str, Spoiling] = {
    each.__name__: each for each in (shuffled, several, inset, detail, swirled, blended)
}


def _at(point: NDArray[Any]) -> tuple[int, int]:
    return int(point[0]), int(point[1])


def _canvas(rng: Random) -> Film:
    return np.full((SIDE, SIDE), int(rng.uniform(0, 256)), np.uint8)


def _shape(picture: NDArray[Any], rng: Random, outline: float, fill: float | None = None) -> None:
    level = float(rng.uniform(0, 255)) if fill is None else fill
    kind = rng.integers(3)
    centre = rng.uniform(0, SIDE, 2)
    size = rng.uniform(8, 90, 2)
    if kind == 0:
        axes, angle = (int(size[0]), int(size[1])), rng.uniform(0, 180)
        cv2.ellipse(picture, _at(centre), axes, angle, 0, 360, level, -1, cv2.LINE_AA)
        cv2.ellipse(picture, _at(centre), axes, angle, 0, 360, outline, 1, cv2.LINE_AA)
    elif kind == 1:
        cv2.rectangle(picture, _at(centre - size / 2), _at(centre + size / 2), level, -1)
        cv2.rectangle(
            picture, _at(centre - size / 2), _at(centre + size / 2), outline, int(rng.integers(1, 4))
        )
    else:
        points = (centre + rng.normal(0, size[0] / 2, (rng.integers(3, 8), 2))).astype(np.int32)
        cv2.fillPoly(picture, [points], level, cv2.LINE_AA)
        cv2.polylines(picture, [points], True, outline, int(rng.integers(1, 4)), cv2.LINE_AA)


def _part_of(big: Film, rng: Random) -> Film:
    """The whole, or a part of it, in the networks' size."""
    if rng.random() < 0.4:
        return squeeze(big, SIDE)
    side = int(rng.uniform(SIDE, len(big)))
    top, left = rng.integers(0, len(big) - side + 1, 2)
    return squeeze(np.ascontiguousarray(big[top : top + side, left : left + side]), SIDE)


def _softened(picture: NDArray[Any], rng: Random) -> Film:
    """Now and then blurred or grained, as a scan is."""
    if rng.random() < 0.4:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.5))
    if rng.random() < 0.4:
        picture = _clipped(picture + rng.normal(0, rng.uniform(1, 12), picture.shape))
    return np.asarray(picture, np.uint8)


def _stretched(values: NDArray[Any], rng: Random) -> Film:
    low, high = np.percentile(values, [1, 99])
    span = rng.uniform(0.2, 1)
    floor = rng.uniform(0, 1 - span)
    return _clipped(255 * (floor + span * (values - low) / max(high - low, 1e-9)))


def _clipped(values: NDArray[Any]) -> Film:
    return np.asarray(values.clip(0, 255), np.uint8)
