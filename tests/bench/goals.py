"""Hold what was measured to what is asked of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Goal:
    """One thing that is asked: at most so much of it, or at least."""

    key: str
    name: str
    measured: float
    goal: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.measured >= self.goal if self.at_least else self.measured <= self.goal

    @property
    def ratio(self) -> float | None:
        """Measured to asked for; None where nothing at all is asked for."""
        return self.measured / self.goal if self.goal else None


@dataclass(frozen=True)
class Shares:
    """What is asked of the time that a film takes, beside the reference's."""

    predict: float
    engine: float
    throughput: float


_SHARES = {"bfloat16": Shares(0.25, 0.35, 5), "float32": Shares(0.5, 0.65, 2)}
"""By the engine's precision. In float32 it has no other arithmetic than the reference, and as much of it for
each forward pass: what it can save is the third one, and what surrounds them."""


@dataclass(frozen=True)
class Measured:
    """What the goals are made of; times in milliseconds."""

    precision: str
    reference: float
    forward: float
    engine: float
    predict: float
    films_a_second: float
    many_p50: float
    many_p99: float
    failures: int
    explain: float
    pictures: float
    heatmap: float
    stages: dict[str, dict[str, float]]
    """By what was asked for: both pictures, the map alone."""
    cold_start: float
    memory_mb: float


def as_row(goal: Goal) -> dict[str, Any]:
    """Return a goal as the report keeps it."""
    return {**asdict(goal), "ratio": goal.ratio, "met": goal.met}


def goals(found: Measured) -> list[Goal]:
    """Return every goal of the service with what was measured."""
    both, map_alone = found.stages["both"], found.stages["map"]
    a_reference = found.films_a_second * found.reference / 1000
    share, asked = "share of the reference", _SHARES[found.precision]
    return [
        Goal(
            "predict",
            f"POST /predict, one client, {share} request",
            found.predict / found.reference,
            asked.predict,
        ),
        Goal(
            "engine", f"Inference alone, {share}'s forward passes", found.engine / found.forward, asked.engine
        ),
        Goal(
            "throughput",
            "Films in the time of a reference request, 16 clients",
            a_reference,
            asked.throughput,
            at_least=True,
        ),
        Goal("tail", "p99 to p50, 16 clients", found.many_p99 / found.many_p50, 3),
        Goal("failures", "Failures under load", found.failures, 0),
        Goal("explain", "Map, share of inference, direct calls", found.explain / found.engine, 0.05),
        Goal("explain_served", "The same, /metrics", both["explain"] / both["inference"], 0.05),
        Goal("pictures", "Overlay and both PNG files, one core, direct calls", found.pictures, 12, "ms"),
        Goal("pictures_served", "The same and the JSON, /metrics", both["encode"], 12, "ms"),
        Goal("heatmap", "PNG file of cam=map, one core, direct calls", found.heatmap, 1, "ms"),
        Goal("heatmap_served", "The same and the JSON, /metrics", map_alone["encode"], 1, "ms"),
        Goal("cold_start", "Process start to first answer, files cached", found.cold_start / 1000, 3, "s"),
        Goal("memory", "Memory of all processes under load", found.memory_mb, 900, "MB"),
    ]
