"""Name every metric, once, and count: numbers and seconds, nothing of a film or its sender.

In one process they are kept in memory. Several workers of gunicorn count together in a folder
(metrics_folder.py), and whichever of them is asked adds all of it up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, get_args

import psutil
from flask import current_app
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

from backend.app.cache import OUTCOMES
from backend.app.contract import spoken
from backend.app.restarts import restarts
from backend.app.stages import STAGES, Stage, timed
from backend.app.stores import FAILURES, Failure
from backend.inference.engine import Engine
from backend.inference.reading import Reading
from backend.inference.risk import INDETERMINATE, RISKS

LINES = ("decoding", "inference")
Reason = Literal["full", "expired", "client_gone", "draining"]
NO_ROUTE, OTHER_METHOD = "unmatched", "other"
_METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}

_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30)
_STAGE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30)
# An answer's confidence is at least one in three; at 0.7 lies the usual border to indeterminate.
_CONFIDENCE = (0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1)


class Metrics:
    """What is counted. Labels have few values each: what a sender writes never becomes one."""

    def __init__(self) -> None:
        disable_created_metrics()
        self._shared = values.ValueClass is not values.MutexValue
        self._registry = registry = CollectorRegistry()

        self.requests = Counter(
            "pneumonet_http_requests_total",
            "Requests answered, by route, method and status; the page's own files are not among them.",
            ["route", "method", "status"],
            registry=registry,
        )
        self.request_seconds = Histogram(
            "pneumonet_http_request_duration_seconds",
            "Time from a request's first byte in the app to its answer, the upload of its body included.",
            ["route", "method"],
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )
        self.stage_seconds = Histogram(
            "pneumonet_stage_duration_seconds",
            "Time of each stage of a prediction.",
            ["stage"],
            buckets=_STAGE_SECONDS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "pneumonet_http_requests_in_flight",
            "Requests begun and not yet answered, but for those for metrics.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.queue_depth = Gauge(
            "pneumonet_queue_depth",
            "Films that wait for their turn, by the line they wait in.",
            ["line"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.turned_away = Counter(
            "pneumonet_films_turned_away_total",
            "Films that were not read: no place was free, their turn did not come in time, "
            "their sender had gone, or the service was stopping.",
            ["reason"],
            registry=registry,
        )
        self.cache_lookups = Counter(
            "pneumonet_cache_lookups_total",
            "Films looked for among earlier results, by whether they were found.",
            ["outcome"],
            registry=registry,
        )
        self.cache_failures = Counter(
            "pneumonet_cache_failures_total",
            "What the store of results failed to do: it did not answer in time, could not be reached, "
            "refused, was not asked after that, or held what cannot be read.",
            ["reason"],
            registry=registry,
        )
        self.predictions = Counter(
            "pneumonet_predictions_total",
            "Films read, by the class and the risk code of the answer.",
            ["predicted_class", "risk_code"],
            registry=registry,
        )
        self.confidence = Histogram(
            "pneumonet_prediction_confidence_ratio",
            "Calibrated probability of the predicted class, by that class.",
            ["predicted_class"],
            buckets=_CONFIDENCE,
            registry=registry,
        )
        self.load_seconds = Gauge(
            "pneumonet_model_load_seconds",
            "Time that the last load of the networks took, of the slowest worker.",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.loads = Counter(
            "pneumonet_model_loads_total",
            "Attempts to load the networks, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self.ready = Gauge(
            "pneumonet_ready",
            "1 where films would be accepted, 0 where not; of several workers the worst.",
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.workers = Gauge(
            "pneumonet_workers",
            "Workers that serve.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        registry.register(restarts)
        self.memory = Gauge(
            "pneumonet_resident_memory_bytes",
            "Resident memory of the workers, when each of them last answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.build = Gauge(
            "pneumonet_build_info",
            "1, with the versions of the service, its networks and torch.",
            ["version", "model_version", "torch_version"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.engine = Gauge(
            "pneumonet_engine_info",
            "1, with what runs the networks, on what and in which precision, once they are loaded.",
            ["engine", "device", "precision"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._process = psutil.Process()
        self._begin_at_zero()
        self.workers.set(1)

    def _begin_at_zero(self) -> None:
        """Show each series before its first event: a rate needs the zero that it rises from."""
        for stage in STAGES:
            self.stage_seconds.labels(stage)
        for line in LINES:
            self.queue_depth.labels(line)
        for reason in get_args(Reason):
            self.turned_away.labels(reason)
        for found in OUTCOMES:
            self.cache_lookups.labels(found)
        for failure in FAILURES:
            self.cache_failures.labels(failure)
        for outcome in ("success", "failure"):
            self.loads.labels(outcome)
        for predicted_class, risk in RISKS.items():
            self.confidence.labels(spoken(predicted_class))
            for code in (risk.code, INDETERMINATE.code):
                self.predictions.labels(spoken(predicted_class), code)

    def answered(
        self, route: str | None, method: str, status: int, seconds: float, stages: Mapping[Stage, float]
    ) -> None:
        """Count a request: its route as the app knows it, or None where no route answers its address."""
        route, method = route or NO_ROUTE, method if method in _METHODS else OTHER_METHOD
        self.requests.labels(route, method, str(status)).inc()
        self.request_seconds.labels(route, method).observe(seconds)
        for stage, took in stages.items():
            self.stage_seconds.labels(stage).observe(took)
        self.measure_memory()

    def predicted(self, reading: Reading) -> None:
        """Count an answer."""
        predicted_class = spoken(reading.predicted_class)
        self.predictions.labels(predicted_class, reading.risk.code).inc()
        self.confidence.labels(predicted_class).observe(reading.confidence)

    def cache_failed(self, reason: Failure) -> None:
        self.cache_failures.labels(reason).inc()

    def loaded(self, seconds: float, engine: Engine | None) -> None:
        """Count an attempt to load the networks; one that failed gave no engine."""
        self.loads.labels("success" if engine else "failure").inc()
        if engine:
            self.load_seconds.set(seconds)
            self.engine.labels(engine.name, engine.device, engine.precision).set(1)
        self.ready.set(engine is not None)
        self.measure_memory()

    @contextmanager
    def waiting(self, line: str) -> Iterator[None]:
        """Count a film among those that wait in a line, and time it."""
        with self.queue_depth.labels(line).track_inprogress(), timed("queue"):
            yield

    def measure_memory(self) -> None:
        self.memory.set(self._process.memory_info().rss)

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format, of all workers."""
        registry = self._registry
        if self._shared:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
            registry.register(restarts)
        return generate_latest(registry)


def counting() -> Metrics:
    """Return what the app counts with whose request this is."""
    metrics: Metrics = current_app.extensions["metrics"]
    return metrics
