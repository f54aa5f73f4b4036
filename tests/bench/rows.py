"""Measure a row of each table of the service; times are in milliseconds."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from tests.bench.films import jpeg, shape_of
from tests.bench.load import Load, drive
from tests.bench.plan import MANY_CLIENTS, Plan
from tests.bench.samples import summarise
from tests.bench.service import Service, first_answer, memory_watched, serving
from tests.bench.stages import mean_stages

Row = dict[str, Any]


def stages_of(plan: Plan, service: Service, film: bytes, cam: str) -> Row:
    """Return the mean time of each stage of a film from one client, by the service's own metrics."""
    before = service.metrics()
    drive(service.url, film, 1, 0, answers=plan.answers, cam=cam)
    return mean_stages(before, service.metrics())


def of_clients(plan: Plan, service: Service, film: bytes, clients: int) -> Row:
    """Return what so many clients got, and the most memory that the service held for them."""
    with memory_watched(service) as memory:
        load = drive(service.url, film, clients, plan.seconds)
    return {"clients": clients, **_speed(load), "memory_mb": memory.megabytes, "is_pss": memory.is_pss}


def of_size(plan: Plan, service: Service, megapixels: float) -> Row:
    """Return how long one client waits for an answer to a film of that size."""
    height, width = shape_of(megapixels)
    film = jpeg(height, width)
    load = drive(service.url, film, 1, 0, answers=plan.answers)
    return {
        "megapixels": megapixels,
        "pixels": f"{width}×{height}",
        "kib": len(film) / 1024,
        **asdict(summarise(load.durations)),
        "failures": load.failures.total(),
    }


def of_workers(plan: Plan, film: bytes, workers: int) -> Row:
    """Return what many clients got from a service of so many processes."""
    with serving(WORKERS=str(workers), WARM_UP="1") as service:
        first_answer(service, film)
        service.wait_for_workers(workers)
        row = of_clients(plan, service, film, MANY_CLIENTS)
    return {"workers": workers, **row}


def of_batch(batch: int, seconds: list[float]) -> Row:
    """Return how fast the engine alone read so many films at once."""
    took = summarise(seconds).median_ms
    return {"batch": batch, "ms": took, "ms_a_film": took / batch, "films_a_second": 1000 * batch / took}


def cold_start(film: bytes) -> float:
    """Return how long it took from the start of the process to the first answer."""
    started = time.perf_counter()
    with serving() as service:
        first_answer(service, film)
        return (time.perf_counter() - started) * 1000


def _speed(load: Load) -> Row:
    times = summarise(load.durations)
    return {
        "films_a_second": load.films_a_second,
        "median_ms": times.median_ms,
        "p99_ms": times.p99_ms,
        "failures": load.failures.total(),
        "reasons": dict(load.failures),
    }
