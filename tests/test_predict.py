"""POST /predict: every way in, every option, the whole answer."""

from __future__ import annotations

import base64
import io
import json
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from tests.fakes import FixedPredictor

MakeClient = Callable[..., FlaskClient]

FIELDS = {
    "prediction",
    "confidence",
    "risk_level",
    "risk_code",
    "gradcam_image",
    "heatmap_image",
    "probabilities",
    "models",
    "warnings",
    "model_version",
    "request_id",
    "duration_ms",
    "disclaimer",
    "prediction_set",
    "disagreement",
    "explanation",
    "provenance",
}


@pytest.fixture
def fixed(make_client: MakeClient) -> FlaskClient:
    return make_client(predictor=FixedPredictor())


def picture(data_uri: str) -> Image.Image:
    head, _, body = data_uri.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(body, validate=True)))


def multipart(png: bytes, **fields: str) -> dict[str, Any]:
    return {"data": {"file": (io.BytesIO(png), "film.gif"), **fields}}


@pytest.mark.parametrize("path", ["/predict", "/api/predict", "/predict/"])
def test_the_whole_answer(client: FlaskClient, png: bytes, path: str) -> None:
    response = client.post(path, **multipart(png))
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    answer = response.get_json()
    assert set(answer) == FIELDS
    probabilities = answer["probabilities"]
    assert set(probabilities) == {"BACTERIAL PNEUMONIA", "NORMAL", "VIRAL PNEUMONIA"}
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-6)
    assert answer["prediction"] == max(probabilities, key=probabilities.__getitem__)
    assert answer["confidence"] == f"{probabilities[answer['prediction']]:.2%}"
    assert [(model["name"], model["weight"]) for model in answer["models"]] == [
        ("ConvNeXt-Tiny", 0.4),
        ("EfficientNetV2-S", 0.6),
    ]
    for name, value in probabilities.items():
        mixed = sum(model["weight"] * model["probabilities"][name] for model in answer["models"])
        assert value == pytest.approx(mixed, abs=1e-6)
    assert answer["prediction_set"][0] == answer["prediction"]
    said = [model["probabilities"] for model in answer["models"]]
    apart = sum(abs(said[0][name] - said[1][name]) for name in probabilities) / 2
    assert answer["disagreement"] == pytest.approx(apart, abs=1e-6)
    assert answer["duration_ms"] > 0
    assert "nobody" in answer["disclaimer"]
    assert answer["request_id"] == response.headers["X-Request-ID"]


def test_pictures_have_the_films_aspect_and_the_networks_grid(client: FlaskClient, png: bytes) -> None:
    answer = client.post("/predict", data=png).get_json()
    overlay, heatmap = picture(answer["gradcam_image"]), picture(answer["heatmap_image"])
    assert overlay.size == (768, 576)
    assert overlay.mode == "RGB"
    assert heatmap.size == (7, 7)
    assert heatmap.mode == "L"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(lambda png: png, "image/png", id="the image"),
        pytest.param(lambda png: png, "application/x-www-form-urlencoded", id="curl --data-binary"),
        pytest.param(lambda png: png, None, id="no type at all"),
        pytest.param(lambda png: png, "image/gif", id="another type's name"),
        pytest.param(
            lambda png: json.dumps({"file_data": base64.b64encode(png).decode(), "unknown": [1]}),
            "application/json",
            id="base64",
        ),
        pytest.param(
            lambda png: json.dumps({"file_data": base64.encodebytes(png).decode()}),
            "application/json; charset=utf-8",
            id="base64 in lines",
        ),
        pytest.param(
            lambda png: json.dumps({"file_data": "data:image/jpeg;base64," + base64.b64encode(png).decode()}),
            "application/json",
            id="data URI",
        ),
        pytest.param(
            lambda png: json.dumps({"file_data": " DATA:;base64," + base64.b64encode(png).decode()}),
            "application/json",
            id="bare data URI after a space",
        ),
        pytest.param(
            lambda png: json.dumps({"file_data": base64.b64encode(png).decode()}),
            "application/x-www-form-urlencoded",
            id="JSON by curl -d",
        ),
    ],
)
def test_every_way_in_gives_the_same_answer(
    client: FlaskClient, png: bytes, body: Callable[[bytes], bytes | str], content_type: str | None
) -> None:
    expected = client.post("/predict", **multipart(png)).get_json()["probabilities"]
    response = client.post("/predict", data=body(png), content_type=content_type)
    assert response.status_code == 200, response.get_json()
    assert response.get_json()["probabilities"] == pytest.approx(expected, abs=1e-6)


