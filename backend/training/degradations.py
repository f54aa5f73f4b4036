"""Degrade a film in what its reader is warned of: its resolution, its borders, its exposure, writing on it.

Each takes a film that is already squeezed to the networks' input, uint8 (side, side), and a random generator,
and returns another film of the same shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from backend.inference.gate import WarningCode
from backend.inference.images import Film
from backend.inference.preprocess import squeeze
from backend.training.perturbations import apply_gamma, lose_resolution, scale_levels

Random = np.random.Generator


def cut_off(film: Film, rng: Random) -> Film:
    """Return a part of a film, so that parts of the lungs are missing."""
    side = len(film)
    height, width = (round(side * rng.uniform(0.45, 0.68)) for _ in range(2))
    top, left = rng.integers(0, side - height), rng.integers(0, side - width)
    return squeeze(np.ascontiguousarray(film[top : top + height, left : left + width]), side)


def write_over(film: Film, rng: Random) -> Film:
    """Return a film with three lines of white or black writing over the lungs."""
    written, ink = film.copy(), int(rng.choice([0, 255]))
    side = len(film)
    for row in (0.35, 0.5, 0.65):
        place = (int(side * rng.uniform(0.15, 0.3)), int(side * row))
        cv2.putText(
            written, "NOT FOR DIAGNOSIS"[: rng.integers(9, 18)], place, 0, side / 350, ink, 2, cv2.LINE_AA
        )
    return written


@dataclass(frozen=True)
class Degradation:
    """A way to degrade a film, what should be warned of then, and how often at least."""

    code: WarningCode
    told_at_least: float
    alter: Callable[[Film, Random], Film]


DEGRADATIONS: Mapping[str, Degradation] = {
    "a quarter of the resolution": Degradation(
        "low_resolution", 0.5, lambda film, rng: lose_resolution(film, 0.25)
    ),
    "an eighth of the resolution": Degradation(
        "low_resolution", 0.9, lambda film, rng: lose_resolution(film, 0.125)
    ),
    "a half to two thirds of the sides left": Degradation("cropped", 0.8, cut_off),
    "overexposed: levels doubled": Degradation("overexposed", 0.9, lambda film, rng: scale_levels(film, 2)),
    "overexposed: gamma 0.3": Degradation("overexposed", 0.9, lambda film, rng: apply_gamma(film, 0.3)),
    "underexposed: levels quartered": Degradation(
        "underexposed", 0.9, lambda film, rng: scale_levels(film, 0.25)
    ),
    "underexposed: gamma 4": Degradation("underexposed", 0.9, lambda film, rng: apply_gamma(film, 4)),
    "three lines of text over the lungs": Degradation("text_over_lungs", 0.8, write_over),
}
"""What the threshold lets pass and what is measured: each as far as a film should still be answered."""

_AT_RANDOM: tuple[Callable[[Film, Random], Film], ...] = (
    lambda film, rng: lose_resolution(film, rng.uniform(0.1, 0.35)),
    lambda film, rng: scale_levels(film, rng.uniform(1.4, 2.2)),
    lambda film, rng: scale_levels(film, math.exp(rng.uniform(-1.6, -0.7))),
    lambda film, rng: apply_gamma(film, math.exp(rng.uniform(-1.4, -0.6))),
    lambda film, rng: apply_gamma(film, math.exp(rng.uniform(0.6, 1.6))),
    write_over,
)


def degrade(film: Film, rng: Random) -> Film:
    """Return a film that is cut off, or degraded in another way, by a strength drawn at random, or both."""
    kind = rng.random()
    if kind < 0.5:
        film = cut_off(film, rng)
    if kind > 0.4:
        film = _AT_RANDOM[rng.integers(len(_AT_RANDOM))](film, rng)
    return film
