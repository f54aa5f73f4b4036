"""Access control through the container's nginx: who is let in, and whose address is counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.app.keys import configured, new_key
from tests.e2e.container import Container, container, is_failure, needs_nginx

pytestmark = needs_nginx

KEY = new_key()
# The connection's own address, on loopback: one is in TRUSTED_PROXIES.
PROXY, STRANGER, ANOTHER_STRANGER = "127.0.0.1", "127.0.0.2", "127.0.0.3"
MOST = 3


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    settings = {
        "ALLOW_ANONYMOUS": "0",
        "API_KEYS": configured("ward-3", ["predict", "metrics"], KEY),
        "RATE_LIMIT": f"{MOST}/hour",
        "TRUSTED_PROXIES": f"{PROXY}/32",
        "CLIENT_RATE": "1000",
    }
    with container(tmp_path_factory.mktemp("container"), **settings) as running:
        yield running


def guesses(up: Container, source: str, said: list[str]) -> list[int]:
    """Return what somebody without a key hears who names other addresses each time."""
    return [
        up.ask("/api/predict", "POST", b"x", {"X-Forwarded-For": each}, source=source).status for each in said
    ]


def test_a_key_is_asked_for_and_lets_in(up: Container) -> None:
    refused = up.ask("/predict", "POST", b"no film")
    assert is_failure(refused, 401, "unauthorized")
    assert refused.headers.get_all("WWW-Authenticate") == ['Bearer realm="PneumoNet"']
    for headers in ({"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY}):
        assert is_failure(up.ask("/predict", "POST", b"no film", headers), 415, "unsupported_type")
    assert up.ask("/access").json["required"] is True
    assert up.access(up.ask("/api/access").headers["X-Request-ID"])["route"] == "/api/access"
    assert is_failure(up.ask("/metrics", headers={"X-API-Key": KEY}), 404, "not_found")


def test_who_guesses_is_counted_by_the_address_that_nginx_saw(up: Container) -> None:
    said = [f"198.51.100.{number}" for number in range(MOST + 2)]
    assert guesses(up, STRANGER, said) == [401] * MOST + [429] * 2
    assert guesses(up, ANOTHER_STRANGER, said[:1]) == [401]
    limited = up.ask("/predict", "POST", b"x", source=STRANGER)
    assert is_failure(limited, 429, "rate_limited")
    (seconds,) = limited.headers.get_all("Retry-After", [])
    assert 1 <= int(seconds) <= 3601


def test_clients_of_a_trusted_proxy_are_told_apart(up: Container) -> None:
    assert guesses(up, PROXY, [f"198.51.101.{number}" for number in range(MOST + 2)]) == [401] * (MOST + 2)


def test_no_log_holds_a_key(up: Container) -> None:
    for log in ("stdout", "stderr"):
        assert KEY not in (up.folder / log).read_text()
