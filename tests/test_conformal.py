"""Prediction sets, the risk that follows from them, and how far the networks disagree."""

from __future__ import annotations

import numpy as np
import pytest

from backend.inference.card import PredictionSets
from backend.inference.conformal import prediction_set, prediction_sets
from backend.inference.ensemble import disagreement
from backend.inference.risk import INDETERMINATE, RISKS, assess
from tests.conftest import CLASSES

RULE = PredictionSets(0.95, "lac", (0.9, 0.3, 0.8))


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ((0.70, 0.09, 0.21), (0, 2)),  # the second is not likely enough, the third just so
        ((0.20, 0.10, 0.70), (2, 0)),  # most probable first
        ((0.05, 0.80, 0.15), (1,)),
        ((0.09, 0.69, 0.22), (1, 2)),  # 1 − 0.69 is above its threshold, but it is the answer
        ((0.08, 0.60, 0.32), (1, 2)),
        ((1.00, 0.00, 0.00), (0,)),
    ],
)
def test_a_set_holds_what_its_thresholds_let_in_and_the_answer(
    probabilities: tuple[float, float, float], expected: tuple[int, ...]
) -> None:
    assert prediction_set(np.float32(probabilities), RULE) == expected


def test_no_set_is_empty_however_strict_the_thresholds() -> None:
    nothing = PredictionSets(0.95, "lac", (0.0, 0.0, 0.0))
    films = np.random.default_rng(0).dirichlet((1, 1, 1), 100)
    sets = prediction_sets(films, nothing)
    assert (sets.sum(axis=1) == 1).all()
    assert (sets.argmax(axis=1) == films.argmax(axis=1)).all()
    assert all(prediction_set(film, nothing) == (film.argmax(),) for film in films)


def test_sets_of_many_films_are_those_of_each() -> None:
    films = np.random.default_rng(1).dirichlet((1, 1, 1), 100)
    for film, row in zip(films, prediction_sets(films, RULE), strict=True):
        assert set(prediction_set(film, RULE)) == set(np.flatnonzero(row))


@pytest.mark.parametrize(
    ("chosen", "confidence", "possible", "expected"),
    [
        ("NORMAL", 0.9, ("NORMAL",), RISKS["NORMAL"]),
        ("NORMAL", 0.9, ("NORMAL", "VIRAL_PNEUMONIA"), INDETERMINATE),
        ("BACTERIAL_PNEUMONIA", 0.9, ("BACTERIAL_PNEUMONIA", "NORMAL"), INDETERMINATE),
        ("BACTERIAL_PNEUMONIA", 0.9, CLASSES, INDETERMINATE),
        (
            "BACTERIAL_PNEUMONIA",
            0.9,
            ("BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"),
            RISKS["BACTERIAL_PNEUMONIA"],
        ),
        ("VIRAL_PNEUMONIA", 0.7, ("VIRAL_PNEUMONIA",), RISKS["VIRAL_PNEUMONIA"]),
        ("VIRAL_PNEUMONIA", 0.69, ("VIRAL_PNEUMONIA",), INDETERMINATE),
    ],
)
def test_a_set_with_normal_and_a_pneumonia_is_indeterminate(
    chosen: str, confidence: float, possible: tuple[str, ...], expected: object
) -> None:
    assert assess(chosen, confidence, 0.7, possible) == expected


def test_disagreement_is_the_distance_between_the_networks_answers() -> None:
    def between(*answers: tuple[float, ...]) -> float:
        return float(disagreement([np.float32([each]) for each in answers])[0])

    assert between((0.2, 0.3, 0.5), (0.2, 0.3, 0.5)) == 0
    assert between((0.2, 0.3, 0.5), (0.5, 0.3, 0.2)) == pytest.approx(0.3)
    assert between((1, 0, 0), (0, 0, 1)) == 1
    assert between((1, 0, 0), (0.5, 0.5, 0), (0, 0, 1)) == 1  # the two that are farthest apart
