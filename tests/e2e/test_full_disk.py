"""Promise 6: a disk that fills under a running service is said clearly, and costs what it must alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e.service import Service, planted, small_film

# In namespaces of its own, where anybody may mount: small disks in memory, which nobody else sees.
_SMALL_DISKS = 'for disk in {}; do mount -t tmpfs -o size={} tmpfs "$disk" || exit 1; done; exec "$@"'
_INSIDE = ["unshare", "--user", "--map-root-user", "--mount"]
SECRET = "s" * 32

pytestmark = pytest.mark.skipif(
    subprocess.run([*_INSIDE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode != 0,
    reason="nobody may mount here",
)


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


def test_a_full_disk_that_nothing_is_written_to_costs_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    inside = on_small_disks("1m", disk, Path("/dev/shm"))
    with (
        planted(environment, tmp_path, inside, TMPDIR=str(disk), WORKERS="2") as service,
        filled(service, disk),
        filled(service, Path("/dev/shm")),
    ):
        answers = [service.post(small_film(seed)) for seed in range(20)]
        assert {answer.status for answer in answers} == {200}
        assert service.post(b"\0" * 2_000_000).status == 415
        assert service.ask("/metrics").status == 200
        assert service.total("worker_restarts_total") == 0
