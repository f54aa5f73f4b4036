"""/ready and draining of the real server: while networks load, after they fail to, and at SIGTERM."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from tests.e2e.conftest import gunicorn, serving
from tests.e2e.test_server import connect, post

# Loading takes seconds, but minutes on a machine that others keep busy.
PATIENCE = 300
PATIENT = {"DEADLINE_SECONDS": str(PATIENCE)}
# What is answered (with 415) without networks, which need time to load.
NO_FILM = b"no film" * 100


def ask(url: str, path: str) -> tuple[int, Any]:
    """Ask on a connection of its own, as probes do."""
    connection = connect(url)
    connection.request("GET", path)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def wait_until_ready(url: str) -> list[str]:
    """Return what /ready said until it said ready, each word once."""
    said: list[str] = []
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status, answer = ask(url, "/ready")
        assert (status == 200) == (answer["status"] == "ready")
        if said[-1:] != [answer["status"]]:
            said.append(answer["status"])
        if status == 200:
            return said
        time.sleep(0.02)
    raise AssertionError(f"not ready within {PATIENCE} s: {said}")


class HalfAFilm:
    """A request whose body stops half way, and which therefore stays in flight until it is let go on."""

    def __init__(self, url: str, film: bytes) -> None:
        host, port = urlsplit(url).netloc.split(":")
        self.film = film
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        head = f"POST /predict?cam=none HTTP/1.1\r\nHost: x\r\nContent-Length: {len(film)}\r\n\r\n"
        self.socket.sendall(head.encode() + film[: len(film) // 2])

    def finish(self) -> tuple[int, Any]:
        self.socket.sendall(self.film[len(self.film) // 2 :])
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        return response.status, json.loads(response.read())


def in_flight(url: str) -> float:
    connection = connect(url)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    name = "pneumonet_http_requests_in_flight "
    return float(next(line for line in text.splitlines() if line.startswith(name)).removeprefix(name))


def wait_for_in_flight(url: str, number: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while in_flight(url) != number:
        assert time.monotonic() < deadline, f"never were there {number} requests in flight"
        time.sleep(0.02)


def keep_asking(url: str) -> http.client.HTTPConnection:
    """Return a connection that its worker keeps open."""
    kept = connect(url)
    kept.request("GET", "/ready")
    response = kept.getresponse()
    assert (response.status, response.read() != b"") == (200, True)
    return kept


def wait_until_it_leaves(kept: http.client.HTTPConnection) -> None:
    """Ask the worker at the other end, and nobody else, until it says that it has been told to go."""
    deadline = time.monotonic() + PATIENCE
    while True:
        kept.request("GET", "/ready")
        response = kept.getresponse()
        answer = json.loads(response.read())
        if response.status == 503:
            assert answer["status"] == "draining"
            return
        assert time.monotonic() < deadline


def test_without_warm_up_it_is_ready_at_once(server: str) -> None:
    assert ask(server, "/ready")[0] == 200
    assert ask(server, "/api/ready")[1]["status"] == "ready"


def test_with_warm_up_it_is_ready_when_the_networks_are_loaded(environment: dict[str, str]) -> None:
    with serving({**environment, "WARM_UP": "1"}) as url:
        assert wait_until_ready(url) == ["loading", "ready"]
        assert ask(url, "/health")[1]["models_loaded"] is True


def test_networks_that_turn_up_late_make_it_ready(
    environment: dict[str, str], weights: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "weights"
    settings = {"WARM_UP": "1", "ENGINE": "torch", "WEIGHTS_DIR": str(folder)}  # torch needs no translation
    with serving({**environment, **settings}) as url:
        deadline = time.monotonic() + PATIENCE
        while ask(url, "/ready")[1]["status"] != "failed":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        shutil.copytree(weights, folder)
        assert wait_until_ready(url)[-1] == "ready"


def test_at_sigterm_new_films_are_told_503_and_the_one_under_way_is_answered(
    environment: dict[str, str], png: bytes
) -> None:
    with gunicorn(environment) as (url, master):
        kept = keep_asking(url)
        film = HalfAFilm(url, NO_FILM)
        wait_for_in_flight(url, 1)
        master.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while (said := ask(url, "/ready"))[0] == 200:  # until the signal has come
            assert time.monotonic() < deadline
        assert (said[0], said[1]["status"]) == (503, "draining")

        wait_until_it_leaves(kept)  # on a connection from before
        for _ in range(3):
            started = time.monotonic()
            status, answer = post(url, png)
            assert (status, answer["code"]) == (503, "overloaded")
            assert time.monotonic() - started < 5  # and not when the film under way is answered

        assert film.finish()[0] == 415
        assert master.wait(timeout=PATIENCE) == 0


def test_with_nothing_under_way_it_is_gone_at_once(environment: dict[str, str]) -> None:
    with gunicorn(environment) as (url, master):
        assert ask(url, "/ready")[0] == 200
        master.send_signal(signal.SIGTERM)
        assert master.wait(timeout=20) == 0  # and not at the end of the graceful timeout, 23 s


def test_a_worker_that_goes_alone_leaves_the_door_to_its_successor(environment: dict[str, str]) -> None:
    """As at a reload: nobody is sent away while there is somebody else to go to."""
    with gunicorn(environment) as (url, master):
        [before] = psutil.Process(master.pid).children()
        film, kept = HalfAFilm(url, NO_FILM), keep_asking(url)
        wait_for_in_flight(url, 1)
        master.send_signal(signal.SIGHUP)
        wait_until_it_leaves(kept)
        first = [ask(url, "/ready")[0] for _ in range(5)]
        assert first.count(503) <= 1  # it may have taken one more before it closed its door
        with ThreadPoolExecutor(16) as clients:  # so many that both would be asked, if both listened
            assert {status for status, _ in clients.map(lambda _: ask(url, "/ready"), range(160))} == {200}
        assert before.is_running()
        assert film.finish()[0] == 415
        before.wait(timeout=PATIENCE)
