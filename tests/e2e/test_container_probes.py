"""The platform's probes are answered in time while every core is at work on films."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.conftest import ROOT, free_port
from tests.e2e.container import Container, container, needs_nginx, until

pytestmark = needs_nginx

CLIENTS = 12
ROUNDS = 20


def probes() -> list[dict[str, Any]]:
    """Return the probes as Container Apps has them, which are those of Kubernetes."""
    described = yaml.safe_load((ROOT / "deploy" / "azure" / "container-app.yaml").read_text())
    found: list[dict[str, Any]] = described["properties"]["template"]["containers"][0]["probes"]
    assert {probe["type"] for probe in found} == {"Startup", "Liveness", "Readiness"}
    return found


def probe_status(up: Container, probe: dict[str, Any]) -> int:
    """Ask as the kubelet does: on a new connection, and no longer than the timeout."""
    connection = HTTPConnection("127.0.0.1", up.port, timeout=probe["timeoutSeconds"])
    try:
        connection.request("GET", probe["httpGet"]["path"], headers={"User-Agent": "kube-probe/1.33"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_probes_are_answered_in_time_under_load(tmp_path: Path, png: bytes) -> None:
    ended = threading.Event()
    said: list[list[int]] = [[] for _ in range(CLIENTS)]

    def send_films(client: int) -> None:
        while not ended.is_set():
            said[client].append(up.ask("/predict", "POST", png).status)

    with container(tmp_path, WARM_UP="1", CLIENT_RATE="1000", CLIENT_CONNECTIONS="100") as up:
        until(lambda: up.ask("/ready").status == 200)
        clients = [threading.Thread(target=send_films, args=[client]) for client in range(CLIENTS)]
        for client in clients:
            client.start()
        statuses = []
        for _ in range(ROUNDS):
            statuses += [probe_status(up, probe) for probe in probes()]
            time.sleep(0.1)
        health = [health_status(up.port), health_status(free_port())]
        ended.set()
        for client in clients:
            client.join()
        assert [set(each) for each in said] == [{200}] * CLIENTS
    assert statuses == [200] * len(statuses)
    assert health == [0, 1]


def health_status(port: int) -> int:
    """Return what the images' own health check ends with."""
    script = ROOT / "docker" / "healthcheck.py"
    return subprocess.run([sys.executable, script, str(port)], stderr=subprocess.DEVNULL).returncode
