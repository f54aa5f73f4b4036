"""Processes, threads and the queue fit the container, and what is set stays set."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backend.app.settings import Settings
from backend.app.sizing import MEMORY_A_FILM, MEMORY_A_PROCESS, PROXY_SHARE, fit

GIB = 2**30


@pytest.mark.parametrize(
    ("cores", "memory", "workers", "engine_threads", "queue_limit"),
    [
        (2, 4 * GIB, 1, 2, 25),
        (1, 2 * GIB, 1, 1, 6),
        (4, 8 * GIB, 2, 2, 25),
        (8, 64 * GIB, 4, 2, 64),
        (64, 4 * GIB, 2, 32, 6),
        (3, 24 * GIB, 1, 3, 64),
        (1, GIB // 2, 1, 1, 1),
    ],
)
def test_a_container_gets_what_it_can_hold(
    cores: int, memory: int, workers: int, engine_threads: int, queue_limit: int
) -> None:
    fitted = fit(Settings(), cores, memory)
    assert (fitted.workers, fitted.engine_threads, fitted.queue_limit) == (
        workers,
        engine_threads,
        queue_limit,
    )
    assert fitted.threads == queue_limit + 16


@pytest.mark.parametrize("cores", [1, 2, 4, 16])
@pytest.mark.parametrize("memory", [2 * GIB, 4 * GIB, 16 * GIB])
def test_full_queues_and_a_full_nginx_stay_within_the_memory(cores: int, memory: int) -> None:
    fitted = fit(Settings(), cores, memory)
    processes = fitted.workers * (MEMORY_A_PROCESS + fitted.queue_limit * MEMORY_A_FILM)
    assert processes + memory // PROXY_SHARE <= memory
    assert fitted.workers * fitted.engine_threads <= cores


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
