"""Run scenarios, one after the other, each in a process of its own: `python -m tests.soak [NAME ...]`.

Each writes its figures into docs/reliability/NAME.json (`--out` names another folder), from which
tests/test_reliability.py checks the table in docs/reliability.md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import machine

ROOT = Path(__file__).parent.parent.parent
# Name, and the most minutes that it may take.
SCENARIOS = {"fuzz": 40, "memory": 30, "clients": 10, "faults": 6}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENARIOS))
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "reliability")
    parser.add_argument("--here", action="store_true", help="in this process, and one scenario only")
    options = parser.parse_args()
    if unknown := set(options.names) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    names = options.names or list(SCENARIOS)
    if options.here:
        return _run(names[0], options.out)
    verdicts = {name: _run_apart(name, options.out) for name in names}
    print("\nWhat came of it:")
    for name, verdict in verdicts.items():
        print(f"  {name:12} {verdict}")
    return 0 if all(verdict.startswith("passed") for verdict in verdicts.values()) else 1


def _run_apart(name: str, out: Path) -> str:
    """Run a scenario in a process of its own; return its verdict and its figures in a line."""
    print(f"{name}: at most {SCENARIOS[name]} minutes", flush=True)
    program = [sys.executable, "-m", "tests.soak", "--here", "--out", str(out), name]
    try:
        done = subprocess.run(program, cwd=ROOT, timeout=SCENARIOS[name] * 60)
    except subprocess.TimeoutExpired:
        return f"failed: not done within {SCENARIOS[name]} minutes"
    if not (out / f"{name}.json").exists():
        return "failed: no figures"
    figures = json.loads((out / f"{name}.json").read_text())["figures"]
    line = ", ".join(f"{key} {value}" for key, value in figures.items() if not isinstance(value, dict))
    return f"{'passed' if done.returncode == 0 else 'failed'}: {line}"


def _run(name: str, out: Path) -> int:
    file = out / f"{name}.json"
    file.unlink(missing_ok=True)
    started = time.monotonic()
    figures = importlib.import_module(f"tests.soak.{name}").run()
    report = {
        "scenario": name,
        "command": f"python -m tests.soak {name}",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine.describe(),
        "minutes": round((time.monotonic() - started) / 60, 1),
        "figures": figures,
    }
    file.write_text(json.dumps(report, indent=2) + "\n")
    return 0 if figures["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
