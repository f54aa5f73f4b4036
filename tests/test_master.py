"""The master kills who gives no sign of life, at once, and nobody else."""

from __future__ import annotations

import signal
from typing import Any

from backend.master import kill_silent_workers_at_once


class Master:
    def __init__(self) -> None:
        self.sent: list[tuple[int, signal.Signals]] = []

    def kill_worker(self, pid: int, number: signal.Signals) -> None:
        self.sent.append((pid, number))


def test_who_is_to_abort_is_killed_and_who_is_to_leave_is_told_so() -> None:
    master: Any = Master()
    kill_silent_workers_at_once(master)
    master.kill_worker(1, signal.SIGABRT)
    master.kill_worker(2, signal.SIGTERM)
    master.kill_worker(3, signal.SIGKILL)
    assert master.sent == [(1, signal.SIGKILL), (2, signal.SIGTERM), (3, signal.SIGKILL)]
