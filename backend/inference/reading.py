"""What the predictor says of a film."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.inference.explanation import Explanation
from backend.inference.gate import FilmWarning
from backend.inference.provenance import Origin
from backend.inference.risk import Risk

Probabilities = dict[str, float]
"""Probability of each class, by the card's class names."""


@dataclass(frozen=True)
class Opinion:
    """What one network said, and its share in the ensemble."""

    name: str
    weight: float
    probabilities: Probabilities


@dataclass(frozen=True)
class Durations:
    """How long the networks and the map took, in seconds; `explain` is None if no map was asked for."""

    inference: float
    explain: float | None


@dataclass(frozen=True)
class Reading:
    """The ensemble's answer.

    `prediction_set` are the classes that cannot be excluded, most probable first; `disagreement` is the total
    variation distance between the networks' probabilities, in [0, 1]. `heatmap` is the networks' own grid
    over the whole film, float32 (7, 7) in [0, 1]; it and `explanation` are None if not asked for.
    """

    predicted_class: str
    confidence: float
    probabilities: Probabilities
    prediction_set: tuple[str, ...]
    disagreement: float
    risk: Risk
    opinions: tuple[Opinion, ...]
    heatmap: NDArray[np.float32] | None
    explanation: Explanation | None
    model_version: str
    population: str
    warnings: tuple[FilmWarning, ...]
    origin: Origin
    durations: Durations
