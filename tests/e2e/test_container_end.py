"""The container stops without losing a request, and ends when one of its programs does."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import ROOT
from tests.e2e.container import PATIENCE, Answer, Container, container, is_failure, needs_nginx, until

pytestmark = needs_nginx

CLIENTS = 4
LEAVES_WITHIN_SECONDS = 30


@dataclass
class Client:
    """Sends one film after the other until the door is closed, and keeps what came back."""

    up: Container
    film: bytes
    name: str
    answers: dict[str, Answer] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    cut: dict[str, Exception] = field(default_factory=dict)

    def run(self) -> None:
        for number in range(10_000):
            request_id = f"{self.name}-{number}"
            try:
                self.answers[request_id] = self.up.ask(
                    "/predict?cam=none", "POST", self.film, {"X-Request-ID": request_id}
                )
            except ConnectionRefusedError:
                self.refused.add(request_id)
                return
            except (OSError, HTTPException) as error:
                self.cut[request_id] = error
            time.sleep(0.05)


def command_of_the_image() -> list[str]:
    """Return what the image runs; tini only where it is installed."""
    text = (ROOT / "Dockerfile.combined").read_text()
    entry, command = (
        json.loads(re.findall(rf"^{name} (.*)$", text, re.MULTILINE)[-1]) for name in ("ENTRYPOINT", "CMD")
    )
    return [*entry, *command] if shutil.which(entry[0]) else [*command]


def test_stopping_under_load_loses_no_request(tmp_path: Path, png: bytes) -> None:
    settings = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TINI_SUBREAPER": "1",  # here it is not the first of all processes
        "CLIENT_RATE": "1000",
        "WARM_UP": "1",
    }
    with container(tmp_path, command_of_the_image(), **settings) as up:
        until(lambda: up.ask("/health").json["models_loaded"])
        clients = [Client(up, png, f"client{number}") for number in range(CLIENTS)]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        until(lambda: any(client.answers for client in clients))
        before = sum(len(client.answers) for client in clients)
        told = time.monotonic()
        up.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        up.process.send_signal(signal.SIGTERM)  # a second one hurries nothing
        assert up.process.wait(timeout=PATIENCE) == 0
        assert time.monotonic() - told < LEAVES_WITHIN_SECONDS
        for thread in threads:
            thread.join(timeout=PATIENCE)

    answers = {id_: answer for client in clients for id_, answer in client.answers.items()}
    finished = {id_ for id_, answer in answers.items() if answer.status == 200}
    assert all("prediction" in answers[id_].json for id_ in finished)
    assert all(is_failure(answers[id_], 503, "overloaded") for id_ in answers.keys() - finished)
    assert all(answers[id_].headers["Retry-After"] for id_ in answers.keys() - finished)
    assert answers.keys() > finished, "nobody was refused, so nothing was tried while stopping"
    assert len(finished) > before, "nothing was under way when the signal came"
    # Whoever got no answer was never heard: the connection closed before nginx had taken it up.
    cut = {id_ for client in clients for id_ in client.cut}
    assert not cut & {line["request_id"] for line in up.access_log()}
    assert {line["request_id"] for line in app_log(up) if line.get("status") == 200} - finished == health(up)


def app_log(up: Container) -> list[dict[str, object]]:
    lines = (up.folder / "stderr").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def health(up: Container) -> set[object]:
    return {
        line["request_id"] for line in up.access_log() if line["route"] == "/health" and line["status"] == 200
    }


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with container(tmp_path_factory.mktemp("container")) as running:
        yield running


def test_a_worker_killed_in_the_middle_of_a_film_is_replaced(up: Container, png: bytes) -> None:
    worker = up.worker()
    answers: list[Answer] = []
    # The first film loads the networks, which leaves time.
    sender = threading.Thread(target=lambda: answers.append(up.ask("/predict", "POST", png)))
    sender.start()
    until(lambda: any(c.status == psutil.CONN_ESTABLISHED for c in worker.net_connections()))
    worker.kill()
    sender.join(timeout=PATIENCE)
    assert is_failure(answers[0], 502, "internal_error")
    assert up.ask("/predict", "POST", png).json["prediction"]
    assert up.worker().pid != worker.pid
    assert up.process.poll() is None


@pytest.mark.parametrize("name", ["gunicorn", "nginx"])
def test_the_death_of_either_program_ends_the_container(tmp_path: Path, name: str) -> None:
    with container(tmp_path) as up:
        family = psutil.Process(up.process.pid).children(recursive=True)
        up.master(name).kill()
        assert up.process.wait(timeout=PATIENCE) == 1
        _, alive = psutil.wait_procs(family, timeout=PATIENCE)
        assert not alive
        assert f"stopping: {name} ended with status -9" in (tmp_path / "stderr").read_text()
        assert not list(tmp_path.glob("pneumonet-*"))


def test_a_setting_that_means_nothing_ends_it_at_once(tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="ended"),
        container(tmp_path, TRUSTED_PROXIES="everybody"),
    ):
        pass
    assert "TRUSTED_PROXIES must be networks" in (tmp_path / "stderr").read_text()