def as_form(png: bytes, options: dict[str, Any]) -> dict[str, Any]:
    return multipart(png, **{name: str(value) for name, value in options.items()})


def as_json(png: bytes, options: dict[str, Any]) -> dict[str, Any]:
    return {"json": {"file_data": base64.b64encode(png).decode(), **options}}


def as_query(png: bytes, options: dict[str, Any]) -> dict[str, Any]:
    return {"data": png, "query_string": {name: str(value) for name, value in options.items()}}


@pytest.mark.parametrize("send", [as_form, as_json, as_query])
@pytest.mark.parametrize(
    ("options", "overlay", "heatmap"),
    [
        ({}, True, True),
        ({"disable_cam": True}, False, False),
        ({"disable_cam": "true"}, False, False),
        ({"disable_cam": "True"}, False, False),
        ({"disable_cam": "1"}, False, False),
        ({"disable_cam": False}, True, True),
        ({"disable_cam": "false"}, True, True),
        ({"cam": "both"}, True, True),
        ({"cam": "map"}, False, True),
        ({"cam": "none"}, False, False),
        ({"cam": "map", "disable_cam": "true"}, False, False),
    ],
)
def test_pictures_are_sent_as_asked(
    fixed: FlaskClient,
    png: bytes,
    send: Callable[[bytes, dict[str, Any]], dict[str, Any]],
    options: dict[str, Any],
    overlay: bool,
    heatmap: bool,
) -> None:
    answer = fixed.post("/predict", **send(png, options)).get_json()
    assert (answer["gradcam_image"] is not None) == overlay
    assert (answer["heatmap_image"] is not None) == heatmap


@pytest.mark.parametrize("options", [{"disable_cam": "perhaps"}, {"cam": "all"}])
@pytest.mark.parametrize("send", [as_form, as_json, as_query])
def test_options_that_mean_nothing_are_refused(
    fixed: FlaskClient,
    png: bytes,
    send: Callable[[bytes, dict[str, Any]], dict[str, Any]],
    options: dict[str, str],
) -> None:
    response = fixed.post("/predict", **send(png, options))
    assert (response.status_code, response.get_json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("probabilities", "prediction", "confidence", "level", "code"),
    [
        (
            (0.9235, 0.05, 0.0265),
            "BACTERIAL PNEUMONIA",
            "92.35%",
            "High Risk - Bacterial Pneumonia Indicated",
            "high",
        ),
        ((0.1, 0.2, 0.7), "VIRAL PNEUMONIA", "70.00%", "Medium Risk - Viral Pneumonia Indicated", "medium"),
        ((0.05, 0.9, 0.05), "NORMAL", "90.00%", "No Immediate Risk Detected", "none"),
        ((0.15, 0.69, 0.16), "NORMAL", "69.00%", "Indeterminate (Requires Review)", "indeterminate"),
        (
            (0.6999, 0.2, 0.1001),
            "BACTERIAL PNEUMONIA",
            "69.99%",
            "Indeterminate (Requires Review)",
            "indeterminate",
        ),
    ],
)
def test_risk_follows_class_and_confidence(
    make_client: MakeClient,
    png: bytes,
    probabilities: tuple[float, float, float],
    prediction: str,
    confidence: str,
    level: str,
    code: str,
) -> None:
    client = make_client(predictor=FixedPredictor(probabilities))
    answer = client.post("/predict", data=png).get_json()
    found = (answer["prediction"], answer["confidence"], answer["risk_level"], answer["risk_code"])
    assert found == (prediction, confidence, level, code)


def test_a_large_upload_never_touches_the_disk(
    fixed: FlaskClient, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a temporary file was opened")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    padded = png + b"\0" * 2_000_000
    assert fixed.post("/predict", **multipart(padded)).status_code == 200
