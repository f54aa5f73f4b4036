"""The document at /openapi.json is valid, complete and true; /docs shows all of it and loads nothing."""

from __future__ import annotations

import base64
import io
import json
import re
import time
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from backend.app import create_app
from backend.app.keys import configured, new_key
from backend.app.readiness import Readiness
from backend.app.schemas import ENDPOINTS
from backend.app.settings import Settings
from backend.inference.errors import WeightsRefused
from backend.inference.lazy import LazyPredictor
from tests.fakes import FixedPredictor
from tests.test_errors import NOISE
from tests.test_images import encoded, png_header
from tests.test_tokens import token

MakeClient = Callable[..., FlaskClient]
Json = dict[str, Any]


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(predictor=FixedPredictor())


@pytest.fixture
def document(client: FlaskClient) -> Json:
    document: Json = client.get("/openapi.json").get_json()
    return document


def complaints(document: Json, name: str, answer: Any) -> list[str]:
    """Hold an answer to a schema of the document, in which nothing but what it names is allowed."""
    closed = json.loads(json.dumps(document))
    for schema in closed["components"]["schemas"].values():
        schema["additionalProperties"] = False
    closed["$ref"] = f"#/components/schemas/{name}"
    validator = Draft202012Validator(closed, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer)]


def documented(document: Json) -> dict[int, set[str]]:
    """Return the codes that /predict may answer with, by status."""
    return {
        int(status): set(answer["content"]["application/json"]["schema"]["properties"]["code"]["enum"])
        for status, answer in document["paths"]["/predict"]["post"]["responses"].items()
        if status != "200"
    }


@pytest.mark.parametrize("path", ["/openapi.json", "/api/openapi.json"])
def test_the_document_is_valid_openapi(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert response.headers["Cache-Control"] == "no-store"
    document = response.get_json()
    assert document["openapi"].startswith("3.1.")
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())
    assert document == client.get("/openapi.json").get_json()


def test_every_address_that_is_served_is_described_and_no_other(client: FlaskClient, document: Json) -> None:
    app: Flask = client.application
    served = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule != "/metrics"  # the operator's alone
    }
    described = {
        f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods
    }
    twins = {endpoint.replace(" /", " /api/", 1) for endpoint in described}
    assert described == set(ENDPOINTS)
    assert served == described | twins
    assert [server["url"] for server in document["servers"]] == ["/", "/api"]


def test_every_answer_is_what_the_document_says_and_holds_nothing_else(
    client: FlaskClient, png: bytes, document: Json
) -> None:
    for path, name in {
        "/api": "Index",
        "/access": "Access",
        "/health": "Health",
        "/ready": "Readiness",
    }.items():
        assert complaints(document, name, client.get(path).get_json()) == []
    for cam in ("both", "map", "none"):
        answer = client.post(f"/predict?cam={cam}", data=png).get_json()
        assert complaints(document, "Prediction", answer) == []
    assert complaints(document, "Failure", client.post("/predict").get_json()) == []
    assert complaints(document, "Prediction", {**answer, "new": 1})
    assert complaints(document, "Prediction", {**answer, "prediction": "HEALTHY"})


def test_what_cannot_serve_is_what_the_document_says(make_client: MakeClient, png: bytes) -> None:
    client = make_client(predictor=LazyPredictor(refuse))
    client.post("/predict", data=png)
    document = client.get("/openapi.json").get_json()
    health, ready = client.get("/health"), client.get("/ready")
    assert (health.status_code, ready.status_code) == (500, 503)
    assert complaints(document, "Health", health.get_json()) == []
    assert complaints(document, "Readiness", ready.get_json()) == []


def refuse() -> Any:
    raise WeightsRefused("planted")


