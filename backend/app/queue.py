"""Let a few at a time work, a bounded number wait, and nobody wait past a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

T = TypeVar("T")
WhileWaiting = Callable[[], AbstractContextManager[None]]


class Overloaded(Exception):
    """Too many wait already, or a turn did not come in time."""


class DeadlineExceeded(Exception):
    """The turn came, but the work did not end in time."""


class Turns:
    """So many may work at once, and so many more wait for their turn, each within a `while_waiting`."""

    def __init__(self, at_once: int, waiting: int, while_waiting: WhileWaiting = nullcontext) -> None:
        self._places = threading.BoundedSemaphore(at_once + waiting)
        self._turns = threading.BoundedSemaphore(at_once)
        self._while_waiting = while_waiting

    @contextmanager
    def waiting_line(self) -> Iterator[None]:
        """Hold a place among those who work or wait; raise Overloaded at once when all are taken."""
        if not self._places.acquire(blocking=False):
            raise Overloaded
        try:
            yield
        finally:
            self._places.release()

    def take(self, seconds: float) -> None:
        """Wait for a turn; raise Overloaded when it does not come in time."""
        with self._while_waiting():
            if not self._turns.acquire(timeout=max(0.0, seconds)):
                raise Overloaded

    def give_back(self) -> None:
        self._turns.release()

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Wait in line, then hold a turn; raise Overloaded."""
        with self.waiting_line():
            self.take(seconds)
            try:
                yield
            finally:
                self.give_back()


class InferenceQueue:
    """So many films at once keep an engine busy; more would only slow each other."""

    def __init__(self, at_once: int, waiting: int, while_waiting: WhileWaiting = nullcontext) -> None:
        self._turns = Turns(at_once, waiting, while_waiting)
        self._executor = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="inference")

    def run(self, work: Callable[[], T], seconds: float) -> T:
        """Return what the work returns; raise Overloaded or DeadlineExceeded once the time is up.

        Work that outlasts its deadline cannot be stopped: it keeps its turn until it ends.
        """
        deadline = time.monotonic() + seconds
        with self._turns.waiting_line():
            self._turns.take(seconds)
            future = self._submit(work)
            try:
                return future.result(timeout=max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                if future.done():  # the work itself raised it, or ended at this very moment
                    return future.result()
                raise DeadlineExceeded from None

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        try:
            future = self._executor.submit(work)
        except RuntimeError:  # the process is shutting down
            self._turns.give_back()
            raise Overloaded from None
        future.add_done_callback(lambda _: self._turns.give_back())
        return future
