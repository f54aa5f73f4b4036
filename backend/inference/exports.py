"""Find the networks in OpenVINO's format, having them exported where that was not done yet."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from backend.inference.card import Card, NetworkCard
from backend.inference.errors import EngineRefused

FOLDER = "compiled"
"""Where exports lie in a weights folder."""

_FORM = 2
"""Counts up when exports come to hold something else, so that older ones are made anew."""

_ROOT = Path(__file__).parent.parent.parent
_MOST_SECONDS = 300


@dataclass(frozen=True)
class Export:
    """One network's folder: the model, and films with the reference's logits to check it by."""

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / "network.xml"

    @property
    def probe(self) -> Path:
        return self.folder / "probe.npz"


def export_of(card: NetworkCard, out: Path) -> Export:
    """Return where a network's export belongs: other weights or another OpenVINO have another place."""
    return Export(out / f"{card.architecture}-{card.sha256[:16]}-{version('openvino')}-{_FORM}")


def find_exports(folder: Path, card: Card, stack: ExitStack) -> list[Export]:
    """Return each network's export; those of a folder that cannot be written to last as long as the stack.

    Raise EngineRefused when they cannot be made.
    """
    out = folder / FOLDER
    exports = [export_of(each, out) for each in card.networks]
    if all(each.folder.is_dir() for each in exports):
        return exports
    try:
        out.mkdir(exist_ok=True)
        tempfile.TemporaryFile(dir=out).close()
    except OSError:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pneumonet-")))
    make_exports(folder, out)
    return [export_of(each, out) for each in card.networks]


def make_exports(folder: Path, out: Path) -> None:
    """Export the networks of a weights folder by a program of its own; raise EngineRefused.

    So the process that serves them never holds torch in its memory.
    """
    program = [
        sys.executable,
        "-m",
        "backend.inference.openvino_export",
        str(folder.resolve()),
        str(out.resolve()),
    ]
    try:
        done = subprocess.run(program, cwd=_ROOT, capture_output=True, text=True, timeout=_MOST_SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineRefused(f"the networks cannot be exported: {type(error).__name__}") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise EngineRefused(f"the networks cannot be exported: {reason}")
