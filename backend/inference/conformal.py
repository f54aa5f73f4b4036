"""Turn a film's probabilities into the classes that cannot be excluded."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.inference.card import PredictionSets


def prediction_set(probabilities: NDArray[np.floating[Any]], rule: PredictionSets) -> tuple[int, ...]:
    """Return the classes of one film's set, most probable first, for probabilities (classes,).

    A class is in it if its score, 1 − p(class), is at most its threshold (Sadinle, Lei and Wasserman,
    arXiv 1609.00451). The most probable class always is, so that no set is empty.
    """
    within = prediction_sets(probabilities[None], rule)[0]
    order = np.argsort(-probabilities, kind="stable")
    return tuple(int(index) for index in order if within[index])


def prediction_sets(probabilities: NDArray[np.floating[Any]], rule: PredictionSets) -> NDArray[np.bool_]:
    """Return whether each class (n, classes) is in the set of each of n films."""
    within = np.asarray(1 - probabilities <= np.array(rule.thresholds))
    within[np.arange(len(within)), probabilities.argmax(axis=1)] = True
    return within
