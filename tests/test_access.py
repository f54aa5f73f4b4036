"""Who is let in by a key, to what, and what everybody else hears."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.__main__ import main
from backend.app import create_app, keys
from backend.app.access import NOBODY_IS_ASKED, Access
from backend.app.checks import check
from backend.app.identity import ROLES
from backend.app.keys import Key, KeyRing, configured, new_key
from backend.app.settings import SettingError, Settings
from tests.fakes import FixedPredictor
from tests.test_errors import assert_refused

ROOT = Path(__file__).parent.parent
MakeClient = Callable[..., FlaskClient]

READER, SCRAPER, BOTH = new_key(), new_key(), new_key()
KEYS = (
    configured("ward-3", ["predict"], READER),
    configured("prometheus", ["metrics"], SCRAPER),
    configured("operator", ["predict", "metrics"], BOTH),
)
OPEN = ["/", "/health", "/ready", "/access", "/openapi.json", "/docs"]


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(predictor=FixedPredictor(), api_keys=KEYS)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def assert_let_out(response: TestResponse, status: int, error: str | None) -> None:
    """Hold an answer to a 401 or 403 that says what is asked for."""
    assert_refused(response, status, {401: "unauthorized", 403: "forbidden"}[status])
    told = response.headers["WWW-Authenticate"]
    assert told.startswith('Bearer realm="PneumoNet"')
    assert re.findall('error="(.*)"', told) == ([error] if error else [])


@pytest.mark.parametrize("path", ["/predict", "/api/predict"])
@pytest.mark.parametrize("headers", [bearer(READER), {"X-API-Key": READER}, bearer(BOTH)])
def test_a_key_lets_in(client: FlaskClient, png: bytes, path: str, headers: dict[str, str]) -> None:
    assert client.post(path, data=png, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, None),
        ({"Authorization": "Basic d2FyZDp4"}, None),
        ({"Authorization": "Bearer"}, None),
        (bearer(READER[:-1]), "invalid_token"),
        (bearer(READER + "x"), "invalid_token"),
        (bearer(READER.upper()), "invalid_token"),
        (bearer(KEYS[0].split(":")[2]), "invalid_token"),
        (bearer("a.b.c"), "invalid_token"),
        ({"X-API-Key": "é\x80"}, "invalid_token"),
    ],
)
@pytest.mark.parametrize("path", ["/predict", "/api/predict", "/predict/"])
def test_without_one_nobody_is_let_in(
    client: FlaskClient, png: bytes, path: str, headers: dict[str, str], error: str | None
) -> None:
    assert_let_out(client.post(path, data=png, headers=headers), 401, error)


def test_each_role_is_for_its_own_address(client: FlaskClient, png: bytes) -> None:
    assert_let_out(client.post("/predict", data=png, headers=bearer(SCRAPER)), 403, "insufficient_scope")
    assert_let_out(client.get("/metrics", headers=bearer(READER)), 403, "insufficient_scope")
    assert_let_out(client.get("/metrics"), 401, None)
    assert client.get("/metrics", headers=bearer(SCRAPER)).status_code == 200
    assert client.get("/metrics", headers={"X-API-Key": BOTH}).status_code == 200
    assert client.head("/metrics").status_code == 401


@pytest.mark.parametrize("path", [*OPEN, *(f"/api{path}" for path in OPEN)])
@pytest.mark.parametrize("headers", [{}, bearer("wrong")])
def test_what_tells_about_the_service_stays_open(
    client: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    assert client.get(path, headers=headers).status_code == 200


def test_what_is_not_there_needs_no_key_and_a_page_of_another_origin_may_ask_first(
    client: FlaskClient,
) -> None:
    assert_refused(client.get("/nothing"), 404, "not_found")
    assert_refused(client.get("/predict"), 405, "method_not_allowed")
    origin = Settings().cors_origins[0]
    wish = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    asked = client.options("/predict", headers=wish)
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Headers"] == "authorization"
    told = client.post("/predict", headers={"Origin": origin})
    assert (told.status_code, told.headers["Access-Control-Allow-Origin"]) == (401, origin)


def test_where_nothing_is_set_up_everybody_is_let_in(make_client: MakeClient, png: bytes) -> None:
    client = make_client(predictor=FixedPredictor())
    assert client.post("/predict", data=png, headers=bearer("whatever")).status_code == 200
    assert client.get("/metrics").status_code == 200
    assert client.get("/access").get_json() == {"required": False, "methods": [], "oidc": None}


def test_the_page_is_told_how_to_be_let_in_and_nothing_else(client: FlaskClient) -> None:
    answer = client.get("/api/access")
    assert answer.get_json() == {"required": True, "methods": ["key"], "oidc": None}
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_log_names_the_key_and_never_the_credential(
    make_client: MakeClient, png: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_client(predictor=FixedPredictor(), api_keys=KEYS)
    for headers in (bearer("pneumonet_wrong"), {"X-API-Key": SCRAPER}):
        client.post("/predict", data=png, headers=headers)
    logged = capsys.readouterr().err
    assert '"reason": "unknown key", "key": null' in logged
    assert '"reason": "no such role", "key": "prometheus"' in logged
    assert '"status": 401' in logged
    assert '"status": 403' in logged
    assert "wrong" not in logged
    assert SCRAPER not in logged
    assert KEYS[1].split(":")[2] not in logged


# --- keys in a file


def write(file: Path, *lines: str) -> None:
    """Replace a file as an editor does: another one takes its name."""
    new = file.with_suffix(".new")
    new.write_text("".join(f"{line}\n" for line in lines))
    new.replace(file)


def settle(file: Path) -> None:
    """Make a file so old that its stamp is trusted."""
    earlier = time.time_ns() - 10**12
    os.utime(file, ns=(earlier, earlier))


@pytest.mark.parametrize("settled", [True, False])
def test_a_key_is_added_and_revoked_without_a_restart(
    make_client: MakeClient, png: bytes, tmp_path: Path, settled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys"
    read: list[Path] = []
    reading = keys._read
    monkeypatch.setattr(keys, "_read", lambda file: [read.append(file), reading(file)][1])

    def rewrite(*lines: str) -> None:
        write(file, *lines)
        if settled:
            settle(file)
        else:
            os.utime(file, (time.time() + 600,) * 2)  # just written, however slow this test is
        read.clear()

    def status(key: str) -> int:
        return client.post("/predict", data=png, headers=bearer(key)).status_code

    rewrite("# the wards", "", KEYS[0])
    client = make_client(predictor=FixedPredictor(), api_keys_file=file)
    assert [status(READER), status(READER), status(BOTH)] == [200, 200, 401]
    assert len(read) == (1 if settled else 3)
    rewrite(KEYS[0], KEYS[2])
    assert [status(READER), status(BOTH)] == [200, 200]
    rewrite(KEYS[2])
    assert [status(READER), status(BOTH)] == [401, 200]
    assert len(read) == (1 if settled else 2)


def test_a_file_that_could_not_be_read_for_a_moment_is_read_again_although_it_did_not_change(
    make_client: MakeClient, png: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys"
    write(file, KEYS[0])
    settle(file)
    client = make_client(predictor=FixedPredictor(), api_keys_file=file)

    def failing(*_: object, **__: object) -> str:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", failing)
        assert_let_out(client.post("/predict", data=png, headers=bearer(READER)), 401, "invalid_token")
    assert client.post("/predict", data=png, headers=bearer(READER)).status_code == 200


def test_a_file_that_cannot_be_read_any_more_lets_nobody_in(
    make_client: MakeClient, png: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys"
    write(file, KEYS[0])
    client = make_client(predictor=FixedPredictor(), api_keys_file=file)
    file.unlink()
    assert_let_out(client.post("/predict", data=png, headers=bearer(READER)), 401, "invalid_token")
    assert '"keys cannot be read", "reason": "No such file or directory"' in capsys.readouterr().err
    write(file, "ward-3:everything:00", KEYS[0])
    assert client.post("/predict", data=png, headers=bearer(READER)).status_code == 200
    assert "API_KEYS_FILE: line 1 is not NAME:ROLES:HASH" in capsys.readouterr().err


def test_a_worker_that_comes_later_takes_a_spoilt_file_as_the_others_do(
    make_client: MakeClient, png: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    write(file, "ward-3:everything:00", KEYS[0])
    client = make_client(predictor=FixedPredictor(), api_keys_file=file)
    assert client.post("/predict", data=png, headers=bearer(READER)).status_code == 200
    with pytest.raises(SettingError, match="API_KEYS_FILE: line 1"):  # but a service does not start with it
        check(Settings(api_keys_file=file))


def test_two_keys_may_have_one_name_while_one_replaces_the_other() -> None:
    ring = KeyRing([KEYS[0], configured("ward-3", ["predict"], BOTH)])
    assert ring.caller(READER) == ring.caller(BOTH) is not None


@pytest.mark.parametrize(
    "line",
    ["ward-3", READER, f"ward-3:predict:{READER}", "ward 3:predict:" + "0" * 64],
    ids=["a name", "a key", "a key in place of its hash", "a name with a space"],
)
def test_a_configured_key_that_is_none_is_refused_without_being_quoted(line: str, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# first\n{line}\n")
    for settings, where in (
        (Settings(api_keys=(KEYS[0], line)), "API_KEYS: entry 2 is not NAME:ROLES:HASH"),
        (Settings(api_keys_file=file), "API_KEYS_FILE: line 2 is not NAME:ROLES:HASH"),
    ):
        with pytest.raises(SettingError, match=where) as refused:
            Access(settings).check()
        assert line not in str(refused.value)
    with pytest.raises(SettingError, match="API_KEYS_FILE cannot be read: No such file"):
        Access(Settings(api_keys_file=tmp_path / "gone")).check()


def test_another_role_than_ours_is_refused() -> None:
    with pytest.raises(SettingError, match="entry 1 has another role than predict and metrics"):
        Access(Settings(api_keys=("ward-3:admin:" + "0" * 64,)))


@pytest.mark.parametrize("roles", [[], ["predict"], ["predict", "metrics"]])
def test_the_command_prints_a_key_once_and_the_line_that_lets_it_in(
    roles: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["key", "ward-3", *(word for role in roles for word in ("--role", role))]) == 0
    printed = capsys.readouterr().out
    (key,) = re.findall(r"^  (pneumonet_[\w-]{43})$", printed, flags=re.MULTILINE)
    (line,) = re.findall(r"^  (ward-3:.*)$", printed, flags=re.MULTILINE)
    assert key not in line
    found = KeyRing([line]).caller(key)
    assert found is not None
    assert (found.name, found.roles) == ("ward-3", frozenset(roles or ["predict"]))
    assert set(roles) <= set(ROLES)


def test_no_two_keys_are_alike_and_a_name_is_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert len({new_key() for _ in range(100)}) == 100
    for name in ("", "a:b", "a b", "-x", "a" * 65):
        with pytest.raises(SystemExit):
            main(["key", "--", name])
    assert Key.parse(KEYS[1]).caller.name == "prometheus"


# --- PUBLIC


def test_public_refuses_to_start_where_anybody_would_be_let_in() -> None:
    with pytest.raises(SettingError, match="PUBLIC is set, but anybody would be let in"):
        create_app(Settings(public=True), FixedPredictor())


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"api_keys": KEYS}, 401),
        ({"allow_anonymous": True}, 200),
        ({"allow_anonymous": True, "api_keys": KEYS}, 401),
    ],
)
def test_public_starts_with_access_control_or_where_it_is_meant(
    make_client: MakeClient, png: bytes, settings: dict[str, object], status: int
) -> None:
    client = make_client(predictor=FixedPredictor(), public=True, **settings)
    assert client.post("/predict", data=png).status_code == status


@pytest.mark.parametrize(
    "command",
    [
        ["backend", "serve"],
        ["gunicorn", "--config", "backend/gunicorn.conf.py"],
        ["docker.entrypoint"],
    ],
)
def test_however_it_is_started(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, "PUBLIC": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode != 0
    assert NOBODY_IS_ASKED in done.stderr
    assert "Traceback" not in done.stderr


def test_the_images_are_public_and_compose_says_that_it_is_meant() -> None:
    for file in (ROOT / "Dockerfile.combined", ROOT / "docker" / "Dockerfile.api"):
        last = file.read_text().rpartition("FROM ")[2]
        assert re.search(r"\bPUBLIC=1\b", last)
        assert "ALLOW_ANONYMOUS" not in last
    (service,) = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())["services"].values()
    assert service["environment"] == {"ALLOW_ANONYMOUS": "1"}
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
