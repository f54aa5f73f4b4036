"""gunicorn's threaded worker, but one that leaves in good order, and by itself when it is of no more use.

gunicorn's own closes its door at SIGTERM while the socket still listens: who comes then hangs until the last
film is answered, and is cut off. This one lets them in and the app tells them 503, unless only this worker
goes (a reload, say) and others take what comes.

gunicorn's own waits for each client to hang up before it accepts the next, two seconds at most for each.

gunicorn's own ends the whole service when a worker cannot start, also when it was to replace one that had
died in a service that did well.

And gunicorn takes a worker for well as long as its main loop turns. This one gives itself up when an
inference, or the decoding of a film, goes on long after its answer was given up, or loading the networks does
not end.
"""

from __future__ import annotations

import gc
import logging
import mmap
import os
import socket
import sys
import time
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from backend.app.queue import WorkQueue
from backend.app.readiness import LOADING_SECONDS, Readiness
from backend.app.refusals import refuse
from backend.inference.lazy import LazyPredictor
from backend.master import service_is_stopping

HUNG_SECONDS = 3.0
"""For how long a film may be decoded or read past its deadline before its worker gives itself up."""

LEAVING_SECONDS = 5
"""How long a worker that has given itself up may finish what else it has: its successor waits for that."""

_NEXT_TRY_SECONDS = 1.0
"""How long after a worker that could not start another may try."""

log = logging.getLogger("pneumonet")


def _closed_already(graceful: bool = False) -> None:
    """Take the place of a connection's own way to close."""


def _spare_the_collector() -> None:
    """Keep Python's collector from what stays for good: going through it, it holds up every request."""
    gc.collect()
    gc.freeze()


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """A worker whose door stays open while nobody else would take what comes, and knows when it hangs."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._hung = mmap.mmap(-1, 1)  # shared with the master, in which this runs
        self.place: int | None = None
        """Where it counts (metrics_folder.py)."""

    @property
    def hung(self) -> bool:
        """Whether the worker has given itself up; the master knows it too."""
        return self._hung[0] != 0

    @property
    def readiness(self) -> Readiness:
        readiness: Readiness = self.wsgi.extensions["readiness"]
        return readiness

    @property
    def lines(self) -> dict[str, WorkQueue]:
        """Where films are worked at, by what is done there."""
        found = self.wsgi.extensions
        return {"an inference": found["queue"], "decoding": found["decoders"]}

    @property
    def predictor(self) -> LazyPredictor:
        predictor: LazyPredictor = self.wsgi.extensions["predictor"]
        return predictor

    def load_wsgi(self) -> None:
        try:
            super().load_wsgi()
        except Exception as error:
            if self.age <= self.cfg.workers:  # the service itself cannot start, and is to say why
                raise
            self.log.error("A worker cannot start (%s): another will try", type(error).__name__)
            time.sleep(_NEXT_TRY_SECONDS)
            sys.exit(1)
        self.readiness.leaving = lambda: not self.alive
        self.readiness.stopping = self._nobody_takes_what_comes
        self.predictor.before_attempt = self._beat
        self.predictor.after_load = self._has_loaded

    def run(self) -> None:
        super().run()
        # Python would wait for its threads to end, and one does not.
        if self.hung or any(line.given_up for line in self.lines.values()):
            log.error("left behind what hangs", extra={"fields": {"pid": self.pid}})
            sys.stderr.flush()
            os._exit(1 if self.hung else 0)

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: Exception) -> None:
        """Refuse a request that cannot be read, without a word of it in the answer or the log."""
        refuse(client, exc)

    def handle(self, conn: TConn) -> Any:
        """Handle a request, and see its connection off in this thread: the main loop has others to let in."""
        goes_on = super().handle(conn)
        if not goes_on:
            conn.close(graceful=True)
            conn.close = _closed_already
        return goes_on

    def notify(self) -> None:
        """Tell the master that this worker lives, see whether it does, and at its end see to the door."""
        self._beat()
        if not self.hung and (what := self._what_hangs()):
            self._give_up(what)
        if not self.alive:
            room = self.nr_conns < self.worker_connections
            self.set_accept_enabled(room and self._nobody_takes_what_comes() and self.readiness.films > 0)

    def _beat(self) -> None:
        # Who loads may be silent meanwhile, for some libraries hold Python up; but not for ever.
        silence = LOADING_SECONDS - self.predictor.loading_seconds if self.predictor.loading else 0.0
        self._live_until(time.monotonic() + max(0.0, silence))

    def _has_loaded(self) -> None:
        _spare_the_collector()
        self._live_until(time.monotonic())  # or it would be taken to load still if it stopped now

    def _live_until(self, until: float) -> None:
        os.utime(self.tmp.fileno(), (until, until))

    def _nobody_takes_what_comes(self) -> bool:
        return service_is_stopping() or (self.hung and self.cfg.workers == 1)

    def _what_hangs(self) -> str | None:
        if self.predictor.loading:
            return "loading" if self.readiness.stuck else None
        since = self.predictor.attempted
        return next((what for what, line in self.lines.items() if line.overdue(since) > HUNG_SECONDS), None)

    def _give_up(self, what: str) -> None:
        log.error(f"{what} hangs: the worker is replaced", extra={"fields": {"pid": self.pid}})
        self._hung[0] = 1
        self.alive = False
        self.cfg.set("graceful_timeout", min(LEAVING_SECONDS, self.cfg.graceful_timeout))
        for line in self.lines.values():
            line.close()
