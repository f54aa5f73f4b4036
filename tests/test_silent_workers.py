"""The master kills a worker that has stopped soon, one that may be starved late, and nobody else."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from backend.silent_workers import STOPPED_SECONDS, has_stopped, kill_silent_workers_at_once

IDLE, BUSY = "import time; print(flush=True); time.sleep(600)", "print(flush=True)\nwhile True: pass"
# A thread waits while another computes: so does the main loop of a worker that is busy.
BUSY_BEHIND = f"import threading, time\nthreading.Thread(target=time.sleep, args=[600]).start()\n{BUSY}"


class Process:
    """A process that runs a program, as the master knows its workers."""

    def __init__(self, program: str, silent_seconds: float) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert self.process.stdout
        self.process.stdout.readline()
        self.pid = self.process.pid
        beat = time.monotonic() - silent_seconds
        self.worker: Any = SimpleNamespace(aborted=False, tmp=SimpleNamespace(last_update=lambda: beat))


class Master:
    def __init__(self, *processes: Process) -> None:
        self.WORKERS = {each.pid: each.worker for each in processes}
        self.sent: list[tuple[int, signal.Signals]] = []
        self.murders = 0
        self.log = SimpleNamespace(critical=lambda *_: None)

    def kill_worker(self, pid: int, number: signal.Signals) -> None:
        self.sent.append((pid, number))

    def murder_workers(self) -> None:
        self.murders += 1

    def wait_for_signals(self, timeout: float) -> list[float]:
        return [timeout]


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for each in started:
        each.process.kill()
        each.process.wait()


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="threads' states are not told")


@needs_proc
@pytest.mark.parametrize(
    ("program", "silent_seconds", "stopped"),
    [
        pytest.param(IDLE, 10, True, id="blocked"),
        pytest.param(IDLE, 0, False, id="waits for a request"),
        pytest.param(BUSY, 10, False, id="computes"),
        pytest.param(BUSY_BEHIND, 10, False, id="computes in another thread"),
    ],
)
def test_who_wants_nothing_and_says_nothing_has_stopped(
    program: str, silent_seconds: float, stopped: bool, processes: list[Process]
) -> None:
    processes.append(Process(program, silent_seconds))
    if stopped:  # as soon as it has settled down
        deadline = time.monotonic() + 60
        while not has_stopped(processes[0].pid, processes[0].worker):
            assert time.monotonic() < deadline
    else:
        assert not any(has_stopped(processes[0].pid, processes[0].worker) for _ in range(5))


@needs_proc
def test_who_was_stopped_while_it_computed_is_killed_and_others_are_left_to_gunicorn(
    processes: list[Process],
) -> None:
    processes += [Process(BUSY, 10), Process(BUSY, 10), Process(IDLE, -1)]
    stopped = processes[0]
    stopped.process.send_signal(signal.SIGSTOP)
    master: Any = Master(*processes)
    kill_silent_workers_at_once(master)
    deadline = time.monotonic() + 60
    while not master.sent:
        master.murder_workers()
        assert time.monotonic() < deadline
    murders = master.murders
    master.murder_workers()
    assert master.sent == [(stopped.pid, signal.SIGKILL)]
    assert [each.worker.aborted for each in processes] == [True, False, False]
    assert master.murders == murders + 1


def test_who_is_to_abort_is_killed_and_who_is_to_leave_is_told_so() -> None:
    master: Any = Master()
    kill_silent_workers_at_once(master)
    master.kill_worker(1, signal.SIGABRT)
    master.kill_worker(2, signal.SIGTERM)
    master.kill_worker(3, signal.SIGKILL)
    assert master.sent == [(1, signal.SIGKILL), (2, signal.SIGTERM), (3, signal.SIGKILL)]


def test_a_sign_of_life_every_second_is_enough() -> None:
    assert STOPPED_SECONDS >= 1.3


def test_the_master_looks_more_often_than_every_second() -> None:
    master: Any = Master()
    kill_silent_workers_at_once(master)
    assert master.wait_for_signals(timeout=1.0) == [0.25]
    assert master.wait_for_signals(timeout=0.1) == [0.1]
