"""Run the service under the real gunicorn, load it, look at it from outside, and wait for what it does."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psutil

from backend.inference.overlay import encode_png
from backend.inference.synthetic import draw_chest_film
from tests.e2e import planted as plant
from tests.e2e.conftest import gunicorn
from tests.test_metrics import Samples, parse, total, value

PATIENCE = 120  # seconds: a starved machine is slow, not broken
STARVED = 4
"""What takes a second takes so many on a machine that others keep busy."""


T = TypeVar("T")


def until(found: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Return what is found, once it is true."""
    deadline = time.monotonic() + seconds
    while True:
        if thing := found():
            return thing
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)


@cache
def small_film(seed: int = 0, height: int = 96) -> bytes:
    """Return a drawn film that costs next to nothing to decode; each seed draws another."""
    return encode_png(draw_chest_film(height, 128, seed=seed))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def read(response: http.client.HTTPResponse, started: float) -> Answer:
    body = response.read()
    return Answer(response.status, response.headers, body, time.monotonic() - started)


class Sent:
    """A film that has been sent whole, and whose answer has not been read."""

    def __init__(self, url: str, film: bytes, query: str = "cam=none", headers: str = "") -> None:
        host, port = urlsplit(url).netloc.split(":")
        self.started = time.monotonic()
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        head = f"POST /predict?{query} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(film)}\r\n{headers}\r\n"
        self.socket.sendall(head.encode() + film)

    def answer(self) -> Answer:
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        answer = read(response, self.started)
        self.socket.close()
        return answer

    def leave(self) -> None:
        self.socket.close()


@dataclass(frozen=True)
class Client:
    """Who knows nothing of a service but its address."""

    url: str

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Return the answer to one request on a connection of its own."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)
        started = time.monotonic()
        try:
            connection.request(method, path, body=body, headers=headers)
            return read(connection.getresponse(), started)
        finally:
            connection.close()

    def post(self, film: bytes, query: str = "cam=none", **headers: str) -> Answer:
        return self.ask(f"/predict?{query}", "POST", film, **headers)

    def metrics(self) -> Samples:
        return parse(self.ask("/metrics").body.decode())

    def total(self, name: str, **labels: str) -> float:
        return total(self.metrics(), name, **labels)

    def value(self, name: str, **labels: str) -> float | None:
        return value(self.metrics(), name, **labels)


@dataclass(frozen=True)
class Service(Client):
    """A running gunicorn: its address, its master, and the folder in which its planted reader looks."""

    process: subprocess.Popen[bytes]
    folder: Path

    def workers(self) -> list[psutil.Process]:
        """Return the workers that live."""
        children = psutil.Process(self.process.pid).children()
        return [each for each in children if each.status() != psutil.STATUS_ZOMBIE]

    def entered(self) -> int:
        """Return how many films the planted reader has begun."""
        file = self.folder / plant.ENTERED
        return file.stat().st_size if file.exists() else 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the planted reader from ending any film."""
        (self.folder / plant.HOLD).touch()
        try:
            yield
        finally:
            (self.folder / plant.HOLD).unlink()


@contextmanager
def real(
    environment: Mapping[str, str], folder: Path, inside: Sequence[str] = (), **settings: str
) -> Iterator[Service]:
    """Run the service as it is."""
    with gunicorn({**environment, **settings}, inside) as (url, process):
        yield Service(url, process, folder)


@contextmanager
def planted(
    environment: Mapping[str, str], folder: Path, inside: Sequence[str] = (), **settings: str
) -> Iterator[Service]:
    """Run the service with the planted reader, which costs nothing and does as it is told."""
    told = {"GUNICORN_CMD_ARGS": plant.ARGUMENTS, plant.FOLDER: str(folder), "WORKERS": "1"}
    with real(environment, folder, inside, **{**told, **settings}) as service:
        yield service


@dataclass
class Senders:
    """So many clients who each send one film after the other, and what came back, by status or by error."""

    service: Client
    number: int
    film: Callable[[int], bytes] = small_film
    """What a client, by its number, sends next."""
    answers: list[Answer] = field(default_factory=list)
    lost: list[tuple[float, str]] = field(default_factory=list)
    """When a request was begun that got no answer, and how its connection ended."""

    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in list(self.answers))

    @contextmanager
    def sending(self, pause_seconds: float = 0.01) -> Iterator[None]:
        done = threading.Event()

        def send(number: int) -> None:
            while not done.wait(pause_seconds):
                began = time.monotonic()
                try:
                    self.answers.append(self.service.post(self.film(number)))
                except (OSError, http.client.HTTPException) as error:
                    self.lost.append((began, type(error).__name__))

        threads = [threading.Thread(target=send, args=[number]) for number in range(self.number)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            done.set()
            for thread in threads:
                thread.join(timeout=PATIENCE)
