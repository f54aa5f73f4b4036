"""Nobody waits for ever, nobody jumps in, and every place is given back."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from flask.testing import FlaskClient

from backend.app import stages
from backend.app.queue import DeadlineExceeded, Expired, NotWanted, Overloaded, Turns, WorkQueue
from backend.inference.engine import FILMS_AT_ONCE
from tests.fakes import HeldPredictor
from tests.test_ready import eventually


@contextmanager
def turn(turns: Turns, seconds: float = 0) -> Iterator[None]:
    """Wait in line, then hold a turn."""
    with turns.waiting_line():
        turns.take(seconds)
        try:
            yield
        finally:
            turns.give_back()


def test_one_at_a_time_and_each_gets_its_own_answer() -> None:
    queue, running, most = WorkQueue(at_once=1, waiting=50), [0], [0]

    def work(number: int) -> int:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.002)
        running[0] -= 1
        return number

    with ThreadPoolExecutor(16) as clients:
        found = list(clients.map(lambda number: queue.run(lambda: work(number), 120), range(50)))
    assert found == list(range(50))
    assert most == [1]


def test_work_past_its_deadline_is_given_up_but_keeps_its_turn() -> None:
    queue, release = WorkQueue(at_once=1, waiting=5), threading.Event()
    with pytest.raises(DeadlineExceeded):
        queue.run(release.wait, 0.05)
    with pytest.raises(Overloaded):
        queue.run(lambda: None, 0.05)
    release.set()
    assert queue.run(lambda: "next", 60) == "next"


@pytest.mark.parametrize("seconds", [0, -5])
def test_work_that_comes_after_its_deadline_is_not_begun(seconds: float) -> None:
    queue, begun = WorkQueue(at_once=1, waiting=5), threading.Event()
    with pytest.raises(DeadlineExceeded):
        queue.run(begun.set, seconds)
    assert queue.run(lambda: "next", 60) == "next"  # whoever works in the one thread came before
    assert (begun.is_set(), queue.given_up, queue.overdue()) == (False, 0, 0)


def test_work_is_overdue_no_longer_than_it_has_gone_on(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, release = WorkQueue(at_once=1, waiting=5), threading.Event()
    take = queue._turns.take

    def take_and_dawdle(seconds: float, wanted: Callable[[], bool]) -> None:
        take(seconds, wanted)
        time.sleep(0.5)

    monkeypatch.setattr(queue._turns, "take", take_and_dawdle)
    called = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        queue.run(release.wait, 0.01)
    overdue, gone_by = queue.overdue(), time.monotonic() - called
    release.set()
    assert 0 < overdue <= gone_by - 0.5


def test_an_error_of_the_work_is_its_own_even_a_timeout() -> None:
    queue = WorkQueue(at_once=1, waiting=1)

    def fail(error: type[Exception]) -> None:
        raise error("of the work")

    for error in (ValueError, TimeoutError):
        with pytest.raises(error, match="of the work"):
            queue.run(lambda error=error: fail(error), 60)
    assert queue.run(lambda: "next", 60) == "next"


def test_a_full_line_refuses_at_once_and_empties_again() -> None:
    turns = Turns(at_once=1, waiting=1)
    with turn(turns, 5):
        with pytest.raises(Overloaded), turn(turns, 0.01):  # waits in line, in vain
            pass
        with turns.waiting_line():
            started = time.monotonic()
            with pytest.raises(Overloaded), turn(turns, 60):
                pass
            assert time.monotonic() - started < 30
    with turn(turns):
        pass


def test_work_after_shutdown_is_refused() -> None:
    queue = WorkQueue(at_once=1, waiting=1)
    queue._executor.shutdown()
    for _ in range(3):
        with pytest.raises(Overloaded):
            queue.run(lambda: None, 1)


@pytest.mark.parametrize("fails", ["timing", "asking", "submitting", "watching"])
def test_want_of_memory_costs_no_turn(fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has just been given a turn may find no memory to go on."""

    def fail(*_: object) -> bool:
        raise MemoryError

    @contextmanager
    def timed() -> Iterator[None]:
        yield
        if failing:
            fail()

    queue, failing = WorkQueue(at_once=1, waiting=5, while_waiting=timed), fails == "timing"
    with monkeypatch.context() as spoilt:
        if fails == "submitting":
            spoilt.setattr(queue._executor, "submit", fail)
        if fails == "watching":
            spoilt.setattr("concurrent.futures.Future.add_done_callback", fail)
        with pytest.raises(MemoryError):
            queue.run(lambda: None, 60, wanted=fail if fails == "asking" else lambda: True)
    failing = False
    assert queue.run(lambda: "next", 60, 0) == "next"


