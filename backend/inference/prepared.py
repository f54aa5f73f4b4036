"""Keep networks as OpenVINO prepared them for this processor, which takes much of a start.

A worker that takes the place of one that died is ready the sooner. What is kept lies beside the export that
it was made from, under a name that tells the processor, OpenVINO's build and the precision; four bytes at
its end tell whether it is whole. Where nothing can be kept, or it is spoilt, the export is compiled again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from backend.inference.cpu import instruction_sets
from backend.inference.openvino_runtime import ov

_CHECKSUM_BYTES = 4
"""CRC-32, which is there to find accidents: who may write here may write the export too."""


def prepared_path(folder: Path, precision: str) -> Path:
    """Return where a network of an export's folder is kept for this processor, in a precision."""
    core = ov.Core()
    made_for = [
        ov.get_version(),
        core.get_property("CPU", "FULL_DEVICE_NAME"),
        *core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"),
        *instruction_sets(),
        precision,
    ]
    return folder / f"prepared-{hashlib.sha256(' '.join(made_for).encode()).hexdigest()[:16]}"


def load_prepared(path: Path, options: dict[str, Any]) -> ov.CompiledModel | None:
    """Return the network that is kept there; None without one, or with one that is spoilt."""
    try:
        held = np.memmap(path, np.uint8, "r")
    except (OSError, ValueError):  # none, or an empty one
        return None
    blob, checksum = held[:-_CHECKSUM_BYTES], held[-_CHECKSUM_BYTES:]
    if checksum.tobytes() == _checksum(blob):
        with suppress(RuntimeError):  # whatever OpenVINO meets
            return ov.Core().import_model(ov.Tensor(blob), "CPU", options)
    return None


def keep_prepared(path: Path, network: ov.CompiledModel) -> None:
    """Keep a network there, whole or not at all, in place of what was kept for other processors.

    Where that cannot be done it is not.
    """
    unfinished = path.with_name("prepared.unfinished")
    with suppress(OSError, RuntimeError, MemoryError), unfinished.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # another worker keeps the same
        if not os.path.samestat(os.fstat(file.fileno()), unfinished.stat()):
            return  # another has kept it meanwhile: this file bears the final name
        try:
            blob = network.export_model().getbuffer()
            file.truncate(0)
            file.write(blob)
            file.write(_checksum(blob))
            file.flush()
        except BaseException:
            unfinished.unlink()
            raise
        os.rename(unfinished, path)
        for other in set(path.parent.glob("prepared-*")) - {path}:
            other.unlink()


def _checksum(blob: Any) -> bytes:
    return zlib.crc32(blob).to_bytes(_CHECKSUM_BYTES, "big")
