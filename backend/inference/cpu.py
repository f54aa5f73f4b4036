"""Measure what this process may use: the container's quota and limit, not the host's cores and memory."""

import math
import os
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")
"""Where a container sees the limits of its own control group, version 2."""


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
