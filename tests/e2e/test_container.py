"""The page and the API through the container's nginx, and what nginx adds or answers itself."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import psutil
import pytest

from backend.app.settings import Settings
from tests.e2e.container import Container, container, is_failure, needs_nginx, read

pytestmark = needs_nginx

MIB = 2**20
SCRIPT = "/assets/app-1a2b3c4d.js"
HTML = {"Accept": "text/html"}
ONCE = [
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Permissions-Policy",
    "X-Request-ID",
    "Cache-Control",
    "Content-Type",
]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, page_dir: Path) -> Iterator[Container]:
    folder = tmp_path_factory.mktemp("container")
    with container(folder, PAGE_DIR=str(page_dir), CLIENT_RATE="1000") as running:
        yield running


def test_browsers_get_the_page_and_it_is_never_kept(up: Container, page_dir: Path) -> None:
    for path in ("/", "/index.html"):
        answer = up.ask(path, headers=HTML)
        assert (answer.status, answer.body) == (200, (page_dir / "index.html").read_bytes())
        assert answer.headers.get_all("Cache-Control") == ["no-store"]


def test_scripts_get_json_at_the_same_address(up: Container) -> None:
    assert up.ask("/").json["status"] == "running"
    assert up.ask("/api", headers=HTML).json["status"] == "running"


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_film_is_read_at_both_addresses(up: Container, png: bytes, prefix: str) -> None:
    answer = up.ask(f"{prefix}/predict?cam=map", "POST", png, {"X-Request-ID": f"film{len(prefix)}"})
    assert answer.status == 200
    assert answer.json["prediction"] in answer.json["probabilities"]
    assert up.ask(f"{prefix}/health").json["models_loaded"] is True
    # One id in the answer, its header, nginx's line and the app's.
    assert answer.json["request_id"] == answer.headers["X-Request-ID"] == f"film{len(prefix)}"
    assert up.access(f"film{len(prefix)}")["app_status"] == "200"
    assert f'"request_id": "film{len(prefix)}"' in (up.folder / "stderr").read_text()


@pytest.mark.parametrize(
    "path", ["/", "/health", "/nothing", "/metrics", SCRIPT, "/sw.js", "/assets/no-1a2b3c4d.js"]
)
def test_each_header_comes_once(up: Container, path: str) -> None:
    headers = up.ask(path, headers=HTML).headers
    for name in ONCE:
        wanted = 0 if name == "Cache-Control" and path == "/nothing" else 1
        assert len(headers.get_all(name, [])) == wanted, name
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_cors_headers_come_once_and_from_flask_alone(up: Container, png: bytes, method: str) -> None:
    def ask(origin: str) -> list[str]:
        wishes = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return up.ask("/predict", method, png, wishes).headers.get_all("Access-Control-Allow-Origin", [])

    allowed = Settings().cors_origins[0]
    assert ask(allowed) == [allowed]
    assert ask("https://elsewhere.example") == []


@pytest.mark.parametrize(("accepted", "ending"), [("br", ".br"), ("gzip", ".gz"), ("identity", "")])
def test_hashed_files_come_from_nginx_compressed_and_for_good(
    up: Container, page_dir: Path, accepted: str, ending: str
) -> None:
    request_id = f"asset-{accepted}"
    answer = up.ask(SCRIPT, headers={"Accept-Encoding": accepted, "X-Request-ID": request_id})
    if accepted == "br" and "Content-Encoding" not in answer.headers:
        pytest.skip("nginx's brotli_static module is not installed")
    assert answer.body == (page_dir / f"{SCRIPT[1:]}{ending}").read_bytes()
    assert answer.headers["Cache-Control"] == "max-age=31536000, public, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Type"] == "application/javascript"
    assert up.access(request_id)["app_status"] == ""


def test_files_without_a_hash_are_asked_for_anew(up: Container) -> None:
    for path in ("/sw.js", "/assets/plain.js", "/manifest.webmanifest"):
        assert up.ask(path).headers.get_all("Cache-Control") == ["no-cache"]


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "//secret.txt", "/.built"],
)
def test_no_address_leads_out_of_the_page(up: Container, path: str) -> None:
    answer = up.ask(path)
    assert answer.status in {400, 404}
    assert b"secret" not in answer.body


@pytest.mark.parametrize("prefix", ["/", "/api/", "//", "/x/../", "/%2e/"])
@pytest.mark.parametrize(
    "name", ["metrics", "%6detrics", "metrics/", "metrics/x", "metrics?a=b", "metrics%2f"]
)
def test_metrics_are_not_public(up: Container, prefix: str, name: str) -> None:
    answer = up.ask(prefix + name)
    assert is_failure(answer, 404, "not_found")
    assert answer.json["error"] == up.ask("/nothing").json["error"]
    assert up.access(answer.json["request_id"])["app_status"] == ""


@pytest.mark.parametrize(
    ("size", "app_status"),
    [(14 * MIB + 1, "413"), (15 * MIB, "413"), (15 * MIB + 1, ""), (80 * MIB, "")],
)
def test_a_body_too_large_is_refused_by_the_app_and_far_larger_by_nginx(
    up: Container, size: int, app_status: str
) -> None:
    answer = up.ask("/predict", "POST", b"\0" * size)
    assert is_failure(answer, 413, "image_too_large")
    assert up.access(answer.json["request_id"])["app_status"] == app_status


@pytest.mark.parametrize(
    ("request_line", "header", "status", "code"),
    [
        ("nonsense", "", 400, "bad_request"),
        ("GET /%00 HTTP/1.1", "", 400, "bad_request"),
        (f"GET /{'a' * 9000} HTTP/1.1", "", 414, "bad_request"),
        ("GET / HTTP/1.1", f"X-Long: {'a' * 9000}\r\n", 431, "bad_request"),
        ("TRACE / HTTP/1.1", "", 405, "method_not_allowed"),
        (f"POST {SCRIPT} HTTP/1.1", "", 405, "method_not_allowed"),
        ("GET / HTTP/3.0", "", 505, "internal_error"),
    ],
)
def test_what_nginx_refuses_has_the_one_shape(
    up: Container, request_line: str, header: str, status: int, code: str
) -> None:
    with socket.create_connection(("127.0.0.1", up.port), timeout=60) as sender:
        sender.sendall(f"{request_line}\r\nHost: x\r\n{header}\r\n".encode())
        response = HTTPResponse(sender)
        response.begin()
        answer = read(response)
    assert is_failure(answer, status, code)
    assert bool(answer.headers["Allow"]) == (status == 405)


def test_a_request_id_that_is_none_is_replaced(up: Container) -> None:
    for given in ("a b", "a" * 65, "x\u00e9"):
        kept = up.ask("/metrics", headers={"X-Request-ID": given}).json["request_id"]
        assert kept != given
        assert len(kept) == 32


def test_a_slow_upload_stays_in_memory_and_holds_no_thread(up: Container) -> None:
    body = b"\0" * (10 * MIB)
    with socket.create_connection(("127.0.0.1", up.port), timeout=60) as sender:
        head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        sender.sendall(head.encode() + body[:-1])
        # The kernel's buffers hold far less: nearly all of it lies in nginx by now.
        # A temporary file of nginx has no name any more, but it is open.
        nginx = up.master("nginx").children()
        links = [link.readlink() for each in nginx for link in Path(f"/proc/{each.pid}/fd").iterdir()]
        written = [str(link) for link in links if "/body/" in str(link)]
        busy = [c for c in up.worker().net_connections() if c.status == psutil.CONN_ESTABLISHED]
        sender.sendall(body[-1:])
        response = HTTPResponse(sender)
        response.begin()
        assert response.status == 415
    assert nginx
    assert (written, busy) == ([], [])


def test_the_logs_know_no_name(up: Container, png: bytes) -> None:
    up.ask("/predict?name=Jane-Doe", "POST", png)
    up.ask("/person17.jpeg?name=Jane-Doe")
    up.ask("/metrics", "PUT", png, {"Referer": "http://x/Jane-Doe", "User-Agent": "Jane-Doe"})
    request_id = up.ask("/assets/person17.jpeg").headers["X-Request-ID"]
    assert up.access(request_id)["route"] == "/assets/"
    for log in ("stdout", "stderr"):
        text = (up.folder / log).read_text()
        assert "Jane-Doe" not in text
        assert "person17" not in text
    assert "127.0.0.1" not in (up.folder / "stdout").read_text()


def test_gunicorn_forks_before_the_engine_and_beats_its_heart_in_memory(up: Container, png: bytes) -> None:
    assert up.ask("/predict?cam=none", "POST", png).status == 200
    master, worker = up.master("gunicorn"), up.worker()
    heavy = re.compile("libtorch|libopenvino")
    assert not heavy.search(Path(f"/proc/{master.pid}/maps").read_text())
    assert heavy.search(Path(f"/proc/{worker.pid}/maps").read_text())
    heart = [link.readlink() for link in Path(f"/proc/{worker.pid}/fd").iterdir()]
    assert any(str(target).startswith("/dev/shm/wgunicorn") for target in heart)
