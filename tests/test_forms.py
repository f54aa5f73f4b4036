"""Proves backend/app/forms.py: forms as browsers, curl and old clients send them, and what is no form."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from flask import Flask, request

from backend.app.errors import RequestError
from backend.app.forms import Part, read_form

FILM = b"\x89PNG\r\n--edg\r\n\0--edge" + bytes(200_000) + b"\r\n"


def part(disposition: str, data: bytes, *more: str) -> bytes:
    head = "\r\n".join([f"Content-Disposition: form-data; {disposition}", *more, "", ""])
    return b"--edge\r\n" + head.encode() + data + b"\r\n"


def parts(body: bytes, kind: str = "multipart/form-data; boundary=edge") -> list[Part]:
    with Flask(__name__).test_request_context(method="POST", data=body, content_type=kind):
        return read_form(request)


def test_files_and_fields_are_told_apart_in_their_order() -> None:
    body = part('name="file"; filename="a b.png"', FILM, "Content-Type: image/png")
    body += part('name="cam"', b"none") + part("name=cam", "größer".encode()) + b"--edge--\r\n"
    assert parts(body) == [
        Part("file", "a b.png", FILM),
        Part("cam", None, b"none"),
        Part("cam", None, "größer".encode()),
    ]
    assert parts(body, 'Multipart/Form-Data; charset=utf-8; BOUNDARY="edge"') == parts(body)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('name="file"; filename=""', ""),
        ('name="file"; filename="größe.png"', "größe.png"),
        ('name="file"; filename="a%22b.png"', 'a"b.png'),
        ("name=\"file\"; filename*=utf-8''gr%C3%B6%C3%9Fe.png", "encoded"),
        ("name=\"file\";FileName*=utf-8''a.png", "encoded"),
        ('name="file"; filename*0="a"; filename*1=".png"', "encoded"),
    ],
)
def test_a_file_is_one_however_its_name_is_sent(disposition: str, name: str) -> None:
    assert parts(part(disposition, b"x") + b"--edge--") == [Part("file", name, b"x")]


def test_an_empty_file_and_an_empty_form_are_read() -> None:
    assert parts(part('name="file"; filename="a"', b"") + b"--edge--\r\n") == [Part("file", "a", b"")]
    assert parts(b"--edge--\r\n") == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\r\n", id="nothing"),
        pytest.param(b"junk", id="junk"),
        pytest.param(part('name="file"; filename="a"', FILM), id="without an end"),
        pytest.param(part('name="file"; filename="a"', FILM)[:-1000], id="cut off"),
        pytest.param(b"--edge\r\nnonsense\r\n\r\nx\r\n--edge--\r\n", id="a header that is none"),
        pytest.param(b"--edge\nContent-Disposition: form-data; name=a\n\nx\n--edge--", id="bare line feeds"),
        pytest.param(b"--edge\r\nContent-Disposition: form-data; name=\xff\r\n\r\nx\r\n--edge--", id="bytes"),
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError) as refusal:
        parts(body)
    assert refusal.value.code == "no_file"


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_without_a_boundary_is_refused(kind: str) -> None:
    with pytest.raises(RequestError) as refusal:
        parts((part("name=file", b"x") + b"--edge--").replace(b"edge", b""), kind)
    assert refusal.value.code == "no_file"


@pytest.mark.parametrize("length", [2**16 + extra for extra in range(-3, 6)] + [2**17 + 1])
def test_a_form_may_end_wherever_a_read_does(length: int) -> None:
    around = len(part('name="file"; filename="a"', b"") + b"--edge--\r\n")
    film = bytes(length - around)
    body = part('name="file"; filename="a"', film) + b"--edge--\r\n"
    assert len(body) == length
    assert parts(body) == [Part("file", "a", film)]


def test_a_form_of_very_many_parts_or_headers_is_refused() -> None:
    for body in (
        part("name=a", b"") * 1001,
        part("name=a", b"", *["X: y"] * 100),
        part("name=" + "a" * 9999, b""),
    ):
        with pytest.raises(RequestError) as refusal:
            parts(body + b"--edge--")
        assert refusal.value.code == "bad_request"
    assert len(parts(part("name=a", b"") * 1000 + b"--edge--")) == 1000


@pytest.mark.parametrize("piece", ["\\", '\\"', '\\\\"', '"', ";", "=", "*0=", " "])
def test_a_header_built_to_be_read_for_ever_is_not(piece: str) -> None:
    """CVE-2026-28356: an older multipart took twice as long for each further backslash."""
    headers = [f'name="{piece * 1500}', f"name={piece * 1500}x", f'name="a"; filename="{piece * 1500}']
    started = time.process_time()
    for header in headers:
        with suppress(RequestError):
            parts(part(header, b"x") + b"--edge--\r\n")
        with suppress(RequestError):
            parts(b"--edge--\r\n", f"multipart/form-data; {header}")
    assert time.process_time() - started < 1
