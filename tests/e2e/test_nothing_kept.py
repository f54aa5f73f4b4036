"""Nothing of what is sent is kept: not on a disk, not in a log, a metric or an error's text.

Everything that keeps something is switched on: results in Redis, limits, keys, the audit log.
"""

from __future__ import annotations

import secrets
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from redis import Redis

from backend.app.keys import configured, new_key
from tests.e2e.conftest import ROOT
from tests.e2e.container import PATIENCE, Container, container, needs_nginx
from tests.redis_server import RedisServer, running_redis
from tests.soak.marked import CASES
from tests.soak.traces import find, forms, open_files, traces, written_since

pytestmark = needs_nginx

NGINX, GUNICORN = "nginx", "gunicorn"
# Every marker begins so: one search finds them all.
STEM = f"Patient{secrets.token_hex(8)}"
KEY = new_key()
# The name that the key goes by is written, on purpose.
NAME = f"ward{secrets.token_hex(8)}"


@dataclass
class Run:
    """A container that has been sent every case by both doors, and what it said."""

    up: Container
    redis: RedisServer
    began: float
    answers: dict[tuple[str, str], bytes] = field(default_factory=dict)
    kept_id: str = f"kept{secrets.token_hex(8)}"

    def port(self, door: str) -> int:
        if door == NGINX:
            return self.up.port
        listening = [each for each in self.up.master("gunicorn").net_connections() if each.status == "LISTEN"]
        return int(listening[0].laddr.port)

    def processes(self) -> list[psutil.Process]:
        entry = psutil.Process(self.up.process.pid)
        return [entry, *entry.children(recursive=True)]

    def roots(self) -> list[Path]:
        """Return wherever the service could have written to."""
        places = [
            self.up.folder,
            Path("/dev/shm"),
            Path(tempfile.gettempdir()),
            Path.home(),
            ROOT / "backend",
        ]
        return [place for place in dict.fromkeys(places) if place.is_dir()]


