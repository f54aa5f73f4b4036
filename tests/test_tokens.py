"""Tokens of an OpenID provider: which are taken, and what happens when the provider does not answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask.testing import FlaskClient

from backend.app import tokens
from backend.app.access import Access
from backend.app.identity import CannotTell, NotKnown
from backend.app.keys import configured, new_key
from backend.app.settings import SettingError, Settings
from tests.fakes import FixedPredictor
from tests.test_access import assert_let_out, bearer
from tests.test_errors import assert_refused

MakeClient = Callable[..., FlaskClient]

RSA, ANOTHER_RSA = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
EC = ec.generate_private_key(ec.SECP256R1())
ISSUER, AUDIENCE = "https://id.example", "pneumonet"
KEY = new_key()


class Provider:
    """A JWKS server on loopback; what it answers can be changed, and its requests are counted."""

    def __init__(self) -> None:
        self.body: bytes = jwks(("rsa", RSA), ("ec", EC))
        self.status, self.asked = 200, 0
        self.before: Callable[[], object] = lambda: None
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                provider.before()
                self.send_response(provider.status)
                self.send_header("Content-Length", str(len(provider.body)))
                self.end_headers()
                self.wfile.write(provider.body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "oidc_issuer": ISSUER,
            "oidc_jwks_url": f"http://127.0.0.1:{self.server.server_port}/keys",
            "oidc_audience": AUDIENCE,
        }


def jwks(*keys: tuple[str, Any]) -> bytes:
    made = []
    for name, key in keys:
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        public = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
        made.append({**public, "kid": name, "use": "sig"})
    return json.dumps({"keys": made}).encode()


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def client(make_client: MakeClient, provider: Provider) -> FlaskClient:
    return make_client(predictor=FixedPredictor(), **provider.settings)


def token(
    key: Any = RSA, algorithm: str = "RS256", headers: dict[str, Any] | None = None, **changed: Any
) -> str:
    """Return a good token but for what is changed; a claim that is None is left out."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "reader-7",
        "exp": time.time() + 600,
        "iat": time.time(),
        "roles": ["predict"],
        **changed,
    }
    given = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(given, key, algorithm=algorithm, headers=headers or {"kid": "rsa"})


def signed_with_the_public_key() -> str:
    """Return a token of the classic confusion: the public key taken for HMAC's secret."""
    public = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _, body, _ = token().split(".")
    head = encoded(json.dumps({"alg": "HS256", "kid": "rsa", "typ": "JWT"}).encode())
    return f"{head}.{body}.{encoded(hmac.digest(public, f'{head}.{body}'.encode(), hashlib.sha256))}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned() -> str:
    return token(None, "none")


def tampered() -> str:
    head, body, signature = token(roles=[]).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    return f"{head}.{encoded(json.dumps({**claims, 'roles': ['predict']}).encode())}.{signature}"


