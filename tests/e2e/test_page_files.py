"""The page's files over real sockets, where nobody tidies an address before it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.e2e.conftest import serving
from tests.e2e.test_server import connect

SCRIPT = "/assets/app-1a2b3c4d.js"


@pytest.fixture(scope="module")
def connection(environment: dict[str, str], page_dir: Path) -> Iterator[HTTPConnection]:
    """One connection for all, so that an answer of the wrong length spoils the next."""
    with serving({**environment, "PAGE_DIR": str(page_dir)}) as url:
        connection = connect(url)
        yield connection
        connection.close()


def ask(connection: HTTPConnection, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    connection.request(method, path, headers={name.replace("_", "-"): headers[name] for name in headers})
    response = connection.getresponse()
    return response.status, response.read()


def test_files_and_endpoints_share_a_connection(connection: HTTPConnection, page_dir: Path) -> None:
    script = (page_dir / SCRIPT[1:]).read_bytes()
    compressed = (page_dir / f"{SCRIPT[1:]}.br").read_bytes()
    for _ in range(3):
        assert ask(connection, SCRIPT) == (200, script)
        assert ask(connection, SCRIPT, Accept_Encoding="br") == (200, compressed)
        assert ask(connection, SCRIPT, method="HEAD") == (200, b"")
        assert ask(connection, SCRIPT, Range="bytes=0-9") == (206, script[:10])
        assert ask(connection, SCRIPT, If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT") == (304, b"")
        assert ask(connection, "/", Accept="text/html") == (200, (page_dir / "index.html").read_bytes())
        assert ask(connection, "/", Accept="text/html", method="HEAD") == (200, b"")
        assert ask(connection, "/health")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "//secret.txt",
        "/.built",
    ],
)
def test_no_address_leads_out_of_the_folder(connection: HTTPConnection, path: str) -> None:
    status, body = ask(connection, path)
    assert (status, json.loads(body)["code"]) == (404, "not_found")


def test_a_film_sent_to_a_file_is_refused_and_the_connection_lives_on(connection: HTTPConnection) -> None:
    connection.request("POST", SCRIPT, body=b"\0" * 2**20)
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())["code"]) == (404, "not_found")
    assert ask(connection, "/health")[0] == 200
