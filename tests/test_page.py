"""The page for browsers, JSON for scripts, and the page's files with how long they keep."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from flask.testing import FlaskClient

from tests.fakes import FixedPredictor
from tests.test_errors import assert_refused

MakeClient = Callable[..., FlaskClient]

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
SCRIPT = "/assets/app-1a2b3c4d.js"


@pytest.fixture
def client(make_client: MakeClient, page_dir: Path) -> FlaskClient:
    return make_client(predictor=FixedPredictor(), page_dir=page_dir)


@pytest.fixture
def pageless(make_client: MakeClient, tmp_path: Path) -> FlaskClient:
    return make_client(predictor=FixedPredictor(), page_dir=tmp_path)


@pytest.mark.parametrize("accept", [CHROME, "text/html", "text/*", "application/json;q=0.5, text/html"])
def test_a_browser_gets_the_page(client: FlaskClient, page_dir: Path, accept: str) -> None:
    response = client.get("/", headers={"Accept": accept})
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert response.data == (page_dir / "index.html").read_bytes()
    assert response.headers["Cache-Control"] == "no-store"
    assert "Accept" in response.vary


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        None,
        "",
        "application/json",
        "application/json, text/plain, */*",
        "application/json, text/html",
        "text/html;q=0.5, application/json",
        "image/png",
        "nonsense;q=x",
    ],
)
def test_a_script_gets_json(client: FlaskClient, accept: str | None) -> None:
    response = client.get("/", headers={} if accept is None else {"Accept": accept})
    assert response.status_code == 200
    assert "not built" not in response.get_json()["message"]
    assert response.headers["Cache-Control"] == "no-store"
    assert "Accept" in response.vary


@pytest.mark.parametrize("accept", ["*/*", CHROME])
@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_under_api_everyone_gets_json(client: FlaskClient, path: str, accept: str) -> None:
    response = client.get(path, headers={"Accept": accept})
    assert response.get_json()["status"] == "running"


def test_head_tells_of_the_page_what_get_would(client: FlaskClient) -> None:
    told, got = (client.open("/", method=method, headers={"Accept": CHROME}) for method in ("HEAD", "GET"))
    assert (told.status_code, told.data) == (200, b"")
    for name in ("Content-Type", "Content-Length", "Cache-Control", "Vary"):
        assert told.headers[name] == got.headers[name]


def test_where_no_page_is_built_a_browser_is_told_how_to_get_it(pageless: FlaskClient) -> None:
    message = pageless.get("/", headers={"Accept": CHROME}).get_json()["message"]
    assert "POST one to /predict" in message
    assert "Node.js 20.19 or later" in message
    assert "make run" in message


def test_where_no_page_is_built_scripts_hear_nothing_of_it(
    client: FlaskClient, pageless: FlaskClient
) -> None:
    assert pageless.get("/").get_json() == client.get("/").get_json()
    assert_refused(pageless.get(SCRIPT), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "mimetype", "cache_control"),
    [
        (SCRIPT, "text/javascript", "max-age=31536000, public, immutable"),
        ("/assets/reader-Zz_-9x8Y.wasm", "application/wasm", "max-age=31536000, public, immutable"),
        ("/assets/plain.js", "text/javascript", "no-cache"),
        ("/sw.js", "text/javascript", "no-cache"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("/icon.svg", "image/svg+xml", "no-cache"),
        ("/index.html", "text/html", "no-store"),
    ],
)
def test_each_file_says_what_it_is_and_how_long_it_keeps(
    client: FlaskClient, page_dir: Path, path: str, mimetype: str, cache_control: str
) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.data == (page_dir / path[1:]).read_bytes()
    assert response.mimetype == mimetype
    assert response.headers["Cache-Control"] == cache_control


@pytest.mark.parametrize(
    ("accepted", "encoding", "decode"),
    [
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("identity", None, bytes),
        ("", None, bytes),
    ],
)
def test_a_client_gets_the_compression_it_accepts(
    client: FlaskClient, page_dir: Path, accepted: str, encoding: str | None, decode: Callable[[bytes], bytes]
) -> None:
    response = client.get(SCRIPT, headers={"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == encoding
    assert response.mimetype == "text/javascript"
    assert "Accept-Encoding" in response.vary
    original = (page_dir / SCRIPT[1:]).read_bytes()
    assert decode(response.data) == original
    assert (len(response.data) < len(original) / 10) == (encoding is not None)


@pytest.mark.parametrize("path", ["/sw.js", "/manifest.webmanifest", SCRIPT])
def test_a_file_that_has_not_changed_is_not_sent_again(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    for header, value in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        again = client.get(path, headers={header: first.headers[value]})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert client.get(path, headers={"If-None-Match": '"another"'}).status_code == 200


def test_head_of_a_file_has_its_length_and_no_body(client: FlaskClient) -> None:
    told, got = client.head("/sw.js"), client.get("/sw.js")
    assert (told.status_code, told.data) == (200, b"")
    assert told.headers == got.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_file_is_only_read(client: FlaskClient, method: str) -> None:
    assert_refused(client.open(SCRIPT, method=method, data=b"x"), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone-1a2b3c4d.js",
        "/assets",
        "/assets/",
        f"{SCRIPT}.br",
        "/.built",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/..%5c..%5csecret.txt",
        "/sw.js%00",
    ],
)
@pytest.mark.parametrize("accept", ["*/*", CHROME])
def test_what_is_no_file_of_the_page_is_json_404(client: FlaskClient, path: str, accept: str) -> None:
    assert_refused(client.get(path, headers={"Accept": accept}), 404, "not_found")


def test_other_origins_may_not_read_the_files(client: FlaskClient) -> None:
    for origin in ("https://other.example", "http://localhost:5173"):
        response = client.get("/sw.js", headers={"Origin": origin})
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_the_endpoints_answer_beside_the_page(client: FlaskClient, png: bytes) -> None:
    assert client.get("/health", headers={"Accept": CHROME}).get_json()["status"] == "starting"
    assert client.post("/api/predict", data=png).status_code == 200
    assert client.get("/health").get_json()["status"] == "healthy"


def test_the_page_has_its_line_in_the_log_and_its_files_have_none(
    make_client: MakeClient, page_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_client(predictor=FixedPredictor(), page_dir=page_dir)
    client.get(SCRIPT)
    client.get("/", headers={"Accept": CHROME})
    assert capsys.readouterr().err.count('"route": "/"') == 1
