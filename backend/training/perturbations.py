"""Change a film in what must not change its answer: the camera, the exposure, the borders, the markers.

Each change takes a film that is already squeezed to the networks' input, uint8 (side, side), and returns
another of the same shape; the film itself is left alone.
"""

from collections.abc import Callable, Mapping
from functools import partial

import cv2
import numpy as np
from PIL import Image

from backend.inference.images import Film
from backend.inference.preprocess import squeeze

Change = Callable[[Film], Film]


def scale_width(film: Film, factor: float) -> Film:
    """Scale the width alone: what grows beyond the sides is cut off, what falls short repeats the edges."""
    side = film.shape[1]
    width = round(side * factor)
    scaled = _resize(film, width, film.shape[0])
    if width >= side:
        left = (width - side) // 2
        return scaled[:, left : left + side].copy()
    left = (side - width) // 2
    return np.pad(scaled, ((0, 0), (left, side - width - left)), mode="edge")


def lose_resolution(film: Film, factor: float) -> Film:
    """Resample to this share of the side, and back."""
    side = len(film)
    return squeeze(squeeze(film, round(side * factor)), side)


def apply_gamma(film: Film, gamma: float) -> Film:
    """Raise the levels, as shares of white, to a power: below 1 brightens, above 1 darkens."""
    return _levels(255 * (film / 255) ** gamma)


def scale_levels(film: Film, factor: float) -> Film:
    """Multiply every level; what is beyond white stays white."""
    return _levels(factor * film.astype(np.float64))


def scale_contrast(film: Film, factor: float) -> Film:
    """Scale the distance of every level from the film's mean."""
    mean = film.mean()
    return _levels(mean + factor * (film - mean))


def mirror(film: Film) -> Film:
    """Exchange left and right."""
    return film[:, ::-1].copy()


def compress(film: Film, quality: int) -> Film:
    """Write as JPEG of this quality and read again."""
    _, written = cv2.imencode(".jpg", film, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(written, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def pad(film: Film, share: float) -> Film:
    """Frame in black until the side has grown by this share, half of it at either end, and squeeze back."""
    return squeeze(np.pad(film, round(len(film) * share / 2)), len(film))


def crop(film: Film, share: float) -> Film:
    """Cut this share off the side, half of it at either end, and stretch the rest."""
    side = len(film)
    edge = round(side * share / 2)
    return squeeze(film[edge : side - edge, edge : side - edge], side)


def cover_corners(film: Film, share: float) -> Film:
    """Blacken a square in every corner, this share of the side: where markers and time stamps stand."""
    covered = film.copy()
    reach = round(len(film) * share)
    for rows in (slice(None, reach), slice(-reach, None)):
        for columns in (slice(None, reach), slice(-reach, None)):
            covered[rows, columns] = 0
    return covered


WIDER, NARROWER = "width x1.25", "width x0.8"

PERTURBATIONS: Mapping[str, Change] = {
    WIDER: partial(scale_width, factor=1.25),
    NARROWER: partial(scale_width, factor=0.8),
    "half resolution": partial(lose_resolution, factor=0.5),
    "gamma 0.7": partial(apply_gamma, gamma=0.7),
    "gamma 1.4": partial(apply_gamma, gamma=1.4),
    "contrast 0.7": partial(scale_contrast, factor=0.7),
    "mirrored": mirror,
    "JPEG quality 40": partial(compress, quality=40),
    "padded by 10%": partial(pad, share=0.1),
    "cropped by 10%": partial(crop, share=0.1),
    "corners covered": partial(cover_corners, share=0.15),
}


def _resize(film: Film, width: int, height: int) -> Film:
    return np.array(Image.fromarray(film).resize((width, height), Image.Resampling.BILINEAR))


def _levels(values: np.typing.NDArray[np.float64]) -> Film:
    return np.rint(values).clip(0, 255).astype(np.uint8)
