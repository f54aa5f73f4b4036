"""Imports run one way: app → inference ← training; the environment is read in one place."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BACKEND = Path(__file__).parent.parent / "backend"
FORBIDDEN = {
    "inference": {"backend.app", "backend.training", "flask", "werkzeug"},
    "training": {"backend.app", "flask", "werkzeug"},
    "app": {"backend.training", "torch", "torchvision"},
}


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("room", FORBIDDEN)
def test_no_import_runs_against_the_arrow(room: str) -> None:
    modules = sorted((BACKEND / room).rglob("*.py"))
    assert modules
    wrong = [
        f"{module.relative_to(BACKEND)} imports {name}"
        for module in modules
        for name in imports(module)
        for barred in FORBIDDEN[room]
        if name == barred or name.startswith(barred + ".")
    ]
    assert not wrong


def test_the_environment_is_read_in_settings_alone() -> None:
    readers = {
        str(module.relative_to(BACKEND))
        for module in BACKEND.rglob("*.py")
        if re.search(r"\bos\.environ|\bgetenv", module.read_text())
    }
    assert readers == {"app/settings.py"}


def test_starting_the_app_imports_nothing_heavy() -> None:
    program = (
        "import sys; from backend.app import create_app; create_app(); "
        "sys.exit(bool({'torch', 'torchvision', 'matplotlib', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=BACKEND.parent).returncode == 0
