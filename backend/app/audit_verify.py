"""Find out whether an audit log is whole."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.app.audit_log import (
    NO_ENTRY,
    NOTHING_BEFORE,
    derived,
    hashed,
    held_still,
    rotated,
    sealed,
    unsealed,
)


class Broken(Exception):
    """The chain does not hold: where, and why not."""


@dataclass(frozen=True)
class Whole:
    """A chain that holds: its first and last numbers, and the hash of its last line."""

    first: int
    last: int
    hash: str


def verify_log(path: Path, key: str, noted: str = "", start: int = 1) -> Whole:
    """Read a log, which may be written meanwhile, with all that was rotated of it; see `verify`."""
    with held_still(path):  # no longer than this: answers wait for it
        aside, latest = rotated(path), path.read_bytes()
    files = [*((file, None) for _, file in aside), (path, latest)]
    return _chain(
        ((file, file.read_bytes() if data is None else data) for file, data in files), key, noted, start
    )


def verify(paths: Sequence[Path], key: str, noted: str = "", start: int | None = None) -> Whole:
    """Read the files as one chain and return it; raise Broken, or OSError.

    Without a key the seals are not looked at. `noted` is the hash of a last line that was noted down earlier:
    it must be among the lines, or what came after it has been cut off. `start` is a number from which on no
    entry may be missing.
    """
    return _chain(((path, path.read_bytes()) for path in paths), key, noted, start)


def _chain(files: Iterable[tuple[Path, bytes]], key: str, noted: str, start: int | None) -> Whole:
    seal = derived(key, "line") if key else None
    first = last = 0
    before, seen = "", not noted
    for path, data in files:
        if data and not data.endswith(b"\n"):
            raise Broken(f"{path}: the last line is cut short")
        for at, line in enumerate(data[:-1].split(b"\n") if data else [], start=1):
            where = f"{path}, line {at}"
            parts = unsealed(line)
            try:
                record = json.loads(line)
                number, prev = int(record["seq"]), record["prev"]
            except NO_ENTRY:
                raise Broken(f"{where}: it is no entry") from None
            if parts is None:
                raise Broken(f"{where}: it has no seal")
            if not first and start is not None and number > start:
                raise Broken(f"{where}: the entries before {number} are missing")
            if first and number != last + 1:
                raise Broken(f"{where}: number {number} follows {last}")
            if prev != (before or (NOTHING_BEFORE if number == 1 else prev)):
                raise Broken(f"{where}: it does not follow from the line before")
            if seal and not hmac.compare_digest(sealed(seal, parts[0]), parts[1]):
                raise Broken(f"{where}: its seal is not of this key, so it was changed")
            first, last, before = first or number, number, hashed(line)
            seen = seen or before == noted
    if not first:
        raise Broken("there is no entry")
    if not seen:
        raise Broken(f"the line with the hash {noted} is not there any more")
    return Whole(first, last, before)
