"""An answer can be had again: it names its film, weights, settings, engine and versions."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend import __version__
from backend.__main__ import main
from backend.inference.lazy import LazyPredictor
from tests.conftest import SHARES

OF_THE_REQUEST = {"request_id", "duration_ms"}


def lasting(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in OF_THE_REQUEST}


def test_an_answer_names_all_that_it_depends_on(client: FlaskClient, png: bytes, weights: Path) -> None:
    found = client.post("/predict?cam=map", data=png).get_json()["provenance"]
    assert found["image_sha256"] == hashlib.sha256(png).hexdigest()
    files = {name: f"{name}.safetensors" for name in SHARES} | {"card.json": "card.json"}
    assert found["weights_sha256"] == {
        name: hashlib.sha256((weights / file).read_bytes()).hexdigest() for name, file in files.items()
    }
    assert found["settings"] == {"cam": "map", "allow_unusual": False, "correction": None}
    engine, _, precision = found["engine"].partition(" ")
    assert (engine, precision) in {
        ("openvino", "bfloat16"),
        ("openvino", "float32"),
        ("torch", "float32"),
        ("torch", "bfloat16"),
    }
    assert found["versions"]["pneumonet"] == __version__
    for package in (engine, "numpy", "pillow", "simplejpeg", "opencv-python-headless"):
        assert found["versions"][package] == version(package)


def test_the_hash_is_of_the_film_whichever_way_it_comes(client: FlaskClient, png: bytes) -> None:
    given = {"file_data": base64.b64encode(png).decode()}
    found = client.post("/predict?cam=none", json=given).get_json()["provenance"]
    assert found["image_sha256"] == hashlib.sha256(png).hexdigest()


def test_the_same_film_weights_and_settings_give_the_same_answer(
    client: FlaskClient, make_client: Any, weights: Path, png: bytes
) -> None:
    """Replayed after other films, and by another process's worth of networks loaded anew."""
    first = client.post("/predict", data=png).get_json()
    other = client.post("/predict", data=png + b"\0").get_json()
    assert other["provenance"]["image_sha256"] != first["provenance"]["image_sha256"]
    again = client.post("/predict", data=png).get_json()
    anew = make_client(predictor=LazyPredictor.from_weights(weights)).post("/predict", data=png).get_json()
    assert lasting(first) == lasting(again) == lasting(anew)


def test_the_command_line_gives_the_same_record(
    client: FlaskClient,
    png: bytes,
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("WEIGHTS_DIR", str(weights))
    (tmp_path / "film.png").write_bytes(png)
    assert main(["predict", "--json", str(tmp_path / "film.png")]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    answer = client.post("/predict?cam=none", data=png).get_json()
    for field in ("prediction_set", "explanation", "provenance"):
        assert result[field] == answer[field]
    assert result["disagreement"] == pytest.approx(answer["disagreement"], abs=1e-5)


def test_a_record_holds_no_path(client: FlaskClient, png: bytes, weights: Path) -> None:
    text = json.dumps(client.post("/predict?cam=none", data=png).get_json()["provenance"])
    assert str(weights) not in text
    assert not re.search(r'"/\w', text)
