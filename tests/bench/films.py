"""Draw the films that are sent."""

from __future__ import annotations

import simplejpeg

from backend.inference.synthetic import draw_chest_film
from tests.bench.plan import FULL_RESOLUTION

_QUALITY = 92


def jpeg(height: int, width: int) -> bytes:
    """Return a drawn film as a grey JPEG."""
    film = draw_chest_film(height, width)
    encoded: bytes = simplejpeg.encode_jpeg(film[:, :, None], quality=_QUALITY, colorspace="GRAY")
    return encoded


def shape_of(megapixels: float) -> tuple[int, int]:
    """Return height and width of a film of that size, in the aspect of the film at full resolution."""
    height, width = FULL_RESOLUTION
    scale = (megapixels * 1e6 / (height * width)) ** 0.5
    return round(height * scale), round(width * scale)
