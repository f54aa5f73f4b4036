"""Find out whether an audit log is whole."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.app.audit_log import NOTHING_BEFORE, derived, hashed, rotated, sealed, unsealed


class Broken(Exception):
    """The chain does not hold: where, and why not."""


@dataclass(frozen=True)
class Whole:
    """A chain that holds: its first and last numbers, and the hash of its last line."""

    first: int
    last: int
    hash: str


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Return the files to read, oldest first: those given, or for a single log what was rotated of it too."""
    if len(paths) == 1:
        return [*(file for _, file in rotated(paths[0])), *paths]
    return list(paths)


def verify(paths: Sequence[Path], key: str, noted: str = "") -> Whole:
    """Read the files as one chain and return it; raise Broken, or OSError.

    Without a key the seals are not looked at. `noted` is the hash of a last line that was noted down earlier:
    it must be among the lines, or what came after it has been cut off.
    """
    seal = derived(key, "line") if key else None
    first = last = 0
    before, seen = "", not noted
    for path in paths:
        data = path.read_bytes()
        if data and not data.endswith(b"\n"):
            raise Broken(f"{path}: the last line is cut short")
        for at, line in enumerate(data.splitlines(), start=1):
            where = f"{path}, line {at}"
            parts = unsealed(line)
            try:
                record = json.loads(line)
                number, prev = int(record["seq"]), record["prev"]
            except (ValueError, KeyError, TypeError):
                raise Broken(f"{where}: it is no entry") from None
            if parts is None:
                raise Broken(f"{where}: it has no seal")
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
