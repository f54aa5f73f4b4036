"""Count the workers that had to be replaced, where no worker's death can lose the count.

The counts lie in memory that is shared by whoever is forked from the process that imported this module:
gunicorn's master counts, its workers read. They begin anew with the master.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Literal, get_args

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

Reason = Literal["died", "silent", "hung"]
_REASONS: tuple[Reason, ...] = get_args(Reason)


class Restarts(Collector):
    """How often workers were replaced, and why; one process alone may count."""

    def __init__(self) -> None:
        self._counts = memoryview(mmap.mmap(-1, 8 * len(_REASONS))).cast("Q")

    def count(self, reason: Reason) -> None:
        self._counts[_REASONS.index(reason)] += 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(
            "pneumonet_worker_restarts_total",
            "Workers replaced: they died or were killed, gave no sign of life, or a film hung in them.",
            labels=["reason"],
        )
        for reason, count in zip(_REASONS, self._counts, strict=True):
            family.add_metric([reason], count)
        yield family


restarts = Restarts()
