"""Know whether a film would be accepted now, and see to it that one will be again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from backend.inference.errors import ModelsUnavailable
from backend.inference.lazy import LazyPredictor

State = Literal["ready", "loading", "failed", "draining"]

RETRY_SECONDS = 5.0

LOADING_SECONDS = 300.0
"""Within which the networks are loaded, on the slowest disk; a load that takes longer never ends."""

log = logging.getLogger("pneumonet")


class Draining(Exception):
    """The service is stopping: what it has is finished, nothing new is begun."""


class Readiness:
    """Whether this process takes films. Asking never waits, for locks or for loading."""

    def __init__(
        self, predictor: LazyPredictor, *, warm_up: bool, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        self._predictor = predictor
        self._warm_up = warm_up
        self._retry_seconds = retry_seconds
        self._attempted = float("-inf")
        self._attempt = threading.Lock()
        self._films = 0
        self._count = threading.Lock()
        self.leaving: Callable[[], bool] = lambda: False
        """Whether this process has been told to go; the server that runs it says so."""
        self.stopping: Callable[[], bool] = lambda: False
        """Whether the whole service has, so that nobody else takes what comes."""

    def state(self) -> State:
        """Return whether a film would be accepted, and if not, why.

        Without WARM_UP a process is ready before it has loaded: the first film does that, and none would
        ever come to a process that waited for it. But it is not while a load does not end. A failed load
        is tried again when somebody asks, for a process that is not ready gets no film that could.
        """
        if self.leaving() or self.stopping():
            return "draining"
        if self._predictor.loaded:
            return "ready"
        if self._predictor.failure is not None:
            self._try_again()
            return "failed"
        if self.stuck:
            return "loading"
        return "loading" if self._warm_up else "ready"

    @property
    def stuck(self) -> bool:
        """Whether a load has gone on for so long that it will not end."""
        return self._predictor.loading_seconds > LOADING_SECONDS

    @contextmanager
    def accepted(self) -> Iterator[None]:
        """Have a film counted among those to finish; raise Draining when nothing new is begun."""
        if self.stopping():
            raise Draining
        with self._count:
            self._films += 1
        try:
            yield
        finally:
            with self._count:
                self._films -= 1

    @property
    def films(self) -> int:
        """How many films are accepted and not yet answered."""
        return self._films

    def load(self) -> None:
        """Load in the background; do nothing while that goes on already."""
        if self._attempt.acquire(blocking=False):
            threading.Thread(target=self._load, name="loading", daemon=True).start()

    def _try_again(self) -> None:
        if time.monotonic() - self._attempted >= self._retry_seconds:
            self.load()

    def _load(self) -> None:
        try:
            self._predictor.warm_up()
        except ModelsUnavailable as error:
            log.error("loading failed", extra={"fields": {"reason": str(error)}})
        finally:
            self._attempted = time.monotonic()
            self._attempt.release()