@pytest.mark.parametrize(
    "made",
    [
        token,
        lambda: token(EC, "ES256", {"kid": "ec"}),
        lambda: token(aud=["another", AUDIENCE]),
        lambda: token(exp=time.time() - 20),  # clocks differ
        lambda: token(roles="openid predict"),
    ],
)
def test_a_good_token_lets_in(client: FlaskClient, png: bytes, made: Callable[[], str]) -> None:
    assert client.post("/predict", data=png, headers=bearer(made())).status_code == 200


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: token(ANOTHER_RSA), id="signed by another key"),
        pytest.param(lambda: token(EC, "ES256"), id="signed by another kind of key"),
        pytest.param(lambda: token(headers={"kid": "gone"}), id="names a key that is not there"),
        pytest.param(lambda: token(headers={"typ": "JWT"}), id="names no key"),
        pytest.param(lambda: token(RSA, "RS512"), id="an algorithm that is not on the list"),
        pytest.param(signed_with_the_public_key, id="the public key as a secret"),
        pytest.param(unsigned, id="not signed"),
        pytest.param(tampered, id="roles given to oneself"),
        pytest.param(lambda: token(exp=time.time() - 40), id="expired"),
        pytest.param(lambda: token(exp=None), id="never expires"),
        pytest.param(lambda: token(exp="soon"), id="expires at no time"),
        pytest.param(lambda: token(nbf=time.time() + 600), id="not yet"),
        pytest.param(lambda: token(aud="another"), id="for another"),
        pytest.param(lambda: token(aud=None), id="for nobody"),
        pytest.param(lambda: token(iss="https://id.example/"), id="by another"),
        pytest.param(lambda: token(iss=None), id="by nobody"),
        pytest.param(lambda: token(sub=None), id="about nobody"),
        pytest.param(
            lambda: token(headers={"kid": "rsa", "crit": ["x"], "x": 1}), id="asks for what is not known"
        ),
        pytest.param(lambda: "..", id="empty"),
        pytest.param(lambda: "a.b.c", id="nonsense"),
        pytest.param(lambda: f"{encoded(b'[' * 4000)}.e30.x", id="deep JSON"),
        pytest.param(lambda: f"{encoded(b'[1]')}.e30.x", id="a list for a header"),
        pytest.param(lambda: f"{encoded(b'{}')}.e30.", id="nothing in it"),
    ],
)
def test_any_other_does_not(client: FlaskClient, png: bytes, made: Callable[[], str]) -> None:
    shown = made()
    answer = client.post("/predict", data=png, headers=bearer(shown))
    assert_let_out(answer, 401, "invalid_token")
    assert client.post("/predict", data=png, headers={"X-API-Key": shown}).status_code == 401


def test_who_has_an_expired_token_is_told_to_sign_in_again(client: FlaskClient, png: bytes) -> None:
    answer = client.post("/predict", data=png, headers=bearer(token(exp=time.time() - 600)))
    assert answer.get_json()["error"] == "The token has expired. Sign in again."


@pytest.mark.parametrize(
    ("settings", "claims", "status"),
    [
        ({}, {"roles": []}, 403),
        ({}, {"roles": None}, 403),
        ({}, {"roles": {"predict": 1}}, 403),
        ({}, {"roles": [["predict"], 7, None]}, 403),
        ({}, {"roles": ["metrics"]}, 403),
        ({}, {"roles": ["Predict", "predictor"]}, 403),
        ({"oidc_roles": ("radiologist=predict",)}, {"roles": ["radiologist"]}, 200),
        ({"oidc_roles": ("radiologist=predict",)}, {"roles": ["predict"]}, 403),
        ({"oidc_roles_claim": "realm_access.roles"}, {"realm_access": {"roles": ["predict"]}}, 200),
        ({"oidc_roles_claim": "realm_access.roles"}, {"realm_access": "predict"}, 403),
        ({"oidc_roles_claim": "https://id.example/roles"}, {"https://id.example/roles": ["predict"]}, 200),
        ({"oidc_roles_claim": "scope"}, {"scope": "openid predict"}, 200),
    ],
)
def test_a_claim_says_what_is_allowed(
    make_client: MakeClient, provider: Provider, png: bytes, settings: Any, claims: Any, status: int
) -> None:
    client = make_client(predictor=FixedPredictor(), **provider.settings, **settings)
    assert client.post("/predict", data=png, headers=bearer(token(**claims))).status_code == status


def verifier(client: FlaskClient) -> tokens.Tokens:
    found: tokens.Tokens = client.application.extensions["access"]._tokens
    return found


@pytest.mark.parametrize(
    ("algorithm", "declared", "status"),
    [
        ("RS512", None, 200),
        ("PS256", None, 200),
        ("RS256", None, 401),
        ("RS512", "RS512", 200),
        ("RS512", "PS256", 401),
        ("ES512", None, 401),
    ],
)
def test_a_key_that_does_not_say_what_it_signs_with_may_sign_with_what_is_allowed(
    make_client: MakeClient, provider: Provider, png: bytes, algorithm: str, declared: str | None, status: int
) -> None:
    key = json.loads(jwks(("rsa", RSA)))["keys"][0]
    key.pop("alg", None)
    provider.body = json.dumps({"keys": [{**key, "alg": declared} if declared else key]}).encode()
    allowed = ("RS512", "PS256", "ES512")
    client = make_client(predictor=FixedPredictor(), **provider.settings, oidc_algorithms=allowed)
    signed = token(ec.generate_private_key(ec.SECP521R1()) if algorithm == "ES512" else RSA, algorithm)
    assert client.post("/predict", data=png, headers=bearer(signed)).status_code == status


