"""gunicorn's threaded worker, but one that says it is leaving for as long as it has films to finish.

gunicorn's own closes its door at SIGTERM while the socket still listens: who comes then hangs until the last
film is answered, and is cut off. This one lets them in and the app tells them 503, unless only this worker
goes (a reload, say) and others take what comes.

And gunicorn's own waits for each client to hang up before it accepts the next, two seconds at most for each.
"""

from __future__ import annotations

import mmap
import signal
import socket
from types import FrameType
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import TConn, ThreadWorker

from backend.app.readiness import Readiness
from backend.app.refusals import refuse

# One byte that the master and all workers share, for it is made before any of them is forked.
_stopping = mmap.mmap(-1, 1)


def tell_workers_of_sigterm(master: Arbiter) -> None:
    """Have the master's SIGTERM known to all workers at once; to be called when its own handler is set."""
    handle: Any = signal.getsignal(signal.SIGTERM)

    def tell(number: int, frame: FrameType | None) -> None:
        _stopping[0] = 1
        handle(number, frame)

    signal.signal(signal.SIGTERM, tell)


def service_is_stopping() -> bool:
    """Return whether the master has got SIGTERM."""
    return _stopping[0] != 0


def _closed_already(graceful: bool = False) -> None:
    """Take the place of a connection's own way to close."""


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """A worker whose door stays open while the service stops and it still has films to finish."""

    @property
    def readiness(self) -> Readiness:
        readiness: Readiness = self.wsgi.extensions["readiness"]
        return readiness

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.readiness.leaving = lambda: not self.alive
        self.readiness.stopping = service_is_stopping

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
        """Tell the master that this worker lives; in its last loop, also see to the door."""
        super().notify()
        if not self.alive:
            room = self.nr_conns < self.worker_connections
            self.set_accept_enabled(room and service_is_stopping() and self.readiness.films > 0)
