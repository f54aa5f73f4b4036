"""Draw a map on its film, and encode both for a viewer."""

import struct
import zlib

import cv2
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from backend.inference.images import Film

LONGEST_SIDE = 768
_STRENGTH = 0.45

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UP = 2  # the PNG filter that stores each row's difference from the row above
_COLOUR_TYPES = {1: 0, 3: 2}  # of grey and of RGB, by channels

_OPACITY = np.linspace(0, _STRENGTH, 256)
_INFERNO = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[None], cv2.COLORMAP_INFERNO)
# For each level of the map: the share of the film that stays, of 255, and the colour that is added.
_REMAINS = np.rint(255 * (1 - _OPACITY)).astype(np.uint8)
_ADDED = np.rint(_INFERNO * _OPACITY[:, None]).astype(np.uint8)


def draw_overlay(film: Film, heatmap: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the map over the film, BGR (h, w, 3), in the film's aspect with a long side of at most 768 px.

    The colour's opacity follows the map, so that where the networks saw nothing the film stays as it is.
    """
    small = _fit(film)
    height, width = small.shape
    stretched = cv2.resize(heatmap, (width, height), interpolation=cv2.INTER_LINEAR)
    levels = cv2.convertScaleAbs(stretched, alpha=255)
    film_left = cv2.multiply(small, cv2.LUT(levels, _REMAINS), scale=1 / 255)
    colours = cv2.LUT(cv2.merge([levels] * 3), _ADDED)
    return np.asarray(cv2.add(cv2.merge([film_left] * 3), colours), dtype=np.uint8)


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Return a PNG (ISO/IEC 15948) of grey (h, w) or BGR (h, w, 3) pixels; fast rather than small."""
    rows = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    height, width = rows.shape[:2]
    rows = rows.reshape(height, -1)
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    colour_type = _COLOUR_TYPES[rows.shape[1] // width]
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    compressed = isal_zlib.compress(filtered, isal_zlib.ISAL_BEST_SPEED)
    return _SIGNATURE + b"".join(map(_chunk, (b"IHDR", b"IDAT", b"IEND"), (header, compressed, b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


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
