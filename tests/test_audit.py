"""The audit log: what it holds, which changes to it are noticed, that nothing is answered without it."""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.__main__ import main
from backend.app import audit_log
from backend.app.audit_log import AuditLog, AuditUnavailable, derived, rotated
from backend.app.audit_verify import Broken, verify, verify_log
from backend.app.checks import check
from backend.app.settings import SettingError, Settings
from tests.fakes import FixedPredictor
from tests.test_access import BOTH, KEYS, READER, ROOT, SCRAPER, bearer
from tests.test_errors import assert_refused
from tests.test_tokens import Provider, provider, token  # noqa: F401 - a fixture

MakeClient = Callable[..., FlaskClient]
Entry = dict[str, Any]

SECRET = "a secret of more than 32 characters"
PATIENCE = 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def client(make_client: MakeClient, path: Path) -> FlaskClient:
    return make_client(predictor=FixedPredictor(), api_keys=KEYS, audit_log=path, audit_key=SECRET)


def entries(path: Path) -> list[Entry]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def filled(path: Path, lines: int = 5, max_bytes: int = 2**20) -> AuditLog:
    log = AuditLog(path, SECRET, max_bytes)
    for number in range(lines):
        log.append({"request_id": str(number)})
    return log


def test_an_answer_is_recorded_with_who_what_and_when(
    client: FlaskClient, path: Path, png: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.post("/api/predict", data=png, headers={**bearer(READER), "X-Request-ID": "one"})
    assert answer.status_code == 200
    (entry,) = entries(path)
    film = hmac.digest(derived(SECRET, "film"), png, hashlib.sha256).hex()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", entry.pop("time"))
    assert re.fullmatch("[0-9a-f]{64}", entry.pop("mac"))
    assert entry == {
        "seq": 1,
        "event": "answer",
        "who": {"kind": "key", "name": "ward-3"},
        "film": film,
        "status": 200,
        "code": None,
        "prediction": "BACTERIAL PNEUMONIA",
        "risk_code": "high",
        "model_version": "0.0.0",
        "request_id": "one",
        "prev": "0" * 64,
    }
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"] == "one"


def test_so_is_a_film_that_cannot_be_read_and_a_request_without_one(
    client: FlaskClient, path: Path, png: bytes
) -> None:
    for body in (png[:-300], b""):
        client.post("/predict", data=body, headers=bearer(READER))
    damaged, missing = entries(path)
    assert (damaged["status"], damaged["code"], damaged["prediction"]) == (422, "damaged_image", None)
    assert damaged["film"] == AuditLog(path, SECRET, 1).fingerprint(png[:-300])
    assert (missing["status"], missing["code"], missing["film"]) == (400, "no_file", None)


def test_who_is_not_let_in_and_what_is_no_film_leaves_nothing(
    client: FlaskClient, path: Path, png: bytes
) -> None:
    client.post("/predict", data=png)
    client.post("/predict", data=png, headers=bearer(SCRAPER))
    client.get("/metrics", headers=bearer(BOTH))
    client.get("/health")
    client.get("/predict", headers=bearer(READER))
    client.options("/predict")
    assert not path.exists()


def test_what_is_above_the_limit_leaves_nothing(make_client: MakeClient, path: Path, png: bytes) -> None:
    set_up = {"audit_log": path, "audit_key": SECRET, "api_keys": KEYS, "rate_limit": "2/hour"}
    client = make_client(predictor=FixedPredictor(), **set_up)
    for _ in range(4):
        client.post("/predict", data=png, headers=bearer(READER))
    assert client.post("/predict", data=png, headers=bearer(READER)).status_code == 429
    assert [entry["status"] for entry in entries(path)] == [200, 200]


def test_a_person_is_known_by_the_tokens_subject_and_somebody_unknown_by_nothing(
    make_client: MakeClient,
    provider: Provider,  # noqa: F811
    path: Path,
    png: bytes,
) -> None:
    set_up = {"predictor": FixedPredictor(), "audit_log": path, "audit_key": SECRET}
    make_client(**set_up, **provider.settings).post("/predict", data=png, headers=bearer(token()))
    make_client(**set_up).post("/predict", data=png)
    assert [entry["who"] for entry in entries(path)] == [{"kind": "oidc", "name": "reader-7"}, None]
    assert verify([path], SECRET).last == 2


def test_it_holds_no_film_no_key_and_no_name(client: FlaskClient, path: Path, png: bytes) -> None:
    client.post("/predict?name=Jane-Doe", data=png, headers={**bearer(READER), "User-Agent": "Jane-Doe"})
    text = path.read_text()
    assert "Jane" not in text
    assert READER not in text
    assert hashlib.sha256(png).hexdigest() not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_off_unless_set_up(make_client: MakeClient, png: bytes, tmp_path: Path) -> None:
    assert make_client(predictor=FixedPredictor()).post("/predict", data=png).status_code == 200
    assert list(tmp_path.iterdir()) == []


# --- the chain


def test_a_whole_log_verifies_with_and_without_the_key(path: Path) -> None:
    filled(path)
    with_key, without = verify([path], SECRET), verify([path], "")
    assert with_key == without
    assert (with_key.first, with_key.last) == (1, 5)
    assert with_key.hash == hashlib.sha256(path.read_bytes().splitlines()[-1]).hexdigest()


def changed(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    lines = change(path.read_bytes().splitlines())
    path.write_bytes(b"".join(line + b"\n" for line in lines))


TAMPERED: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "a word": (
        lambda x: [*x[:2], x[2].replace(b'"2"', b'"9"'), *x[3:]],
        "line 4: it does not follow|line 3: its seal",
    ),
    "a line taken out": (lambda x: x[:2] + x[3:], "line 3: number 4 follows 2"),
    "two lines exchanged": (lambda x: [x[0], x[2], x[1], *x[3:]], "line 2: number 3 follows 1"),
    "a line twice": (lambda x: [*x[:2], x[1], *x[2:]], "line 3: number 2 follows 2"),
    "no seal": (lambda x: [*x[:4], re.sub(rb',"mac":"\w+"', b"", x[4])], "line 5: it has no seal"),
    "nonsense": (lambda x: [*x, b"{"], "line 6: it is no entry"),
    "a list": (lambda x: [*x, b"[1]"], "line 6: it is no entry"),
    "a number without end": (lambda x: [*x, b'{"seq":1e999,"prev":"0"}'], "line 6: it is no entry"),
    "an empty line": (lambda x: [*x, b""], "line 6: it is no entry"),
    "a carriage return": (lambda x: [x[0] + b"\r", *x[1:]], "line 1: it has no seal"),
    "two lines in one": (lambda x: [x[0] + b"\r" + x[1], *x[2:]], "line 1: it is no entry"),
    "nothing left": (lambda x: [], "there is no entry"),
}


@pytest.mark.parametrize("key", [SECRET, ""])
@pytest.mark.parametrize("how", TAMPERED)
def test_a_change_is_found_and_where_it_is(path: Path, how: str, key: str) -> None:
    filled(path)
    change, words = TAMPERED[how]
    changed(path, change)
    with pytest.raises(Broken, match=words):
        verify([path], key)


def test_who_makes_the_whole_chain_anew_is_given_away_by_the_seals(path: Path) -> None:
    for number in range(3):
        AuditLog(path, "another secret, and as long as ours", 2**20).append({"request_id": str(number)})
    assert verify([path], "").last == 3
    with pytest.raises(Broken, match="line 1: its seal is not of this key"):
        verify([path], SECRET)


def test_lines_cut_off_at_the_end_are_missed_by_who_noted_the_last_hash(path: Path) -> None:
    filled(path)
    noted = verify([path], SECRET).hash
    filled(path, 2)
    assert verify([path], SECRET, noted).last == 7
    changed(path, lambda lines: lines[:4])
    assert verify([path], SECRET).last == 4
    with pytest.raises(Broken, match="is not there any more"):
        verify([path], SECRET, noted)


def test_so_they_are_where_the_service_went_on_writing_and_by_nobody_else(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUDIT_KEY", SECRET)
    log = filled(path)
    noted = verify([path], SECRET).hash
    changed(path, lambda lines: lines[:3])
    log.append({"request_id": "next"})
    assert main(["audit", "verify", str(path)]) == 0
    assert capsys.readouterr().out.startswith("OK: entries 1 to 4, seals checked")
    assert main(["audit", "verify", str(path), "--noted", noted]) == 1
    assert capsys.readouterr().out == f"BROKEN: the line with the hash {noted} is not there any more\n"


def test_the_log_is_put_aside_by_size_and_the_chain_goes_on(path: Path) -> None:
    filled(path, 80, max_bytes=1000)
    aside = rotated(path)
    assert [number for number, _ in aside] == list(range(1, len(aside) + 1))
    assert len(aside) > 9, "PATH.10 comes after PATH.9"
    assert all(file.stat().st_size < 1500 for _, file in aside)
    whole = verify_log(path, SECRET)
    assert (whole.first, whole.last) == (1, 80)
    later = verify([aside[5][1], aside[6][1]], SECRET)
    assert 1 < later.first < later.last < 80
    with pytest.raises(Broken, match="follows"):
        verify([aside[5][1], aside[7][1]], SECRET)
    path.unlink()  # as after a crash between two files
    AuditLog(path, SECRET, 1000).append({})
    assert verify_log(path, SECRET).last == entries(path)[0]["seq"]


@pytest.mark.parametrize("name", ["b[1].jsonl", "all*", "what?"])
def test_what_was_put_aside_is_found_whatever_the_logs_name(tmp_path: Path, name: str) -> None:
    filled(tmp_path / name, 40, max_bytes=1000)
    whole = verify_log(tmp_path / name, SECRET)
    assert (whole.first, whole.last) == (1, 40)


def test_what_was_put_aside_is_never_overwritten(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(path, 20, max_bytes=1000)
    first = rotated(path)[0][1]
    before = first.read_bytes()
    monkeypatch.setattr(audit_log, "rotated", lambda _: [])
    full = AuditLog(path, SECRET, max_bytes=1)
    with pytest.raises(AuditUnavailable, match="File exists"):
        full.append({})
    assert first.read_bytes() == before


def test_what_was_put_aside_and_is_gone_is_missed_unless_that_is_meant(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(path, 20, max_bytes=1000)
    (_, oldest), (_, second) = rotated(path)[:2]
    gone, there = entries(oldest)[-1]["seq"], entries(second)[0]["seq"]
    oldest.unlink()
    assert main(["audit", "verify", str(path)]) == 1
    words = f"BROKEN: {second}, line 1: the entries before {there} are missing\n"
    assert capsys.readouterr().out == words
    assert main(["audit", "verify", str(path), "--from", str(gone)]) == 1
    assert main(["audit", "verify", str(path), "--from", str(there)]) == 0
    assert main(["audit", "verify", str(second), str(rotated(path)[1][1])]) == 0
    assert main(["audit", "verify", str(second), str(rotated(path)[1][1]), "--from", "1"]) == 1


def test_a_log_is_verified_while_it_is_written(path: Path) -> None:
    log = filled(path, 8, max_bytes=1000)
    read, write = Path.read_bytes, threading.Thread(target=lambda: [log.append({}) for _ in range(20)])

    def read_bytes(file: Path) -> bytes:
        """Have somebody write as soon as anything is read."""
        if not write.ident:
            write.start()
        elif file != path:
            write.join(PATIENCE)
        return read(file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_bytes", read_bytes)
        patch.setattr(audit_log, "LOCK_SECONDS", float(PATIENCE))
        assert verify_log(path, SECRET).last == 8
    assert verify_log(path, SECRET).last == 28


def test_what_a_crash_left_of_a_line_is_cut_off_and_said(path: Path) -> None:
    log = filled(path)
    with path.open("ab") as file:
        file.write(b'{"seq":6,"time"')
    with pytest.raises(Broken, match="cut short"):
        verify([path], SECRET)
    log.append({"request_id": "next"})
    assert verify([path], SECRET).last == 7
    assert [entry["event"] for entry in entries(path)[-2:]] == ["repaired", "answer"]
    assert entries(path)[-2]["bytes"] == 15


WRITER = """
import sys
from pathlib import Path
from backend.app import audit_log
from backend.app.audit_log import AuditLog
audit_log.LOCK_SECONDS = 100.0
log = AuditLog(Path(sys.argv[1]), sys.argv[2], 3000)
for number in range(40):
    log.append({"request_id": f"{sys.argv[3]}-{number}"})
"""


def test_several_processes_write_one_chain(path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, SECRET, str(number)],
            cwd=ROOT,
        )
        for number in range(4)
    ]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    files = [*(file for _, file in rotated(path)), path]
    assert len(files) > 5
    assert verify_log(path, SECRET).last == 160
    found = {entry["request_id"] for file in files for entry in entries(file)}
    assert found == {f"{writer}-{number}" for writer in range(4) for number in range(40)}


# --- where it cannot be written

FULL = """
import resource, sys
from pathlib import Path
from backend.app import create_app
from backend.app.settings import Settings
path, secret = Path(sys.argv[1]), sys.argv[2]
client = create_app(Settings(audit_log=path, audit_key=secret, log_level="ERROR")).test_client()
def ask():
    answer = client.post("/predict", data=b"no film")
    return answer.status_code, answer.get_json().get("code")
said = [ask()]
# No file may grow by more than a part of a line: the disk is full.
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, resource.RLIM_INFINITY))
said += [ask(), ask()]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
said += [ask()]
print(said)
"""


def test_on_a_full_disk_nothing_is_answered_and_nothing_half_written(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, path, SECRET], cwd=ROOT, capture_output=True, timeout=120
    )
    answered, refused = (415, "unsupported_type"), (503, "unavailable")
    assert done.stdout.decode().strip() == str([answered, refused, refused, answered]), done.stderr
    assert verify([path], SECRET).last == 2


@pytest.mark.parametrize("how", ["a folder in its place", "no folder", "nonsense", '{"seq":1e999}'])
def test_a_film_is_not_answered_where_that_cannot_be_recorded(
    client: FlaskClient, path: Path, png: bytes, how: str
) -> None:
    def ask() -> Any:
        return client.post("/predict", data=png, headers=bearer(READER))

    assert ask().status_code == 200
    path.rename(path.with_suffix(".kept"))
    if how == "a folder in its place":
        path.mkdir()
    elif how == "no folder":
        path.parent.rename(path.parent.with_suffix(".kept"))
    else:
        path.write_text(f"{how}\n")
    answer = ask()
    assert "recorded" in assert_refused(answer, 503, "unavailable")
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/health").status_code == 200
    assert client.post("/predict", data=png).status_code == 401


def test_a_process_that_holds_the_lock_is_not_waited_for_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "LOCK_SECONDS", 0.05)
    log = filled(path, 1)
    with log._held(), pytest.raises(AuditUnavailable):
        log.append({})
    log.append({})
    assert verify([path], SECRET).last == 2


@pytest.mark.parametrize(
    "content",
    [
        b"nonsense\n",
        b"[1]\n",
        b'{"seq": "x"}\n',
        b'{"seq": 1e999}\n',
        b"[" * 9000 + b"\n",
        b"\0" * 2**17 + b"\0",
        b"x" * 2**18,
    ],
)
def test_a_last_line_that_makes_no_sense_keeps_the_service_from_starting(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    log = AuditLog(path, SECRET, 1000)
    for use in (log.check, lambda: log.append({})):
        with pytest.raises(AuditUnavailable, match="its last line makes no sense"):
            use()
    with pytest.raises(SettingError, match="AUDIT_LOG cannot be written: its last line makes no sense"):
        check(Settings(audit_log=path, audit_key=SECRET))
    assert path.read_bytes() == content


def test_no_answer_leaves_before_its_line_is_on_the_disk(
    client: FlaskClient, path: Path, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(audit_log.os, "fsync", failing)
    refused = client.post("/predict", data=png, headers=bearer(READER))
    assert_refused(refused, 503, "unavailable")
    assert entries(path) == []


def test_so_does_one_that_was_put_aside(path: Path) -> None:
    path.with_name(f"{path.name}.1").write_bytes(b"nonsense\n")
    with pytest.raises(AuditUnavailable, match="its last line makes no sense"):
        AuditLog(path, SECRET, 1000).check()


def test_a_log_without_a_key_or_a_place_keeps_the_service_from_starting(tmp_path: Path) -> None:
    for settings, words in (
        (Settings(audit_log=tmp_path / "audit"), "AUDIT_KEY must be set too"),
        (Settings(audit_log=tmp_path, audit_key=SECRET), "AUDIT_LOG cannot be written: Is a directory"),
        (Settings(audit_log=tmp_path / "x" / "y", audit_key=SECRET), "AUDIT_LOG cannot be written: No such"),
    ):
        with pytest.raises(SettingError, match=words):
            check(settings)
    with pytest.raises(SettingError, match="AUDIT_KEY must be a secret of 32") as refused:
        Settings.from_environment({"AUDIT_KEY": "too short"})
    assert "too short" not in str(refused.value)
    assert SECRET not in repr(Settings(audit_key=SECRET))


def test_the_command_says_ok_or_where_it_breaks(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(path, 20, max_bytes=1000)
    assert main(["audit", "verify", str(path)]) == 0
    assert "OK: entries 1 to 20, seals not checked" in capsys.readouterr().out
    monkeypatch.setenv("AUDIT_KEY", SECRET)
    assert main(["audit", "verify", str(path)]) == 0
    printed = capsys.readouterr().out
    noted = re.fullmatch(r"OK: entries 1 to 20, seals checked; last hash ([0-9a-f]{64})\n", printed)
    assert noted is not None
    filled(path, 1, max_bytes=1000)
    assert main(["audit", "verify", str(path), "--noted", noted[1]]) == 0
    capsys.readouterr()
    oldest = rotated(path)[0][1]
    changed(oldest, lambda lines: [lines[0].replace(b'"0"', b'"9"'), *lines[1:]])
    assert main(["audit", "verify", str(path)]) == 1
    assert capsys.readouterr().out.startswith(f"BROKEN: {oldest}, line ")
    assert main(["audit", "verify", str(path.with_name("gone"))]) == 2
    assert os.strerror(2) in capsys.readouterr().err
