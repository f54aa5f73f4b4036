"""The container without its image: the entry point with the real nginx and gunicorn, on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import ROOT, free_port

PATIENCE = 400  # seconds: a starved machine is slow, not broken

needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Container:
    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    def connect(self, source: str = "127.0.0.1") -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE, source_address=(source, 0))

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        source: str = "127.0.0.1",
    ) -> Answer:
        """Return the answer to one request on a connection of its own."""
        connection = self.connect(source)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            return read(connection.getresponse())
        finally:
            connection.close()

    def access_log(self) -> list[dict[str, Any]]:
        lines = (self.folder / "stdout").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def access(self, request_id: str) -> dict[str, Any]:
        """Return nginx's line about a request; it is written just after the answer."""
        return until(lambda: next((x for x in self.access_log() if x["request_id"] == request_id), None))

    def master(self, name: str) -> psutil.Process:
        """Return the first process of gunicorn or nginx: its workers come after it."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return next(child for child in children if name in " ".join(child.cmdline()))

    def worker(self) -> psutil.Process:
        """Return gunicorn's worker."""
        return until(lambda: next(iter(self.master("gunicorn").children()), None))


def read(response: HTTPResponse) -> Answer:
    return Answer(response.status, response.headers, response.read())


def until(found: Callable[[], Any]) -> Any:
    """Return what is found, once it is."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if thing := found():
            return thing
        time.sleep(0.02)
    raise AssertionError("what was waited for did not come")


def is_failure(answer: Answer, status: int, code: str) -> bool:
    """Say whether an answer is a failure in the one shape, and says its id in both places."""
    return (
        (answer.status, answer.headers["Content-Type"]) == (status, "application/json")
        and set(answer.json) == {"error", "code", "request_id"}
        and answer.json["code"] == code
        and answer.json["request_id"] == answer.headers["X-Request-ID"]
    )


def answers(running: Container) -> bool:
    """Say whether the container serves; fail if it has ended instead."""
    assert running.process.poll() is None, f"the entry point ended with status {running.process.returncode}"
    with suppress(OSError):
        status = running.ask("/health").status
        assert status != 502, "nginx let somebody in before gunicorn listened"
        return status == 200
    return False


@contextmanager
def container(
    folder: Path, command: Sequence[str] = (sys.executable, "-m", "docker.entrypoint"), **settings: str
) -> Iterator[Container]:
    """Run the entry point for a while, with its temporary files and its two logs in a folder."""
    port = free_port()
    environment = {
        **os.environ,
        "TMPDIR": str(folder),
        "PORT": str(free_port()),
        "NGINX_HOST": "127.0.0.1",
        "NGINX_PORT": str(port),
        "DEADLINE_SECONDS": str(PATIENCE),
        "WORKERS": "1",
        "CACHE_SECONDS": "0",
        # As the image does; a test of access control says otherwise.
        "PUBLIC": "1",
        "ALLOW_ANONYMOUS": "1",
        # Two threads on cores that others use as well wait for each other more than they work.
        "ENGINE_THREADS": "1",
        **settings,
    }
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=stdout,
            stderr=stderr,
        )
    running = Container(process, port, folder)
    try:
        until(lambda: answers(running))
        yield running
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
