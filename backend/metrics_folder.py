"""Where gunicorn's workers count together: a folder in memory, made with the first and gone with the last."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from prometheus_client import multiprocess

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_MEMORY = Path("/dev/shm")  # noqa: S108 (a new folder in it, which only its owner may enter)


@cache
def metrics_folder() -> Path:
    """Return the folder, made the first time: a reloaded configuration finds the one that is in use."""
    in_memory = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    return Path(tempfile.mkdtemp(prefix="pneumonet-metrics-", dir=_MEMORY if in_memory else None))


def forget_worker(pid: int) -> None:
    """Take away the gauges of a worker that has gone; what it counted stays."""
    multiprocess.mark_process_dead(pid, str(metrics_folder()))


def remove() -> None:
    shutil.rmtree(metrics_folder(), ignore_errors=True)
