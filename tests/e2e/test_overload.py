"""Promise 1: too much is refused early, probes are answered throughout, and nobody's film is not computed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from backend.app.settings import Settings
from backend.app.sizing import decoders
from backend.app.sizing import hits as hits_beside_the_queue
from backend.inference.engine import FILMS_AT_ONCE
from tests.e2e.conftest import free_port
from tests.e2e.container import container, needs_nginx
from tests.e2e.planted import ARGUMENTS, FOLDER, STICKS
from tests.e2e.service import STARVED, Sent, Service, planted, small_film, until

WAITING = 64
LEAVERS = 10
TRIES = 20
PATIENT = {"QUEUE_SECONDS": "300", "DEADLINE_SECONDS": "300"}


@pytest.fixture(scope="module")
def service(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("planted")
    with planted(environment, folder, QUEUE_LIMIT=str(WAITING), **PATIENT) as running:
        yield running


def waiting(service: Service, number: int) -> bool:
    return service.value("queue_depth", line="inference") == number


def test_a_full_queue_refuses_at_once_answers_probes_and_forgets_who_left(service: Service) -> None:
    film = small_film()
    with service.held():
        sent = [Sent(service.url, film) for _ in range(FILMS_AT_ONCE)]
        until(lambda: service.entered() == FILMS_AT_ONCE)
        sent += [Sent(service.url, film) for _ in range(WAITING)]
        until(lambda: waiting(service, WAITING))

        refused = [service.post(film) for _ in range(TRIES)]
        assert {(each.status, each.json["code"]) for each in refused} == {(503, "overloaded")}
        assert all(int(each.headers["Retry-After"]) > 0 for each in refused)
        assert median(each.seconds for each in refused) < STARVED * 0.05
        for path in ("/health", "/ready", "/metrics"):
            probes = [service.ask(path) for _ in range(TRIES)]
            assert {each.status for each in probes} == {200}
            assert median(each.seconds for each in probes) < STARVED * 0.1
        assert service.value("films_turned_away_total", reason="full") == TRIES

        for each in sent[-LEAVERS:]:
            each.leave()
        until(lambda: service.value("films_turned_away_total", reason="client_gone") == LEAVERS)
        assert waiting(service, WAITING - LEAVERS)
        sent[-LEAVERS:] = [Sent(service.url, film)]  # somebody else has a place again
        until(lambda: waiting(service, WAITING - LEAVERS + 1))
    assert {each.answer().status for each in sent} == {200}
    assert service.entered() == len(sent)
    assert service.total("predictions_total") == len(sent)


def test_full_lines_of_both_kinds_leave_room_for_probes_and_refusals(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Films whose result is known take no place in the queue, but wait to be decoded when it is full, too."""
    settings = {**environment, "CACHE_SECONDS": "3600", "QUEUE_LIMIT": str(WAITING), **PATIENT}
    at_once = decoders(Settings(workers=1))
    known = small_film(height=STICKS)
    with planted(settings, tmp_path) as service:
        assert service.post(known, "cam=both").headers["X-Cache"] == "miss"
        with service.held():
            sent = [Sent(service.url, small_film()) for _ in range(FILMS_AT_ONCE)]
            until(lambda: service.entered() == 1 + FILMS_AT_ONCE)
            sent += [Sent(service.url, small_film()) for _ in range(WAITING)]
            until(lambda: waiting(service, WAITING))
            hits = [Sent(service.url, known, "cam=both") for _ in range(2 * TRIES)]
            refused = len(hits) - hits_beside_the_queue(at_once)
            until(lambda: service.value("films_turned_away_total", reason="full") == refused, 30)
            assert service.value("queue_depth", line="decoding") == hits_beside_the_queue(at_once) - at_once

            for film in (known, small_film(seed=1)):
                late = [service.post(film, "cam=both") for _ in range(TRIES)]
                assert {each.status for each in late} == {503}
                assert median(each.seconds for each in late) < STARVED * 0.05
            for path in ("/health", "/ready"):
                probes = [service.ask(path) for _ in range(TRIES)]
                assert {each.status for each in probes} == {200}
                assert median(each.seconds for each in probes) < STARVED * 0.1
        assert {each.answer().status for each in sent} == {200}
        assert Counter(each.answer().status for each in hits) == {200: len(hits) - refused, 503: refused}


def test_who_does_not_hang_up_holds_nobody_up(service: Service) -> None:
    started = time.monotonic()
    lingerers = [Sent(service.url, b"no film", headers="Connection: close\r\n") for _ in range(TRIES)]
    until(lambda: service.total("http_requests_total", status="415") == TRIES)
    assert service.ask("/health").status == 200
    assert time.monotonic() - started < TRIES  # each of them would hold up the next for two seconds
    assert {each.answer().status for each in lingerers} == {415}


def test_a_film_that_grows_old_in_line_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    settings = {**PATIENT, "QUEUE_SECONDS": "2", "QUEUE_LIMIT": "4"}
    with planted(environment, tmp_path, **settings) as service:
        with service.held():
            sent = [Sent(service.url, small_film()) for _ in range(FILMS_AT_ONCE)]
            until(lambda: service.entered() == FILMS_AT_ONCE)
            old = service.post(small_film())
            assert (old.status, old.json["code"]) == (503, "overloaded")
            assert int(old.headers["Retry-After"]) > 0
            assert 2 <= old.seconds < 60
        assert {each.answer().status for each in sent} == {200}
        assert service.value("films_turned_away_total", reason="expired") == 1


@needs_nginx
def test_nginx_lets_the_service_know_who_has_gone(tmp_path: Path) -> None:
    port = free_port()
    told = {"GUNICORN_CMD_ARGS": ARGUMENTS, FOLDER: str(tmp_path), "PORT": str(port), "QUEUE_SECONDS": "300"}
    with container(tmp_path, **told) as up:
        outside = Service(f"http://127.0.0.1:{up.port}", up.process, tmp_path)
        inside = Service(f"http://127.0.0.1:{port}", up.process, tmp_path)
        with outside.held():
            stay = [Sent(outside.url, small_film()) for _ in range(FILMS_AT_ONCE)]
            until(lambda: outside.entered() == FILMS_AT_ONCE)
            leaver = Sent(outside.url, small_film())
            until(lambda: waiting(inside, 1))
            leaver.leave()
            until(lambda: inside.value("films_turned_away_total", reason="client_gone") == 1)
        assert {each.answer().status for each in stay} == {200}
    assert '"message": "client gone"' in (tmp_path / "stderr").read_text()