def test_who_names_an_unknown_key_while_the_provider_hangs_blocks_nobody(
    client: FlaskClient, provider: Provider
) -> None:
    access = client.application.extensions["access"]
    assert access.caller(token()).name == "reader-7"
    keys = verifier(client)._keys
    assert keys._last_successful_fetch is not None
    keys._last_successful_fetch -= 31
    hanging, over = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        over.wait(60)

    provider.before = hang
    keys.timeout = 120
    with ThreadPoolExecutor(1) as pool:
        forged = pool.submit(access.caller, token(headers={"kid": "forged"}))
        try:
            assert hanging.wait(60)
            assert access.caller(token()).name == "reader-7"
            with pytest.raises(CannotTell):
                access.caller(token(headers={"kid": "another"}))
            assert not forged.done(), "nobody has waited for the one that fetches"
        finally:
            over.set()
        with pytest.raises(NotKnown):
            forged.result(60)


def test_who_comes_while_the_first_keys_are_fetched_waits_for_them(
    client: FlaskClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "WAIT_SECONDS", 60.0)
    access, hanging, over = client.application.extensions["access"], threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        over.wait(60)

    provider.before = hang
    verifier(client)._keys.timeout = 120
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(access.caller, token())
        assert hanging.wait(60)
        second = pool.submit(access.caller, token())
        over.set()
        assert {each.result(60).name for each in (first, second)} == {"reader-7"}
    assert provider.asked == 1


def test_keys_are_fetched_once_and_anew_when_they_are_renewed(
    make_client: MakeClient, provider: Provider, png: bytes
) -> None:
    client = make_client(predictor=FixedPredictor(), **provider.settings)

    def status(shown: str) -> int:
        return client.post("/predict", data=png, headers=bearer(shown)).status_code

    assert provider.asked == 0
    assert [status(token()) for _ in range(5)] == [200] * 5
    assert provider.asked == 1
    renewed = token(ANOTHER_RSA, headers={"kid": "new"})
    assert [status(renewed) for _ in range(5)] == [401] * 5
    assert provider.asked == 1, "who makes up names of keys must not make us ask for each"
    provider.body = jwks(("new", ANOTHER_RSA))
    fetched = verifier(client)._keys
    assert fetched._last_successful_fetch is not None
    fetched._last_successful_fetch -= 31
    assert status(renewed) == 200
    assert (provider.asked, status(token())) == (2, 401)


def test_a_key_that_the_provider_withdrew_opens_the_door_for_ten_minutes_at_most(
    make_client: MakeClient, provider: Provider, png: bytes
) -> None:
    client = make_client(predictor=FixedPredictor(), **provider.settings)

    def status() -> int:
        return client.post("/predict", data=png, headers=bearer(token())).status_code

    assert status() == 200
    provider.body = jwks(("new", ANOTHER_RSA))
    fetched = verifier(client)._keys
    assert fetched.jwk_set_cache is not None
    kept = fetched.jwk_set_cache.jwk_set_with_timestamp
    assert kept is not None
    kept.timestamp -= 590
    assert (status(), provider.asked) == (200, 1)
    kept.timestamp -= 20
    assert (status(), provider.asked) == (401, 2)


SPOILT: dict[str, Callable[[Provider], Any]] = {
    "an error": lambda provider: setattr(provider, "status", 500),
    "a redirect": lambda provider: setattr(provider, "status", 302),
    "no JSON": lambda provider: setattr(provider, "body", b"<html>"),
    "no keys": lambda provider: setattr(provider, "body", b'{"keys": []}'),
    "no object": lambda provider: setattr(provider, "body", b"[]"),
    "nobody there": lambda provider: (provider.server.shutdown(), provider.server.server_close()),
}


