"""python -m backend doctor: one line for each check, and how to mend what is broken."""

from __future__ import annotations

import json
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from backend import doctor
from backend.__main__ import main
from backend.doctor import Finding, examine
from backend.inference.card import read_card
from backend.inference.cpu import free_memory
from tests.e2e.conftest import free_port


@pytest.fixture
def installed(copied: Path, monkeypatch: pytest.MonkeyPatch, page_dir: Path) -> Path:
    """A healthy installation's weights, to be spoilt."""
    monkeypatch.setenv("WEIGHTS_DIR", str(copied))
    monkeypatch.setenv("PAGE_DIR", str(page_dir))
    monkeypatch.setenv("PORT", str(free_port()))
    return copied


def states(check: str) -> list[tuple[str, str]]:
    return [(each.state, each.message) for each in examine() if each.check == check]


@pytest.fixture
def unloaded(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the loading, which the tests of other checks need not wait for."""
    monkeypatch.setattr(doctor, "_networks", lambda _: Finding("networks", "ok", "not loaded"))


def only(check: str) -> tuple[str, str]:
    (found,) = states(check)
    return found


def test_a_healthy_installation_is_told_in_a_line_a_check(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    checks = [
        "python",
        "packages",
        "settings",
        "access",
        "card",
        "gate",
        *["weights"] * 2,
        "networks",
        "threads",
        "memory",
    ]
    assert [line.split()[1] for line in lines] == [*checks, "page", "port"]
    assert {line.split()[0] for line in lines if "gate" not in line} == {"ok"}
    assert next(line for line in lines if "gate" in line).split()[0] == "warning"  # these weights have none


def test_json_says_the_same(unloaded: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = [Finding(**each) for each in json.loads(capsys.readouterr().out)]
    assert [(each.check, each.state) for each in found] == [(each.check, each.state) for each in examine()]


def spoil(folder: Path, how: str) -> None:
    file = folder / "convnext_tiny.safetensors"
    if how == "truncated":
        file.write_bytes(file.read_bytes()[:-100])
    elif how == "missing":
        file.unlink()
    elif how == "another network's":
        shutil.copy(folder / "efficientnet_v2_s.safetensors", file)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("truncated", "is damaged or of another version"),
        ("missing", "cannot be read (No such file or directory)"),
        ("another network's", "is damaged or of another version"),
    ],
)
def test_spoilt_weights_are_found(
    installed: Path, how: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(installed, how)
    assert main(["doctor"]) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("broken")]
    assert "convnext_tiny.safetensors" in line
    assert words in line
    assert "git checkout backend/weights" in line


def test_a_card_that_is_missing_or_makes_no_sense_is_found(installed: Path) -> None:
    (installed / "card.json").write_text("{}")
    state, message = only("card")
    assert (state, "card.json cannot be read" in message) == ("broken", True)
    (installed / "card.json").unlink()
    assert only("card")[0] == "broken"
    assert states("weights") == states("networks") == []


def test_weights_that_are_whole_but_fit_no_network_are_found(installed: Path) -> None:
    card = read_card(installed)
    first, second = card.networks
    swapped = (replace(first, architecture=second.architecture), second)
    replace(card, networks=swapped).write(installed)
    assert [state for state, _ in states("weights")] == ["ok", "ok"]
    state, message = only("networks")
    assert (state, "do not fit" in message) == ("broken", True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("flask==0.0.1  # the HTTP API", r"flask is \d\S+ instead of 0\.0\.1: pip install -r"),
        ("no-such-package==1.0", r"no-such-package is not installed: pip install -r"),
    ],
)
def test_packages_other_than_pinned_are_found(tmp_path: Path, unloaded: None, line: str, words: str) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"# What serving needs.\nnumpy=={doctor.version('numpy')}\n{line}\n")
    found = [each for each in examine(requirements) if each.check == "packages"]
    assert [each.state for each in found] == ["broken"]
    assert re.match(words, found[0].message)


def test_a_builds_own_mark_is_no_other_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "version", {"torch": "2.13.0+cpu"}.__getitem__)
    assert doctor._deviation("torch", "2.13.0") is None
    assert doctor._deviation("torch", "2.12.0") == "torch is 2.13.0+cpu instead of 2.12.0"


def test_without_requirements_the_packages_are_not_judged(tmp_path: Path, unloaded: None) -> None:
    found = [each for each in examine(tmp_path / "requirements.txt") if each.check == "packages"]
    assert [each.state for each in found] == ["warning"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEADLINE_SECONDS", "soon", "DEADLINE_SECONDS must be"),
        ("REDIS_URL", "redis://host?db=x", "REDIS_URL cannot be used"),
    ],
)
def test_a_setting_that_means_nothing_is_found(
    installed: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    assert only("settings")[1].startswith(words)
    assert main(["doctor"]) == 1


@pytest.mark.parametrize(
    ("environment", "state", "words"),
    [
        ({}, "ok", "everybody on this machine"),
        ({"HOST": "0.0.0.0"}, "warning", "everybody who reaches 0.0.0.0 is let in"),
        ({"PUBLIC": "1"}, "broken", "PUBLIC is set, but anybody would be let in: set API_KEYS"),
        ({"PUBLIC": "1", "ALLOW_ANONYMOUS": "1"}, "warning", "everybody is let in"),
        ({"PUBLIC": "1", "API_KEYS": "ward:predict:" + "0" * 64}, "ok", "by key"),
        ({"API_KEYS": "ward"}, "broken", "API_KEYS: entry 1 is not NAME:ROLES:HASH"),
        ({"OIDC_ISSUER": "https://id.example"}, "broken", "OIDC_JWKS_URL and OIDC_AUDIENCE must be set too"),
    ],
)
def test_who_is_let_in_is_told(
    unloaded: None, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], state: str, words: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found, message = only("access")
    assert (found, words in message) == (state, True), message


def test_where_answers_are_recorded_is_looked_at_and_nothing_is_made(
    unloaded: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_KEY", "0" * 32)
    logs = tmp_path / "logs"
    logs.mkdir()
    for path, state, words in (
        (logs / "audit.log", "ok", "answers are recorded in"),
        (logs / "gone" / "audit.log", "broken", "lets nothing be made in it"),
        (logs, "broken", "AUDIT_LOG cannot be written: Is a directory"),
    ):
        monkeypatch.setenv("AUDIT_LOG", str(path))
        found, message = only("audit")
        assert (found, words in message) == (state, True), message
    assert list(logs.iterdir()) == []


def test_too_many_threads_are_a_warning(
    unloaded: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENGINE_THREADS", "4096")
    assert main(["doctor"]) == 0
    assert re.search(r"^warning +threads +1 x 4096 for \d+ cores", capsys.readouterr().out, re.MULTILINE)


def test_memory_is_that_of_the_container(
    unloaded: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert only("memory")[0] == "ok"
    (tmp_path / "memory.max").write_text(str(2**30))
    (tmp_path / "memory.current").write_text(str(2**29))
    monkeypatch.setattr(doctor, "free_memory", partial(free_memory, tmp_path))
    assert only("memory") == ("broken", "0.5 GiB free, 1 GiB wanted: give it more, or lower WORKERS")
    (tmp_path / "memory.max").write_text("max")
    assert only("memory")[0] == "ok"


def test_a_page_that_is_not_built_is_a_warning(
    unloaded: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGE_DIR", str(tmp_path))
    assert only("page")[0] == "warning"


@pytest.fixture
def taken(unloaded: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        yield port


def test_a_port_that_is_taken_is_found(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    state, message = only("port")
    assert (state, message.startswith(f"127.0.0.1:{taken} cannot be had")) == ("broken", True)
    monkeypatch.setenv("HOST", "192.0.2.1")  # no address of this machine
    assert only("port")[0] == "broken"


def test_a_port_with_pneumonet_on_it_is_fine(
    unloaded: None, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make_server("127.0.0.1", 0, client.application, threaded=True)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    monkeypatch.setenv("PORT", str(service.server_port))
    try:
        assert only("port") == ("ok", f"127.0.0.1:{service.server_port} is served by PneumoNet already")
    finally:
        service.shutdown()


def test_a_finding_has_three_parts() -> None:
    assert doctor.as_text([Finding("port", "ok", "free")]) == "ok       port      free"
