"""Put a film right that was sent inverted or on its side."""

from __future__ import annotations

from typing import Any, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

Grey = TypeVar("Grey", bound=NDArray[Any])

Correction = Literal["invert", "rotate_90", "rotate_180", "rotate_270"]
CORRECTIONS: tuple[Correction, ...] = get_args(Correction)

_QUARTERS: dict[str, int] = {"rotate_90": 1, "rotate_180": 2, "rotate_270": 3}


def correct(film: Grey, correction: Correction) -> Grey:
    """Return grey levels, bytes or floats up to 1, inverted or turned counter-clockwise by so much."""
    white = 255 if film.dtype == np.uint8 else 1
    righted = white - film if correction == "invert" else np.rot90(film, _QUARTERS[correction])
    return np.ascontiguousarray(righted, film.dtype)  # type: ignore[return-value]
