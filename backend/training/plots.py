"""Draw how an ensemble answers: confusion matrix, ROC curves, reliability diagram, each a small PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from backend.training.data import CLASSES, NORMAL
from backend.training.metrics import (
    BINS,
    Labels,
    Probabilities,
    auc,
    calibration_error,
    confusion_matrix,
    reliability,
)

_NAMES = [name.replace("_", " ").capitalize() for name in CLASSES]
# Okabe and Ito's palette, told apart with any colour vision; the dashes serve a print without colour.
_BLUE, _ORANGE, _GREEN, _BLACK = "#0072B2", "#D55E00", "#009E73", "#000000"
_CURVES = ((_ORANGE, "--"), (_GREEN, "-."), (_BLUE, ":"))
_DOTS_PER_INCH = 110


def draw_confusion(labels: Labels, probabilities: Probabilities, title: str, path: Path) -> None:
    """Draw the counts (rows: what the films show), and each row's shares as shades of blue."""
    counts = confusion_matrix(labels, probabilities)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(5.2, 4.4), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        ink = "white" if share > 0.5 else "black"
        axes.text(column, row, f"{count}\n{share:.1%}", ha="center", va="center", color=ink, fontsize=11)
    lines = [name.replace(" ", "\n") for name in _NAMES]
    axes.set_xticks(range(len(lines)), lines)
    axes.set_yticks(range(len(lines)), lines)
    axes.set(xlabel="Answer", ylabel="Label", title=title)
    figure.colorbar(image, ax=axes, label="share of the label's films", shrink=0.85)
    _save(figure, path)


def draw_roc(labels: Labels, probabilities: Probabilities, title: str, path: Path) -> None:
    """Draw the ROC curves of pneumonia against normal, and of each class against the rest."""
    figure = Figure(figsize=(5, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.75", linewidth=1)
    _curve(axes, labels != NORMAL, 1 - probabilities[:, NORMAL], "Pneumonia of either kind", _BLACK, "-")
    for index, (name, (colour, dashes)) in enumerate(zip(_NAMES, _CURVES, strict=True)):
        _curve(axes, labels == index, probabilities[:, index], f"{name}, against the rest", colour, dashes)
    axes.set(xlabel="1 − specificity", ylabel="Sensitivity", title=title, aspect="equal")
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.legend(loc="lower right", fontsize=9)
    _save(figure, path)


def draw_reliability(labels: Labels, probabilities: Probabilities, title: str, path: Path) -> None:
    """Draw accuracy by the answer's confidence, above the number of films in each bin."""
    found = reliability(labels, probabilities)
    filled = found.count > 0
    edges = np.arange(BINS) / BINS
    figure = Figure(figsize=(5, 5), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color="0.6", linewidth=1, label="calibrated")
    upper.bar(edges[filled], found.accuracy[filled], 1 / BINS, align="edge", color=_BLUE, edgecolor="white")
    upper.plot(
        found.confidence[filled], found.accuracy[filled], "o", color=_ORANGE, label="bin's mean confidence"
    )
    upper.set(ylabel="Accuracy", ylim=(0, 1.02), title=title)
    upper.legend(loc="upper left", title=f"ECE {calibration_error(labels, probabilities):.3f}", fontsize=9)
    bars = lower.bar(edges, found.count, 1 / BINS, align="edge", color="0.6", edgecolor="white")
    lower.bar_label(bars, [str(count) if count else "" for count in found.count], fontsize=8)
    lower.margins(y=0.25)
    lower.set(xlabel="Confidence (probability of the answer)", ylabel="Films", xlim=(0, 1))
    _save(figure, path)


def draw_curves(report: dict[str, Any], path: Path) -> None:
    """Draw the answer's mean probability as the film is deleted and inserted, in the order of each map."""
    figure = Figure(figsize=(8, 3.8), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    names = {"map": "the ensemble's map", "random": "random map", "centre": "blob in the middle"}
    styles = ((_BLUE, "-"), (_BLACK, ":"), (_ORANGE, "--"))
    for axes, (way, by_map) in zip(panels, report["curves"].items(), strict=True):
        for (who, curve), (colour, dashes) in zip(by_map.items(), styles, strict=True):
            axes.plot(report["steps"], curve, dashes, marker="o", color=colour, label=names[who])
        axes.set(title=way.capitalize(), xlabel=f"share of the film {way.replace('ion', 'ed')}", ylim=(0, 1))
    panels[0].set(ylabel="probability of the answer")
    panels[0].legend(fontsize=9)
    _save(figure, path)


def _curve(
    axes: Axes,
    positive: np.typing.NDArray[np.bool_],
    scores: np.typing.NDArray[np.float64],
    name: str,
    colour: str,
    dashes: str,
) -> None:
    area = auc(positive, scores)
    if np.isnan(area):  # the films show one side only
        return
    false_alarms, hits, _ = roc_curve(positive, scores)
    axes.plot(false_alarms, hits, dashes, color=colour, linewidth=1.8, label=f"{name}: AUC {area:.3f}")


def _save(figure: Figure, path: Path) -> None:
    """Write the same bytes for the same picture: without the drawing software's version."""
    figure.savefig(path, dpi=_DOTS_PER_INCH, metadata={"Software": None})
