"""Fit the service to the container: replace each setting that is 0 by what cores and memory are for."""

from __future__ import annotations

from dataclasses import replace

from backend.app.settings import Settings
from backend.inference.cpu import available_cores, available_memory

CORES_A_PROCESS = 2
"""Cores that share one film's arithmetic, so that a container of two has one process."""

MEMORY_A_PROCESS = 2**30
"""Bytes of a process with the networks that reads ordinary films."""

MEMORY_A_FILM = 80 * 2**20
"""Bytes that a film of the largest size takes while it waits: its body, its file and its pixels."""

PROXY_SHARE = 4
"""One part in so many of the memory is for the bodies that a proxy in the same container holds."""

_MOST_WAITING = 64
_MEMORY_WITH_A_QUEUE = 3 * 2**29
_BEYOND_THE_QUEUE = 16


def fit(settings: Settings, cores: int | None = None, memory: int | None = None) -> Settings:
    """Return the settings without zeros, for so many cores and bytes; by default those of the container."""
    cores = cores or available_cores()
    memory = (memory or available_memory()) * (PROXY_SHARE - 1) // PROXY_SHARE
    workers = settings.workers or max(1, min(cores // CORES_A_PROCESS, memory // _MEMORY_WITH_A_QUEUE))
    room = memory // workers - MEMORY_A_PROCESS
    queue_limit = settings.queue_limit or max(1, min(_MOST_WAITING, room // MEMORY_A_FILM))
    return replace(
        settings,
        workers=workers,
        threads=settings.threads or queue_limit + _BEYOND_THE_QUEUE,
        engine_threads=settings.engine_threads or max(1, cores // workers),
        queue_limit=queue_limit,
    )
