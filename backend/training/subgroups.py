"""Measure groups of films that the data let one tell apart: nobody's age or sex is among what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.inference.images import Film
from backend.training.metrics import (
    RESAMPLES,
    Labels,
    Probabilities,
    accuracy,
    auc_normal_vs_pneumonia,
    balanced_accuracy,
    calibration_error,
    with_intervals,
)


def measure_subgroups(
    labels: Labels,
    probabilities: Probabilities,
    patients: Sequence[str],
    films: Sequence[Film],
    resamples: int = RESAMPLES,
) -> dict[str, dict[str, Any]]:
    """Return each group's size and measures with intervals."""
    found = {}
    for name, member in find_groups(patients, films).items():
        places = np.flatnonzero(member)
        owners = [patients[place] for place in places.tolist()]

        def measured(drawn: NDArray[np.intp], places: NDArray[np.intp] = places) -> dict[str, float]:
            truth, said = labels[places[drawn]], probabilities[places[drawn]]
            return {
                "accuracy": accuracy(truth, said),
                "balanced_accuracy": balanced_accuracy(truth, said),
                "auc_normal_vs_pneumonia": auc_normal_vs_pneumonia(truth, said),
                "ece": calibration_error(truth, said),
            }

        found[name] = {
            "films": len(places),
            "patients": len(set(owners)),
            "by_class": np.bincount(labels[places], minlength=probabilities.shape[1]).tolist(),
            "measures": with_intervals(measured, owners, resamples),
        }
    return found


def find_groups(patients: Sequence[str], films: Sequence[Film]) -> dict[str, NDArray[np.bool_]]:
    """Return which of n films are in each group; films are squeezed to one size, so that they compare."""
    number = np.array([Counter(patients)[each] for each in patients])
    level = _thirds([float(film.mean()) for film in films])
    detail = _thirds([float(cv2.Laplacian(film, cv2.CV_32F).std()) for film in films])
    groups = {
        "the patient's only film": number == 1,
        "of a patient with several films": number > 1,
        "darkest third": level == 0,
        "middle third of brightness": level == 1,
        "brightest third": level == 2,
        "least detailed third": detail == 0,
        "middle third of detail": detail == 1,
        "most detailed third": detail == 2,
    }
    return {name: member for name, member in groups.items() if member.any()}


def _thirds(values: Sequence[float]) -> NDArray[np.int64]:
    ranks = np.argsort(np.argsort(np.asarray(values), kind="stable"), kind="stable")
    return np.asarray(ranks * 3 // len(values))
