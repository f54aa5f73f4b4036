"""The README's commands do what it says, as it writes them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, free_port, wait_for_health

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if "curl" in line or "-m backend" in line]


def run(command: str, server: str, folder: Path, environment: dict[str, str]) -> str:
    command = command.replace("http://127.0.0.1:5000", server).replace(".venv/bin/python", sys.executable)
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, server: str, environment: dict[str, str]) -> Path:
    folder = tmp_path_factory.mktemp("newcomer")
    sample = next(command for command in COMMANDS if " sample " in command)
    run(sample, server, folder, environment)
    assert (folder / "film.png").stat().st_size > 10_000
    return folder


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("command", [command for command in COMMANDS if "curl" in command])
def test_each_curl_gets_an_answer(
    command: str, server: str, folder: Path, environment: dict[str, str]
) -> None:
    answer = json.loads(run(command, server, folder, environment))
    assert answer["prediction"] in answer["probabilities"]
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert (answer["gradcam_image"] is None) == ("cam=map" in command)
    assert answer["heatmap_image"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("command", [command for command in COMMANDS if " predict " in command])
def test_each_prediction_without_a_server_prints_an_answer(
    command: str, server: str, folder: Path, environment: dict[str, str]
) -> None:
    printed = run(command, server, folder, environment)
    if "--json" in command:
        assert json.loads(printed)[0]["file"] == "film.png"
    else:
        assert re.match(r"film\.png +(BACTERIAL PNEUMONIA|VIRAL PNEUMONIA|NORMAL) +\d+\.\d\d%", printed)


def test_the_readme_was_found_to_hold_commands() -> None:
    assert BLOCKS[0].startswith("make run")
    assert "make test" in BLOCKS[0]
    assert sum("curl" in command for command in COMMANDS) >= 4


def test_a_second_make_run_installs_and_builds_nothing_and_answers_within_five_seconds() -> None:
    stamps = [ROOT / ".venv" / ".run"] + [ROOT / "frontend" / "dist" / ".built"] * bool(shutil.which("node"))
    if not all(stamp.exists() for stamp in stamps):
        pytest.skip("make run has not run here yet")
    port = free_port()
    plan = subprocess.run(["make", "-n", "run"], cwd=ROOT, capture_output=True, text=True, check=True)
    for step in ("pip install", "npm ci", "npm run build"):
        assert step not in plan.stdout
    # The first run translates the networks, too, but the tests alone may not have made that.
    subprocess.run(["make", "backend/weights/compiled/.made"], cwd=ROOT, check=True)
    process = subprocess.Popen(["make", "run", f"PORT={port}"], cwd=ROOT, start_new_session=True)
    try:
        assert wait_for_health(f"http://127.0.0.1:{port}", 30) < 5
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
