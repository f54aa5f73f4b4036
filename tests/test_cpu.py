"""The cores that may be used are the container's, not the host's."""

from __future__ import annotations

import os
from pathlib import Path

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
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    assert cpu.available_cores(file) == cores


def test_without_cgroups_the_affinity_counts(tmp_path: Path) -> None:
    assert cpu.available_cores(tmp_path / "missing") == 8
