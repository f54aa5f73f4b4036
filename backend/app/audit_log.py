"""Append to a log whose lines cannot be changed unnoticed: each has the hash of the one before, and a seal.

A line is a JSON object. `prev` is the SHA-256 of the whole line before (of zeros before the first), across
files that have been rotated away; `mac`, always last, is an HMAC over the line without it, so that who can
write the file but has not the key can make no line that passes. Several processes may append to one log.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NOTHING_BEFORE = "0" * 64
LOCK_SECONDS = 5.0
"""How long to wait for another process to finish its line."""

NO_ENTRY = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""What reading a line raises that is none of ours: a number of 1e999 overflows, say."""

_TAIL_BYTES = 2**17  # more than any line: headers, and so names in tokens, are shorter
_SEALED = re.compile(rb'(\{.*),"mac":"([0-9a-f]{64})"\}')


class AuditUnavailable(Exception):
    """The log cannot be written."""


class AuditLog:
    """A chain of lines in a file, and in those that were rotated away: PATH.1, PATH.2 and so on."""

    def __init__(self, path: Path, key: str, max_bytes: int) -> None:
        self._path, self._max_bytes = path, max_bytes
        self._seal, self._films = derived(key, "line"), derived(key, "film")

    def fingerprint(self, film: bytes) -> str:
        """Return the keyed hash of a film's file: the same for the same file, and telling nothing else."""
        return hmac.digest(self._films, film, hashlib.sha256).hex()

    def check(self) -> None:
        """Raise AuditUnavailable unless a line could be written, and would follow from the last."""
        with self._held() as file:
            _number(_last_line(file) or self._last_rotated())

    def append(self, entry: Mapping[str, Any]) -> None:
        """Write a line and have it reach the disk; raise AuditUnavailable, and then nothing is written."""
        with self._held() as file:
            before = _last_line(file) or self._last_rotated()
            _number(before)  # before anything is changed
            dropped = _drop_half_a_line(file)
            if before and os.fstat(file).st_size >= self._max_bytes:
                file = self._rotated(file)
            if dropped:
                before = self._write(file, before, {"event": "repaired", "bytes": dropped})
            self._write(file, before, {"event": "answer", **entry})

    def _write(self, file: int, before: bytes, entry: Mapping[str, Any]) -> bytes:
        record = {
            "seq": _number(before) + 1,
            "time": datetime.now(UTC).isoformat(),
            **entry,
            "prev": hashed(before) if before else NOTHING_BEFORE,
        }
        body = json.dumps(record, separators=(",", ":")).encode()
        line = body[:-1] + b',"mac":"' + sealed(self._seal, body).encode() + b'"}'
        size = os.fstat(file).st_size
        try:
            left = memoryview(line + b"\n")
            while left:
                left = left[os.write(file, left) :]
            os.fsync(file)
        except OSError:
            os.ftruncate(file, size)
            raise
        return line

    @contextmanager
    def _held(self) -> Iterator[int]:
        """Open the file for this process alone."""
        import fcntl  # there is none on Windows, where gunicorn serves nothing either

        try:
            lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                deadline = time.monotonic() + LOCK_SECONDS
                while True:
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        if time.monotonic() > deadline:
                            raise
                        time.sleep(0.002)
                file = self._opened()
                try:
                    yield file
                finally:
                    os.close(file)
            finally:
                os.close(lock)
        except (OSError, *NO_ENTRY) as error:
            reason = error.strerror if isinstance(error, OSError) else "its last line makes no sense"
            raise AuditUnavailable(reason) from error

    def _opened(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _rotated(self, file: int) -> int:
        """Put the full file aside and go on in a new one, under the number of the old."""
        numbers = [number for number, _ in rotated(self._path)]
        aside = f"{self._path}.{max(numbers, default=0) + 1}"
        if os.path.lexists(aside):  # renaming would replace it
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), aside)
        self._path.rename(aside)
        os.dup2(new := self._opened(), file)
        os.close(new)
        return file

    def _last_rotated(self) -> bytes:
        """Return the last line of the file that was rotated away last: a crash may come before the next."""
        files = rotated(self._path)
        if not files:
            return b""
        file = os.open(files[-1][1], os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _last_line(file)
        finally:
            os.close(file)


def derived(key: str, purpose: str) -> bytes:
    """Return a key for one purpose, which tells nothing of that for another."""
    return hmac.digest(key.encode(), purpose.encode(), hashlib.sha256)


def hashed(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def sealed(key: bytes, body: bytes) -> str:
    return hmac.digest(key, body, hashlib.sha256).hex()


def unsealed(line: bytes) -> tuple[bytes, str] | None:
    """Return a line without its seal, and the seal; None where it has none."""
    match = _SEALED.fullmatch(line)
    return (match[1] + b"}", match[2].decode()) if match else None


def rotated(path: Path) -> list[tuple[int, Path]]:
    """Return the files that were rotated away, oldest first, with their numbers."""
    beginning = f"{path.name}."
    # Not glob, to which a name such as audit[1] is a pattern, and a folder that it cannot list an empty one.
    found = [
        (int(name.removeprefix(beginning)), path.with_name(name))
        for name in os.listdir(path.parent)
        if name.startswith(beginning) and name.removeprefix(beginning).isdecimal()
    ]
    return sorted(found)


@contextmanager
def held_still(path: Path) -> Iterator[None]:
    """Keep all processes from writing; a copy of a log has no lock, and nobody who writes it."""
    try:
        lock = os.open(f"{path}.lock", os.O_RDONLY)
    except FileNotFoundError:
        yield
        return
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield
    finally:
        os.close(lock)


def _number(line: bytes) -> int:
    """Return a line's number, 0 for none at all; raise one of NO_ENTRY where the line is none."""
    return int(json.loads(line)["seq"]) if line else 0


def _last_line(file: int) -> bytes:
    """Return the last whole line, without its end; empty where there is none."""
    tail = _tail(file)
    return tail[: tail.rfind(b"\n") + 1].rstrip(b"\n").rpartition(b"\n")[2]


def _drop_half_a_line(file: int) -> int:
    """Cut off what a crash left of a line whose answer was never given; return its length."""
    tail = _tail(file)
    half = len(tail) - (tail.rfind(b"\n") + 1)
    if half:
        os.ftruncate(file, os.fstat(file).st_size - half)
    return half


def _tail(file: int) -> bytes:
    """Return the file's end; raise ValueError where that is so long a line that it cannot be ours."""
    size = os.fstat(file).st_size
    tail = os.pread(file, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
    if size > _TAIL_BYTES and b"\n" not in tail:
        raise ValueError
    return tail