def test_want_of_memory_in_line_costs_the_next_no_turn() -> None:
    turns, said, stays = Turns(at_once=1, waiting=9), list[str](), list[str]()
    short = threading.Event()

    def wanted() -> bool:
        if short.is_set():
            raise MemoryError
        return True

    with turn(turns):
        fails = in_line(turns, 60, wanted, said)
        other = in_line(turns, 60, lambda: True, stays)
        assert eventually(lambda: len(turns._line) == 2, 30)
        short.set()
        fails.join(timeout=30)
    other.join(timeout=30)
    assert (said, stays) == (["MemoryError"], ["turn"])


def test_failed_work_leaves_nothing_behind_until_a_collector_comes() -> None:
    class Film:
        pass

    queue, film = WorkQueue(at_once=1, waiting=1), Film()
    gone = weakref.ref(film)

    def fail(film: Film) -> None:
        raise LookupError

    gc.disable()
    try:
        with pytest.raises(LookupError):
            queue.run(partial(fail, film), 60)
        del film
        assert eventually(lambda: gone() is None, 5)
    finally:
        gc.enable()


def in_line(turns: Turns, seconds: float, wanted: Callable[[], bool], said: list[str]) -> threading.Thread:
    """Return a thread that waits in line; what becomes of it is appended."""

    def wait() -> None:
        try:
            turns.take(seconds, wanted)
        except (Overloaded, NotWanted, MemoryError) as error:
            said.append(type(error).__name__)
        else:
            said.append("turn")
            turns.give_back()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_who_is_not_wanted_any_more_leaves_the_line_and_the_others_move_up() -> None:
    turns, gone, said, stays = Turns(at_once=1, waiting=9), threading.Event(), list[str](), list[str]()
    with turn(turns):
        leaver = in_line(turns, 60, lambda: not gone.is_set(), said)
        other = in_line(turns, 60, lambda: True, stays)
        assert eventually(lambda: len(turns._line) == 2, 30)
        gone.set()
        leaver.join(timeout=30)
        assert (said, stays) == (["NotWanted"], [])
    other.join(timeout=30)
    assert stays == ["turn"]
    with turn(turns):  # none was lost
        pass


def test_a_turn_that_comes_when_nobody_wants_it_any_more_goes_on() -> None:
    turns = Turns(at_once=1, waiting=1)
    with pytest.raises(NotWanted):
        turns.take(1, lambda: False)
    with turn(turns):
        pass


def test_old_age_is_told_from_a_full_line() -> None:
    turns = Turns(at_once=1, waiting=1)
    with turn(turns), pytest.raises(Expired):
        turns.take(0.01)


def test_a_closed_line_sends_everybody_away_at_once() -> None:
    turns, said = Turns(at_once=1, waiting=9), list[str]()
    with turn(turns):
        waits = in_line(turns, 60, lambda: True, said)
        assert eventually(lambda: len(turns._line) == 1, 30)
        turns.close()
        waits.join(timeout=30)
    assert said == ["Overloaded"]
    with pytest.raises(Overloaded):
        turns.take(60)


def test_work_that_nobody_waits_for_is_known_until_it_ends() -> None:
    queue, release = WorkQueue(at_once=1, waiting=5), threading.Event()
    assert (queue.given_up, queue.overdue()) == (0, 0)
    with pytest.raises(DeadlineExceeded):
        queue.run(release.wait, 0.05)
    assert queue.given_up == 1
    time.sleep(0.05)
    assert queue.overdue() >= 0.05
    assert queue.overdue(not_before=time.monotonic()) < queue.overdue()
    release.set()
    assert queue.run(lambda: "next", 30) == "next"
    assert (queue.given_up, queue.overdue()) == (0, 0)


def test_a_film_waits_no_longer_in_two_lines_than_in_one(
    make_client: Callable[..., FlaskClient], png: bytes
) -> None:
    held = HeldPredictor()
    client = make_client(predictor=held, queue_seconds=2.0)
    queue, decoders = (client.application.extensions[line]._turns for line in ("queue", "decoders"))
    with ThreadPoolExecutor(FILMS_AT_ONCE + 1) as senders:
        reads = [senders.submit(client.post, "/predict", data=png) for _ in range(FILMS_AT_ONCE)]
        assert eventually(lambda: queue._free == 0, 60)
        at_once = decoders._free
        with client.application.test_request_context():
            stages.begin()
            for _ in range(at_once):
                decoders.take(0)
        waits = senders.submit(client.post, "/predict", data=png)
        assert eventually(lambda: len(decoders._line) == 1, 60)
        time.sleep(1.5)
        for _ in range(at_once):
            decoders.give_back()
        released = time.monotonic()
        refused = waits.result(timeout=60)
        assert time.monotonic() - released < 2  # which it would have waited for the networks alone
        held.release.set()
        assert {each.result(timeout=60).status_code for each in reads} == {200}
    assert (refused.status_code, refused.get_json()["code"]) == (503, "overloaded")
