"""Who a client is, what it may ask for, and what it reads when gunicorn hangs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from tests.e2e.container import Answer, Container, container, is_failure, needs_nginx, until

pytestmark = needs_nginx

# The connection's own address, on loopback: one is in TRUSTED_PROXIES.
PROXY, STRANGER, ANOTHER_STRANGER = "127.0.0.1", "127.0.0.2", "127.0.0.3"
AT_ONCE = 3


def at_once(up: Container, headers: list[dict[str, str]], source: str) -> list[Answer]:
    """Return the answers to requests that differ in their headers, sent together."""
    with ThreadPoolExecutor(20) as clients:
        return list(clients.map(lambda each: up.ask("/", headers=each, source=source), headers))


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    settings = {
        "TRUSTED_PROXIES": f"{PROXY}/32, 192.0.2.0/24",
        "CLIENT_RATE": "1",
        "CLIENT_BURST": str(AT_ONCE),
        "CLIENT_CONNECTIONS": "100",
    }
    with container(tmp_path_factory.mktemp("container"), **settings) as running:
        yield running


def test_one_address_is_limited_whatever_it_says_of_itself(up: Container) -> None:
    said = [{"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": "1.1.1.1"} for number in range(40)]
    answers = at_once(up, said, STRANGER)
    refused = [answer for answer in answers if answer.status == 429]
    assert 0 < len(refused) < len(answers)
    assert all(is_failure(answer, 429, "rate_limited") for answer in refused)
    assert refused[0].headers["Retry-After"] == "1"


@pytest.mark.parametrize(("network", "behind"), [("198.51.100", ""), ("198.51.101", ", 192.0.2.1")])
def test_trusted_proxies_clients_are_told_apart(up: Container, network: str, behind: str) -> None:
    said = [{"X-Forwarded-For": f"{network}.{number}{behind}"} for number in range(40)]
    assert {answer.status for answer in at_once(up, said, PROXY)} == {200}


def test_through_trusted_proxies_only_the_nearest_stranger_counts(up: Container) -> None:
    said = [{"X-Forwarded-For": f"10.0.0.{number}, 198.51.102.1, 192.0.2.1"} for number in range(40)]
    assert 429 in {answer.status for answer in at_once(up, said, PROXY)}


def test_probes_have_an_allowance_of_their_own(up: Container) -> None:
    assert 429 in {answer.status for answer in at_once(up, [{}] * 40, ANOTHER_STRANGER)}
    assert up.ask("/health", source=ANOTHER_STRANGER).status == 200


@pytest.mark.parametrize(
    ("source", "scheme", "strict"),
    [(PROXY, "https", True), (PROXY, "http", False), (STRANGER, "https", False)],
)
def test_only_a_trusted_proxy_can_say_that_the_request_came_by_tls(
    up: Container, source: str, scheme: str, strict: bool
) -> None:
    headers = up.ask("/metrics", headers={"X-Forwarded-Proto": scheme}, source=source).headers
    assert headers.get_all("Strict-Transport-Security", []) == ["max-age=31536000"] * strict


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    settings = {"UPSTREAM_SECONDS": "3", "CLIENT_CONNECTIONS": "2", "CLIENT_RATE": "1000"}
    with container(tmp_path_factory.mktemp("container"), **settings) as running:
        yield running


def test_too_many_uploads_of_one_address_at_once_are_refused(impatient: Container) -> None:
    slow: list[HTTPConnection] = []

    def refused_beside_one_more() -> Answer | None:
        slow.append(begun(impatient))  # one that came too soon after another had left is refused itself
        return refusal(impatient)

    assert is_failure(until(refused_beside_one_more), 429, "rate_limited")
    statuses = []
    for connection in slow:
        connection.send(b"whole")
        statuses.append(connection.getresponse().status)
        connection.close()
    assert len([status for status in statuses if status != 429]) == 2
    until(lambda: not refusal(impatient))


def begun(up: Container) -> HTTPConnection:
    """Return an upload of which half has been sent."""
    connection = up.connect()
    connection.putrequest("POST", "/predict")
    connection.putheader("Content-Length", "9")
    connection.endheaders(b"half")
    return connection


def refusal(up: Container) -> Answer | None:
    answer = up.ask("/")
    return answer if answer.status == 429 else None


def test_a_hanging_gunicorn_is_given_up(impatient: Container) -> None:
    # The master too, which would replace a worker that hangs alone.
    hanging = [impatient.worker(), impatient.master("gunicorn")]
    for each in reversed(hanging):
        each.suspend()
    try:
        assert is_failure(impatient.ask("/health"), 504, "deadline_exceeded")
    finally:
        for each in hanging:
            each.resume()
    assert until(lambda: impatient.ask("/health").status == 200)
