"""Serve the built page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.headers import Headers

from flask import Flask, current_app
from whitenoise import WhiteNoise

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Vite's names of what it builds: a hash of the content, so that another content has another address.
_HASHED = re.compile(r"/assets/.+-[\w-]{8}\.\w+")
_ONE_YEAR = 365 * 24 * 60 * 60


def init_app(app: Flask, folder: Path) -> None:
    """Put the folder's files before the app's own addresses; do nothing where no page is built.

    The files are those found now: a page that is built later needs a restart.
    """
    app.extensions["page"] = None
    index = folder / "index.html"
    if not index.is_file():
        return
    app.extensions["page"] = index.read_bytes()

    api = app.wsgi_app
    files = WhiteNoise(
        api,
        root=folder,
        max_age=None,
        allow_all_origins=False,
        mimetypes={".webmanifest": "application/manifest+json"},
        add_headers_function=_say_how_long_it_keeps,
    )
    files.files = {address: file for address, file in files.files.items() if "/." not in address}

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # WhiteNoise refuses other methods itself, but with an empty body and the request's body unread.
        reads = environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        answer: Iterable[bytes] = (files if reads else api)(environ, start_response)
        return answer

    app.wsgi_app = serve  # type: ignore[method-assign]


def html() -> bytes | None:
    """Return the page's index.html, or None where no page is built."""
    found: bytes | None = current_app.extensions["page"]
    return found


def _say_how_long_it_keeps(headers: Headers, _path: str, address: str) -> None:
    if _HASHED.fullmatch(address):
        headers["Cache-Control"] = f"max-age={_ONE_YEAR}, public, immutable"
    elif address == "/index.html":
        headers["Cache-Control"] = "no-store"
    else:
        headers["Cache-Control"] = "no-cache"
