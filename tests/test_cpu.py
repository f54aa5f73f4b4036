"""The cores and the memory that may be used are the container's, not the host's."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from backend.inference import cpu


@pytest.fixture(autouse=True)
def host_of_eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("6400000 100000", 8),
        ("max 100000", 8),
        ("", 8),
    ],
)
def test_the_quota_bounds_the_cores(tmp_path: Path, quota: str, cores: int) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    assert cpu.available_cores(tmp_path) == cores


def test_the_limit_bounds_the_memory(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("536870912\n")
    assert cpu.available_memory(tmp_path) == 2**29


@pytest.mark.parametrize("limit", ["max\n", "", str(2**62)])
def test_no_limit_means_what_is_installed(tmp_path: Path, limit: str) -> None:
    (tmp_path / "memory.max").write_text(limit)
    assert cpu.available_memory(tmp_path) == psutil.virtual_memory().total


def test_without_cgroups_the_machine_counts(tmp_path: Path) -> None:
    assert cpu.available_cores(tmp_path) == 8
    assert cpu.available_memory(tmp_path) == psutil.virtual_memory().total


def test_instruction_sets_are_those_of_the_first_core(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nflags\t\t: fpu avx2\n\nprocessor\t: 1\nflags\t\t: fpu avx512f\n")
    assert cpu.instruction_sets(told) == ["fpu", "avx2"]
    told.write_text("processor\t: 0\nFeatures\t: fp asimd bf16\n")
    assert cpu.instruction_sets(told) == ["fp", "asimd", "bf16"]
    assert cpu.instruction_sets(tmp_path / "none") != []


def test_a_sandbox_without_priorities_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse, raising=False)
    cpu.stand_back()
