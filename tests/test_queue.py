"""Nobody waits for ever, nobody jumps in, and every place is given back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from backend.app.queue import DeadlineExceeded, Expired, InferenceQueue, NotWanted, Overloaded, Turns
from tests.test_ready import eventually


def test_one_at_a_time_and_each_gets_its_own_answer() -> None:
    queue, running, most = InferenceQueue(at_once=1, waiting=50), [0], [0]

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
    queue, release = InferenceQueue(at_once=1, waiting=5), threading.Event()
    with pytest.raises(DeadlineExceeded):
        queue.run(release.wait, 0.05)
    with pytest.raises(Overloaded):
        queue.run(lambda: None, 0.05)
    release.set()
    assert queue.run(lambda: "next", 60) == "next"


@pytest.mark.parametrize("seconds", [0, -5])
def test_work_that_comes_after_its_deadline_is_not_begun(seconds: float) -> None:
    queue, begun = InferenceQueue(at_once=1, waiting=5), threading.Event()
    with pytest.raises(DeadlineExceeded):
        queue.run(begun.set, seconds)
    assert queue.run(lambda: "next", 60) == "next"  # whoever works in the one thread came before
    assert (begun.is_set(), queue.given_up, queue.overdue()) == (False, 0, 0)


def test_work_is_overdue_no_longer_than_it_has_gone_on(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, release = InferenceQueue(at_once=1, waiting=5), threading.Event()
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
    queue = InferenceQueue(at_once=1, waiting=1)

    def fail(error: type[Exception]) -> None:
        raise error("of the work")

    for error in (ValueError, TimeoutError):
        with pytest.raises(error, match="of the work"):
            queue.run(lambda error=error: fail(error), 60)
    assert queue.run(lambda: "next", 60) == "next"


def test_a_full_line_refuses_at_once_and_empties_again() -> None:
    turns = Turns(at_once=1, waiting=1)
    with turns.turn(5):
        with pytest.raises(Overloaded), turns.turn(0.01):  # waits in line, in vain
            pass
        with turns.waiting_line():
            started = time.monotonic()
            with pytest.raises(Overloaded), turns.turn(60):
                pass
            assert time.monotonic() - started < 30
    with turns.turn(0):
        pass


def test_work_after_shutdown_is_refused() -> None:
    queue = InferenceQueue(at_once=1, waiting=1)
    queue._executor.shutdown()
    for _ in range(3):
        with pytest.raises(Overloaded):
            queue.run(lambda: None, 1)


@contextmanager
def all_turns_taken(turns: Turns) -> Iterator[None]:
    with turns.turn(0):
        yield


def in_line(turns: Turns, seconds: float, wanted: Callable[[], bool], said: list[str]) -> threading.Thread:
    """Return a thread that waits in line; what becomes of it is appended."""

    def wait() -> None:
        try:
            turns.take(seconds, wanted)
        except (Overloaded, NotWanted) as error:
            said.append(type(error).__name__)
        else:
            said.append("turn")
            turns.give_back()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_who_is_not_wanted_any_more_leaves_the_line_and_the_others_move_up() -> None:
    turns, gone, said, stays = Turns(at_once=1, waiting=9), threading.Event(), list[str](), list[str]()
    with all_turns_taken(turns):
        leaver = in_line(turns, 60, lambda: not gone.is_set(), said)
        other = in_line(turns, 60, lambda: True, stays)
        assert eventually(lambda: len(turns._line) == 2, 30)
        gone.set()
        leaver.join(timeout=30)
        assert (said, stays) == (["NotWanted"], [])
    other.join(timeout=30)
    assert stays == ["turn"]
    with turns.turn(0):  # none was lost
        pass


def test_a_turn_that_comes_when_nobody_wants_it_any_more_goes_on() -> None:
    turns = Turns(at_once=1, waiting=1)
    with pytest.raises(NotWanted):
        turns.take(1, lambda: False)
    with turns.turn(0):
        pass


def test_old_age_is_told_from_a_full_line() -> None:
    turns = Turns(at_once=1, waiting=1)
    with all_turns_taken(turns), pytest.raises(Expired):
        turns.take(0.01)


def test_a_closed_line_sends_everybody_away_at_once() -> None:
    turns, said = Turns(at_once=1, waiting=9), list[str]()
    with all_turns_taken(turns):
        waits = in_line(turns, 60, lambda: True, said)
        assert eventually(lambda: len(turns._line) == 1, 30)
        turns.close()
        waits.join(timeout=30)
    assert said == ["Overloaded"]
    with pytest.raises(Overloaded):
        turns.take(60)


def test_work_that_nobody_waits_for_is_known_until_it_ends() -> None:
    queue, release = InferenceQueue(at_once=1, waiting=5), threading.Event()
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
