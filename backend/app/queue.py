"""Let a few at a time work and a bounded number wait, for a while and only as long as somebody wants it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

T = TypeVar("T")
WhileWaiting = Callable[[], AbstractContextManager[None]]

_GLANCE_SECONDS = 0.25
"""How often who waits is asked whether the answer is still wanted."""


class Overloaded(Exception):
    """Too many wait already."""


class Expired(Overloaded):
    """A turn did not come in time."""


class NotWanted(Exception):
    """Nobody waits for the answer any more."""


class DeadlineExceeded(Exception):
    """The turn came, but the work did not end in time."""


def _wanted() -> bool:
    return True


class _Ticket:
    """One who waits: called when the turn comes, or when none will."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.has_turn = False


class Turns:
    """So many may work at once, and so many more wait for their turn, each within a `while_waiting`.

    Turns go to those who wait in the order in which they came.
    """

    def __init__(self, at_once: int, waiting: int, while_waiting: WhileWaiting = nullcontext) -> None:
        self._places = threading.BoundedSemaphore(at_once + waiting)
        self._while_waiting = while_waiting
        self._lock = threading.Lock()
        self._free = at_once
        self._line: deque[_Ticket] = deque()
        self._closed = False

    @contextmanager
    def waiting_line(self) -> Iterator[None]:
        """Hold a place among those who work or wait; raise Overloaded at once when all are taken."""
        if not self._places.acquire(blocking=False):
            raise Overloaded
        try:
            yield
        finally:
            self._places.release()

    def take(self, seconds: float, wanted: Callable[[], bool] = _wanted) -> None:
        """Wait for a turn; raise Expired when it does not come in time, NotWanted when nobody wants it."""
        ticket = _Ticket()
        try:
            with self._while_waiting():
                self._wait(ticket, time.monotonic() + seconds, wanted)
            if not wanted():
                raise NotWanted
        except BaseException:  # want of memory, too: a turn that is lost never comes again
            self._leave(ticket)
            raise

    def give_back(self) -> None:
        """End a turn: the next in line has it."""
        with self._lock:
            if self._line:
                self._call(self._line.popleft())
            else:
                self._free += 1

    def close(self) -> None:
        """Send away everyone who waits or comes from now on, for no turn will come."""
        with self._lock:
            self._closed = True
            for ticket in self._line:
                ticket.called.set()
            self._line.clear()

    def _wait(self, ticket: _Ticket, deadline: float, wanted: Callable[[], bool]) -> None:
        self._line_up(ticket)
        while not ticket.called.wait(max(0.0, min(_GLANCE_SECONDS, deadline - time.monotonic()))):
            if not wanted():
                raise NotWanted
            if time.monotonic() >= deadline:
                raise Expired
        if not ticket.has_turn:
            raise Overloaded

    def _line_up(self, ticket: _Ticket) -> None:
        with self._lock:
            if self._closed:
                raise Overloaded
            if self._free:
                self._free -= 1
                self._call(ticket)
            else:
                self._line.append(ticket)

    @staticmethod
    def _call(ticket: _Ticket) -> None:
        ticket.has_turn = True
        ticket.called.set()

    def _leave(self, ticket: _Ticket) -> None:
        """Step out of the line, or pass on the turn that has come."""
        with self._lock:
            if ticket in self._line:
                self._line.remove(ticket)
        if ticket.has_turn:
            self.give_back()


class WorkQueue:
    """Work that takes turns on threads of its own, so that nobody has to wait for what does not end."""

    def __init__(self, at_once: int, waiting: int, while_waiting: WhileWaiting = nullcontext) -> None:
        self._turns = Turns(at_once, waiting, while_waiting)
        self._executor = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="work")
        self._given_up: dict[Future[Any], float] = {}

    def place(self) -> AbstractContextManager[None]:
        """Hold a place among those who work or wait; raise Overloaded when all are taken."""
        return self._turns.waiting_line()

    def run(
        self,
        work: Callable[[], T],
        seconds: float,
        waiting_seconds: float | None = None,
        wanted: Callable[[], bool] = _wanted,
    ) -> T:
        """Return what the work returns; raise Overloaded, NotWanted or DeadlineExceeded.

        It waits so long for its turn, or for all of its seconds; whoever calls holds a place, here or in
        another line. Work that outlasts its deadline cannot be stopped: it keeps its turn until it ends.
        Without any seconds left it is not begun.
        """
        if seconds <= 0:
            raise DeadlineExceeded
        deadline = time.monotonic() + seconds
        self._turns.take(seconds if waiting_seconds is None else min(seconds, waiting_seconds), wanted)
        future, began = self._submit(work), time.monotonic()
        try:
            return future.result(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            if future.done():  # the work itself raised it, or ended at this very moment
                return future.result()
            self._give_up(future, max(deadline, began))
            raise DeadlineExceeded from None
        finally:
            del future  # it holds the work's error, whose frames would hold it in turn, and the film

    def overdue(self, not_before: float = 0.0) -> float:
        """Return for how many seconds given-up work has gone on past its deadline, or past a moment.

        Work that began only at its deadline has gone on since then. The moment is one of
        time.monotonic(); 0 means that there is no such work.
        """
        now = time.monotonic()
        return max((now - max(since, not_before) for since in list(self._given_up.values())), default=0.0)

    @property
    def given_up(self) -> int:
        """How many turns are held by work that nobody waits for any more."""
        return len(self._given_up)

    def close(self) -> None:
        """Send away everyone who waits or comes from now on; work that has begun goes on."""
        self._turns.close()

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        try:
            future = self._executor.submit(work)
            future.add_done_callback(self._done)
        except RuntimeError:  # the process is shutting down, or can have no further thread
            self._turns.give_back()
            raise Overloaded from None
        except BaseException:
            self._turns.give_back()
            raise
        return future

    def _give_up(self, future: Future[T], since: float) -> None:
        self._given_up[future] = since
        if future.done():  # at this very moment, so that nobody else would forget it
            self._given_up.pop(future, None)

    def _done(self, future: Future[T]) -> None:
        self._given_up.pop(future, None)
        self._turns.give_back()
