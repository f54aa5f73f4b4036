"""The page and the API speak of the same fields: contract.schema.json is made from the page's types."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "frontend" / "src" / "lib" / "contract.schema.json"
CATALOGUE = ROOT / "frontend" / "src" / "locales" / "en.json"


def complaints(kind: str, answer: Any) -> list[str]:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text())[kind])
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer)]


@pytest.mark.parametrize("cam", ["both", "map", "none"])
def test_an_answer_is_what_the_page_expects_and_holds_nothing_it_does_not_know(
    client: FlaskClient, png: bytes, cam: str
) -> None:
    response = client.post(f"/api/predict?cam={cam}", data=png)
    assert response.status_code == 200
    assert complaints("answer", response.json) == []


def test_a_changed_answer_would_be_noticed(client: FlaskClient, png: bytes) -> None:
    answer = client.post("/api/predict", data=png).json
    assert answer is not None
    assert complaints("answer", {**answer, "risk_code": "low"})
    assert complaints("answer", {**answer, "confidence": "92%"})
    assert complaints("answer", {**answer, "new_field": 1})
    required = json.loads(SCHEMA.read_text())["answer"]["required"]
    assert len(required) > 10
    for field in required:
        assert complaints("answer", {name: value for name, value in answer.items() if name != field})


def test_what_the_page_takes_for_optional_is_in_every_answer(client: FlaskClient, png: bytes) -> None:
    """It is optional so that the page goes with an older service."""
    answer = client.post("/api/predict", data=png).json
    assert answer is not None
    assert set(answer) >= set(json.loads(SCHEMA.read_text())["answer"]["properties"])


def test_health_is_what_the_page_expects(client: FlaskClient, png: bytes) -> None:
    assert complaints("health", client.get("/api/health").json) == []
    client.post("/api/predict", data=png)
    assert complaints("health", client.get("/api/health").json) == []


@pytest.mark.parametrize("body", [b"", b"no film"])
def test_an_error_is_what_the_page_expects(client: FlaskClient, body: bytes) -> None:
    response = client.post("/api/predict", data=body)
    assert response.status_code in {400, 415}
    assert complaints("failure", response.json) == []


def test_the_page_has_words_for_every_error_code_that_the_readme_names() -> None:
    table = (ROOT / "README.md").read_text().partition("| status | codes |")[2].partition("\n\n")[0]
    codes = set(re.findall(r"`([a-z_0-9]+)`", table)) - {"Retry-After", "allow_unusual"}
    assert len(codes) > 10
    assert codes <= set(json.loads(CATALOGUE.read_text())["error"])


def test_the_page_names_the_ages_that_the_disclaimer_names(committed: Path) -> None:
    population = json.loads((committed / "card.json").read_text())["population"]
    ages = re.search(r"children aged \d+ to \d+ years from one hospital", population)
    assert ages is not None
    assert ages[0] in json.loads(CATALOGUE.read_text())["disclaimer"]
