"""Know callers by API keys, of which only hashes are configured.

A key is 256 random bits, so that its plain SHA-256 gives nothing away: there is no dictionary to try. Where
they are listed, a key is `NAME:ROLES:HASH`, roles with + between them.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from backend.app.identity import ROLES, Caller, Role

log = logging.getLogger("pneumonet")

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LINE = re.compile(rf"({NAME.pattern}):([a-z+]+):([0-9a-f]{{64}})")
# A file that was written this short a while ago may be written again without its time stamp telling.
_SETTLED_SECONDS = 2.0


class BadKey(ValueError):
    """A configured key cannot be understood; what is wrong with it is said without quoting it."""


@dataclass(frozen=True)
class Key:
    """One key as it is configured."""

    caller: Caller
    digest: str

    @classmethod
    def parse(cls, line: str) -> Key:
        """Return the key of a line; raise BadKey."""
        match = _LINE.fullmatch(line)
        if match is None:
            raise BadKey("is not NAME:ROLES:HASH, as python -m backend key prints it")
        roles = match[2].split("+")
        if not set(roles) <= set(ROLES):
            raise BadKey(f"has another role than {' and '.join(ROLES)}")
        return cls(Caller("key", match[1], frozenset(cast("list[Role]", roles))), match[3])


def new_key() -> str:
    return "pneumonet_" + secrets.token_urlsafe(32)


def configured(name: str, roles: Iterable[Role], key: str) -> str:
    """Return the line that lets a key in."""
    return f"{name}:{'+'.join(roles)}:{_digest(key)}"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class KeyRing:
    """The keys that are let in now: those given, and those of a file, read again when it changes.

    What cannot be read lets nobody in: an unreadable file has no keys, a spoilt line is none.
    """

    def __init__(self, lines: Iterable[str] = (), file: Path | None = None) -> None:
        """Raise BadKey for a given line that is no key; the file is first read when somebody comes."""
        self._given = tuple(_parsed(f"API_KEYS: entry {at}", line) for at, line in enumerate(lines, start=1))
        self._file = file
        # Both in one, for threads: keys never stand beside the stamp of others.
        self._read: tuple[tuple[int, ...] | None, tuple[Key, ...]] = (None, ())

    def check(self) -> None:
        """Raise BadKey for a line of the file that is no key, and OSError where it cannot be read."""
        for at, line in _lines(self._file) if self._file else ():
            _parsed(f"API_KEYS_FILE: line {at}", line)

    def caller(self, presented: str) -> Caller | None:
        """Return whose key this is, or None. How long that takes does not tell which one is nearly right."""
        found = None
        digest = _digest(presented)
        for key in (*self._given, *self._from_file()):
            if hmac.compare_digest(key.digest, digest) and found is None:
                found = key.caller
        return found

    def _from_file(self) -> tuple[Key, ...]:
        if self._file is None:
            return ()
        stamp, (known, keys) = _stamp(self._file), self._read
        if stamp is None or stamp != known:
            try:
                keys = _read(self._file)
            except OSError as error:  # not remembered: it may pass without the file's being changed
                log.error("keys cannot be read", extra={"fields": {"reason": os.strerror(error.errno or 0)}})
                return ()
            self._read = (stamp, keys)
        return keys


def _stamp(file: Path) -> tuple[int, ...] | None:
    """Return what changes whenever the file does; None where that cannot be told."""
    try:
        found = file.stat()
    except OSError:
        return None
    if time.time() - found.st_mtime < _SETTLED_SECONDS:
        return None
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


def _read(file: Path) -> tuple[Key, ...]:
    keys = []
    for at, line in _lines(file):
        try:
            keys.append(Key.parse(line))
        except BadKey as error:
            log.error("key left out", extra={"fields": {"reason": f"API_KEYS_FILE: line {at} {error}"}})
    return tuple(keys)


def _lines(file: Path) -> list[tuple[int, str]]:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    stripped = ((at, line.strip()) for at, line in enumerate(lines, start=1))
    return [(at, line) for at, line in stripped if line and not line.startswith("#")]


def _parsed(where: str, line: str) -> Key:
    try:
        return Key.parse(line)
    except BadKey as error:
        raise BadKey(f"{where} {error}") from None
