"""Measure the service beside eager PyTorch: python -m tests.bench [--short] [--device cuda].

A report goes to the terminal and, with plots, into docs/performance; a short one goes nowhere but --out.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.plan import FULL, SHORT
from tests.e2e.conftest import ROOT

FOLDER = ROOT / "docs" / "performance"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--short", action="store_true", help="the goals alone, in less than a minute")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="cuda: the engine alone")
    parser.add_argument("--out", type=Path, help="folder of the report")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # the service is stopped first
    folder = options.out or (None if options.short else FOLDER)
    return _cuda(folder) if options.device == "cuda" else _service(folder, short=options.short)


def _service(folder: Path | None, *, short: bool) -> int:
    from tests.bench.measure import measure
    from tests.bench.tables import as_markdown

    report = measure(SHORT if short else FULL)
    print(as_markdown(report))
    if folder is not None:
        from tests.bench.plots import draw

        _write(folder, "bench", report, as_markdown(report))
        draw(report, folder)
    return 0


def _cuda(folder: Path | None) -> int:
    import torch

    if not torch.cuda.is_available():
        print("No CUDA device was found, or this torch is built without CUDA.", file=sys.stderr)
        return 1
    from tests.bench.cuda import as_markdown, measure
    from tests.bench.plots import draw_batches

    report = measure()
    print(as_markdown(report))
    if folder is not None:
        _write(folder, "bench-cuda", report, as_markdown(report))
        draw_batches(report, folder / "cuda.png")
    return 0


def _write(folder: Path, name: str, report: Mapping[str, Any], text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(report, indent=2) + "\n")
    (folder / f"{name}.md").write_text(text)


if __name__ == "__main__":
    sys.exit(main())
