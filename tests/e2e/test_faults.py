"""Promise 2: a worker that dies, falls silent or hangs costs its own requests, and is replaced."""

from __future__ import annotations

import http.client
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from backend.app.settings import Settings
from backend.app.sizing import decoders
from backend.worker import HUNG_SECONDS, LEAVING_SECONDS
from tests.e2e.planted import ARGUMENTS, BROKEN, HANGS, NEVER_DECODED, SECONDS, SWALLOWS
from tests.e2e.service import STARVED, Senders, Sent, Service, planted, small_film, until

CLIENTS = 8
WHOLE_SECONDS = 5


def whole_again(service: Service, before: set[int], workers: int, reason: str) -> float:
    """Return how long it took until as many workers serve as before and the metrics say what happened."""
    started = time.monotonic()
    until(lambda: {each.pid for each in service.workers()} - before)
    until(lambda: len(service.workers()) == workers and service.value("workers") == workers)
    # Not once, for on a starved machine another may fall silent too.
    assert (service.value("worker_restarts_total", reason=reason) or 0) >= 1
    return time.monotonic() - started


@pytest.mark.parametrize(
    ("number", "reason"), [(signal.SIGKILL, "died"), (signal.SIGSTOP, "silent")], ids=["kill -9", "SIGSTOP"]
)
def test_a_worker_that_goes_under_load_costs_its_own_requests_alone(
    environment: dict[str, str], tmp_path: Path, number: int, reason: str
) -> None:
    with planted(environment, tmp_path, WORKERS="2", **{SECONDS: "0.02"}) as service:
        until(lambda: service.value("workers") == 2)
        victim = service.workers()[0]
        before = {each.pid for each in service.workers()}
        senders = Senders(service, CLIENTS)
        with senders.sending():
            until(lambda: senders.statuses()[200] >= 2 * CLIENTS)
            victim.send_signal(number)
            until(lambda: not psutil.pid_exists(victim.pid))  # the silent one is killed in a while
            gone = time.monotonic()
            assert whole_again(service, before, 2, reason) < STARVED * WHOLE_SECONDS
            so_far = senders.statuses()[200]
            until(lambda: senders.statuses()[200] >= so_far + 4 * CLIENTS)
        assert senders.statuses().keys() == {200}
        restarts = service.total("worker_restarts_total")
        assert len(senders.lost) <= CLIENTS * restarts  # each had one request under way
        if restarts == 1:  # the machine starved no other worker
            assert all(began < gone for began, _ in senders.lost)  # and none was lost later


