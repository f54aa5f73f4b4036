"""Set a report in tables, as the model card shows them."""

from __future__ import annotations

from typing import Any

from backend.inference.architectures import ARCHITECTURES
from backend.training.data import CLASSES
from backend.training.voting import ENSEMBLE

_TITLES = {
    "accuracy": "accuracy, three classes",
    "balanced_accuracy": "balanced accuracy",
    "auc_normal_vs_pneumonia": "AUC, normal against pneumonia",
    "ece": "expected calibration error",
    "nll": "negative log-likelihood",
    "auc": "AUC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}


def as_markdown(report: dict[str, Any]) -> str:
    """Return a report's measures with their intervals, its confusion matrix and its flips."""
    parts = [
        f"# {report['split']}: {report['films']} films of {report['patients']} patients",
        f"`{report['command']}` with model {report['model_version']}, {report['engine']}, "
        f"on {report['processor']}; 95% intervals by bootstrap over patients.",
        _measures(report),
        _confusion(report[ENSEMBLE]["confusion"]),
    ]
    if "perturbations" in report:
        parts.append(_flips(report["perturbations"]))
    return "\n\n".join(parts) + "\n"


def _measures(report: dict[str, Any]) -> str:
    who = [ENSEMBLE, *report["weights_sha256"]]
    names = ["ensemble", *(ARCHITECTURES[each] for each in who[1:])]
    rows = [
        [_title(measure), *(_interval(report[each]["measures"][measure]) for each in who)]
        for measure in report[ENSEMBLE]["measures"]
    ]
    return _table(["measure", *names], rows)


def _confusion(counts: list[list[int]]) -> str:
    names = [_spoken(name) for name in CLASSES]
    rows = [[name, *map(str, row)] for name, row in zip(names, counts, strict=True)]
    return _table(["film shows \\ ensemble answers", *names], rows)


def _flips(perturbations: dict[str, dict[str, dict[str, float]]]) -> str:
    rows = [
        [
            name,
            f"{shares[ENSEMBLE]['flips']:.1%}",
            f"{shares[ENSEMBLE]['flips_normal_vs_pneumonia']:.1%}",
            f"{shares[ENSEMBLE]['accuracy']:.3f}",
        ]
        for name, shares in perturbations.items()
    ]
    return _table(["film changed", "answers flipped", "between normal and pneumonia", "accuracy then"], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _title(measure: str) -> str:
    for name in CLASSES:
        if measure.endswith("_" + name):
            return f"{_TITLES[measure.removesuffix('_' + name)]}, {_spoken(name)}"
    return _TITLES[measure]


def _spoken(class_name: str) -> str:
    return class_name.replace("_", " ").lower()


def _interval(measure: dict[str, float | None]) -> str:
    value, low, high = ("–" if each is None else f"{each:.3f}" for each in measure.values())
    return f"{value} ({low} to {high})"
