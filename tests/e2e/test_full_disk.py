"""Promise 6: a disk that fills under a running service is said clearly, and costs what it must alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.e2e.service import Service, planted, small_film, until

# In namespaces of its own, where anybody may mount: small disks in memory, which nobody else sees.
_SMALL_DISKS = 'for disk in {}; do mount -t tmpfs -o size={} tmpfs "$disk" || exit 1; done; exec "$@"'
_INSIDE = ["unshare", "--user", "--map-root-user", "--mount"]
SECRET = "s" * 32


@pytest.fixture(scope="module", autouse=True)
def _may_mount() -> None:
    mount = [*_INSIDE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if shutil.which("unshare") is None or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("nobody may mount here")


def on_small_disks(size: str, *disks: Path) -> list[str]:
    script = _SMALL_DISKS.format(" ".join(f"'{disk}'" for disk in disks), size)
    return [*_INSIDE, "sh", "-c", script, "sh"]


@contextmanager
def filled(service: Service, disk: Path) -> Iterator[None]:
    """Leave no byte free on a disk that the service alone sees."""
    filler = Path(f"/proc/{service.process.pid}/root{disk}/filler")
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\1" * 512)
    try:
        yield
    finally:
        filler.unlink()


def test_without_room_for_the_record_no_film_is_answered_and_with_it_films_are_again(
    environment: dict[str, str], tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    settings = {"AUDIT_LOG": str(disk / "audit"), "AUDIT_KEY": SECRET, "TMPDIR": str(disk)}
    with planted(environment, tmp_path, on_small_disks("256k", disk), **settings) as service:
        assert service.post(small_film()).status == 200
        with filled(service, disk):
            # A few records find room behind the first, in its block.
            answers = [service.post(small_film()) for _ in range(30)]
            refused = [answer for answer in answers if answer.status != 200]
            assert len(refused) > 10
            assert {(each.status, each.json["code"]) for each in refused} == {(503, "unavailable")}
            assert all(each.headers["Retry-After"] for each in refused)
            assert service.ask("/health").status == 200
            assert service.ask("/metrics").status == 200
        assert service.post(small_film()).status == 200
        log = Path(f"/proc/{service.process.pid}/root{disk}/audit").read_text().splitlines()
        answered = 1 + len(answers) - len(refused) + 1
        assert [json.loads(line)["seq"] for line in log] == list(range(1, answered + 1))


SHARED = Path("/dev/shm")


def test_workers_go_on_counting_together_and_are_replaced_with_all_disks_full(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A page of a mapped file that finds no room kills the process that writes to it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    inside = on_small_disks("8m", disk, SHARED)
    with planted(environment, tmp_path, inside, TMPDIR=str(disk), WORKERS="2") as service:
        until(lambda: service.value("workers") == 2)
        with filled(service, disk), filled(service, SHARED):
            assert {service.post(small_film(seed)).status for seed in range(20)} == {200}
            assert service.post(b"\0" * 2_000_000).status == 415
            before = {worker.pid for worker in service.workers()}
            service.workers()[0].kill()
            until(lambda: {worker.pid for worker in service.workers()} - before)
            until(lambda: service.value("workers") == 2)
            assert {service.post(small_film(seed)).status for seed in range(20)} == {200}
            assert all(counts_in_files(worker) for worker in service.workers())
            assert service.total("predictions_total") == 40
            assert service.value("worker_restarts_total", reason="died") == 1


def test_without_room_for_their_counts_workers_serve_and_the_log_says_so(
    environment: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    inside = on_small_disks("1m", SHARED)
    with planted(environment, tmp_path, inside, WORKERS="2") as service, filled(service, SHARED):
        assert {service.post(small_film(seed)).status for seed in range(20)} == {200}
        assert service.ask("/metrics").status == 200
        assert not any(counts_in_files(worker) for worker in service.workers())
    assert "no room for a worker's counts (No space left on device)" in capfd.readouterr().err


def counts_in_files(worker: psutil.Process) -> bool:
    return any(each.path.endswith(".db") for each in worker.memory_maps())
