"""Processes, threads and the queue fit the container, and what is set stays set."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from backend.app import create_app
from backend.app.settings import Settings
from backend.app.sizing import (
    MEMORY_A_DECODE,
    MEMORY_A_FILM,
    MEMORY_A_PROCESS,
    PROXY_SHARE,
    decoders,
    fit,
    hits,
)
from backend.inference.engine import FILMS_AT_ONCE
from tests.fakes import FixedPredictor

GIB = 2**30


@pytest.mark.parametrize(
    ("cores", "memory", "workers", "engine_threads", "queue_limit", "decoded"),
    [
        (2, 4 * GIB, 1, 2, 28, 2),
        (1, 2 * GIB, 1, 1, 3, 1),
        (4, 8 * GIB, 2, 2, 28, 2),
        (8, 16 * GIB, 4, 2, 28, 2),
        (8, 64 * GIB, 4, 2, 64, 2),
        (64, 4 * GIB, 2, 32, 3, 1),
        (3, 24 * GIB, 1, 3, 64, 3),
        (1, GIB // 2, 1, 1, 1, 1),
    ],
)
def test_a_container_gets_what_it_can_hold(
    cores: int, memory: int, workers: int, engine_threads: int, queue_limit: int, decoded: int
) -> None:
    fitted = fit(Settings(), cores, memory)
    assert (fitted.workers, fitted.engine_threads, fitted.queue_limit) == (
        workers,
        engine_threads,
        queue_limit,
    )
    assert fitted.threads == queue_limit + 16
    assert decoders(fitted, cores, memory) == decoded


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("cores", [1, 2, 4, 16, 64])
@pytest.mark.parametrize("memory", [2 * GIB, 4 * GIB, 16 * GIB])
def test_full_lines_and_a_full_nginx_stay_within_the_memory(cores: int, memory: int, workers: int) -> None:
    fitted = fit(Settings(workers=workers), cores, memory)
    decoded = decoders(fitted, cores, memory)
    films = (fitted.queue_limit + hits(decoded)) * MEMORY_A_FILM + decoded * MEMORY_A_DECODE
    assert fitted.workers * (MEMORY_A_PROCESS + films) + memory // PROXY_SHARE <= memory
    assert fitted.workers * fitted.engine_threads <= cores
    assert fitted.workers * decoded <= max(cores, fitted.workers)


def test_whoever_waits_leaves_threads_for_probes_and_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 1: all places of both lines together are fewer than the threads."""
    for cores, workers in ((1, 1), (2, 1), (8, 4), (64, 1)):
        monkeypatch.setattr("backend.app.sizing.available_cores", lambda cores=cores: cores)
        app = create_app(Settings(workers=workers), FixedPredictor())
        queue, known = (app.extensions[line]._turns for line in ("queue", "decoders"))
        settings = app.config["SETTINGS"]
        assert queue._places._value == FILMS_AT_ONCE + settings.queue_limit
        assert known._places._value == hits(known._free)
        assert known._free <= max(1, cores // workers)
        assert queue._places._value + known._places._value + 6 <= settings.threads


def test_a_decode_is_counted_with_what_was_measured() -> None:
    report = json.loads((Path(__file__).parent.parent / "docs/reliability/fuzz.json").read_text())
    assert report["figures"]["largest_mib"] * 2**20 <= MEMORY_A_DECODE


def test_what_is_set_stays_set() -> None:
    chosen = Settings(workers=3, threads=7, engine_threads=5, queue_limit=9)
    assert fit(chosen, 64, 64 * GIB) == chosen


def test_the_networks_get_the_quota_of_one_worker(weights: Path) -> None:
    program = (
        "import os, sys; os.sched_getaffinity = lambda _: set(range(8))\n"
        "from pathlib import Path\n"
        "from backend.app import create_app; from backend.app.settings import Settings\n"
        f"app = create_app(Settings(workers=4, engine='torch', weights_dir=Path({str(weights)!r})))\n"
        "assert 'torch' not in sys.modules\n"
        "app.extensions['predictor'].warm_up()\n"
        "import torch; print(torch.get_num_threads())"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("2\n", "")
