"""Proves backend/inference/prepared.py: what is kept is whole and this processor's, or it is not used."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.inference import prepared
from backend.inference.openvino_runtime import ov
from backend.inference.prepared import keep_prepared, load_prepared, prepared_path

from openvino import opset13 as ops  # isort: skip  (after openvino_runtime)

INPUT = np.array([[1, -2, 3, 4]], np.float32)


@pytest.fixture(scope="module")
def network() -> ov.CompiledModel:
    read = ops.parameter([1, 4], np.float32)
    weights = np.arange(4000, dtype=np.float32).reshape(4, 1000) / 1000
    return ov.Core().compile_model(ov.Model([ops.matmul(read, weights, False, False)], [read]), "CPU")


@pytest.fixture
def kept(network: ov.CompiledModel, tmp_path: Path) -> Path:
    path = prepared_path(tmp_path, "float32")
    keep_prepared(path, network)
    return path


def test_what_is_kept_answers_as_what_was_compiled(network: ov.CompiledModel, kept: Path) -> None:
    loaded = load_prepared(kept, {})
    assert loaded is not None
    np.testing.assert_array_equal(loaded(INPUT)[0], network(INPUT)[0])
    assert list(kept.parent.iterdir()) == [kept]


JUNK = b"no network"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda found: b"", id="empty"),
        pytest.param(lambda found: found[:3], id="shorter than its checksum"),
        pytest.param(lambda found: found[: len(found) // 2], id="cut short"),
        pytest.param(lambda found: found[:-1], id="short of one byte"),
        pytest.param(lambda found: found + b"\0", id="longer"),
        pytest.param(lambda found: found[:9000] + bytes([found[9000] ^ 1]) + found[9001:], id="one bit"),
        pytest.param(lambda found: JUNK + prepared._checksum(JUNK), id="whole, but something else"),
    ],
)
def test_what_is_spoilt_is_passed_over(kept: Path, damage: Any) -> None:
    kept.write_bytes(damage(kept.read_bytes()))
    assert load_prepared(kept, {}) is None


def test_nothing_is_found_where_nothing_is_kept(tmp_path: Path) -> None:
    assert load_prepared(tmp_path / "prepared-x", {}) is None
    assert load_prepared(tmp_path, {}) is None


def test_each_processor_and_each_precision_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = prepared_path(tmp_path, "float32")
    assert mine == prepared_path(tmp_path, "float32")
    monkeypatch.setattr(prepared, "instruction_sets", lambda: ["avx512_bf16"])
    assert len({mine, prepared_path(tmp_path, "float32"), prepared_path(tmp_path, "bfloat16")}) == 3


def test_the_place_of_others_is_taken(network: ov.CompiledModel, kept: Path) -> None:
    other = kept.with_name("prepared-elsewhere")
    keep_prepared(other, network)
    assert list(kept.parent.iterdir()) == [other]


def test_who_was_killed_meanwhile_stands_in_nobodys_way(network: ov.CompiledModel, tmp_path: Path) -> None:
    (tmp_path / "prepared.unfinished").write_bytes(b"\0" * 2**20)
    path = prepared_path(tmp_path, "float32")
    keep_prepared(path, network)
    assert load_prepared(path, {}) is not None
    assert list(tmp_path.iterdir()) == [path]


def test_one_keeps_while_another_lets_be(network: ov.CompiledModel, tmp_path: Path) -> None:
    path, unfinished = tmp_path / "prepared-x", tmp_path / "prepared.unfinished"
    with unfinished.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        keep_prepared(path, network)
    assert list(tmp_path.iterdir()) == [unfinished]


@pytest.mark.parametrize("fault", [OSError, RuntimeError, MemoryError])
def test_what_cannot_be_kept_leaves_nothing_behind(fault: type[Exception], tmp_path: Path) -> None:
    class Unwilling:
        def export_model(self) -> object:
            raise fault

    keep_prepared(tmp_path / "prepared-x", Unwilling())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_what_another_has_kept_meanwhile_is_let_be(
    network: ov.CompiledModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was slow to lock the file that it opened holds one that bears the final name by now."""
    path, unfinished = tmp_path / "prepared-x", tmp_path / "prepared.unfinished"

    def late(*_: object) -> None:
        os.replace(unfinished, path)
        path.write_bytes(b"kept by another")
        unfinished.touch()  # a third one's

    monkeypatch.setattr(fcntl, "flock", late)
    keep_prepared(path, network)
    assert path.read_bytes() == b"kept by another"


def test_a_place_that_cannot_be_written_to_keeps_nothing(network: ov.CompiledModel, tmp_path: Path) -> None:
    keep_prepared(tmp_path / "gone" / "prepared-x", network)
    assert list(tmp_path.iterdir()) == []
