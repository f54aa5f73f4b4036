"""Have glibc give memory back: films of all sizes, decoded by many threads, would scatter it for good.

By default each thread may have a heap of its own, and what one of them freed no other uses; and after the
first large film its size is taken for ordinary, so that others like it leave holes in those heaps. Memory
then grows in steps, though nothing is kept.
"""

from __future__ import annotations

import ctypes
import sys

# malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8

_HEAPS = 2
_LARGE_BYTES = 2**20
"""From here on memory comes from the kernel and goes back to it; smaller pieces are not worth the way."""
_TRIM_BYTES = 16 * 2**20


def settle() -> None:
    """Set glibc's allocator up, for this process and all it forks; leave any other alone.

    To be called before there are threads: a heap that one has already stays.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # musl
        return
    mallopt(_M_ARENA_MAX, _HEAPS)
    mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
    mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES)
