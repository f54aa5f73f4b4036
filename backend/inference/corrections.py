"""Put a film right that was sent inverted or on its side."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from backend.inference.images import Film

Correction = Literal["invert", "rotate_90", "rotate_180", "rotate_270"]
CORRECTIONS: tuple[Correction, ...] = get_args(Correction)

_QUARTERS: dict[str, int] = {"rotate_90": 1, "rotate_180": 2, "rotate_270": 3}


def correct(film: Film, correction: Correction) -> Film:
    """Return the film inverted, or turned counter-clockwise by so many degrees."""
    if correction == "invert":
        return np.asarray(255 - film, np.uint8)
    return np.ascontiguousarray(np.rot90(film, _QUARTERS[correction]))
