"""Keep the time that each stage of a request took, for the metrics to read at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

from flask import g

Stage = Literal["decode", "queue", "inference", "explain", "encode"]
STAGES: tuple[Stage, ...] = get_args(Stage)


def begin() -> None:
    """Forget what an earlier request took."""
    g.stages = {}


def took(stage: Stage, seconds: float) -> None:
    """Add to a stage's time; a request may pass it twice, as it does the queue."""
    g.stages[stage] = g.stages.get(stage, 0.0) + seconds


@contextmanager
def timed(stage: Stage) -> Iterator[None]:
    """Add the time of a block to a stage, whether or not the block succeeds."""
    started = time.perf_counter()
    try:
        yield
    finally:
        took(stage, time.perf_counter() - started)


def so_far() -> dict[Stage, float]:
    """Return the stages that the request has passed, in seconds."""
    stages: dict[Stage, float] = g.stages
    return stages
