"""What the master does beyond gunicorn: say when all stop, and count who goes."""

from __future__ import annotations

import mmap
import signal
from types import FrameType
from typing import TYPE_CHECKING, Any

from gunicorn.arbiter import Arbiter

from backend.app.restarts import restarts

if TYPE_CHECKING:
    from backend.worker import DrainingWorker

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


def count_departure(master: Arbiter, worker: DrainingWorker) -> None:
    """Count a worker that has gone, in the master, if it now has to be replaced."""
    if not service_is_stopping() and len(master.WORKERS) < master.num_workers:
        restarts.count("hung" if worker.hung else "silent" if worker.aborted else "died")