def send(port: int, request: bytes, leave: bool = False) -> bytes:
    """Send bytes and return whatever comes back, until the other side has nothing more to say."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sender:
        answer = b""
        try:
            sender.sendall(request[: len(request) // 2] if leave else request)
            while not leave and (piece := sender.recv(2**16)):
                answer += piece
        except ConnectionError:  # refused before all was sent; what was said before that is kept
            pass
        return answer


def held(redis: RedisServer) -> dict[bytes, bytes]:
    """Return all that a Redis holds, by name: of whatever type, and not compressed."""
    redis.client.config_set("rdbcompression", "no")
    dumps = {name: redis.client.dump(name) for name in redis.client.scan_iter()}
    return {name: value for name, value in dumps.items() if value is not None}  # None: just expired


def found_in(kept: dict[bytes, bytes], marker: str) -> list[bytes]:
    """Return the names of what holds a marker, in its name or in its value."""
    return [name for name, value in kept.items() if find(marker, name) or find(marker, value)]


def with_key(request: bytes) -> bytes:
    """Return a request with a key that lets it in, as its first header."""
    line, end, rest = request.partition(b"\r\n")
    return line + end + f"X-API-Key: {KEY}\r\n".encode() + rest


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("container")
    settings = {
        "CLIENT_RATE": "1000",
        "CLIENT_BURST": "1000",
        "RATE_LIMIT": "100000/hour",  # what it counts by is still there when it is searched
        "CACHE_SECONDS": "3600",
        "ALLOW_ANONYMOUS": "0",
        "API_KEYS": configured(NAME, ["predict", "metrics"], KEY),
        "AUDIT_LOG": str(folder / "audit"),
        "AUDIT_KEY": secrets.token_hex(32),
        "LOG_LEVEL": "DEBUG",
    }
    with running_redis(folder) as redis, container(folder, REDIS_URL=redis.url, **settings) as up:
        run = Run(up, redis, time.time())
        for door in (NGINX, GUNICORN):
            port = run.port(door)
            for name, case in CASES.items():
                request = with_key(case(f"{STEM}{secrets.token_hex(8)}Name"))
                send(port, request, leave=True)
                run.answers[door, name] = send(port, request)
        up.ask("/health", headers={"X-Request-ID": run.kept_id})
        yield run


def test_no_file_holds_what_was_sent(run: Run) -> None:
    files = [*written_since(run.began, run.roots()), *open_files(run.processes())]
    assert traces([STEM], files) == []
    # The same search finds what is kept on purpose, in both logs.
    found = {Path(file).name for file, _, _ in traces([run.kept_id], files)}
    assert {"stdout", "stderr"} <= found
    assert {Path(file).name for file, _, _ in traces([NAME], files)} == {"audit"}
    assert traces([KEY], files) == []


def test_neither_names_nor_values_in_redis_hold_what_was_sent(run: Run) -> None:
    kept = held(run.redis)
    for beginning in (b"pneumonet:reading:", b"LIMITS:"):
        assert any(name.startswith(beginning) for name in kept), beginning
    assert found_in(kept, STEM) == found_in(kept, KEY) == []


def test_no_metric_holds_what_was_sent(run: Run) -> None:
    connection = HTTPConnection("127.0.0.1", run.port(GUNICORN), timeout=PATIENCE)
    connection.request("GET", "/metrics", headers={"X-API-Key": KEY})
    text = connection.getresponse().read()
    assert b"pneumonet_predictions_total" in text
    assert find(STEM, text) == []


def test_no_answer_quotes_what_was_sent_nor_shows_a_trace(run: Run) -> None:
    for case, answer in run.answers.items():
        head = answer.split(b"\r\n", 1)[0]
        assert head.startswith(b"HTTP/1.1 "), case
        # 501 is nginx's word for a transfer coding that it does not know.
        assert int(head.split()[1]) in {*range(200, 500), 501}, (case, head)
        assert find(STEM, answer) == [], case
        assert b"Traceback" not in answer, case
        assert b"text/html" not in answer.lower(), case


def test_a_dicom_file_is_refused(run: Run) -> None:
    for door in (NGINX, GUNICORN):
        assert run.answers[door, "DICOM"].startswith(b"HTTP/1.1 415 ")


def test_what_gunicorn_cannot_read_is_refused_in_the_one_shape_and_logged_by_its_kind_alone(run: Run) -> None:
    answer = run.answers[GUNICORN, "header without a colon"]
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b'"code": "bad_request"' in answer
    log = (run.up.folder / "stderr").read_text()
    assert '"message": "unreadable request"' in log
    assert "Invalid" not in log.replace('"type": "Invalid', "")


@pytest.mark.parametrize("form", list(forms("Patient")))
def test_the_search_finds_a_planted_trace_in_every_form(form: str, tmp_path: Path) -> None:
    began = time.time()
    marker = f"Patient{secrets.token_hex(10)}Name"
    place = tmp_path / "deep" / "inside"
    place.mkdir(parents=True)
    (place / "planted.bin").write_bytes(b"\xff before " + forms(marker)[form] + b" behind")
    found = traces([marker], written_since(began, [tmp_path]))
    assert form in {written for _, _, written in found}
    assert {Path(file).name for file, _, _ in found} == {"planted.bin"}


def test_the_search_finds_a_name_and_a_file_without_one(tmp_path: Path) -> None:
    began = time.time()
    marker = f"Patient{secrets.token_hex(10)}Name"
    (tmp_path / f"{marker}.png").touch()
    assert traces([marker], written_since(began, [tmp_path]))
    with tempfile.TemporaryFile(dir=tmp_path) as nameless:
        nameless.write(marker.encode())
        nameless.flush()
        assert traces([marker], open_files([psutil.Process()]))


PLANTED: dict[str, Callable[[Redis, str], object]] = {
    "name": lambda redis, mark: redis.set(f"key of {mark}", 1),
    "string": lambda redis, mark: redis.set("key", mark),
    "long string": lambda redis, mark: redis.set("key", mark * 1000),
    "list": lambda redis, mark: redis.rpush("key", "1", mark, "2"),
    "long list": lambda redis, mark: redis.rpush("key", *[mark] * 5000),
    "hash": lambda redis, mark: redis.hset("key", mark, "1"),
    "set": lambda redis, mark: redis.sadd("key", mark, "1"),
    "sorted set": lambda redis, mark: redis.zadd("key", {mark: 1}),
    "stream": lambda redis, mark: redis.xadd("key", {"field": mark}),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_the_search_finds_what_is_planted_in_redis(kind: str, tmp_path: Path) -> None:
    marker = f"Patient{secrets.token_hex(10)}Name"
    with running_redis(tmp_path) as redis:
        redis.client.rpush("another", "1")
        assert found_in(held(redis), marker) == []
        PLANTED[kind](redis.client, marker)
        (name,) = found_in(held(redis), marker)
        assert name != b"another"