def test_a_film_that_finds_no_memory_is_refused_and_costs_nobody_else_an_answer(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """What the kernel kills for its memory goes like any that is killed; before that there is a limit."""
    with planted(environment, tmp_path, **{SECONDS: "0.02"}) as service:
        [worker] = service.workers()
        senders = Senders(service, CLIENTS)
        with senders.sending():
            until(lambda: senders.statuses()[200] >= 2 * CLIENTS)
            most = worker.memory_info().vms + 2**29
            worker.rlimit(psutil.RLIMIT_AS, (most, most))
            refused = [service.post(small_film(height=SWALLOWS)) for _ in range(3)]
            so_far = senders.statuses()[200]
            until(lambda: senders.statuses()[200] >= so_far + 2 * CLIENTS)
        assert {(each.status, each.json["code"]) for each in refused} == {(503, "overloaded")}
        assert all(each.headers["Retry-After"] for each in refused)
        # Whoever was decoded at that moment may have found none either.
        assert senders.statuses().keys() <= {200, 503}
        assert senders.lost == []
        assert [each.pid for each in service.workers()] == [worker.pid]


def test_a_worker_that_cannot_be_replaced_yet_costs_the_others_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with planted(environment, tmp_path, WORKERS="2") as service:
        until(lambda: service.value("workers") == 2)
        victim, other = service.workers()
        broken = tmp_path / BROKEN
        broken.touch()
        victim.kill()
        until(lambda: (service.value("worker_restarts_total", reason="died") or 0) >= 2)  # and once in vain
        assert service.post(small_film()).status == 200
        assert other in service.workers()
        broken.unlink()
        until(lambda: service.value("workers") == 2)
        assert service.post(small_film()).status == 200


def test_a_hung_inference_is_504_and_its_worker_is_replaced(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with planted(environment, tmp_path, DEADLINE_SECONDS="5", WORKERS="1") as service:
        [worker] = service.workers()
        hung = Sent(service.url, small_film(height=HANGS))
        until(lambda: service.entered() == 1)
        assert service.post(small_film()).status == 200  # the other turn goes on
        answer = hung.answer()
        assert (answer.status, answer.json["code"]) == (504, "deadline_exceeded")
        worker.wait(timeout=60)
        started = time.monotonic()
        assert service.ask("/health").status == 200
        assert time.monotonic() - started < STARVED * WHOLE_SECONDS
        assert (service.value("worker_restarts_total", reason="hung") or 0) >= 1
        until(lambda: service.value("workers") == 1)
        assert service.post(small_film()).status == 200


def test_a_film_that_is_decoded_for_ever_is_504_and_its_worker_is_replaced(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """As many as are decoded at once: without help no film would ever be read again."""
    with planted(environment, tmp_path, DEADLINE_SECONDS="5") as service:
        [worker] = service.workers()
        turns = decoders(Settings(workers=1))
        hung = [Sent(service.url, small_film(height=NEVER_DECODED)) for _ in range(turns)]
        answers = [each.answer() for each in hung]
        assert {(each.status, each.json["code"]) for each in answers} == {(504, "deadline_exceeded")}
        worker.wait(timeout=60)
        until(lambda: service.value("worker_restarts_total", reason="hung") == 1)
        assert service.post(small_film()).status == 200


def test_a_worker_that_hangs_does_not_wait_long_for_who_sends_slowly(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Its successor waits for it to be gone."""
    patient = {"GUNICORN_CMD_ARGS": f"{ARGUMENTS} --graceful-timeout 100", "DEADLINE_SECONDS": "2"}
    with planted(environment, tmp_path, **patient) as service:
        [worker] = service.workers()
        slow = http.client.HTTPConnection(urlsplit(service.url).netloc)
        slow.putrequest("POST", "/predict")
        slow.putheader("Content-Length", "1000")
        slow.endheaders(b"half a film")
        hung = Sent(service.url, small_film(height=HANGS))
        assert hung.answer().status == 504
        answered = time.monotonic()
        worker.wait(timeout=60)
        assert time.monotonic() - answered < HUNG_SECONDS + STARVED * LEAVING_SECONDS
        slow.close()
        assert service.post(small_film()).status == 200


def test_a_service_all_of_whose_turns_hang_is_replaced(environment: dict[str, str], tmp_path: Path) -> None:
    settings = {"DEADLINE_SECONDS": "6", "QUEUE_SECONDS": "300"}
    with planted(environment, tmp_path, **settings) as service:
        [worker] = service.workers()
        hung = [Sent(service.url, small_film(height=HANGS)) for _ in range(2)]
        until(lambda: service.entered() == 2)
        waits = Sent(service.url, small_film())  # tests/test_worker.py: and is sent away at once
        assert {each.answer().status for each in hung} == {504}
        assert waits.answer().status == 503
        worker.wait(timeout=60)
        assert service.post(small_film()).status == 200


def test_stopping_does_not_wait_for_what_hangs(environment: dict[str, str], tmp_path: Path) -> None:
    """Promise 3, at its worst: the deadline and a little, and never more than thirty seconds."""
    with planted(environment, tmp_path, DEADLINE_SECONDS="3") as service:
        hung = Sent(service.url, small_film(height=HANGS))
        until(lambda: service.entered() == 1)
        service.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert hung.answer().status == 504
        assert service.process.wait(timeout=60) == 0
        assert time.monotonic() - started < 30


def test_by_default_too_it_leaves_within_thirty_seconds() -> None:
    assert Settings().graceful_seconds + 5 < 30
