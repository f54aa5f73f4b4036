"""Where gunicorn's workers count together: a folder in memory, gone with the master unless that is killed.

A worker counts in the files of its place, which a later one takes over: what was counted goes on, and however
many workers die, the folder does not grow. Each file has all its room from the start, for a process that
writes to a mapped page which finds none is killed (SIGBUS), and so would be whoever came in its place.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import values

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

    from backend.worker import DrainingWorker

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_MEMORY = Path("/dev/shm")  # noqa: S108 (a new folder in it, which only its owner may enter)

_GAUGES = {f"gauge_live{how}": 64 * 2**10 for how in ("sum", "max", "min")}
FILES = {"counter": 2**20, "histogram": 2**20, **_GAUGES}
"""The library's kinds of file, and more bytes than all our metrics' labels can fill: 2.2 MiB a place."""
_NOTHING = bytes(8)
"""How a file begins that holds no value yet."""


@cache
def metrics_folder() -> Path:
    """Return the folder, made the first time: a reloaded configuration finds the one that is in use."""
    in_memory = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    return Path(tempfile.mkdtemp(prefix="pneumonet-metrics-", dir=_MEMORY if in_memory else None))


def give_place(master: Arbiter, worker: DrainingWorker) -> None:
    """Give a worker that is about to begin the first free place, or none where there is no room.

    Who has none shows its own counts alone, and is not among those that the others show.
    """
    taken = {each.place for each in master.WORKERS.values()}
    place = next(number for number in range(len(taken) + 1) if number not in taken)
    try:
        _reserve(place)
        _clear_gauges(place)
        worker.place = place
    except OSError as error:
        master.log.error("no room for a worker's counts (%s): it counts by itself", error.strerror)


def take_place(worker: DrainingWorker) -> None:
    """Have this process count in its place from now on, or by itself if it has none."""
    place = worker.place
    values.ValueClass = values.MutexValue if place is None else values.MultiProcessValue(lambda: place)


def leave_place(worker: DrainingWorker) -> None:
    """Take away the gauges of a worker that has gone; what it counted stays."""
    if worker.place is not None:
        _clear_gauges(worker.place)


def remove() -> None:
    shutil.rmtree(metrics_folder(), ignore_errors=True)


def _reserve(place: int) -> None:
    """Have the files of a place lie there, each whole; raise OSError and leave none half made."""
    for kind, size in FILES.items():
        if not (file := _file(kind, place)).exists():
            unfinished = file.with_suffix(".tmp")
            try:
                with unfinished.open("wb") as begun:
                    os.posix_fallocate(begun.fileno(), 0, size)
                unfinished.rename(file)
            finally:
                unfinished.unlink(missing_ok=True)


def _clear_gauges(place: int) -> None:
    for kind in _GAUGES:
        with suppress(OSError), _file(kind, place).open("r+b") as file:
            file.write(_NOTHING)


def _file(kind: str, place: int) -> Path:
    return metrics_folder() / f"{kind}_{place}.db"
