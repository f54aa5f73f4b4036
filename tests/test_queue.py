"""Nobody waits for ever, nobody jumps in, and every place is given back."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.app.queue import DeadlineExceeded, InferenceQueue, Overloaded, Turns


def test_one_at_a_time_and_each_gets_its_own_answer() -> None:
    queue, running, most = InferenceQueue(at_once=1, waiting=50), [0], [0]

    def work(number: int) -> int:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.002)
        running[0] -= 1
        return number

    with ThreadPoolExecutor(16) as clients:
        found = list(clients.map(lambda number: queue.run(lambda: work(number), 30), range(50)))
    assert found == list(range(50))
    assert most == [1]


def test_work_past_its_deadline_is_given_up_but_keeps_its_turn() -> None:
    queue, release = InferenceQueue(at_once=1, waiting=5), threading.Event()
    with pytest.raises(DeadlineExceeded):
        queue.run(release.wait, 0.05)
    with pytest.raises(Overloaded):
        queue.run(lambda: None, 0.05)
    release.set()
    assert queue.run(lambda: "next", 5) == "next"


def test_an_error_of_the_work_is_its_own_even_a_timeout() -> None:
    queue = InferenceQueue(at_once=1, waiting=1)

    def fail(error: type[Exception]) -> None:
        raise error("of the work")

    for error in (ValueError, TimeoutError):
        with pytest.raises(error, match="of the work"):
            queue.run(lambda error=error: fail(error), 5)
    assert queue.run(lambda: "next", 5) == "next"


def test_a_full_line_refuses_at_once_and_empties_again() -> None:
    turns = Turns(at_once=1, waiting=1)
    with turns.turn(5):
        with pytest.raises(Overloaded), turns.turn(0.01):  # waits in line, in vain
            pass
        with turns.waiting_line():
            started = time.monotonic()
            with pytest.raises(Overloaded), turns.turn(60):
                pass
            assert time.monotonic() - started < 1
    with turns.turn(0):
        pass


def test_work_after_shutdown_is_refused() -> None:
    queue = InferenceQueue(at_once=1, waiting=1)
    queue._executor.shutdown()
    for _ in range(3):
        with pytest.raises(Overloaded):
            queue.run(lambda: None, 1)