@pytest.mark.parametrize("how", SPOILT)
def test_where_the_provider_does_not_answer_the_service_says_so(
    make_client: MakeClient,
    png: bytes,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tokens, "BACK_OFF_SECONDS", 600.0)
    provider = Provider()
    SPOILT[how](provider)
    client = make_client(
        predictor=FixedPredictor(), **provider.settings, api_keys=(configured("ward", ["predict"], KEY),)
    )
    for _ in range(3):
        answer = client.post("/predict", data=png, headers=bearer(token()))
        assert_refused(answer, 503, "unavailable")
    if how != "nobody there":
        assert provider.asked == 1, "a provider in trouble is not asked by every request"
        provider.server.shutdown()
        provider.server.server_close()
    # What is wrong without any key stays wrong, and who has a key of ours is let in.
    assert_let_out(client.post("/predict", data=png, headers=bearer(unsigned())), 401, "invalid_token")
    assert client.post("/predict", data=png, headers=bearer(KEY)).status_code == 200
    logged = capsys.readouterr().err
    assert '"signing keys cannot be fetched"' in logged
    assert token().split(".")[0] not in logged


def test_a_provider_that_hangs_is_given_up_and_tried_again_later(
    png: bytes, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    monkeypatch.setattr(tokens, "FETCH_SECONDS", 0.2)
    monkeypatch.setattr(tokens, "BACK_OFF_SECONDS", 600.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(
            oidc_issuer=ISSUER,
            oidc_audience=AUDIENCE,
            oidc_jwks_url=f"http://127.0.0.1:{silent.getsockname()[1]}/",
        )
        access = Access(settings)
        for _ in range(50):
            with pytest.raises(CannotTell):
                access.caller(token())
        silent.settimeout(0.5)
        silent.accept()
        with pytest.raises(TimeoutError):  # all the others were told at once
            silent.accept()
    assert access._tokens is not None
    keys = access._tokens._keys
    keys.uri, keys.timeout = provider.settings["oidc_jwks_url"], 30
    monkeypatch.setattr(tokens, "BACK_OFF_SECONDS", 0.0)
    assert access.caller(token()).name == "reader-7"


def test_the_page_is_told_where_to_sign_in(make_client: MakeClient, provider: Provider) -> None:
    found = make_client(predictor=FixedPredictor(), **provider.settings, oidc_client_id="page")
    assert found.get("/access").get_json() == {
        "required": True,
        "methods": ["oidc"],
        "oidc": {"issuer": ISSUER, "client_id": "page", "scope": "openid"},
    }
    without = make_client(predictor=FixedPredictor(), **provider.settings)
    assert without.get("/access").get_json() == {"required": True, "methods": ["oidc"], "oidc": None}


def test_the_log_does_not_know_who_the_token_is_about(
    make_client: MakeClient, provider: Provider, png: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_client(predictor=FixedPredictor(), **provider.settings)
    for shown in (token(roles=[]), token(aud="another"), token()):
        client.post("/predict", data=png, headers=bearer(shown))
    logged = capsys.readouterr().err
    assert '"reason": "no such role", "key": null' in logged
    assert '"reason": "InvalidAudienceError", "key": null' in logged
    assert "reader-7" not in logged
    assert "eyJ" not in logged


@pytest.mark.parametrize("left_out", ["oidc_issuer", "oidc_jwks_url", "oidc_audience"])
def test_half_of_the_settings_is_refused(provider: Provider, left_out: str) -> None:
    with pytest.raises(SettingError, match=f"{left_out.upper()} must be set too"):
        Access(Settings(**{**provider.settings, left_out: ""}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ALGORITHMS", "none"),
        ("OIDC_ALGORITHMS", "RS256,HS256"),
        ("OIDC_JWKS_URL", "http://id.example/keys"),
        ("OIDC_JWKS_URL", "file:///etc/passwd"),
        ("OIDC_ISSUER", "id.example"),
        ("OIDC_ROLES", "radiologist=admin"),
        ("OIDC_ROLES", "radiologist"),
    ],
)
def test_settings_that_would_let_in_too_many_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{name} must be"):
        Settings.from_environment({name: value})
