"""What only a real server shows: sockets, simultaneous clients, and leaving in peace."""

from __future__ import annotations

import base64
import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest


def connect(server: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server).netloc, timeout=60)


def post(server: str, body: Any, headers: dict[str, str] | None = None, **options: Any) -> tuple[int, Any]:
    connection = connect(server)
    connection.request("POST", "/predict", body=body, headers=headers or {}, **options)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def test_sixteen_clients_at_once_all_get_the_one_answer(server: str, png: bytes) -> None:
    _, alone = post(server, png)
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda _: post(server, png), range(48)))
    assert {status for status, _ in answers} == {200}
    for _, answer in answers:
        assert answer["probabilities"] == pytest.approx(alone["probabilities"], abs=0.0005)
        assert answer["heatmap_image"] == alone["heatmap_image"]


@pytest.mark.parametrize("size", [15 * 2**20, 31 * 2**20])
def test_an_over_limit_body_gets_its_answer_and_the_connection_lives_on(server: str, size: int) -> None:
    connection = connect(server)
    connection.request("POST", "/predict", body=b"\0" * size)
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["code"] == "image_too_large"
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200


def test_a_chunked_body_is_read(server: str, png: bytes) -> None:
    chunks = (png[start : start + 10_000] for start in range(0, len(png), 10_000))
    status, answer = post(server, chunks, encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    assert (status, "prediction" in answer) == (200, True)


def test_an_over_limit_chunked_body_is_413(server: str) -> None:
    chunks = (b"\0" * 2**20 for _ in range(20))
    status, answer = post(server, chunks, encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    assert (status, answer["code"]) == (413, "image_too_large")


def test_an_over_limit_chunked_json_is_413_too(server: str) -> None:
    chunks = (b'{"file_data": "' + b"A" * 2**20 for _ in range(16))
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    status, answer = post(server, chunks, encode_chunked=True, headers=headers)
    assert (status, answer["code"]) == (413, "image_too_large")


@pytest.mark.parametrize(("path", "status"), [("/predict", 400), ("/nothing", 404)])
def test_a_malformed_chunk_is_refused_in_the_one_shape(server: str, path: str, status: int) -> None:
    host, port = urlsplit(server).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as sender:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        sender.sendall(head.encode() + b"zz-nonsense\r\nrest\r\n")
        response = http.client.HTTPResponse(sender)
        response.begin()
        assert response.status == status
        assert set(json.loads(response.read())) == {"error", "code", "request_id"}


def test_a_refused_request_leaves_the_connection_usable(server: str, png: bytes) -> None:
    connection = connect(server)
    for path in ("/nothing", "/health"):
        connection.request("POST", path, body=png)
        response = connection.getresponse()
        assert response.status in {404, 405}
        response.read()
    connection.request("POST", "/predict", body=png)
    assert connection.getresponse().status == 200


def test_a_client_that_leaves_harms_nobody(server: str, png: bytes) -> None:
    host, port = urlsplit(server).netloc.split(":")
    for sent in (b"", b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"):
        with socket.create_connection((host, int(port))) as leaver:
            leaver.sendall(sent)
    assert post(server, png)[0] == 200


def test_the_film_travels_as_json_too(server: str, png: bytes) -> None:
    body = json.dumps({"file_data": base64.b64encode(png).decode(), "disable_cam": True})
    status, answer = post(server, body, {"Content-Type": "application/json"})
    assert (status, answer["gradcam_image"], answer["heatmap_image"]) == (200, None, None)
