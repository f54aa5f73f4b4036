"""Start the service as its users do, look at it from outside, and stop it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil
from prometheus_client.parser import text_string_to_metric_families

from tests.bench.load import PREDICT
from tests.e2e.conftest import ROOT, free_port

SETTINGS = {"HOST": "127.0.0.1", "QUEUE_LIMIT": "64", "CACHE_SECONDS": "0"}
"""What is set beside the user's own environment: where there is little memory, fewer may wait by default.

Every film is read: they are all the same one."""

_PATIENCE_SECONDS = 300
_LOADS = "pneumonet_model_loads_total"


@dataclass(frozen=True)
class Service:
    """A running gunicorn: its address and its master."""

    url: str
    process: subprocess.Popen[bytes]

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/health", timeout=_PATIENCE_SECONDS) as response:
            health: dict[str, Any] = json.load(response)
        return health

    def metrics(self) -> str:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=_PATIENCE_SECONDS) as response:
            text: str = response.read().decode()
        return text

    def wait_for_workers(self, number: int) -> None:
        """Wait until so many workers have loaded the networks."""
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while loaded(self.metrics()) < number:
            if time.monotonic() > give_up:
                raise TimeoutError(f"not all of {number} workers have loaded the networks")
            time.sleep(0.2)


@dataclass
class Memory:
    """The most that all processes of the service held at once, in bytes."""

    resident: int = 0
    proportional: int | None = None
    """Each page divided among those who share it (PSS); None where the system does not tell."""

    @property
    def megabytes(self) -> float:
        return (self.proportional or self.resident) / 1e6

    @property
    def is_pss(self) -> bool:
        return self.proportional is not None


@contextmanager
def serving(**settings: str) -> Iterator[Service]:
    """Run gunicorn for a while, from before it takes films on; print its log if it fails."""
    port = free_port()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "backend/gunicorn.conf.py"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **SETTINGS, **settings, "PORT": str(port)},
            stderr=log,
        )
        try:
            yield Service(f"http://127.0.0.1:{port}", process)
        except BaseException:
            size = os.fstat(log.fileno()).st_size
            print(os.pread(log.fileno(), 4000, max(0, size - 4000)).decode(errors="replace"), file=sys.stderr)
            raise
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(timeout=_PATIENCE_SECONDS)


def first_answer(service: Service, film: bytes) -> None:
    """Knock until a film is answered with 200."""
    host = service.url.removeprefix("http://")
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up and service.process.poll() is None:
        connection = http.client.HTTPConnection(host, timeout=_PATIENCE_SECONDS)
        with suppress(OSError):
            connection.request("POST", PREDICT, body=film)
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                connection.close()
                return
        connection.close()
        time.sleep(0.005)
    raise TimeoutError("the service answered no film")


@contextmanager
def memory_watched(service: Service, every_seconds: float = 0.5) -> Iterator[Memory]:
    """Give what becomes the most memory that the service holds within the block."""
    most, done = Memory(), threading.Event()

    def watch() -> None:
        while True:
            now = memory_of(service)
            most.resident = max(most.resident, now.resident)
            if now.proportional is not None:
                most.proportional = max(most.proportional or 0, now.proportional)
            if done.wait(every_seconds):
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def memory_of(service: Service) -> Memory:
    """Return what the service's processes hold now."""
    master = psutil.Process(service.process.pid)
    found = [each.memory_full_info() for each in (master, *master.children(recursive=True))]
    shares = [each.pss for each in found if hasattr(each, "pss")]
    return Memory(sum(each.rss for each in found), sum(shares) if len(shares) == len(found) else None)


def loaded(metrics: str) -> int:
    """Return how many workers have loaded the networks."""
    return sum(
        int(sample.value)
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
        if sample.name == _LOADS and sample.labels["outcome"] == "success"
    )
