"""What browsers are told that they may do with each answer."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from backend.app.headers import page_policy
from tests.fakes import FixedPredictor
from tests.test_page import CHROME, SCRIPT

MakeClient = Callable[..., FlaskClient]

STRICT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
OIDC = {
    "oidc_issuer": "https://id.example/realms/one",
    "oidc_jwks_url": "https://id.example/keys",
    "oidc_audience": "pneumonet",
    "oidc_client_id": "page",
}


@pytest.fixture
def client(make_client: MakeClient, page_dir: Path) -> FlaskClient:
    return make_client(predictor=FixedPredictor(), page_dir=page_dir)


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        *((path, STRICT) for path in ("/health", "/ready", "/api", "/access", "/openapi.json", "/metrics")),
        *((path, STRICT) for path in ("/nothing", "/predict", "/assets/gone-1a2b3c4d.js")),
        *((path, page_policy()) for path in ("/", "/index.html", "/sw.js", "/icon.svg", SCRIPT)),
    ],
)
def test_each_answer_says_what_a_browser_may_do_with_it(client: FlaskClient, path: str, policy: str) -> None:
    headers = client.get(path, headers={"Accept": CHROME}).headers
    assert headers.getlist("Content-Security-Policy") == [policy]
    assert headers.getlist("X-Content-Type-Options") == ["nosniff"]
    assert headers.getlist("Referrer-Policy") == ["no-referrer"]
    assert len(headers.getlist("Permissions-Policy")) == 1
    assert "Strict-Transport-Security" not in headers
    assert "Set-Cookie" not in headers


def test_a_prediction_and_a_refusal_are_data(client: FlaskClient, png: bytes) -> None:
    for answer in (client.post("/predict", data=png), client.post("/predict")):
        assert answer.headers["Content-Security-Policy"] == STRICT
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("policy", [page_policy(), page_policy([OIDC["oidc_issuer"]])])
def test_no_policy_lets_in_what_is_written_into_a_page(policy: str) -> None:
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "frame-ancestors 'none'" in policy
    assert re.search(r"script-src 'self';", policy)


def test_the_page_may_speak_to_whom_it_signs_in_at_and_to_nobody_else(
    make_client: MakeClient, page_dir: Path
) -> None:
    def connects(**settings: object) -> list[str]:
        client = make_client(predictor=FixedPredictor(), page_dir=page_dir, **settings)
        policies = [
            client.get(path, headers={"Accept": CHROME}).headers["Content-Security-Policy"]
            for path in ("/", "/index.html")
        ]
        return [re.findall("connect-src (.*?);", policy)[0] for policy in policies]

    assert connects() == ["'self'"] * 2
    assert connects(**OIDC) == ["'self' https://id.example"] * 2
    more = ("https://token.example/oauth", "https://id.example")
    assert connects(**OIDC, oidc_origins=more) == ["'self' https://id.example https://token.example"] * 2
    assert connects(**{**OIDC, "oidc_client_id": ""}) == ["'self'"] * 2


@pytest.mark.parametrize("path", ["/docs", "/api/docs"])
def test_the_description_has_the_one_style_that_its_policy_names(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    (style,) = re.findall("<style>(.*?)</style>", answer.get_data(as_text=True), flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;")
    assert "unsafe" not in policy
    assert "style=" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/health", "/sw.js", "/nothing"])
@pytest.mark.parametrize(
    ("peer", "scheme", "strict"),
    [("10.0.0.1", "https", True), ("10.0.0.1", "http", False), ("192.0.2.1", "https", False)],
)
def test_browsers_are_told_to_come_by_tls_where_they_did(
    make_client: MakeClient, page_dir: Path, path: str, peer: str, scheme: str, strict: bool
) -> None:
    client = make_client(predictor=FixedPredictor(), page_dir=page_dir, trusted_proxies=("10.0.0.0/8",))
    answer = client.get(path, headers={"X-Forwarded-Proto": scheme}, environ_base={"REMOTE_ADDR": peer})
    told = answer.headers.getlist("Strict-Transport-Security")
    assert told == ["max-age=31536000"] * strict


def test_a_file_that_has_not_changed_says_it_too(client: FlaskClient) -> None:
    first = client.get("/sw.js")
    again = client.get("/sw.js", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
