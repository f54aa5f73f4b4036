"""Let one film at a time onto the cores, a bounded number wait, and nobody wait for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Overloaded(Exception):
    """The queue is full, or a film's turn did not come in time."""


class DeadlineExceeded(Exception):
    """A film's turn came, but its answer did not in time."""


class InferenceQueue:
    """One film uses all cores, so a second one at the same time would only slow both."""

    def __init__(self, limit: int, deadline_seconds: float) -> None:
        self._places = threading.BoundedSemaphore(limit + 1)
        self._deadline = deadline_seconds
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inference")

    def run(self, work: Callable[[], T]) -> T:
        """Return what the work returns once its turn has come; raise Overloaded or DeadlineExceeded."""
        if not self._places.acquire(blocking=False):
            raise Overloaded
        future = self._submit(work)
        try:
            return future.result(timeout=self._deadline)
        except TimeoutError:
            if future.cancel():
                raise Overloaded from None
            if future.done():
                return future.result()
            raise DeadlineExceeded from None

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        try:
            future = self._executor.submit(work)
        except BaseException:
            self._places.release()
            raise
        future.add_done_callback(lambda _: self._places.release())
        return future
