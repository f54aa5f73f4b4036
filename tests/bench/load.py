"""Send films to a running service from many clients at once, out of one thread that costs it little.

python -m tests.bench.load http://127.0.0.1:5000 --clients 8 --seconds 30
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.bench.films import jpeg
from tests.bench.plan import FULL_RESOLUTION
from tests.bench.samples import summarise

PREDICT = "/predict"
_PATIENCE_SECONDS = 120
_CHECKED_EACH = 50
_HEAD_END = b"\r\n\r\n"
_BUFFER_BYTES = 2**20
_PAUSE_SECONDS = 0.1


@dataclass
class Load:
    """What came back: seconds of each answer within the time, and why others were none."""

    clients: int
    durations: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    client_seconds: float = 0.0
    """CPU time of the clients."""

    @property
    def films_a_second(self) -> float:
        return len(self.durations) / self.seconds

    def add(self, other: Load) -> None:
        """Take in what the same clients saw another time."""
        self.durations += other.durations
        self.failures += other.failures
        self.seconds += other.seconds
        self.client_seconds += other.client_seconds


def drive(
    url: str, film: bytes, clients: int, seconds: float, *, answers: int = 0, cam: str = "both"
) -> Load:
    """Keep so many clients busy for a time, and longer until there are so many answers.

    Each has a connection that it keeps, and sends the next film when it has the answer. Counted is what was
    answered within the time; before it every client has had one answer.
    """
    return asyncio.run(_Drive(url, film, clients, seconds, answers, cam).run())


class _Drive:
    def __init__(self, url: str, film: bytes, clients: int, seconds: float, answers: int, cam: str) -> None:
        self._address = urlsplit(url)
        self._request = _request(self._address.netloc, f"{PREDICT}?cam={cam}", film)
        self._seconds, self._answers, self._cam = seconds, answers, cam
        self._load = Load(clients)
        self._ready = 0
        self._began = self._ended = float("inf")

    async def run(self) -> Load:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._load.clients):
                group.create_task(self._client())
        return self._load

    async def _client(self) -> None:
        connection, waiting = None, True
        while not self._over():
            started = time.perf_counter()
            try:
                if connection is None:
                    connection = await self._connect()
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    problem = self._judge(*await connection.ask(self._request))
            except (OSError, EOFError, TimeoutError) as error:
                problem = type(error).__name__
            self._note(started, problem)
            if connection is not None and (problem is not None or connection.ends):
                connection.close()
                connection = None
            if waiting:
                waiting = False
                self._begin_with_the_last()
            if problem is not None:
                await asyncio.sleep(_PAUSE_SECONDS)
        if connection is not None:
            connection.close()

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._address.hostname, self._address.port)
        return connection

    def _judge(self, status: int, body: Callable[[], bytes]) -> str | None:
        """Return what is wrong with an answer; to read each of them would cost the service its cores."""
        if status != 200:
            return f"status {status}"
        return None if len(self._load.durations) % _CHECKED_EACH else fault(body(), self._cam)

    def _note(self, started: float, problem: str | None) -> None:
        now = time.perf_counter()
        if problem is not None:
            self._load.failures[problem] += 1
        elif self._began <= now <= self._ended:
            self._load.durations.append(now - started)

    def _begin_with_the_last(self) -> None:
        self._ready += 1
        if self._ready == self._load.clients:
            self._began, self._cpu = time.perf_counter(), time.thread_time()

    def _over(self) -> bool:
        """Say whether the time is up, and note when it was."""
        now = time.perf_counter()
        served = len(self._load.durations) >= self._answers or self._load.failures.total() > self._answers
        if self._ended == float("inf") and now - self._began >= self._seconds and served:
            self._ended = now
            self._load.seconds = now - self._began
            self._load.client_seconds = time.thread_time() - self._cpu
        return now >= self._ended


class _Connection(asyncio.BufferedProtocol):
    """A kept connection with one request under way at most, which reads into one place for ever."""

    def __init__(self) -> None:
        self._buffer = bytearray(_BUFFER_BYTES)
        self._filled = 0
        self._body: tuple[int, int] | None = None
        self._answer: asyncio.Future[tuple[int, Callable[[], bytes]]] | None = None
        self.ends = False
        """Whether the service said that it closes after this answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    async def ask(self, request: bytes) -> tuple[int, Callable[[], bytes]]:
        """Return an answer's status, and what gives its body until the next is asked for; raise EOFError."""
        if self._transport.is_closing():
            raise EOFError
        self._filled, self._body = 0, None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self._transport.close()

    def get_buffer(self, sizehint: int) -> memoryview:
        if self._filled == len(self._buffer):
            self._buffer = self._buffer + bytes(len(self._buffer))
        return memoryview(self._buffer)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        if self._body is None and (head := self._buffer.find(_HEAD_END, 0, self._filled)) >= 0:
            fields = _fields(bytes(self._buffer[:head]))
            self.ends = fields.get(b"connection", b"").lower() == b"close"
            start = head + len(_HEAD_END)
            self._body = start, start + int(fields[b"content-length"])
        if self._body is not None and self._filled >= self._body[1]:
            start, end = self._body
            if self._answer is not None and not self._answer.done():
                status = int(self._buffer[9:12])
                self._answer.set_result((status, lambda: bytes(self._buffer[start:end])))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or EOFError())


