"""Fit prediction sets that hold what a film shows with a stated coverage, and show why these.

MAPIE does the fitting. The score is LAC's, 1 − p(what the film shows) (Sadinle, Lei and Wasserman, arXiv
1609.00451), its threshold fitted for each class on the films of that class (Mondrian, or class-conditional):
one threshold for all leaves the class that is hardest to tell below the coverage, to the easiest one's gain.
`compare` measures that on validation, where the choice was made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mapie.classification import SplitConformalClassifier
from mapie.conformity_scores import LACConformityScore
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from backend.inference.card import PredictionSets
from backend.inference.conformal import prediction_sets
from backend.training.data import CLASSES, NORMAL
from backend.training.metrics import Labels, Probabilities
from backend.training.temperatures import Logits, fit_with_bias, mix_answers

COVERAGE = 0.95
DRAWS = 100

Sets = NDArray[np.bool_]
Rule = Callable[[Probabilities, Labels, Probabilities], Sets]
"""Fits sets to the first films' probabilities and labels, and returns those of the second, (n, classes)."""


def fit_sets(probabilities: Probabilities, labels: Labels, coverage: float = COVERAGE) -> PredictionSets:
    """Return each class's threshold, fitted to the probabilities (n, classes) of films with labels (n,).

    It is rounded up to four decimals, which can only widen a set. A class with too few films for the coverage
    is in every set.
    """
    thresholds = []
    for index in range(len(CLASSES)):
        shown = labels == index
        scores = (1 - probabilities[shown, index])[:, None]
        found = (
            LACConformityScore().get_conformity_score_quantiles(
                scores, np.array([1 - coverage]), cv="prefit"
            )[0]
            if _is_enough(int(shown.sum()), coverage)
            else 1.0
        )
        thresholds.append(min(1.0, math.ceil(float(found) * 1e4) / 1e4))
    return PredictionSets(coverage, "lac", tuple(thresholds))


def compare(
    logits: Sequence[Logits],
    shares: Sequence[float],
    labels: Labels,
    patients: Sequence[str],
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Return, for each rule, what its sets are on patients that it was not fitted on, on average of draws.

    Each draw fits temperatures and thresholds to one half of the patients and measures the other. The last
    rule is the first, but with its temperatures fitted to other patients than its thresholds, a quarter each;
    beside it stands the same rule with both fitted to the one quarter. So one sees what it costs that both
    are fitted to the same films, which alone makes the coverage no longer guaranteed.
    """
    owners, names = np.asarray(patients), np.unique(np.asarray(patients))
    random = np.random.default_rng(seed)
    found: dict[str, list[dict[str, float]]] = {}

    def measure_rule(
        name: str, rule: Rule, warm: NDArray[np.bool_], fit: NDArray[np.bool_], rest: NDArray[np.bool_]
    ) -> None:
        fitted = fit_with_bias([each[warm] for each in logits], shares, labels[warm])
        answers = mix_answers(logits, shares, *fitted)
        sets = rule(answers[fit], labels[fit], answers[rest])
        found.setdefault(name, []).append(measure_sets(labels[rest], sets))

    for _ in range(draws):
        order = random.permutation(names)
        half, quarter = order[: len(order) // 2], order[: len(order) // 4]
        first, second = np.isin(owners, quarter), np.isin(owners, half[len(quarter) :])
        both, rest = first | second, ~(first | second)
        for name, rule in RULES.items():
            measure_rule(name, rule, both, both, rest)
        measure_rule(f"{CHOSEN}, a quarter", RULES[CHOSEN], second, second, rest)
        measure_rule(f"{CHOSEN}, calibrated on another quarter", RULES[CHOSEN], first, second, rest)
    return {
        name: {key: float(np.nanmean([each[key] for each in measured])) for key in measured[0]}
        for name, measured in found.items()
    }


def measure_sets(labels: Labels, sets: Sets) -> dict[str, float]:
    """Return what sets (n, classes) are like: coverage, of all films and by class, mean size, kinds.

    `single` is the share of sets of one class, `mixed` of those that hold both normal and a pneumonia.
    """
    held = sets[np.arange(len(labels)), labels]
    sizes = sets.sum(axis=1)
    return {
        "coverage": mean(held),
        **{f"coverage_{name}": mean(held[labels == index]) for index, name in enumerate(CLASSES)},
        "size": mean(sizes),
        "single": mean(sizes == 1),
        "mixed": mean(sets[:, NORMAL] & (sizes > 1)),
    }


def _by_class(fit: Probabilities, labels: Labels, rest: Probabilities) -> Sets:
    return prediction_sets(rest, fit_sets(fit, labels))


def _mapie(score: str) -> Rule:
    def rule(fit: Probabilities, labels: Labels, rest: Probabilities) -> Sets:
        fitted = SplitConformalClassifier(Given(), COVERAGE, score, random_state=0).conformalize(fit, labels)
        sets = np.array(fitted.predict_set(rest)[1][:, :, 0], np.bool_)
        sets[np.arange(len(sets)), rest.argmax(axis=1)] = True
        return sets

    return rule


CHOSEN = "LAC by class"
RULES: dict[str, Rule] = {CHOSEN: _by_class, "LAC": _mapie("lac"), "APS": _mapie("aps")}


class Given(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What MAPIE takes for a classifier: films' probabilities are given, and are its answer."""

    classes_ = np.arange(len(CLASSES))
    n_features_in_ = len(CLASSES)

    def fit(self, inputs: Any, labels: Any) -> Given:
        return self

    def predict(self, inputs: Probabilities) -> Labels:
        return np.asarray(inputs.argmax(axis=1))

    def predict_proba(self, inputs: Probabilities) -> Probabilities:
        return inputs


def _is_enough(films: int, coverage: float) -> bool:
    """Say whether one of so many films' scores can be the threshold: 19 for a coverage of 95%."""
    return math.ceil((films + 1) * coverage - 1e-9) <= films


def mean(values: NDArray[Any]) -> float:
    """Return the mean; NaN of nothing."""
    return float(values.mean()) if len(values) else float("nan")
