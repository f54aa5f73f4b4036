"""Fit the service to the container: replace each setting that is 0 by what cores and memory are for."""

from __future__ import annotations

from dataclasses import replace

from backend.app.settings import Settings
from backend.inference.cpu import available_cores, available_memory

CORES_A_PROCESS = 2
"""Cores that share one film's arithmetic, so that a container of two has one process."""

MEMORY_A_PROCESS = 2**30
"""Bytes of a process with the networks that reads ordinary films."""

MEMORY_A_FILM = 48 * 2**20
"""Bytes that a film of the largest size takes while it waits: its file, all that came with it, its pixels."""

MEMORY_A_DECODE = 250 * 2**20
"""Bytes that decoding a film takes at most (docs/reliability.md)."""

PROXY_SHARE = 4
"""One part in so many of the memory is for the bodies that a proxy in the same container holds."""

_MOST_WAITING = 64
_MEMORY_WITH_A_QUEUE = 3 * 2**29
_MOST_HITS = 8
_BEYOND_THE_QUEUE = 16
"""Threads for two films that are read, for the most hits, and for six probes and refusals."""


def fit(settings: Settings, cores: int | None = None, memory: int | None = None) -> Settings:
    """Return the settings without zeros, for so many cores and bytes; by default those of the container."""
    cores, memory = cores or available_cores(), memory or available_memory()
    most = min(cores // CORES_A_PROCESS, _without_proxy(memory) // _MEMORY_WITH_A_QUEUE)
    workers = settings.workers or max(1, most)
    at_once = decoders(replace(settings, workers=workers), cores, memory)
    room = _room(memory, workers) - at_once * MEMORY_A_DECODE - hits(at_once) * MEMORY_A_FILM
    queue_limit = settings.queue_limit or max(1, min(_MOST_WAITING, room // MEMORY_A_FILM))
    return replace(
        settings,
        workers=workers,
        threads=settings.threads or queue_limit + _BEYOND_THE_QUEUE,
        engine_threads=settings.engine_threads or max(1, cores // workers),
        queue_limit=queue_limit,
    )


def decoders(settings: Settings, cores: int | None = None, memory: int | None = None) -> int:
    """Return how many films a process decodes at once: as many as it has cores, if half its room allows."""
    cores, memory = cores or available_cores(), memory or available_memory()
    room = _room(memory, settings.workers) // 2
    return max(1, min(_MOST_HITS, cores // settings.workers, room // MEMORY_A_DECODE))


def hits(decoders: int) -> int:
    """Return how many films whose result is known a process has places for, beside its queue."""
    return min(_MOST_HITS, 2 * decoders)


def _room(memory: int, workers: int) -> int:
    """Return the bytes that a process has for films."""
    return _without_proxy(memory) // workers - MEMORY_A_PROCESS


def _without_proxy(memory: int) -> int:
    return memory * (PROXY_SHARE - 1) // PROXY_SHARE