def fault(body: bytes, cam: str) -> str | None:
    """Return what is wrong with an answer of status 200, or None."""
    try:
        answer = json.loads(body)
        chances = answer["probabilities"]
        likeliest = max(chances, key=chances.get)
        if abs(sum(chances.values()) - 1) > 1e-3 or answer["prediction"] != likeliest:
            return "probabilities"
        if abs(float(answer["confidence"].rstrip("%")) / 100 - chances[likeliest]) > 1e-3:
            return "confidence"
        overlay, heatmap = (_png_size(answer[name]) for name in ("gradcam_image", "heatmap_image"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return "not an answer"
    wanted = {"both": (True, (7, 7)), "map": (False, (7, 7)), "none": (False, None)}
    return None if (overlay is not None, heatmap) == wanted[cam] else "pictures"


def _png_size(data_uri: str | None) -> tuple[int, int] | None:
    """Return width and height out of a PNG's header."""
    if data_uri is None:
        return None
    kind, encoded = data_uri.split(",", 1)
    header = base64.b64decode(encoded[:32])
    if kind != "data:image/png;base64" or header[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError
    return int.from_bytes(header[16:20]), int.from_bytes(header[20:24])


def _request(host: str, path: str, film: bytes) -> bytes:
    # All films are one: each shall be read nevertheless.
    fields = f"Host: {host}\r\nCache-Control: no-cache\r\nContent-Length: {len(film)}\r\n"
    return f"POST {path} HTTP/1.1\r\n{fields}\r\n".encode() + film


def _fields(head: bytes) -> dict[bytes, bytes]:
    """Return an answer's headers; raise ConnectionError where its length is not among them."""
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    fields = {name.lower(): value.strip() for name, _, value in lines}
    if not fields.get(b"content-length", b"").isdigit():
        raise ConnectionError("an answer without a length")
    return fields


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--cam", choices=("both", "map", "none"), default="both")
    parser.add_argument("--size", type=int, nargs=2, default=FULL_RESOLUTION, metavar=("HEIGHT", "WIDTH"))
    options = parser.parse_args()
    film = jpeg(*options.size)
    drive(options.url, film, 1, 1, cam=options.cam)  # the networks load with the first film
    load = drive(options.url, film, options.clients, options.seconds, cam=options.cam)
    times = summarise(load.durations)
    print(
        f"{load.films_a_second:.1f} films/s, median {times.median_ms:.0f} ms, p99 {times.p99_ms:.0f} ms, "
        f"{load.clients} clients, {load.failures.total()} failures {dict(load.failures) or ''}"
    )


if __name__ == "__main__":
    main()
