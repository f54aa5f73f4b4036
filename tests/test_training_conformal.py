"""Proves backend/training/{conformal,doubt,subgroups}.py: sets with a coverage, and how it is measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mapie.classification import SplitConformalClassifier

from backend.inference.card import Card, PredictionSets, read_card
from backend.inference.conformal import prediction_sets
from backend.training import conformal, doubt, subgroups
from backend.training.data import CLASSES, NORMAL


def draw(films: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities and labels drawn from them."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet([0.5, 0.5, 0.5], films)
    labels = (random.random((films, 1)) > probabilities.cumsum(axis=1)[:, :2]).sum(axis=1)
    return probabilities, labels


def test_thresholds_are_those_that_mapie_fits_to_each_class() -> None:
    fit, labels = draw(300, seed=0)
    other, _ = draw(200, seed=1)
    found = prediction_sets(other, conformal.fit_sets(fit, labels))
    for index in range(len(CLASSES)):
        of_class = labels == index
        with pytest.warns(UserWarning, match="less labels"):
            fitted = SplitConformalClassifier(conformal.Given(), 0.95, "lac").conformalize(
                fit[of_class], labels[of_class]
            )
        expected = fitted.predict_set(other)[1][:, index, 0] | (other.argmax(axis=1) == index)
        # Rounding a threshold up to four decimals can let in one more, and never leaves one out.
        assert (found[:, index] >= expected).all()
        assert (found[:, index] != expected).mean() <= 0.01


def test_every_class_is_covered_as_stated_on_other_films() -> None:
    fit, labels = draw(30_000, seed=2)
    rule = conformal.fit_sets(fit, labels)
    other, shown = draw(20_000, seed=3)
    found = conformal.measure_sets(shown, prediction_sets(other, rule))
    for name in CLASSES:
        assert found[f"coverage_{name}"] >= 0.94
    assert 1 < found["size"] < 3


@pytest.mark.parametrize(("films", "threshold"), [(18, 1.0), (19, 0.9)])
def test_a_class_needs_nineteen_films(films: int, threshold: float) -> None:
    probabilities = np.full((3 * films, 3), 0.45)
    labels = np.repeat([0, 1, 2], films)
    probabilities[np.arange(len(labels)), labels] = 0.1
    assert conformal.fit_sets(probabilities, labels).thresholds == (threshold,) * 3


def test_what_sets_are_like_by_hand() -> None:
    sets = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 1], [1, 1, 1]], np.bool_)
    labels = np.array([0, 2, 1, 2, 0])
    found = conformal.measure_sets(labels, sets)
    assert found == pytest.approx(
        {
            "coverage": 0.8,
            "coverage_BACTERIAL_PNEUMONIA": 1,
            "coverage_NORMAL": 1,
            "coverage_VIRAL_PNEUMONIA": 0.5,
            "size": 1.8,
            "single": 0.4,
            "mixed": 0.4,
        }
    )


def test_rules_are_compared_on_patients_that_they_were_not_fitted_on() -> None:
    probabilities, labels = draw(300, seed=4)
    logits = [np.log(probabilities), np.log(probabilities)]
    patients = [f"person{number // 2}" for number in range(300)]
    found = conformal.compare(logits, [0.4, 0.6], labels, patients, draws=5)
    assert set(conformal.RULES) < set(found)
    assert len(found) == len(conformal.RULES) + 2
    for measured in found.values():
        assert 0.85 < measured["coverage"] <= 1
    assert found == conformal.compare(logits, [0.4, 0.6], labels, patients, draws=5)


@pytest.fixture(scope="module")
def card(weights: object) -> Card:
    return read_card(weights)  # type: ignore[arg-type]


def test_indeterminate_is_what_serving_calls_so(card: Card) -> None:
    strict = replace(card, prediction_sets=PredictionSets(0.95, "lac", (0.8, 0.5, 0.8)))
    probabilities = np.array(
        [
            [0.90, 0.05, 0.05],  # sure
            [0.60, 0.10, 0.30],  # not sure enough
            [0.70, 0.00, 0.30],  # either pneumonia
            [0.25, 0.75, 0.00],  # normal, but a pneumonia cannot be excluded
            [0.19, 0.81, 0.00],
        ]
    )
    assert doubt.find_indeterminate(strict, probabilities).tolist() == [False, True, False, True, False]


def test_decisions_by_hand(card: Card) -> None:
    loose = replace(card, prediction_sets=PredictionSets(0.95, "lac", (0.0, 0.0, 0.0)))
    answers = np.array([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.9, 0.05], [0.4, 0.3, 0.3]])
    opposed = answers[:, ::-1].copy()
    labels = np.array([0, NORMAL, 2, 0])
    found = doubt.measure_decisions(
        loose, labels, {"ensemble": answers, "one": answers, "other": opposed}, list("abcd"), 20
    )
    assert found["indeterminate"]["value"] == 0.25
    assert found["accuracy_decided"]["value"] == pytest.approx(2 / 3)
    assert found["missed"]["value"] == 0.5
    assert found["disagreement"]["value"] == pytest.approx((0.85 + 0 + 0 + 0.1) / 4)


def test_groups_part_the_films() -> None:
    random = np.random.default_rng(0)
    films = [random.integers(0, level, (32, 32), np.uint8) for level in (10, 250, 100, 50, 200, 150)]
    groups = subgroups.find_groups(list("aabcde"), films)
    assert groups["of a patient with several films"].tolist() == [True, True, False, False, False, False]
    assert groups["darkest third"].tolist() == [True, False, False, True, False, False]
    assert groups["brightest third"].tolist() == [False, True, False, False, True, False]
    for names in (("the patient's only film", "of a patient with several films"), list(groups)[2:5]):
        assert np.sum([groups[name] for name in names], axis=0).tolist() == [1] * 6


def test_groups_are_measured_with_their_own_films() -> None:
    probabilities, labels = draw(60, seed=6)
    films = [np.full((8, 8), number, np.uint8) for number in range(60)]
    patients = [f"person{number // 2 if number < 20 else number}" for number in range(60)]
    found = subgroups.measure_subgroups(labels, probabilities, patients, films, resamples=20)
    dark = found["darkest third"]
    assert (dark["films"], dark["patients"], sum(dark["by_class"])) == (20, 10, 20)
    expected = (probabilities[:20].argmax(axis=1) == labels[:20]).mean()
    assert dark["measures"]["accuracy"]["value"] == pytest.approx(expected)
    assert found["the patient's only film"]["films"] == 40
