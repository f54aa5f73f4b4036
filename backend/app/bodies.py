"""Read what is left of a refused request's body, so that its sender reads the answer, not a broken pipe."""

from __future__ import annotations

from contextlib import suppress

from flask import Flask, Response, request

DRAINED_AT_MOST = 32 * 2**20
_CHUNK = 2**16


def init_app(app: Flask) -> None:
    app.after_request(_drain)


def _drain(response: Response) -> Response:
    if response.status_code < 400:
        return response
    stream = request.environ["wsgi.input"]
    terminated = request.environ.get("wsgi.input_terminated", False)
    left = DRAINED_AT_MOST if terminated else min(DRAINED_AT_MOST, request.content_length or 0)
    with suppress(Exception):  # the sender has gone, or sends nonsense; the answer stands either way
        while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
            left -= len(chunk)
    return response
