"""/metrics of several workers of the real gunicorn: one sum, whoever is asked, and no ghosts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from prometheus_client.multiprocess import MultiProcessCollector

from tests.e2e.conftest import gunicorn
from tests.e2e.test_ready_server import PATIENCE, PATIENT, HalfAFilm, ask, in_flight, wait_for_in_flight
from tests.e2e.test_server import connect
from tests.test_metrics import Samples, parse, total, value

Server = tuple[str, psutil.Process]


@pytest.fixture(scope="module")
def two_workers(environment: dict[str, str], weights: Path) -> Iterator[Server]:
    with gunicorn({**environment, **PATIENT, "WORKERS": "2", "WEIGHTS_DIR": str(weights)}) as (url, master):
        yield url, psutil.Process(master.pid)


def workers(master: psutil.Process) -> list[psutil.Process]:
    deadline = time.monotonic() + PATIENCE
    while len(found := [each for each in master.children() if each.status() != psutil.STATUS_ZOMBIE]) != 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def files(worker: psutil.Process) -> list[Path]:
    """Return the files that the worker counts in, as the kernel knows them."""
    return [Path(each.path) for each in worker.memory_maps() if each.path.endswith(".db")]


def folder(worker: psutil.Process) -> Path:
    return files(worker)[0].parent


def expose(url: str) -> bytes:
    connection = connect(url)
    connection.request("GET", "/metrics")
    response = connection.getresponse()
    assert response.status == 200
    text = response.read()
    connection.close()
    return text


def scrape(url: str) -> Samples:
    return parse(expose(url).decode())


def served_by(worker: psutil.Process) -> Samples:
    """Return what one worker alone has counted."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in MultiProcessCollector.merge([str(each) for each in files(worker)])
        for sample in metric.samples
    }


def test_memory_is_that_of_all_workers(two_workers: Server) -> None:
    url, master = two_workers
    for worker in workers(master):
        samples = served_by(worker)
        resident = next(found for (name, _), found in samples.items() if "resident" in name)
        assert resident == pytest.approx(worker.memory_info().rss, rel=0.3)
    found = scrape(url)
    assert value(found, "resident_memory_bytes") == pytest.approx(
        sum(worker.memory_info().rss for worker in workers(master)), rel=0.3
    )
    assert total(found, "build_info") == 1


def test_the_sum_over_workers_is_what_clients_sent(two_workers: Server, png: bytes) -> None:
    url, master = two_workers
    health = "http_requests_total"
    before = total(scrape(url), health, route="/health")
    sent = 0
    deadline = time.monotonic() + PATIENCE
    while True:  # until both have served, which the kernel decides
        with ThreadPoolExecutor(16) as clients:
            assert {status for status, _ in clients.map(lambda _: ask(url, "/health"), range(32))} == {200}
        sent += 32
        each = [served_by(worker) for worker in workers(master)]
        if all(total(samples, health, route="/health", status="200") > 0 for samples in each):
            break
        assert time.monotonic() < deadline
    for _ in range(8):  # whoever is asked
        found = scrape(url)
        assert total(found, health, route="/health") - before == sent
        assert total(found, "http_request_duration_seconds_count", route="/health") - before == sent

    for _ in range(4):
        assert HalfAFilm(url, png).finish()[0] == 200
    found = scrape(url)
    assert total(found, "predictions_total") == total(found, "prediction_confidence_ratio_count") == 4
    assert value(found, "stage_duration_seconds_count", stage="inference") == 4
    assert 0 < (value(found, "model_load_seconds") or 0) < PATIENCE
    assert 1 <= (value(found, "model_loads_total", outcome="success") or 0) <= 2


def test_a_killed_workers_gauges_go_and_its_counts_stay(two_workers: Server, png: bytes) -> None:
    url, master = two_workers
    film = HalfAFilm(url, png)
    wait_for_in_flight(url, 1)
    before = scrape(url)
    [holder] = [
        worker for worker in workers(master) if value(served_by(worker), "http_requests_in_flight") == 1
    ]
    os.kill(holder.pid, signal.SIGKILL)
    wait_for_in_flight(url, 0)
    assert holder.pid not in [worker.pid for worker in workers(master)]
    after = scrape(url)
    for name in ("http_requests_total", "predictions_total"):
        assert total(after, name, route="/health") >= total(before, name, route="/health")
        assert total(after, name) >= total(before, name)
    film.socket.close()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_nothing_to_say_of_the_sum(two_workers: Server) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=expose(two_workers[0]), capture_output=True, timeout=120
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_the_folder_goes_with_the_master(environment: dict[str, str]) -> None:
    with gunicorn({**environment, "WORKERS": "2"}) as (url, master):
        assert in_flight(url) == 0
        place = folder(workers(psutil.Process(master.pid))[0])
        assert place.is_dir()
        assert place.stat().st_mode & 0o777 == 0o700
        master.terminate()
        assert master.wait(timeout=PATIENCE) == 0
    assert not place.exists()
