"""Tell browsers what they may do with an answer: as little as it needs.

The container's nginx says the same of what it serves itself, and passes on the app's content security policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from wsgiref.headers import Headers

from flask import Flask

from backend.app.clients import Clients

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

POLICY = "Content-Security-Policy"

_SHUT = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STRICT = f"default-src 'none'; {_SHUT}"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_DATA = ("application/json", "text/plain")


def page_policy(connects_to: Sequence[str] = ()) -> str:
    """Return the policy of the page, which may also fetch from the origins of these addresses."""
    connect = " ".join(["'self'", *dict.fromkeys(map(_origin, connects_to))])
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        f"connect-src {connect}; worker-src 'self'; manifest-src 'self'; {_SHUT}"
    )


def docs_policy(style_hash: str) -> str:
    """Return the policy of a page that has one <style> element, of that SHA-256, and no more."""
    return f"default-src 'none'; style-src 'sha256-{style_hash}'; img-src data:; {_SHUT}"


def init_app(app: Flask, clients: Clients, page: str) -> None:
    """Add the headers to all that leaves, the page's files among it; to be called after page.init_app."""
    inner = app.wsgi_app

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, given: list[tuple[str, str]], *more: Any) -> Any:
            headers = Headers(given)
            for name, value in _ALWAYS.items():
                headers.setdefault(name, value)
            is_data = headers.get("Content-Type", "").startswith(_DATA)
            headers.setdefault(POLICY, _STRICT if is_data else page)
            if clients.by_tls(environ):
                headers["Strict-Transport-Security"] = "max-age=31536000"
            return start_response(status, headers.items(), *more)

        return inner(environ, start)

    app.wsgi_app = serve  # type: ignore[method-assign]


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
