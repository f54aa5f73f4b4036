"""A real server: gunicorn with the committed networks."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def free_port() -> int:
    """Return a port below those that Linux gives to clients, from 32768 on.

    A client that knocks before the server is up, and was given the very port it knocks at, meets itself.
    """
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for_health(url: str, seconds: float) -> float:
    """Return how long /health took to answer; fail after so many seconds."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=1) as response:
                assert response.status == 200
                return time.monotonic() - started
        except urllib.error.HTTPError:
            raise
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise AssertionError(f"/health did not answer within {seconds} s")


def wait_for_an_answer(url: str, seconds: float) -> None:
    """Wait until /health says anything: without its networks a service is unhealthy as soon as it serves."""
    with suppress(urllib.error.HTTPError):
        wait_for_health(url, seconds)


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "CACHE_SECONDS": "0"}


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[str]:
    """Run gunicorn for a while; give its address."""
    with gunicorn(environment) as (url, _):
        yield url


@contextmanager
def gunicorn(
    environment: dict[str, str], inside: Sequence[str] = ()
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run gunicorn for a while, by a command that becomes what comes after it; give address and master."""
    port = free_port()
    process = subprocess.Popen(
        [*inside, sys.executable, "-m", "gunicorn", "--config", "backend/gunicorn.conf.py"],
        cwd=ROOT,
        env={**environment, "PORT": str(port)},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for_an_answer(url, 90)
        yield url, process
    finally:
        if process.poll() is None:
            process.terminate()
        assert process.wait(timeout=90) == 0


@pytest.fixture(scope="session")
def server(environment: dict[str, str]) -> Iterator[str]:
    with serving(environment) as url:
        yield url
