"""Workers that count together have a place each, which is large enough, and taken over by who comes after."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import values

from backend import metrics_folder
from backend.metrics_folder import FILES, VARIABLE, give_place, leave_place, take_place

ROOT = Path(__file__).parent.parent
# Everything that could ever be counted: each route, method and status, each stage, reason and class.
PROGRAM = """
from prometheus_client import values
values.ValueClass = values.MultiProcessValue(lambda: 0)
from backend.app import create_app
from backend.app.metrics import _METHODS, NO_ROUTE, OTHER_METHOD

app = create_app()
metrics = app.extensions["metrics"]
statuses = [200, 204, 206, 301, 302, 304, 308, 400, 401, 403, 404, 405, 406, 408, 411, 413, 414, 415, 416]
statuses += [417, 422, 429, 431, 499, 500, 501, 502, 503, 504, 505]
for route in [NO_ROUTE, *{rule.rule for rule in app.url_map.iter_rules()}]:
    for method in [OTHER_METHOD, *_METHODS]:
        for status in statuses:
            metrics.answered(route, method, status, 0.1, {})
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(metrics_folder, "metrics_folder", lambda: tmp_path)
    return tmp_path


def master_of(*workers: Any) -> Any:
    said: list[str] = []
    log = SimpleNamespace(error=lambda text, *values: said.append(text % values))
    return SimpleNamespace(WORKERS=dict(enumerate(workers)), log=log, said=said)


def worker(place: int | None = None) -> Any:
    return SimpleNamespace(place=place)


def used(file: Path) -> int:
    return int(struct.unpack_from("i", file.read_bytes())[0])


def test_a_worker_gets_the_first_place_that_is_free_with_all_its_room(folder: Path) -> None:
    comes = worker()
    give_place(master_of(worker(0), worker(2), worker(None)), comes)
    assert comes.place == 1
    assert {file.name: file.stat().st_blocks * 512 for file in folder.iterdir()} == {
        f"{kind}_1.db": size for kind, size in FILES.items()
    }


def test_whatever_is_counted_fits_into_a_place(tmp_path: Path) -> None:
    for kind, size in FILES.items():
        (tmp_path / f"{kind}_0.db").write_bytes(bytes(size))
    subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={VARIABLE: str(tmp_path), "LOG_LEVEL": "ERROR"},
        check=True,
    )
    found = {file.name: used(file) for file in tmp_path.iterdir()}
    assert found.keys() == {f"{kind}_0.db" for kind in FILES}, "a kind of file that is not reserved"
    for kind, size in FILES.items():
        assert 8 < found[f"{kind}_0.db"] <= size, kind
        assert (tmp_path / f"{kind}_0.db").stat().st_size == size, kind


def test_who_leaves_takes_the_gauges_along_and_leaves_the_counts(folder: Path) -> None:
    goes = worker()
    give_place(master_of(), goes)
    for kind in FILES:
        with (folder / f"{kind}_0.db").open("r+b") as file:
            file.write(struct.pack("i", 100))
    leave_place(goes)
    assert {kind: used(folder / f"{kind}_0.db") for kind in FILES} == {
        kind: 0 if kind.startswith("gauge") else 100 for kind in FILES
    }


def test_whatever_gauges_were_left_are_cleared_for_who_comes(folder: Path) -> None:
    give_place(master_of(), worker())
    left = folder / "gauge_livesum_0.db"
    with left.open("r+b") as file:
        file.write(struct.pack("i", 100))
    give_place(master_of(), worker())
    assert used(left) == 0


def test_without_room_a_worker_counts_by_itself_and_the_log_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(metrics_folder.os, "posix_fallocate", full)
    master, comes = master_of(), worker()
    give_place(master, comes)
    assert comes.place is None
    assert master.said == ["no room for a worker's counts (No space left on device): it counts by itself"]
    assert list(folder.iterdir()) == []
    leave_place(comes)


def test_who_has_no_place_counts_in_memory_whatever_the_library_chose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(values, "ValueClass", object())
    take_place(worker(None))
    assert values.ValueClass is values.MutexValue
