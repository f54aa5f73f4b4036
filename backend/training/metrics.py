"""Measure answers: pure functions of labels (n,) and probabilities (n, classes).

Labels are indices into CLASSES, an answer is the most probable class. A measure that the films do not define
(the sensitivity for a class that none of them shows, say) is NaN, and null in a summary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from backend.training.data import CLASSES, NORMAL

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]

BINS = 15
RESAMPLES = 1000
_LEAST_PROBABILITY = 1e-12


def confusion_matrix(labels: Labels, probabilities: Probabilities) -> NDArray[np.int64]:
    """Return the films' counts (classes, classes): rows what they show, columns what was answered."""
    classes = probabilities.shape[1]
    cells = labels * classes + probabilities.argmax(axis=1)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def accuracy(labels: Labels, probabilities: Probabilities) -> float:
    """Return the share of films named rightly."""
    return _share(confusion_matrix(labels, probabilities).trace(), len(labels))


def sensitivities(labels: Labels, probabilities: Probabilities) -> NDArray[np.float64]:
    """Return, for each class, the share of its films that are named so, (classes,)."""
    confusion = confusion_matrix(labels, probabilities)
    return _shares(confusion.diagonal(), confusion.sum(axis=1))


def specificities(labels: Labels, probabilities: Probabilities) -> NDArray[np.float64]:
    """Return, for each class, the share of the other classes' films that are not named so, (classes,)."""
    confusion = confusion_matrix(labels, probabilities)
    others = len(labels) - confusion.sum(axis=1)
    named_wrongly = confusion.sum(axis=0) - confusion.diagonal()
    return _shares(others - named_wrongly, others)


def balanced_accuracy(labels: Labels, probabilities: Probabilities) -> float:
    """Return the mean of the classes' sensitivities."""
    return float(sensitivities(labels, probabilities).mean())


def auc(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Return the area under the ROC curve: how often a positive film scores above a negative one."""
    if positive.all() or not positive.any():
        return float("nan")
    return float(roc_auc_score(positive, scores))


def auc_normal_vs_pneumonia(labels: Labels, probabilities: Probabilities) -> float:
    """Return the AUC of the score 1 − p(normal) for pneumonia of either kind."""
    return auc(labels != NORMAL, 1 - probabilities[:, NORMAL])


def aucs_one_vs_rest(labels: Labels, probabilities: Probabilities) -> NDArray[np.float64]:
    """Return the AUC of each class's probability for that class, (classes,)."""
    return np.array(
        [auc(labels == index, probabilities[:, index]) for index in range(probabilities.shape[1])]
    )


@dataclass(frozen=True)
class Reliability:
    """Films by their answer's confidence, in equal bins: count, mean confidence, accuracy, each (bins,)."""

    count: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]


def reliability(labels: Labels, probabilities: Probabilities, bins: int = BINS) -> Reliability:
    """Return the bins ((m − 1)/bins, m/bins] of Guo et al. (arXiv 1706.04599); an empty one holds NaN."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    home = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    count = np.bincount(home, minlength=bins)
    return Reliability(
        count,
        _shares(np.bincount(home, confidence, bins), count),
        _shares(np.bincount(home, right, bins), count),
    )


def calibration_error(labels: Labels, probabilities: Probabilities, bins: int = BINS) -> float:
    """Return the expected calibration error: the bins' gaps of accuracy and confidence, by their films."""
    found = reliability(labels, probabilities, bins)
    filled = found.count > 0
    gaps = np.abs(found.accuracy - found.confidence)[filled]
    return _share(float((found.count[filled] * gaps).sum()), len(labels))


def negative_log_likelihood(labels: Labels, probabilities: Probabilities) -> float:
    """Return the mean of −ln p(what the film shows), p being at least 1e-12."""
    shown = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(shown, _LEAST_PROBABILITY)).mean())


