"""Say what machine measured."""

from __future__ import annotations

import os
import platform
import sys
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from backend.inference.cpu import available_cores

_BUSY_TIMES = ("user", "nice", "system", "irq", "softirq", "steal")
_PACKAGES = ("torch", "openvino", "numpy", "gunicorn")


class Others:
    """What the cores do for others, from now on."""

    def __init__(self) -> None:
        self._began = time.monotonic(), _busy_seconds(), _own_seconds()

    def share(self) -> float:
        """Return their share of the cores; what this process started must have ended."""
        began, busy, own = self._began
        theirs = (_busy_seconds() - busy) - (_own_seconds() - own)
        return max(0.0, theirs / (time.monotonic() - began) / (psutil.cpu_count() or 1))


def describe() -> dict[str, Any]:
    """Return the machine, and the versions that matter."""
    return {
        "cpu": _cpu_model(),
        "cores": available_cores(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def origin() -> dict[str, str]:
    """Return when this was measured, and by which command."""
    command = " ".join(["python -m tests.bench", *sys.argv[1:]])
    return {"date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "command": command}


def _busy_seconds() -> float:
    """Return what all cores have worked since the machine started, or were kept from it by its host."""
    times = psutil.cpu_times()
    return sum(getattr(times, kind, 0.0) for kind in _BUSY_TIMES)


def _own_seconds() -> float:
    """Return what this process has worked, and those that it started and that ended."""
    return sum(os.times()[:4])


def _cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