def test_the_document_lists_the_codes_that_occur_and_no_others(
    make_client: MakeClient, png: bytes, document: Json
) -> None:
    def fail() -> None:
        raise RuntimeError("planted")

    client = make_client(predictor=FixedPredictor())
    broken = make_client(predictor=FixedPredictor(before=fail))
    unloaded = make_client(predictor=LazyPredictor(refuse))
    stopping = make_client(predictor=FixedPredictor())
    readiness: Readiness = stopping.application.extensions["readiness"]
    readiness.stopping = lambda: True
    slow = create_app(
        Settings(deadline_seconds=0.2), FixedPredictor(before=lambda: time.sleep(1))
    ).test_client()
    reader, scraper = new_key(), new_key()
    keys = (configured("reader", ["predict"], reader), configured("scraper", ["metrics"], scraper))
    closed = make_client(predictor=FixedPredictor(), api_keys=keys, rate_limit="3/hour")
    answers = [
        *(closed.post("/predict", data=png) for _ in range(4)),
        closed.post("/predict", data=png, headers={"X-API-Key": scraper}),
        without_provider(make_client).post("/predict", headers={"Authorization": f"Bearer {token()}"}),
        client.post("/predict"),
        client.post("/predict", json={"file_data": ""}),
        client.post("/predict", json={"file_data": "*"}),
        client.post("/predict?cam=all", data=png),
        client.post("/predict", data=png_header(20_000, 20_000)),
        client.post("/predict", data=b"text"),
        client.post("/predict", data=png[:-300]),
        client.post("/predict", data=encoded(NOISE.resize((1, 1)))),
        broken.post("/predict", data=png),
        unloaded.post("/predict", data=png),
        stopping.post("/predict", data=png),
        slow.post("/predict", data=png),
    ]
    seen: dict[int, set[str]] = {}
    for answer in answers:
        seen.setdefault(answer.status_code, set()).add(answer.get_json()["code"])
    assert documented(document) == seen | {502: {"internal_error"}}  # which nginx alone says
    headers = {status: answer["headers"] for status, answer in responses(document).items()}
    assert {status for status, given in headers.items() if "WWW-Authenticate" in given} == {"401", "403"}
    assert {status for status, given in headers.items() if "Retry-After" in given} == {"429", "503"}
    assert document["components"]["securitySchemes"].keys() == {"Bearer", "Key"}


def without_provider(make_client: MakeClient) -> FlaskClient:
    """Return a service whose OpenID provider is not there."""
    return make_client(
        predictor=FixedPredictor(),
        oidc_issuer="https://id.example",
        oidc_audience="pneumonet",
        oidc_jwks_url="http://127.0.0.1:1/keys",
    )


def responses(document: Json) -> Json:
    found: Json = document["paths"]["/predict"]["post"]["responses"]
    return found


def test_the_examples_work(client: FlaskClient, document: Json) -> None:
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert len(body["examples"]) == 2
    for example in body["examples"].values():
        assert client.post("/predict", json=example["value"]).status_code == 200


@pytest.mark.parametrize("form", ["json", "query", "form"])
def test_every_documented_option_is_taken(client: FlaskClient, png: bytes, document: Json, form: str) -> None:
    fields = document["components"]["schemas"]["FilmAsJson"]["properties"]
    for name in ("disable_cam", "cam"):
        values = [value for kind in fields[name]["anyOf"] for value in values_of(kind)]
        assert len(values) > 3
        for value in values:
            if form == "json":
                sent: Json = {"json": {"file_data": base64.b64encode(png).decode(), name: value}}
            elif not isinstance(value, str):
                continue
            elif form == "query":
                sent = {"data": png, "query_string": {name: value}}
            else:
                sent = {"data": {"file": (io.BytesIO(png), "film"), name: value}}
            assert client.post("/predict", **sent).status_code == 200, (name, value)


def values_of(kind: Json) -> list[Any]:
    return {"boolean": [True, False], "null": [None]}.get(kind["type"]) or kind["enum"]


class Page(HTMLParser):
    """What a page shows, and what it would load or run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.targets, self.anchors = "", set[str](), set[str]()
        self.loads: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if "id" in named:
            self.anchors.add(named["id"] or "")
        if tag == "a":
            self.targets.add(named["href"] or "")
        elif tag in {"script", "img", "iframe", "link", "object", "embed"} and named.get("href") != "data:,":
            self.loads.append(tag)
        self.loads += [name for name in named if name.startswith("on") or name in {"src", "srcset", "style"}]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_the_page_shows_the_whole_document_and_loads_nothing(
    client: FlaskClient, document: Json, prefix: str
) -> None:
    response = client.get(f"{prefix}/docs")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    html = response.get_data(as_text=True)
    page = Page(html)
    assert page.loads == []
    assert not re.search(r"url\(|@import|https?://", html)
    inside = {target[1:] for target in page.targets if target.startswith("#")}
    assert inside <= page.anchors
    assert page.targets - {f"#{anchor}" for anchor in inside} == {f"{prefix}/openapi.json"}
    for endpoint in ENDPOINTS:
        assert endpoint in page.text
    for schema in document["components"]["schemas"].values():
        for name, field in schema["properties"].items():
            assert name in page.text
            assert field.get("description", "") in page.text
    for status, codes in documented(document).items():
        assert str(status) in page.text
        assert all(code in page.text for code in codes)
