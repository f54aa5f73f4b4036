"""Look through everything that a service has written for what was sent to it."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

_MOST_BYTES = 64 * 2**20
# What lies there is not the service's, or is only read.
_PASSED_OVER = {".git", "node_modules", "proc", "sys"}


def forms(marker: str) -> dict[str, bytes]:
    """Return how a marker may be written: plain, in hex, in base64 (at each of its three places), ..."""
    plain = marker.encode()
    found = {
        "plain": plain,
        "lower": plain.lower(),
        "upper": plain.upper(),
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
        "escaped": b"\\x" + b"\\x".join(f"{byte:02x}".encode() for byte in plain),
        "utf-16": marker.encode("utf-16-le"),
    }
    for shift in range(3):
        # Without what neighbours have a part in.
        text = base64.b64encode(b"\0" * shift + plain)
        found[f"base64 {shift}"] = text[(0, 2, 4)[shift] :].rstrip(b"=")[:-2]
    return found


def find(marker: str, data: bytes) -> list[str]:
    """Return the forms in which the data holds the marker."""
    return [form for form, written in forms(marker).items() if written in data]


def written_since(moment: float, roots: Iterable[Path]) -> Iterator[Path]:
    """Yield the files in some folders that were written or made since then (seconds since the epoch)."""
    for root in roots:
        for folder, names, files in os.walk(root):
            names[:] = [name for name in names if name not in _PASSED_OVER]
            for name in [*files, *names]:
                path = Path(folder, name)
                with suppress(OSError):
                    status = path.lstat()
                    if max(status.st_mtime, status.st_ctime) >= moment - 1:
                        yield path


def open_files(processes: Sequence[psutil.Process]) -> Iterator[Path]:
    """Yield what these processes have open, files that have lost their name among it."""
    for process in processes:
        with suppress(OSError, psutil.NoSuchProcess):
            for entry in Path(f"/proc/{process.pid}/fd").iterdir():
                with suppress(OSError):
                    if entry.stat().st_mode & 0o170000 == 0o100000:  # a regular file
                        yield entry


def traces(markers: Sequence[str], files: Iterable[Path]) -> list[tuple[str, str, str]]:
    """Return where markers were found: (file, marker, form); a file's own name counts too."""
    found = []
    for path in files:
        named = str(path).encode()
        data = _content(path)
        for marker in markers:
            found += [(str(path), marker, form) for form in find(marker, data)]
            found += [(str(path), marker, f"name, {form}") for form in find(marker, named)]
    return found


def _content(path: Path) -> bytes:
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(_MOST_BYTES)
    return b""
