"""Kill workers and Redis, freeze them, send too much and stop under load: the served networks throughout.

A worker that hangs cannot be had from outside; tests/e2e/test_faults.py plants one.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.machine import Others
from tests.e2e.conftest import ROOT
from tests.e2e.service import Service, real, until
from tests.redis_server import running_redis
from tests.soak.films import ordinary
from tests.soak.full_queue import fill_queue
from tests.soak.lost_redis import lose_redis
from tests.soak.lost_workers import lose_workers
from tests.soak.stopping import stop

WHOLE_SECONDS, REFUSED_MS, PROBE_MS, GONE_SECONDS = 5, 50, 100, 30
"""What the service promises, of every worker, refusal, probe and stop."""

WORKERS, WAITING = 2, 64
_FAULTS = [
    signal.SIGKILL,
    signal.SIGSTOP,
    signal.SIGKILL,
    signal.SIGKILL,
    signal.SIGSTOP,
    *2 * [signal.SIGKILL],
]
_PATIENT = {"QUEUE_SECONDS": "300", "DEADLINE_SECONDS": "300"}


def run() -> dict[str, Any]:
    others, films = Others(), ordinary()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            running_redis(folder) as redis,
            _serving(folder, CACHE_SECONDS="3600", REDIS_URL=redis.url) as up,
        ):
            _told("Redis", found_redis := lose_redis(up, redis, films, 3, 8, 0.1))
        with _serving(folder) as up:
            _told("workers", found_workers := lose_workers(up, films, _FAULTS, 4, 0.1))
        # One worker, so that a hundred clients are more than may wait; it alone has all cores.
        alone = {"WORKERS": "1", "ENGINE_THREADS": "0", "QUEUE_LIMIT": str(WAITING), **_PATIENT}
        with _serving(folder, **alone) as up:
            _told("queue", found_queue := fill_queue(up, 100, 30, 0.5))
        stops = []
        for _ in range(3):
            with _serving(folder) as up:
                stops.append(stop(up, films, 24, 4))
        _told("stops", stops)
    figures = {
        "workers": found_workers,
        "redis": found_redis,
        "queue": {"limit": WAITING, **found_queue},
        "stops": stops,
        "others_share_of_the_cores": round(others.share(), 2),
    }
    missed = list(missing(figures))
    return {**figures, "missed": missed, "passed": not missed}


def missing(figures: dict[str, Any]) -> Iterable[str]:
    """Say which promises these figures do not keep."""
    workers, redis, queue, stops = (figures[name] for name in ("workers", "redis", "queue", "stops"))
    losses = workers["losses"]
    if any(each["lost"] > each["under_way"] for each in losses):
        yield "a worker's end cost more than it had under way"
    if workers["lost"] != sum(each["lost"] for each in losses) or set(workers["statuses"]) != {"200"}:
        yield "requests were lost that no worker's end explains"
    if not all(each["counted"] for each in losses):
        yield "a worker's end was not counted"
    if any(each["seconds_from_death"] > WHOLE_SECONDS for each in losses):
        yield f"not whole within {WHOLE_SECONDS} s"
    if redis["lost"] or set(redis["statuses"]) != {"200"}:
        yield "answers were lost with Redis"
    if redis["hits_without_redis"]:
        yield "Redis answered, and should not have"
    if queue["lost"] or set(queue["statuses"]) != {"200", "503"}:
        yield "answers were lost with a full queue"
    if queue["refused_as_full"] != queue["statuses"].get("503") or not queue["told_when_to_come_again"]:
        yield "films were refused for another reason, or without a time to come again"
    if queue["refused_ms"].get("max", REFUSED_MS) >= REFUSED_MS:
        yield f"not refused within {REFUSED_MS} ms"
    probes = queue["probes_ms"].values()
    if not queue["probes_answered"] or any(each["max"] >= PROBE_MS for each in probes):
        yield f"probes not answered within {PROBE_MS} ms"
    if any(each["answered"] != each["under_way"] for each in stops):
        yield "what was under way was not answered when the service stopped"
    if any(each["seconds"] > GONE_SECONDS or each["exit_status"] for each in stops):
        yield f"not gone within {GONE_SECONDS} s, or not with status 0"


@contextmanager
def _serving(folder: Path, **settings: str) -> Iterator[Service]:
    """Run the service with its networks, and wait for them."""
    ours = {
        "PYTHONPATH": str(ROOT),
        "CACHE_SECONDS": "0",
        "WORKERS": str(WORKERS),
        "ENGINE_THREADS": "1",
        "WARM_UP": "1",
        "LOG_LEVEL": "ERROR",
    }
    with real({**os.environ, **ours}, folder, **settings) as service:
        workers = int({**ours, **settings}["WORKERS"])
        until(lambda: service.total("model_loads_total", outcome="success") == workers)
        yield service


def _told(part: str, found: Any) -> None:
    print(f"  {part}: {found}", flush=True)
