"""Requests that carry a marker, each somewhere else, as the bytes that go over the wire."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from backend.inference.synthetic import draw_chest_film
from tests.soak.corpus import chunk, encoded, raw_png

Marked = Callable[[str], bytes]
FILM = Image.fromarray(draw_chest_film(96, 128))
PNG = encoded(FILM)
QUIET = "/predict?cam=none"


def post(body: bytes, target: str = QUIET, kind: str = "", *headers: str) -> bytes:
    lines = [
        f"POST {target} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"Content-Type: {kind}"] if kind else []
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def get(target: str = "/", *headers: str, method: str = "GET", version: str = "HTTP/1.1") -> bytes:
    lines = [f"{method} {target} {version}", "Host: localhost", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


def form(film: bytes, disposition: str, kind: str = "image/png", boundary: str = "edge") -> bytes:
    part = f"Content-Disposition: form-data; {disposition}\r\nContent-Type: {kind}\r\n\r\n".encode()
    edge = boundary.encode()
    body = b"--" + edge + b"\r\n" + part + film + b"\r\n--" + edge + b"--\r\n"
    return post(body, QUIET, f"multipart/form-data; boundary={boundary}")


def as_json(fields: dict[str, object]) -> bytes:
    return post(json.dumps(fields).encode(), QUIET, "application/json")


def chunked(*chunks: bytes) -> bytes:
    head = "POST /predict?cam=none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    return head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)


def in_chunks(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n\r\n"


def with_text(marker: str) -> bytes:
    info = PngInfo()
    info.add_text("PatientName", marker)
    info.add_text("Comment", marker, zip=True)
    info.add_itxt(marker, marker)
    return encoded(FILM, "PNG", pnginfo=info, exif=tagged(marker))


def tagged(marker: str) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = exif[0xA420] = marker  # description, artist, unique id
    return exif


def in_pixels(marker: str) -> bytes:
    levels = np.array(FILM)
    levels[5, : len(marker)] = list(marker.encode())
    return encoded(Image.fromarray(levels))


def deep(marker: str) -> bytes:
    """Return a PNG that only OpenCV can decode, whose text and profile libpng would speak of."""
    levels = np.asarray(FILM).astype(np.uint16)[:, :, None] * 257
    profile = marker.encode() + b"\0\0" + zlib.compress(b"\0\0\1\0" + b"\0" * 252)
    return raw_png(levels, 0, 16, False, chunk(b"iCCP", profile), chunk(b"sPLT", marker.encode()))


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def jpeg(marker: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    FILM.save(buffer, "JPEG", exif=tagged(marker), comment=marker.encode(), **options)
    return buffer.getvalue()


def dicom(marker: str) -> bytes:
    """Return the beginning of a DICOM file: explicit VR, little endian, as film machines write it."""
    tags = (
        (0x0002, 0x0010, b"UI", b"1.2.840.10008.1.2.1\0"),
        (0x0010, 0x0010, b"PN", f"{marker}^{marker}".encode()),
        (0x0010, 0x0020, b"LO", marker.encode()),
    )
    even = [(*tag, value + b" " * (len(value) % 2)) for *tag, value in tags]
    elements = [struct.pack("<HH2sH", *tag, len(value)) + value for *tag, value in even]
    return b"\0" * 128 + b"DICM" + b"".join(elements)


CASES: dict[str, Marked] = {
    "file name": lambda m: form(PNG, f'name="file"; filename="{m}.png"'),
    "encoded file name": lambda m: form(PNG, f"name=\"file\"; filename*=UTF-8''{m}.png"),
    "part's type": lambda m: form(PNG, 'name="file"; filename="a.png"', f"image/{m}"),
    "part's header": lambda m: form(PNG, 'name="file"; filename="a.png"', f"image/png\r\nX-Patient: {m}"),
    "boundary": lambda m: form(PNG, 'name="file"; filename="a.png"', boundary=m),
    "field's name": lambda m: form(PNG, f'name="{m}"; filename="a.png"'),
    "field's value": lambda m: form(m.encode(), 'name="patient"'),
    "option in the form": lambda m: form(m.encode(), 'name="cam"'),
    "malformed form": lambda m: post(m.encode(), QUIET, "multipart/form-data; boundary=x"),
    "JSON's key": lambda m: as_json({"file_data": base64_of(PNG), m: 1}),
    "JSON's value": lambda m: as_json({"file_data": base64_of(PNG), "patient": m}),
    "data URI": lambda m: as_json({"file_data": f"data:image/{m};base64,{base64_of(PNG)}"}),
    "no base64": lambda m: as_json({"file_data": f"*{m}*"}),
    "base64 of no film": lambda m: as_json({"file_data": base64_of(m.encode())}),
    "option in JSON": lambda m: as_json({"file_data": base64_of(PNG), "disable_cam": m}),
    "half a JSON": lambda m: post(f'{{"file_data": "{m}'.encode(), QUIET, "application/json"),
    "query": lambda m: post(PNG, f"/predict?cam=none&{m}={m}"),
    "option in the query": lambda m: post(PNG, f"/predict?cam={m}"),
    "address": lambda m: get(f"/patients/{m}"),
    "address under /api": lambda m: get(f"/api/{m}?{m}"),
    "asset": lambda m: get(f"/assets/{m}-1a2b3c4d.js"),
    "header": lambda m: post(PNG, QUIET, "", f"X-Patient: {m}"),
    "header's name": lambda m: post(PNG, QUIET, "", f"{m}: 1"),
    "headers that know who": lambda m: post(
        PNG, QUIET, "", f"User-Agent: {m}", f"Referer: http://{m}/", f"Cookie: a={m}", f"From: {m}"
    ),
    "credentials": lambda m: post(PNG, QUIET, "", f"Authorization: Basic {base64_of(m.encode())}"),
    "forwarded": lambda m: post(PNG, QUIET, "", f"X-Forwarded-For: {m}", f"Forwarded: for={m}"),
    "no request id": lambda m: post(PNG, QUIET, "", f"X-Request-ID: {m} is no id"),
    "origin": lambda m: post(PNG, QUIET, "", f"Origin: http://{m}.example"),
    "type": lambda m: post(PNG, QUIET, f"image/{m}"),
    "text in a PNG": lambda m: post(with_text(m)),
    "text in a deep PNG": lambda m: post(deep(m)),
    "damaged PNG": lambda m: post(with_text(m)[:-200]),
    "JPEG's comment and EXIF": lambda m: post(jpeg(m)),
    "damaged JPEG": lambda m: post(jpeg(m)[:-200]),
    "DICOM": lambda m: post(dicom(m), QUIET, "application/dicom"),
    "behind the picture": lambda m: post(PNG + m.encode() * 10),
    "pixels": lambda m: post(in_pixels(m)),
    "pixels, with the map": lambda m: post(in_pixels(m), "/predict"),
    "large": lambda m: post(m.encode() * 40_000),
    "too large": lambda m: post(m.encode() * 700_000),
    "no film": lambda m: post(m.encode() * 3),
    "request line": lambda m: f"{m}\r\n\r\n".encode(),
    "method": lambda m: get("/", method=m.upper()),
    "version": lambda m: get("/", version=m),
    "header without a colon": lambda m: get("/", m),
    "header with a space": lambda m: get("/", f"{m} : {m}"),
    "header with a zero": lambda m: get("/", f"X-Patient: {m}\0"),
    "flood of headers": lambda m: get("/", *[f"X-{number}: {m}" for number in range(500)]),
    "header too long": lambda m: get("/", f"X-Long: {m * 500}"),
    "address too long": lambda m: get(f"/{m * 500}"),
    "host": lambda m: f"GET / HTTP/1.1\r\nHost: {m}\r\nConnection: close\r\n\r\n".encode(),
    "expectation": lambda m: post(PNG, QUIET, "", f"Expect: {m}"),
    "wrong length": lambda m: get("/predict", f"Content-Length: {m}", method="POST"),
    "negative length": lambda m: get("/predict", "Content-Length: -1", f"X-Patient: {m}", method="POST"),
    "two lengths": lambda m: post(PNG, QUIET, "", "Content-Length: 1", f"X-Patient: {m}"),
    "unknown coding": lambda m: post(PNG, QUIET, "", f"Transfer-Encoding: {m}"),
    "compressed": lambda m: post(zlib.compress(m.encode() * 1000), QUIET, "", "Content-Encoding: deflate"),
    "chunks": lambda m: chunked(*in_chunks(with_text(m), 1000)),
    "tiny chunks": lambda m: chunked(*in_chunks(with_text(m), 1)),
    "chunk's extension": lambda m: chunked(f"4;{m}={m}\r\nabcd\r\n0\r\n\r\n".encode()),
    "chunk's length": lambda m: chunked(f"{m}\r\nabcd\r\n0\r\n\r\n".encode()),
    "trailer": lambda m: chunked(b"4\r\nabcd\r\n0\r\n", f"X-Patient: {m}\r\n\r\n".encode()),
}
