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
