"""GET /health and GET /: for probes and for scripts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from backend import __version__
from tests.fakes import FixedPredictor, HeldPredictor

MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(predictor=FixedPredictor())


@pytest.mark.parametrize("path", ["/health", "/api/health", "/health/"])
def test_health_says_starting_until_the_first_film_and_healthy_after(
    client: FlaskClient, png: bytes, path: str
) -> None:
    before = client.get(path)
    assert before.status_code == 200
    body = before.get_json()
    assert set(body) == {
        "status",
        "timestamp",
        "models_loaded",
        "engine",
        "precision",
        "memory_usage_mb",
        "version",
    }
    assert (body["status"], body["models_loaded"]) == ("starting", False)
    assert (body["engine"], body["precision"]) == (None, None)
    assert body["version"] == __version__
    assert 1 < body["memory_usage_mb"] < 24_000
    told = datetime.fromisoformat(body["timestamp"])
    assert told.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)

    assert client.post("/predict", data=png).status_code == 200
    after = client.get(path).get_json()
    assert (after["status"], after["models_loaded"]) == ("healthy", True)
    assert (after["engine"], after["precision"]) == ("none", "float32")


@pytest.mark.parametrize("path", ["/", "/api", "/api/"])
def test_the_root_tells_scripts_what_this_is(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"Accept": "*/*"})
    assert response.status_code == 200
    body = response.get_json()
    assert set(body) == {"message", "status", "version", "endpoints"}
    assert body["version"] == __version__
    assert "Accept" in response.vary
    for endpoint in body["endpoints"]:
        method, address = endpoint.split()
        assert client.open(address, method=method).status_code != 404


@pytest.mark.parametrize("path", ["/", "/health"])
def test_probes_may_use_head(client: FlaskClient, path: str) -> None:
    response = client.head(path)
    assert response.status_code == 200
    assert response.data == b""


def test_health_answers_while_a_film_is_read(make_client: MakeClient, png: bytes) -> None:
    held = HeldPredictor()
    client = make_client(predictor=held)
    reading = threading.Thread(target=client.post, args=["/predict"], kwargs={"data": png})
    reading.start()
    assert held.entered.wait(timeout=60)
    assert client.get("/health").status_code == 200
    held.release.set()
    reading.join()
