"""Every failure has one shape, its own status and code, and a sentence that says what to do."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized
from werkzeug.test import TestResponse

from backend.app import create_app
from backend.app.settings import Settings
from backend.inference.engine import FILMS_AT_ONCE
from backend.inference.errors import WeightsRefused
from backend.inference.lazy import LazyPredictor
from tests.fakes import FixedPredictor, HeldPredictor
from tests.test_images import encoded, png_header

MakeClient = Callable[..., FlaskClient]
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8))


def assert_refused(response: TestResponse, status: int, code: str) -> str:
    """Hold a response to the one error shape; return its sentence."""
    body = response.get_json()
    assert (response.status_code, body.get("code")) == (status, code)
    assert set(body) == {"error", "code", "request_id"}
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert re.fullmatch(r"[A-Z].*\.", body["error"])
    assert "Traceback" not in body["error"]
    assert ("Retry-After" in response.headers) == (status == 503)
    sentence: str = body["error"]
    return sentence


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(predictor=FixedPredictor())


def form(data: bytes | None) -> dict[str, Any]:
    return {"data": {"file": (io.BytesIO(data), "film.png")} if data is not None else {"other": "field"}}


# As browsers and curl send one; werkzeug's test client leaves out the line break before the last boundary.
EMPTY_FILE = {
    "data": b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\r\n--edge--\r\n',
    "content_type": "multipart/form-data; boundary=edge",
}


def as_json(value: object) -> dict[str, Any]:
    return {"data": json.dumps(value), "content_type": "application/json"}


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        pytest.param({}, 400, "no_file", id="nothing"),
        pytest.param(
            {**form(None), "content_type": "multipart/form-data"}, 400, "no_file", id="form without file"
        ),
        pytest.param(EMPTY_FILE, 400, "empty_file", id="empty file"),
        pytest.param(
            {"data": {"file": "text"}, "content_type": "multipart/form-data"},
            400,
            "no_file",
            id="a text field named file",
        ),
        pytest.param(
            {"data": {"file": (io.BytesIO(), "", "application/octet-stream")}},
            400,
            "no_file",
            id="no file chosen",
        ),
        pytest.param(as_json({}), 400, "no_file", id="JSON without file_data"),
        pytest.param(as_json({"file_data": None}), 400, "no_file", id="file_data null"),
        pytest.param(as_json({"file_data": ""}), 400, "empty_file", id="file_data empty"),
        pytest.param(
            as_json({"file_data": "data:image/png;base64,"}), 400, "empty_file", id="empty data URI"
        ),
        pytest.param(as_json({"file_data": "*!"}), 400, "bad_base64", id="not base64"),
        pytest.param(as_json({"file_data": "é"}), 400, "bad_base64", id="not ASCII"),
        pytest.param(as_json({"file_data": "abcde"}), 400, "bad_base64", id="wrong padding"),
        pytest.param(as_json({"file_data": "data:image/png,abc"}), 400, "bad_base64", id="other data URI"),
        pytest.param(as_json({"file_data": 7}), 400, "bad_base64", id="a number for base64"),
        pytest.param(as_json([1]), 400, "bad_request", id="JSON list"),
        pytest.param({"data": "{", "content_type": "application/json"}, 400, "bad_request", id="half a JSON"),
        pytest.param(
            {"data": '{"a":' * 100_000, "content_type": "application/json"},
            400,
            "bad_request",
            id="deep JSON",
        ),
        pytest.param({"data": b"hello"}, 415, "unsupported_type", id="text"),
        pytest.param(form(encoded(NOISE, "GIF")), 415, "unsupported_type", id="GIF named .png"),
        pytest.param(form(encoded(NOISE)[:-300]), 422, "damaged_image", id="cut short"),
        pytest.param(form(encoded(Image.new("L", (1, 1)))), 422, "not_a_chest_radiograph", id="one pixel"),
        pytest.param(form(encoded(Image.new("L", (99, 99)))), 422, "not_a_chest_radiograph", id="blank"),
        pytest.param(form(png_header(20_000, 20_000)), 413, "image_too_large", id="too many pixels"),
        pytest.param(form(b"\xff" * (10 * 2**20 + 1)), 413, "image_too_large", id="file over 10 MiB"),
        pytest.param({"data": b"\xff" * (10 * 2**20 + 1)}, 413, "image_too_large", id="body over 10 MiB"),
        pytest.param(
            as_json({"file_data": base64.b64encode(b"\xff" * (10 * 2**20 + 1)).decode()}),
            413,
            "image_too_large",
            id="base64 of over 10 MiB",
        ),
        pytest.param({"data": b"\xff" * (14 * 2**20 + 1)}, 413, "image_too_large", id="body over 14 MiB"),
        pytest.param(form(b"\xff" * (15 * 2**20)), 413, "image_too_large", id="form over 14 MiB"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/api"])
def test_bad_requests(
    client: FlaskClient, request_: dict[str, Any], status: int, code: str, prefix: str
) -> None:
    request_ = {**request_}
    data = request_.get("data")
    if isinstance(data, dict) and isinstance(data.get("file"), tuple):  # a stream is read only once
        stream, *about = data["file"]
        request_["data"] = {"file": (io.BytesIO(stream.getvalue()), *about)}
    assert_refused(client.post(f"{prefix}/predict", **request_), status, code)


@pytest.mark.parametrize(
    ("start", "piece", "end"),
    [
        pytest.param(b'{"other": [', b"[],", b"[]]}", id="empty lists"),
        pytest.param(b'{"other": [', b"{},", b"{}]}", id="empty objects"),
        pytest.param(b'{"other": {', b'"a":1,', b'"b":2}}', id="numbers by name"),
        pytest.param(b'{"file_data": [', b"[],", b"[]]}", id="lists for a film"),
        pytest.param(b'{"file_data": "', b"ab ", b'"}', id="pieces of base64"),
        pytest.param(b'{"file_data": "', b"\\u0061", b'"}', id="escapes"),
        pytest.param(b'{"cam": [', b"[],", b"[]]}", id="lists for an option"),
    ],
)
def test_a_body_of_json_takes_no_more_memory_than_a_few_of_its_size(
    client: FlaskClient, start: bytes, piece: bytes, end: bytes
) -> None:
    """A parser that builds whatever is sent makes an object of 56 bytes out of three."""
    body = start + piece * (3 * 2**20 // len(piece)) + end
    client.post("/predict", data=b"{}", content_type="application/json")
    tracemalloc.start()
    try:
        response = client.post("/predict", data=body, content_type="application/json")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert response.status_code in {400, 415}
    assert most < 6 * len(body)


@pytest.mark.parametrize("name", ["cam", "disable_cam", "allow_unusual", "correction"])
def test_an_option_as_long_as_a_film_is_refused(client: FlaskClient, name: str) -> None:
    film = base64.b64encode(encoded(NOISE)).decode()
    response = client.post("/predict", **as_json({"file_data": film, name: "x" * 2**20}))
    assert f"'{name}'" in assert_refused(response, 400, "bad_request")


def test_two_films_in_one_request_are_refused(client: FlaskClient, png: bytes) -> None:
    files = [(io.BytesIO(png), "a.png"), (io.BytesIO(png), "b.png")]
    assert_refused(client.post("/predict", data={"file": files}), 400, "bad_request")


def test_malformed_multipart_is_refused(client: FlaskClient) -> None:
    response = client.post("/predict", data=b"junk", content_type="multipart/form-data; boundary=x")
    assert_refused(response, 400, "no_file")


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing"])
def test_unknown_address(client: FlaskClient, path: str) -> None:
    assert_refused(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/predict"), ("POST", "/health"), ("DELETE", "/api/predict")]
)
def test_wrong_method_says_which_are_right(client: FlaskClient, method: str, path: str) -> None:
    response = client.open(path, method=method)
    assert_refused(response, 405, "method_not_allowed")
    assert response.headers["Allow"]


@pytest.mark.parametrize(
    ("exception", "status", "code"),
    [
        (Unauthorized, 401, "unauthorized"),
        (Forbidden, 403, "forbidden"),
        (TooManyRequests, 429, "rate_limited"),
    ],
)
def test_what_extensions_raise_has_the_same_shape(exception: type[Exception], status: int, code: str) -> None:
    app = create_app(Settings(), FixedPredictor())

    @app.get("/raise")
    def fail() -> None:
        raise exception

    assert_refused(app.test_client().get("/raise"), status, code)


@pytest.mark.parametrize("side", [1, 99], ids=["one pixel", "blank"])
def test_what_shows_nothing_is_refused_to_those_who_insist_too(client: FlaskClient, side: int) -> None:
    response = client.post("/predict?allow_unusual=true", data=encoded(Image.new("L", (side, side))))
    assert_refused(response, 422, "not_a_chest_radiograph")


def test_our_own_fault_says_nothing_about_itself(
    make_client: MakeClient, png: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise RuntimeError("the secret of the film")

    response = make_client(predictor=FixedPredictor(before=fail)).post("/predict", data=png)
    assert "secret" not in assert_refused(response, 500, "internal_error")
    logged = capsys.readouterr().err
    [fault] = [line for line in map(json.loads, logged.splitlines()) if line["message"] == "internal error"]
    assert fault["request_id"] == response.headers["X-Request-ID"]
    assert "RuntimeError" in logged
    assert "test_errors.py" in logged
    assert "secret" not in logged


def test_an_address_with_a_slash_too_many_has_nothing_behind_it(client: FlaskClient, png: bytes) -> None:
    assert_refused(client.post("//predict", data=png), 404, "not_found")
    assert_refused(client.get("/api//health"), 404, "not_found")


@pytest.mark.parametrize("kind", ["image/png", "application/json", "multipart/form-data; boundary=x"])
def test_a_body_that_finds_no_memory_is_not_its_senders_fault(client: FlaskClient, kind: str) -> None:
    class Starved(io.BytesIO):
        def read(self, _: object = None) -> bytes:
            raise MemoryError

        readinto = read  # type: ignore[assignment]

    body = Starved(b"x" * 1000)
    response = client.post("/predict", input_stream=body, content_type=kind)
    assert_refused(response, 503, "overloaded")


def test_a_failed_load_is_503_and_unhealthy_and_tried_again(make_client: MakeClient, png: bytes) -> None:
    answers: Iterator[Callable[[], Any]] = iter([fail_to_load, FixedPredictor()._load])
    client = make_client(predictor=LazyPredictor(lambda: next(answers)()))
    assert client.get("/health").get_json()["status"] == "starting"

    assert_refused(client.post("/predict", data=png), 503, "models_unavailable")
    health = client.get("/health")
    assert health.status_code == 500
    assert health.get_json()["status"] == "unhealthy"
    assert health.get_json()["error"] == "the checksum is wrong"

    assert client.post("/predict", data=png).status_code == 200
    assert client.get("/health").get_json()["status"] == "healthy"


def fail_to_load() -> Any:
    raise WeightsRefused("the checksum is wrong")


def test_a_full_queue_refuses_at_once(make_client: MakeClient, png: bytes) -> None:
    held = HeldPredictor()
    client = make_client(predictor=held, queue_limit=1)
    statuses: list[int] = []
    waiting = [
        threading.Thread(target=lambda: statuses.append(client.post("/predict", data=png).status_code))
        for _ in range(FILMS_AT_ONCE + 1)
    ]
    for thread in waiting:
        thread.start()
    assert held.entered.wait(timeout=60)
    places = client.application.extensions["queue"]._turns._places
    until = time.monotonic() + 60
    while places._value and time.monotonic() < until:  # until the last film waits in line
        time.sleep(0.01)
    assert_refused(client.post("/predict", data=png), 503, "overloaded")
    assert client.get("/health").status_code == 200
    held.release.set()
    for thread in waiting:
        thread.join()
    assert statuses == [200] * (FILMS_AT_ONCE + 1)
    assert client.post("/predict", data=png).status_code == 200


def test_past_the_deadline_a_running_film_is_504_and_a_waiting_one_503(
    make_client: MakeClient, png: bytes
) -> None:
    held = HeldPredictor()
    client = make_client(predictor=held, deadline_seconds=1.0)
    for _ in range(FILMS_AT_ONCE):
        assert_refused(client.post("/predict", data=png), 504, "deadline_exceeded")
    assert_refused(client.post("/predict", data=png), 503, "overloaded")
    held.release.set()


def test_a_film_that_comes_after_its_deadline_is_not_even_decoded(
    make_client: MakeClient, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes] = []
    monkeypatch.setattr("backend.app.pipeline.read_film", lambda film, _: decoded.append(film))
    client = make_client(predictor=FixedPredictor(), deadline_seconds=0.2)

    class Slow(io.BytesIO):
        def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
            time.sleep(0.3)
            return super().readinto(buffer)

    response = client.post("/predict", input_stream=Slow(png), content_length=len(png))
    assert_refused(response, 504, "deadline_exceeded")
    assert not decoded


def test_the_body_of_a_refused_request_is_read_to_its_end() -> None:
    app = create_app(Settings(), FixedPredictor())
    body = io.BytesIO(b"\0" * (20 * 2**20))
    response = app.test_client().post("/predict", input_stream=body, content_length=20 * 2**20)
    assert_refused(response, 413, "image_too_large")
    assert body.tell() == 20 * 2**20


def test_no_more_than_32_mib_of_a_refused_body_are_read() -> None:
    app = create_app(Settings(), FixedPredictor())
    body = io.BytesIO(b"\0" * (40 * 2**20))
    assert_refused(
        app.test_client().post("/predict", input_stream=body, content_length=40 * 2**20),
        413,
        "image_too_large",
    )
    assert body.tell() == 32 * 2**20


@given(
    st.binary(max_size=500),
    st.sampled_from(["image/png", "application/json", "multipart/form-data; boundary=a", "", "text/plain"]),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_body_is_answered_or_refused(client: FlaskClient, body: bytes, content_type: str) -> None:
    response = client.post("/predict", data=body, content_type=content_type)
    assert response.status_code in {200, 400, 413, 415, 422}
