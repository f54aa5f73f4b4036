"""Measure whether the ensemble knows how sure it is: calibration, prediction sets, what stays undecided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.inference.card import Card
from backend.inference.conformal import prediction_sets
from backend.inference.ensemble import disagreement
from backend.inference.risk import INDETERMINATE, assess
from backend.training.conformal import mean, measure_sets
from backend.training.data import CLASSES, NORMAL
from backend.training.metrics import (
    RESAMPLES,
    Labels,
    Probabilities,
    auc,
    calibration_error,
    calibration_error_by_chance,
    with_intervals,
)
from backend.training.voting import ENSEMBLE


def measure_calibration(
    labels: Labels, probabilities: Probabilities, draws: int = RESAMPLES
) -> dict[str, Any]:
    """Return the ECE, what it would be by chance alone, and whether it lies within that."""
    found = calibration_error(labels, probabilities)
    chance = calibration_error_by_chance(probabilities, draws)
    return {"ece": found, "by_chance": chance, "within_chance": found <= chance["p95"]}


def measure_prediction_sets(
    card: Card,
    labels: Labels,
    probabilities: Probabilities,
    patients: Sequence[str],
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """Return coverage and sizes of the sets that are served, with intervals."""
    sets = prediction_sets(probabilities, card.prediction_sets)
    return {
        "stated": card.prediction_sets.coverage,
        **with_intervals(lambda films: measure_sets(labels[films], sets[films]), patients, resamples),
    }


def measure_decisions(
    card: Card,
    labels: Labels,
    said: dict[str, Probabilities],
    patients: Sequence[str],
    resamples: int = RESAMPLES,
) -> dict[str, dict[str, float | None]]:
    """Return how much is left undecided, what that gains, and what the networks' disagreement tells.

    `accuracy_decided` is of the films that are not indeterminate; `missed` is the share of pneumonia among
    films that are called normal and not indeterminate; `disagreement_auc` is how often the networks
    disagree more over a film that the ensemble gets wrong than over one that it gets right.
    """
    probabilities = said[ENSEMBLE]
    answers = probabilities.argmax(axis=1)
    decided = ~find_indeterminate(card, probabilities)
    networks = [answer for who, answer in said.items() if who != ENSEMBLE]
    apart = disagreement(networks).astype(np.float64)

    def measured(films: NDArray[np.intp]) -> dict[str, float]:
        truth, answer, kept = labels[films], answers[films], decided[films]
        called_normal = kept & (answer == NORMAL)
        return {
            "indeterminate": float(1 - kept.mean()),
            "accuracy_decided": mean(truth[kept] == answer[kept]),
            "missed": mean(truth[called_normal] != NORMAL),
            "disagreement": float(apart[films].mean()),
            "disagreement_auc": auc(truth != answer, apart[films]),
        }

    return with_intervals(measured, patients, resamples)


def find_indeterminate(card: Card, probabilities: Probabilities) -> NDArray[np.bool_]:
    """Return whether the risk of each of n films is indeterminate, as serving says it."""
    sets = prediction_sets(probabilities, card.prediction_sets)
    return np.array(
        [
            assess(
                CLASSES[film.argmax()],
                round(float(film.max()), 4),
                card.indeterminate_below,
                tuple(CLASSES[index] for index in np.flatnonzero(row)),
            )
            is INDETERMINATE
            for film, row in zip(probabilities, sets, strict=True)
        ]
    )
