"""Tell what this process may use, its container's quota and limit, and stand back for others."""

import math
import os
import platform
import sys
from contextlib import suppress
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")
"""Where a container sees the limits of its own control group, version 2."""

STOOD_BACK = 10
"""By how much a thread that stands back is nicer, nice(2): who else wants its core has nine tenths of it."""


def available_cores(cgroup: Path = CGROUP) -> int:
    """Return the smaller of CPU affinity and cgroup v2 quota, at least 1."""
    affine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
        return max(1, min(affine, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no cgroup v2, or "max": no quota
        return affine


def available_memory(cgroup: Path = CGROUP) -> int:
    """Return the smaller of the machine's memory and cgroup v2 limit, in bytes."""
    installed: int = psutil.virtual_memory().total
    try:
        return min(installed, int((cgroup / "memory.max").read_text()))
    except (OSError, ValueError):  # no cgroup v2, or "max": no limit
        return installed


def free_memory(cgroup: Path = CGROUP) -> int:
    """Return the bytes that may still be taken, of the machine's and of the cgroup v2 limit."""
    free: int = psutil.virtual_memory().available
    try:
        limit, used = (int((cgroup / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no cgroup v2, or "max": no limit
        return free
    return min(free, limit - used)


def instruction_sets(cpuinfo: Path = Path("/proc/cpuinfo")) -> list[str]:
    """Return what the processor can compute with, in the system's words."""
    try:
        lines = [line.partition(":") for line in cpuinfo.read_text().splitlines()]
    except OSError:
        return [platform.machine(), platform.processor()]
    return next((words.split() for name, _, words in lines if name.strip() in {"flags", "Features"}), [])


def stand_back() -> None:
    """Have this thread, and those that it begins, let those pass that want a core for a moment only."""
    if sys.platform == "linux":  # elsewhere it would be the whole process
        with suppress(OSError):  # a sandbox may know no such call
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
            os.nice(STOOD_BACK)