def flips(before: Probabilities, after: Probabilities) -> dict[str, float]:
    """Return the shares of answers that differ: among all classes, and between normal and pneumonia."""
    then, now = before.argmax(axis=1), after.argmax(axis=1)
    return {
        "flips": float((then != now).mean()),
        "flips_normal_vs_pneumonia": float(((then == NORMAL) != (now == NORMAL)).mean()),
    }


def measure(labels: Labels, probabilities: Probabilities) -> dict[str, float]:
    """Return every measure by its name; those of one class end in its name."""
    by_class = {
        "auc": aucs_one_vs_rest(labels, probabilities),
        "sensitivity": sensitivities(labels, probabilities),
        "specificity": specificities(labels, probabilities),
    }
    return {
        "accuracy": accuracy(labels, probabilities),
        "balanced_accuracy": balanced_accuracy(labels, probabilities),
        "auc_normal_vs_pneumonia": auc_normal_vs_pneumonia(labels, probabilities),
        "ece": calibration_error(labels, probabilities),
        "nll": negative_log_likelihood(labels, probabilities),
        **{
            f"{name}_{CLASSES[index]}": float(value)
            for name, values in by_class.items()
            for index, value in enumerate(values)
        },
    }


def resample(
    patients: Sequence[str], resamples: int = RESAMPLES, seed: int = 0
) -> Iterator[NDArray[np.intp]]:
    """Yield the indices of films that resamples hold.

    Patients are drawn with replacement, each with all their films, for films of one patient are alike.
    """
    names, owner = np.unique(np.asarray(patients), return_inverse=True)
    films_of = np.split(np.argsort(owner, kind="stable"), np.cumsum(np.bincount(owner))[:-1])
    random = np.random.default_rng(seed)
    for _ in range(resamples):
        yield np.concatenate([films_of[patient] for patient in random.integers(len(names), size=len(names))])


def with_intervals(
    measured: Callable[[NDArray[np.intp]], dict[str, float]],
    patients: Sequence[str],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, dict[str, float | None]]:
    """Return what is measured on films of given indices as {value, low, high}: a 95% percentile interval.

    What is not defined is None. A resample that does not define a measure is left out of its interval.
    """
    drawn = [measured(films) for films in resample(patients, resamples, seed)]
    found = {}
    for name, value in measured(np.arange(len(patients))).items():
        low, high = _interval([each[name] for each in drawn])
        found[name] = {"value": _defined(value), "low": _defined(low), "high": _defined(high)}
    return found


def calibration_error_by_chance(
    probabilities: Probabilities, draws: int = RESAMPLES, seed: int = 0
) -> dict[str, float]:
    """Return mean and 95th percentile of the ECE that these answers show when they mean what they say.

    Labels are drawn from the probabilities themselves, each film for itself. Films of one patient in truth
    go wrong together, which scatters the ECE more: the bound is on the strict side.
    """
    random = np.random.default_rng(seed)
    cumulated = probabilities.cumsum(axis=1)[:, :-1]
    found = [
        calibration_error((random.random((len(probabilities), 1)) > cumulated).sum(axis=1), probabilities)
        for _ in range(draws)
    ]
    return {"mean": float(np.mean(found)), "p95": float(np.percentile(found, 95))}


def summarise(
    labels: Labels,
    probabilities: Probabilities,
    patients: Sequence[str],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Return all of it: `measures` by name as {value, low, high}, and the `confusion` counts.

    The interval of `ece` can lie above its value: resampling repeats films, which widens the bins' gaps.
    """
    measures = with_intervals(
        lambda films: measure(labels[films], probabilities[films]), patients, resamples, seed
    )
    return {"measures": measures, "confusion": confusion_matrix(labels, probabilities).tolist()}


def _interval(values: list[float]) -> tuple[float, float]:
    defined = np.array(values)[~np.isnan(values)]
    if not len(defined):
        return float("nan"), float("nan")
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else value


def _share(part: float, whole: int) -> float:
    return float(part) / whole if whole else float("nan")


def _shares(parts: NDArray[Any], wholes: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = np.full(len(wholes), np.nan)
    np.divide(parts, wholes, out=shares, where=wholes > 0)
    return shares
