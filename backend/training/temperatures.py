"""Fit the networks' temperatures to labelled films: each by itself, all together, and with a bias."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from backend.inference.calibration import calibrate
from backend.training.data import CLASSES, NORMAL
from backend.training.metrics import Labels, Probabilities, negative_log_likelihood

TEMPERATURES = (0.05, 20.0)
SERVED = "with a bias"
"""How reports call the temperatures that are served, beside those that were fitted otherwise."""

_BOUNDS = (math.log(TEMPERATURES[0]), math.log(TEMPERATURES[1]))
_MOST_BIAS = 10.0

Logits = NDArray[np.float64]


def fit_temperatures(logits: Sequence[Logits], shares: Sequence[float], labels: Labels) -> list[float]:
    """Return the temperatures within TEMPERATURES that minimise the NLL of the networks' shared answer.

    Logits are (n, classes) of each network. Mixing dampens confidence, so temperatures that suit each
    network alone leave the ensemble less sure than it may be. The NLL of a mixture has no one valley for
    certain: the search begins at the temperatures of each alone and at 1, and the better end is taken.
    """

    def loss(logarithms: NDArray[np.float64]) -> float:
        answers = mix_answers(logits, shares, [math.exp(each) for each in logarithms])
        return negative_log_likelihood(labels, answers)

    alone = [math.log(fit_temperature(each, labels)) for each in logits]
    starts = (np.array(alone), np.zeros(len(logits)))
    ends = [minimize(loss, start, method="L-BFGS-B", bounds=[_BOUNDS] * len(logits)) for start in starts]
    best = min(ends, key=lambda end: float(end.fun))
    return [math.exp(each) for each in best.x]


def fit_with_bias(
    logits: Sequence[Logits], shares: Sequence[float], labels: Labels
) -> tuple[list[float], list[float]]:
    """Return the temperatures, and the bias of each class, that together minimise the same NLL.

    The bias, the same for all networks, makes up for the mix of classes, of which they were taught to favour
    none, and for what they favour all the same. Only its differences count: normal has none.
    """
    count, others = len(logits), [index for index in range(len(CLASSES)) if index != NORMAL]

    def parts(point: NDArray[np.float64]) -> tuple[list[float], list[float]]:
        bias = np.zeros(len(CLASSES))
        bias[others] = point[count:]
        return [math.exp(each) for each in point[:count]], bias.tolist()

    def loss(point: NDArray[np.float64]) -> float:
        temperatures, bias = parts(point)
        return negative_log_likelihood(labels, mix_answers(logits, shares, temperatures, bias))

    unbiased = [math.log(each) for each in fit_temperatures(logits, shares, labels)]
    start = np.array([*unbiased, *np.zeros(len(others))])
    bounds = [_BOUNDS] * count + [(-_MOST_BIAS, _MOST_BIAS)] * len(others)
    return parts(minimize(loss, start, method="L-BFGS-B", bounds=bounds).x)


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """Return the T within TEMPERATURES that minimises the NLL of softmax(logits / T); logits (n, classes).

    The NLL is convex in 1/T, so its slope there, the mean of E_p[z] − z_label, changes its sign once.
    """
    low, high = (math.log(bound) for bound in TEMPERATURES)
    shown = logits[np.arange(len(labels)), labels]
    for _ in range(50):
        middle = (low + high) / 2
        expected = (calibrate(logits, math.exp(middle)) * logits).sum(axis=1)
        too_cold = float((expected - shown).mean()) > 0
        low, high = (middle, high) if too_cold else (low, middle)
    return math.exp((low + high) / 2)


def mix_answers(
    logits: Sequence[Logits],
    shares: Sequence[float],
    temperatures: Sequence[float],
    bias: Sequence[float] | float = 0.0,
) -> Probabilities:
    """Return the ensemble's probabilities (n, classes) under these temperatures and this bias."""
    each = [
        calibrate(values, temperature, bias) for values, temperature in zip(logits, temperatures, strict=True)
    ]
    return np.asarray(np.tensordot(np.asarray(shares), each, axes=1))
