"""Draw a report: answers by their time, throughput by clients, a film by its stages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.bench.stages import REST

Report = Mapping[str, Any]
# Okabe and Ito's palette, told apart with any colour vision.
_BLUE, _ORANGE = "#0072B2", "#D55E00"
_STAGE_COLOURS = ("#56B4E9", "#999999", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#F0E442")
_DOTS_PER_INCH = 110


def draw(report: Report, folder: Path) -> None:
    """Draw every plot into a folder."""
    draw_latency(report, folder / "latency.png")
    draw_clients(report, folder / "clients.png")
    draw_stages(report, folder / "stages.png")


def draw_latency(report: Report, path: Path) -> None:
    """Draw how many answers took how long, and the reference request beside them."""
    figure, axes = _figure()
    one, reference = report["one_client"], report["reference"]["request"]["median_ms"]
    answers, width = one["answers_ms"], reference / 100
    axes.hist(answers, bins=np.arange(0, max(answers) + 2 * width, width), color=_BLUE)
    axes.axvline(one["median_ms"], color="black", label=f"median {one['median_ms']:.0f} ms")
    axes.axvline(
        reference, color=_ORANGE, linestyle="--", label=f"eager torch without HTTP {reference:.0f} ms"
    )
    axes.set(xlabel="ms from request to answer", ylabel="answers", title="POST /predict, one client")
    axes.set_xlim(left=0)
    axes.legend()
    _save(figure, path)


def draw_clients(report: Report, path: Path) -> None:
    """Draw films a second, and what they waited, against the number of clients."""
    figure, axes = _figure()
    rows = report["clients"]
    clients = [row["clients"] for row in rows]
    axes.plot(clients, [row["films_a_second"] for row in rows], "o-", color=_BLUE)
    axes.set_xscale("log", base=2)
    axes.set_xticks(clients, [str(each) for each in clients])
    axes.set(xlabel="clients", title="Throughput, both pictures")
    axes.set_ylabel("films/s", color=_BLUE)
    axes.set_ylim(bottom=0)
    waits = axes.twinx()
    for name, dashes in (("median_ms", "-"), ("p99_ms", ":")):
        label = {"median_ms": "p50", "p99_ms": "p99"}[name]
        waits.plot(clients, [row[name] for row in rows], "s" + dashes, color=_ORANGE, label=label)
    waits.set_ylabel("ms from request to answer", color=_ORANGE)
    waits.set_ylim(bottom=0)
    waits.legend(loc="upper left")
    _save(figure, path)


def draw_stages(report: Report, path: Path) -> None:
    """Draw the mean time of each stage, for each choice of pictures."""
    figure, axes = _figure(height=2.6)
    cams = list(report["stages"])
    names = [name for name in report["stages"]["both"] if name != REST] + [REST]
    left = [0.0] * len(cams)
    for name, colour in zip(names, _STAGE_COLOURS, strict=False):
        took = [report["stages"][cam].get(name, 0.0) for cam in cams]
        axes.barh([f"cam={cam}" for cam in cams], took, left=left, color=colour, label=name)
        left = [start + each for start, each in zip(left, took, strict=True)]
    axes.invert_yaxis()
    axes.set(xlabel="ms, mean", title="Stages of a film, one client")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9)
    _save(figure, path)


def draw_batches(report: Report, path: Path) -> None:
    """Draw films a second of an accelerator against the films given to it at once."""
    figure, axes = _figure()
    rows = report["batches"]
    batches = [row["batch"] for row in rows]
    axes.plot(batches, [row["films_a_second"] for row in rows], "o-", color=_BLUE)
    axes.set_xscale("log", base=2)
    axes.set_xticks(batches, [str(each) for each in batches])
    axes.set(xlabel="films at once", ylabel="films/s", title=f"{report['card']}, {report['precision']}")
    axes.set_ylim(bottom=0)
    _save(figure, path)


def _figure(height: float = 4) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, height), layout="constrained")
    return figure, figure.subplots()


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=_DOTS_PER_INCH, metadata={"Software": None})
