"""Drawn films of an ordinary size, each of them another to the cache."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from backend.inference.overlay import encode_png
from backend.inference.synthetic import draw_chest_film

Films = Callable[[int], bytes]
"""Return what a client, by its number, sends next."""


def ordinary(height: int = 512, drawn: int = 4) -> Films:
    """Return films that cost what films cost: drawn now, and told apart by what follows their last byte."""
    films = [encode_png(draw_chest_film(height, height * 5 // 4, seed=seed)) for seed in range(drawn)]
    turns = count()
    return lambda number: films[number % drawn] + next(turns).to_bytes(8, "big")
