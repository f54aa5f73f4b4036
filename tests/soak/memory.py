"""Memory is flat: mixed requests leave nothing behind in the process that answered them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.e2e.conftest import ROOT, free_port, wait_for_an_answer
from tests.soak.mixed import mixed
from tests.soak.wire import send, status

REQUESTS, WARM_UP = 20_000, 2_000
MOST_MIB = 50
_CLIENTS = 4
# The lowest of some readings: what a request needs while it is answered is no leak.
_READINGS = 5


@dataclass
class Service:
    """gunicorn with one worker, and what it said."""

    port: int
    master: subprocess.Popen[bytes]
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0

    def memory(self) -> float:
        """Return the resident memory of gunicorn's processes in MiB."""
        processes = [psutil.Process(self.master.pid), *psutil.Process(self.master.pid).children()]
        return sum(each.memory_info().rss for each in processes) / 2**20

    def serve(self, numbers: Iterable[int]) -> float:
        """Send the requests of these numbers; return the least memory seen in a while behind them."""
        with ThreadPoolExecutor(_CLIENTS) as clients:
            list(clients.map(self._send, numbers))
        readings = []
        for number in range(_READINGS):
            for more in range(10):
                self._send(number * 10 + more)
            readings.append(self.memory())
        return min(readings)

    def _send(self, number: int) -> None:
        request = mixed(number)
        said = status(send(self.port, request.data, request.leaves))
        if request.leaves:
            return
        self.statuses[said] += 1
        self.lost += request.in_order and said not in {200, 422, 503}


@contextmanager
def service(app: str = "backend.wsgi:app", **settings: str) -> Iterator[Service]:
    port = free_port()
    master = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "backend/gunicorn.conf.py", app],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PORT": str(port), "WORKERS": "1", **settings},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_an_answer(f"http://127.0.0.1:{port}", 300)
        yield Service(port, master)
    finally:
        master.terminate()
        master.wait(timeout=120)


def growth(service: Service, warm_up: int, requests: int) -> float:
    """Return by how much so many requests grow a warm service, in MiB."""
    before = service.serve(range(warm_up))
    return service.serve(range(warm_up, warm_up + requests)) - before


def run() -> dict[str, Any]:
    """Send twenty thousand requests to the service with its networks."""
    with service(WARM_UP="1", DEADLINE_SECONDS="300", LOG_LEVEL="ERROR") as up:
        before = up.serve(range(WARM_UP))
        readings = [before]
        for start in range(0, REQUESTS, 2000):
            readings.append(up.serve(range(WARM_UP + start, WARM_UP + start + 2000)))
            print(f"  {start + 2000} requests, {readings[-1] - before:+.1f} MiB", flush=True)
    grown = max(readings[1:]) - before
    wrong = {said: count for said, count in up.statuses.items() if not 200 <= said < 500 and said != 503}
    return {
        "requests": REQUESTS,
        "warm_up": WARM_UP,
        "memory_mib": [round(each, 1) for each in readings],
        "grown_mib": round(grown, 1),
        "statuses": {str(said): count for said, count in sorted(up.statuses.items())},
        "lost_answers": up.lost,
        "passed": grown <= MOST_MIB and not wrong and not up.lost,
    }
