"""Request ids, log lines and CORS."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from PIL import Image, PngImagePlugin

from backend.inference.images import Film
from tests.fakes import FixedPredictor

MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(predictor=FixedPredictor())


@pytest.mark.parametrize("given", ["abc", "A-1_b.c", "x" * 64])
def test_a_sound_request_id_is_kept(client: FlaskClient, given: str) -> None:
    response = client.get("/health", headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "é", 'a"b', "a/b"])
def test_any_other_request_id_is_replaced(client: FlaskClient, given: str) -> None:
    made = client.get("/health", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert made != given
    assert len(made) == 32


def test_request_ids_differ(client: FlaskClient) -> None:
    assert len({client.get("/health").headers["X-Request-ID"] for _ in range(20)}) == 20


def test_one_structured_line_a_request(make_client: MakeClient, capsys: pytest.CaptureFixture[str]) -> None:
    client = make_client(predictor=FixedPredictor())  # here, for it logs to the stderr it finds at its start
    client.get("/health", headers={"X-Request-ID": "probe-1"})
    client.post("/predict", data=b"")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["request_id"], first["method"], first["route"], first["status"]) == (
        "probe-1",
        "GET",
        "/health",
        200,
    )
    assert first["duration_ms"] >= 0
    assert second["status"] == 400


def test_nothing_of_a_patient_is_logged(
    make_client: MakeClient, capfd: pytest.CaptureFixture[str], film: Film
) -> None:
    client = make_client(predictor=FixedPredictor())
    marked = PngImagePlugin.PngInfo()
    marked.add_text("PatientName", "MARKED^TEXT")
    exif = Image.Exif()
    exif[0x010E] = "MARKED-EXIF"
    buffer = io.BytesIO()
    Image.fromarray(film).save(buffer, "PNG", pnginfo=marked, exif=exif)
    for body in (buffer.getvalue(), buffer.getvalue()[:-900], b"MARKED-BYTES"):
        client.post("/predict?note=MARKED-QUERY", data={"file": (io.BytesIO(body), "MARKED-NAME.png")})
    client.get("/MARKED-PATH", headers={"X-Request-ID": "MARKED HEADER", "User-Agent": "MARKED-AGENT"})
    client.post("/predict", json={"file_data": "MARKED-BASE64", "patient": "MARKED-FIELD"})
    written = capfd.readouterr()
    assert written.err.count("\n") == 5
    assert "MARKED" not in written.err + written.out


def test_the_allow_list_decides_who_may_call(make_client: MakeClient) -> None:
    client = make_client(predictor=FixedPredictor(), cors_origins=("https://page.example",))
    allowed = client.get("/api/health", headers={"Origin": "https://page.example"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://page.example"
    assert "X-Request-ID" in allowed.headers["Access-Control-Expose-Headers"]
    other = client.get("/api/health", headers={"Origin": "https://other.example"})
    assert "Access-Control-Allow-Origin" not in other.headers
    without = client.get("/api/health")
    assert "Access-Control-Allow-Origin" not in without.headers


def test_preflight_is_answered(client: FlaskClient) -> None:
    response = client.options(
        "/api/predict",
        headers={
            "Origin": "http://localhost:5173",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]


def test_errors_carry_cors_too(client: FlaskClient) -> None:
    response = client.post("/api/predict", data=b"x", headers={"Origin": "http://localhost:5173"})
    assert response.status_code == 415
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
