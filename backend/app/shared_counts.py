"""Add up what gunicorn's workers have counted, also while one of them begins or dies."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector


class SharedCounts(MultiProcessCollector):
    """The library's own, but one whose scrape no empty file breaks.

    A worker's file is empty for a moment when it is made, and for ever if the worker is killed in that
    moment (prometheus/client_python#1199).
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry)  # type: ignore[no-untyped-call]

    def collect(self) -> Iterable[Metric]:
        files = [str(file) for file in Path(self._path).glob("*.db") if _begun(file)]
        found: Iterable[Metric] = MultiProcessCollector.merge(files)
        return found


def _begun(file: Path) -> bool:
    with suppress(FileNotFoundError):  # a dead worker's gauges are taken away
        return file.stat().st_size > 0
    return False
