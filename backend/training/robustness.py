"""Measure how many answers flip when films are changed in what must not matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from backend.inference.ensemble import Ensemble
from backend.inference.images import Film
from backend.training.metrics import RESAMPLES, Labels, Probabilities, accuracy, flips, with_intervals
from backend.training.perturbations import NARROWER, PERTURBATIONS, WIDER
from backend.training.voting import ENSEMBLE, read_films

FLIPS = ("flips", "flips_normal_vs_pneumonia")

Flips = dict[str, dict[str, dict[str, Any]]]
"""By perturbation and by who answers: the shares of flipped answers, and the accuracy then."""


def measure_flips(
    ensemble: Ensemble,
    films: Sequence[Film],
    labels: Labels,
    before: dict[str, Probabilities],
    patients: Sequence[str],
    resamples: int = RESAMPLES,
) -> Flips:
    """Return the flips of everyone's answers, and the `intervals` of the ensemble's by patient."""
    found: Flips = {}
    for name, change in PERTURBATIONS.items():
        watched = tqdm(films, desc=name, mininterval=5)
        after = read_films(ensemble, map(change, watched))
        found[name] = {
            who: {**flips(before[who], after[who]), "accuracy": accuracy(labels, after[who])} for who in after
        }
        then, now = before[ENSEMBLE], after[ENSEMBLE]
        intervals = with_intervals(
            lambda drawn, then=then, now=now: flips(then[drawn], now[drawn]),  # type: ignore[misc]
            patients,
            resamples,
        )
        found[name][ENSEMBLE]["intervals"] = {
            each: [intervals[each]["low"], intervals[each]["high"]] for each in FLIPS
        }
    return found


def summarise_width(perturbations: Flips) -> dict[str, float]:
    """Return the share of the ensemble's answers that flip with the width: each way, their mean and max."""
    wider, narrower = (perturbations[name][ENSEMBLE]["flips"] for name in (WIDER, NARROWER))
    return {WIDER: wider, NARROWER: narrower, "mean": (wider + narrower) / 2, "max": max(wider, narrower)}


def find_worst(perturbations: Flips) -> dict[str, dict[str, Any]]:
    """Return, by kind of flip, the change that flips most of the ensemble's answers, and how many."""
    worst = {}
    for kind in FLIPS:
        name = max(perturbations, key=lambda each, kind=kind: perturbations[each][ENSEMBLE][kind])  # type: ignore[misc]
        worst[kind] = {"change": name, "share": perturbations[name][ENSEMBLE][kind]}
    return worst
