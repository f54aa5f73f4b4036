"""Draw a map on its film, and encode both for a viewer."""

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.inference.images import Film

LONGEST_SIDE = 768
_STRENGTH = 0.45


def draw_overlay(film: Film, heatmap: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the map over the film, BGR (h, w, 3), in the film's aspect with a long side of at most 768 px.

    The colour's opacity follows the map, so that where the networks saw nothing the film stays as it is.
    """
    small = _fit(film)
    height, width = small.shape
    map_levels = cv2.resize(heatmap, (width, height), interpolation=cv2.INTER_LINEAR).clip(0, 1)
    colours = cv2.applyColorMap((map_levels * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    opacity = (map_levels * _STRENGTH)[:, :, None]
    blended = small[:, :, None] * (1 - opacity) + colours * opacity
    return np.asarray(blended, dtype=np.uint8)


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Return a PNG of grey (h, w) or BGR (h, w, 3) pixels; fast rather than small."""
    encoded, png = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not encoded:
        raise RuntimeError("the picture could not be encoded")
    return png.tobytes()


def heatmap_levels(heatmap: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the networks' own grid as 8-bit grey, one pixel a cell."""
    return np.asarray((heatmap * 255).round(), dtype=np.uint8)


def _fit(film: Film) -> Film:
    height, width = film.shape
    ratio = LONGEST_SIDE / max(height, width)
    if ratio >= 1:
        return film
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    return np.asarray(cv2.resize(film, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
