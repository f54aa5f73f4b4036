"""The rows of docs/reliability.md, made of the figures in docs/reliability: `python -m tests.soak.tables`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "docs" / "reliability"

Figures = dict[str, Any]

_SENTENCES: dict[str, tuple[str, Callable[[Figures], str]]] = {
    "fuzz": (
        "5: bad input does no harm",
        lambda f: (
            f"{f['inputs']:,} damaged files through the decoder: {len(f['faults'])} crashes, hangs or other "
            f"exceptions; at most {f['slowest_cpu_seconds']} s of CPU time and {f['largest_mib']} MiB for one"
        ),
    ),
    "memory": (
        "4: memory is flat",
        lambda f: (
            f"{f['requests']:,} mixed requests after {f['warm_up']:,} to warm up: "
            f"{f['grown_mib']:+} MiB at most; {f['lost_answers']} lost answers"
        ),
    ),
    "clients": (
        "5: nobody pays for another client",
        lambda f: (
            f"{f['well_behaved']} clients that behave beside {f['leaving']} that leave at random and "
            f"{f['slow_senders']} senders that never end, for {f['seconds']} s: {f['answers']:,} answers, "
            f"{f['given_up']:,} requests given up, {f['lost_answers']} lost answers"
        ),
    ),
}


def rows(folder: Path = FOLDER) -> list[str]:
    """Return a row for each report: promise, figure, command."""
    found = []
    for file in sorted(folder.glob("*.json")):
        report = json.loads(file.read_text())
        promise, sentence = _SENTENCES[report["scenario"]]
        found.append(f"| {promise} | {sentence(report['figures'])} | `{report['command']}` |")
    return found


if __name__ == "__main__":
    print("\n".join(rows()))
