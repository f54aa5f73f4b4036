"""What many threads free goes back, or is used again by all of them."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")

ROOT = Path(__file__).parent.parent
# Eight threads allocate side by side, which gives each a heap of its own where that is allowed.
PROGRAM = """
import ctypes, re, sys, tempfile, threading
from backend.allocator import settle

{settle}
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(8)

def allocate():
    together.wait()
    held = [libc.malloc(1000) for _ in range(1000)]
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.NamedTemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(len(re.findall("<heap nr=", open(file.name).read())))
"""


def heaps(settle: str) -> int:
    program = PROGRAM.format(settle=settle)
    return int(subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, env={}, text=True))


def test_threads_share_two_heaps_instead_of_having_one_each() -> None:
    assert heaps("settle()") <= 2
    assert heaps("pass") > 2


def test_another_allocator_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from backend import allocator

    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: object())
    allocator.settle()
