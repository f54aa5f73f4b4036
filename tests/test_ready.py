"""GET /ready: whether films are taken now, and never longer not than must be."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from backend import __version__
from backend.app.readiness import Readiness, State
from backend.inference.errors import ModelsUnavailable, WeightsRefused
from backend.inference.lazy import LazyPredictor, Reader
from tests.fakes import FixedPredictor, FixedReader, HeldPredictor

MakeClient = Callable[..., FlaskClient]
READER = FixedReader((0.8, 0.15, 0.05), lambda: None)


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.01)
    return False


def told(client: FlaskClient, path: str = "/ready") -> tuple[int, State]:
    response = client.get(path)
    assert response.json is not None
    assert set(response.json) == {"status", "reason", "timestamp", "version"}
    assert (response.json["reason"] is None) == (response.status_code == 200)
    assert ("Retry-After" in response.headers) == (response.status_code == 503)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json["version"] == __version__
    status: State = response.json["status"]
    return response.status_code, status


class SlowToLoad(LazyPredictor):
    """Loads when it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        super().__init__(self._wait)

    def _wait(self) -> Reader:
        assert self.let.wait(timeout=30)
        return READER


class Mendable(LazyPredictor):
    """Fails to load until it is mended."""

    def __init__(self) -> None:
        self.attempts, self.mended = 0, False
        super().__init__(self._attempt)

    def _attempt(self) -> Reader:
        self.attempts += 1
        if not self.mended:
            raise WeightsRefused("the secret cause")
        return READER


@pytest.mark.parametrize("path", ["/ready", "/api/ready", "/ready/"])
def test_without_warm_up_it_is_ready_before_it_has_loaded(
    make_client: MakeClient, path: str, png: bytes
) -> None:
    predictor = FixedPredictor()
    client = make_client(predictor=predictor)
    assert told(client, path) == (200, "ready")
    assert not predictor.loaded
    assert client.post("/predict", data=png).status_code == 200
    assert told(client, path) == (200, "ready")


def test_with_warm_up_it_is_ready_once_loading_has_ended(make_client: MakeClient) -> None:
    predictor = SlowToLoad()
    client = make_client(predictor=predictor, warm_up=True)
    for _ in range(3):
        assert told(client) == (503, "loading")
    predictor.let.set()
    assert eventually(lambda: told(client) == (200, "ready"))
    assert predictor.loaded


def test_a_first_film_that_loads_leaves_it_ready(make_client: MakeClient, png: bytes) -> None:
    predictor = SlowToLoad()
    client = make_client(predictor=predictor)
    film = threading.Thread(target=client.post, args=["/predict"], kwargs={"data": png})
    film.start()
    readiness = client.application.extensions["readiness"]
    assert eventually(lambda: readiness.films == 1)
    assert told(client) == (200, "ready")
    predictor.let.set()
    film.join()


@pytest.mark.parametrize("warm_up", [True, False])
def test_after_a_failed_load_it_recovers_without_a_film(
    make_client: MakeClient, png: bytes, warm_up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = Mendable()
    client = make_client(predictor=predictor, warm_up=warm_up)
    monkeypatch.setattr(client.application.extensions["readiness"], "_retry_seconds", 0.01)
    if not warm_up:
        assert client.post("/predict", data=png).status_code == 503
    assert eventually(lambda: told(client) == (503, "failed"))
    assert eventually(lambda: told(client)[0] == 503 and predictor.attempts > 2)
    assert "secret" not in client.get("/ready").text
    predictor.mended = True
    assert eventually(lambda: told(client) == (200, "ready"))
    assert client.post("/predict", data=png).status_code == 200


def test_however_often_it_is_asked_it_tries_one_load_in_a_while() -> None:
    predictor = Mendable()
    readiness = Readiness(predictor, warm_up=True, retry_seconds=60)
    with pytest.raises(ModelsUnavailable):
        predictor.warm_up()
    assert {readiness.state() for _ in range(200)} == {"failed"}
    assert eventually(lambda: predictor.attempts == 2)
    assert {readiness.state() for _ in range(200)} == {"failed"}
    time.sleep(0.1)
    assert predictor.attempts == 2


def test_one_load_at_a_time() -> None:
    predictor = SlowToLoad()
    readiness, before = Readiness(predictor, warm_up=True), set(threading.enumerate())
    for _ in range(10):
        readiness.load()
    assert [thread.name for thread in set(threading.enumerate()) - before] == ["loading"]
    predictor.let.set()


def test_a_worker_that_leaves_is_not_ready_but_reads_what_still_comes(
    make_client: MakeClient, png: bytes
) -> None:
    client = make_client(predictor=FixedPredictor())
    client.application.extensions["readiness"].leaving = lambda: True
    assert told(client) == (503, "draining")
    assert client.post("/predict", data=png).status_code == 200


def test_a_service_that_stops_begins_nothing_new_and_finishes_what_it_has(
    make_client: MakeClient, png: bytes
) -> None:
    predictor = HeldPredictor()
    client = make_client(predictor=predictor)
    readiness = client.application.extensions["readiness"]
    statuses: list[int] = []
    film = threading.Thread(target=lambda: statuses.append(client.post("/predict", data=png).status_code))
    film.start()
    assert predictor.entered.wait(timeout=30)
    readiness.stopping = lambda: True
    assert told(client) == (503, "draining")
    refused = client.post("/predict", data=png)
    assert (refused.status_code, refused.get_json()["code"]) == (503, "overloaded")
    assert int(refused.headers["Retry-After"]) > 0
    assert (readiness.films, statuses) == (1, [])
    predictor.release.set()
    film.join(timeout=30)
    assert (readiness.films, statuses) == (0, [200])


def test_a_refused_film_is_no_longer_counted(make_client: MakeClient) -> None:
    client = make_client(predictor=FixedPredictor())
    assert client.post("/predict", data=b"no film").status_code == 415
    assert client.application.extensions["readiness"].films == 0


@pytest.mark.parametrize("path", ["/ready", "/api/ready"])
def test_probes_may_use_head(make_client: MakeClient, path: str) -> None:
    client = make_client(predictor=FixedPredictor())
    assert (client.head(path).status_code, client.head(path).data) == (200, b"")
    client.application.extensions["readiness"].leaving = lambda: True
    assert (client.head(path).status_code, client.head(path).data) == (503, b"")


def test_it_answers_while_films_are_read_and_wait(make_client: MakeClient, png: bytes) -> None:
    predictor = HeldPredictor()
    client = make_client(predictor=predictor)
    readiness = client.application.extensions["readiness"]
    films = [threading.Thread(target=client.post, args=["/predict"], kwargs={"data": png}) for _ in range(4)]
    for film in films:
        film.start()
    assert predictor.entered.wait(timeout=30)
    assert eventually(lambda: readiness.films == 4)
    started = time.monotonic()
    assert told(client) == (200, "ready")
    assert time.monotonic() - started < 5  # the films are held for longer
    predictor.release.set()
    for film in films:
        film.join(timeout=30)
