"""The app for tests of its memory: with networks that answer at once, and with a leak planted in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask

from backend.app import create_app
from backend.app.settings import Settings
from tests.fakes import FixedPredictor

LEAKED_BYTES = 10_000
"""What a request leaves behind: less than any film, decoded or not."""


def fast() -> Flask:
    """Return the app with networks that answer at once; everything else is as it is served."""
    return create_app(Settings.from_environment(), FixedPredictor())


def leaking() -> Flask:
    """Return the same, but each request leaves something behind."""
    app = fast()
    inner, kept = app.wsgi_app, []

    def leak(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        kept.append(bytes(range(250)) * (LEAKED_BYTES // 250))
        return inner(environ, start_response)

    app.wsgi_app = leak  # type: ignore[method-assign]
    return app
