"""Send damaged files through the decoder, each in a process that may crash, hang or fill its memory.

A process reads many files, one after the other. It tells before and after each, so that whoever watches knows
which file it was that it did not survive; then another goes on behind that file.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2
import psutil

from backend.inference.cpu import available_cores
from backend.inference.errors import ImageError
from backend.inference.images import read_film
from tests.soak.corpus import bombs, seeds
from tests.soak.mutate import mutant

MOST_SECONDS = 1.0
"""Of the process's own time: what other programs do on the machine is no fault of the decoder's."""
MOST_MIB = 300.0
_HANGS_AFTER_SECONDS = 20  # of its own time
_PATIENCE_SECONDS = 900
_ROOM_BYTES = 2 * 2**30

INPUTS = 100_000

Make = Callable[[int], bytes]
Read = Callable[[bytes], Any]


@dataclass(frozen=True)
class Fault:
    """What a file did to the decoder."""

    number: int
    what: str


@dataclass
class Findings:
    """What came of all files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)
    largest: tuple[float, int] = (0.0, -1)

    @property
    def inputs(self) -> int:
        return sum(self.outcomes.values())

    def __add__(self, other: Findings) -> Findings:
        return Findings(
            self.outcomes + other.outcomes,
            self.faults + other.faults,
            max(self.slowest, other.slowest),
            max(self.largest, other.largest),
        )


def run() -> dict[str, Any]:
    """Read a hundred thousand files, as many at once as there are cores, and say what came of them."""
    cores = available_cores()
    with ThreadPoolExecutor(cores) as pool:
        found = sum(pool.map(lambda first: fuzz(range(first, INPUTS, cores)), range(cores)), Findings())
    return {
        "inputs": found.inputs,
        "outcomes": dict(found.outcomes.most_common()),
        "faults": [f"{fault.number}: {fault.what}" for fault in found.faults],
        "slowest_cpu_seconds": round(found.slowest[0], 2),
        "largest_mib": round(found.largest[0]),
        "passed": not found.faults,
    }


def fuzz(numbers: Iterable[int], make: Make = mutant, read: Read = read_film) -> Findings:
    """Return what came of the files of these numbers."""
    found, left = Findings(), list(numbers)
    while left:
        done = _watch(left, make, read, found)
        left = left[done:]
    return found


def _watch(numbers: list[int], make: Make, read: Read, found: Findings) -> int:
    """Have a process read files until one ends it; return how many are done with, that one included."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, numbers, make, read), daemon=True)
    process.start()
    there.close()
    done = 0
    try:
        assert here.poll(_PATIENCE_SECONDS), "the process is not ready"
        here.recv()
        while done < len(numbers):
            try:
                _await(here, process.pid)
                outcome, seconds, mib = here.recv()
            except TimeoutError:
                return done + _lost(found, numbers[done], f"no end after {_HANGS_AFTER_SECONDS} s")
            except EOFError:
                process.join()
                return done + _lost(found, numbers[done], f"the process ended with {process.exitcode}")
            _note(found, numbers[done], outcome, seconds, mib)
            done += 1
            if done % 10_000 == 0:
                print(f"  {found.inputs} inputs, {len(found.faults)} faults", flush=True)
    finally:
        process.kill()
        process.join()
    return done


def _await(connection: Connection, pid: int | None) -> None:
    """Wait for word of a process; raise TimeoutError once it has worked too long without any."""
    assert pid is not None
    with suppress(psutil.NoSuchProcess):
        began = sum(psutil.Process(pid).cpu_times()[:2])
        while not connection.poll(2):
            if sum(psutil.Process(pid).cpu_times()[:2]) - began > _HANGS_AFTER_SECONDS:
                raise TimeoutError


def _lost(found: Findings, number: int, what: str) -> int:
    found.outcomes["lost"] += 1
    found.faults.append(Fault(number, what))
    return 1


def _note(found: Findings, number: int, outcome: str, seconds: float, mib: float) -> None:
    found.outcomes[outcome] += 1
    found.slowest = max(found.slowest, (seconds, number))
    found.largest = max(found.largest, (mib, number))
    if outcome.startswith("fault"):
        found.faults.append(Fault(number, outcome))
    if seconds > MOST_SECONDS:
        found.faults.append(Fault(number, f"{seconds:.2f} s"))
    if mib > MOST_MIB:
        found.faults.append(Fault(number, f"{mib:.0f} MiB"))


def _work(out: Connection, numbers: list[int], make: Make, read: Read) -> None:
    cv2.setNumThreads(1)
    _silence()
    for data in seeds().values():  # whatever is loaded with the first film
        read_film(data)
    if make is mutant:
        bombs()
    resource.setrlimit(resource.RLIMIT_AS, (_status("VmSize") + _ROOM_BYTES,) * 2)
    before = _status("VmRSS")
    out.send("ready")
    for number in numbers:
        data = make(number)
        Path("/proc/self/clear_refs").write_text("5")  # forgets the highest use of memory so far
        started = time.process_time()
        outcome = _read(data, read)
        seconds = time.process_time() - started
        out.send((outcome, seconds, (_status("VmHWM") - before) / 2**20))


def _read(data: bytes, read: Read) -> str:
    try:
        film = read(data)
    except ImageError as error:
        cause = error.__cause__
        short = isinstance(cause, MemoryError) or (isinstance(cause, cv2.error) and cause.code == -4)
        return f"fault: {cause!r}" if short else type(error).__name__
    except Exception as error:
        return f"fault: {error!r}"
    return "film" if film.ndim == 2 and film.dtype.name == "uint8" else "fault: no film"


def _silence() -> None:
    """Drop what the decoders' own libraries write: thousands of complaints."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _status(name: str) -> int:
    """Return a size of this process in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"the kernel does not tell {name}")
