"""Have the master tell a worker that has stopped from one that is starved, and wait for neither in vain.

gunicorn takes a worker for dead after `timeout` seconds without a sign of life, asks it to abort, and kills
it a second later. So long a starved one may need; but one in which no thread wants to run is not starved.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import cast

from gunicorn.arbiter import Arbiter

from backend.worker import DrainingWorker

STOPPED_SECONDS = 1.3
"""A worker gives a sign of life every second, as long as it is let run."""

_TURN_SECONDS = 0.25
"""How often the master looks at its workers; by itself it would once a second."""

_LOOKS, _BETWEEN_LOOKS_SECONDS = 5, 0.02
_WANTS_TO_RUN = {"R", "D"}
"""proc(5): running or waiting for a core; waiting for a disk."""


def kill_silent_workers_at_once(master: Arbiter) -> None:
    """Have a worker that has stopped killed within two seconds, any other after `timeout`."""
    kill, murder, wait = master.kill_worker, master.murder_workers, master.wait_for_signals

    def kill_for_good(pid: int, number: signal.Signals) -> None:
        kill(pid, signal.SIGKILL if number == signal.SIGABRT else number)

    def murder_the_stopped_too() -> None:
        for pid, worker in list(master.WORKERS.items()):
            if not worker.aborted and has_stopped(pid, worker):
                master.log.critical("WORKER STOPPED (pid:%s)", pid)
                worker.aborted = True
                master.kill_worker(pid, signal.SIGKILL)
        murder()

    def wait_shortly(timeout: float = _TURN_SECONDS) -> list[signal.Signals]:
        return cast(list[signal.Signals], wait(timeout=min(timeout, _TURN_SECONDS)))

    master.kill_worker, master.murder_workers = kill_for_good, murder_the_stopped_too
    master.wait_for_signals = wait_shortly


def has_stopped(pid: int, worker: DrainingWorker) -> bool:
    """Return whether a worker has been silent for a while and has no thread that waits to go on.

    It is looked at several times, for the whole service may have slept and only now wakes up.
    """
    for _ in range(_LOOKS):
        if time.monotonic() - worker.tmp.last_update() < STOPPED_SECONDS or _wants_to_run(pid):
            return False
        time.sleep(_BETWEEN_LOOKS_SECONDS)
    return True


def _wants_to_run(pid: int) -> bool:
    """Return whether any thread of a process does; where the system does not tell, whether it might."""
    threads = list(Path(f"/proc/{pid}/task").glob("*/stat"))
    try:
        # Behind the name, which may hold anything.
        states = {thread.read_text().rpartition(") ")[2][:1] for thread in threads}
    except OSError:  # one has just ended
        return True
    return not threads or bool(states & _WANTS_TO_RUN)
