"""Limit how often one caller may ask: by key or token, and by address where there is none.

Counts lie in memory, each process's own, or in Redis for all together. A Redis that is gone or does not
answer costs a request a moment; from then on counts lie in memory until it is back.
"""

from __future__ import annotations

import hmac
import logging
import math
import secrets
import time
from contextlib import suppress
from functools import partial
from typing import Any

from flask import Flask, Response, current_app, g
from flask_limiter import Limiter, RateLimitExceeded
from limits.storage import storage_from_string
from werkzeug.exceptions import TooManyRequests

from backend.app.access import role_needed
from backend.app.identity import Caller
from backend.app.settings import SettingError

REDIS_SECONDS = 0.25
"""How long a request waits for Redis before it is counted in memory."""


_START_KEY = secrets.token_bytes(32)
"""Made when this is imported: by gunicorn's master, so that all of its workers have the same."""


def check(redis_url: str) -> None:
    """Raise SettingError where nobody could make sense of the address of Redis; nobody is asked yet."""
    if not redis_url:
        return
    import redis

    try:
        pool = redis.Redis.from_url(redis_url).connection_pool
        pool.make_connection()
        storage_from_string(_storage(redis_url), **_options())
    except Exception:  # of any kind, and with the address in it, which may hold a password
        raise SettingError("REDIS_URL cannot be used: its options make no sense") from None
    try:  # getaddrinfo does so too, and what it then raises is no OSError; a unix socket has no host
        pool.connection_kwargs.get("host", "").encode("idna")
    except UnicodeError:
        raise SettingError("REDIS_URL cannot be used: its host is no name that can be looked up") from None


def init_app(app: Flask, limits: str, redis_url: str, secret: str = "") -> None:
    """Count the requests that need a role; do nothing where no limit is set.

    With Redis, those who have the same secret count together.
    """
    if not limits:
        return
    limiter = Limiter(
        partial(_whose, secret.encode() or _START_KEY),
        application_limits=[limits],
        storage_uri=_storage(redis_url) if redis_url else "memory://",
        storage_options=_options() if redis_url else {},
        strategy="moving-window",
        in_memory_fallback_enabled=bool(redis_url),
        # Of several threads that find Redis gone at once, the library saves only the first from a 500.
        swallow_errors=True,
        key_prefix="pneumonet",
    )
    limiter.request_filter(lambda: role_needed() is None)
    limiter.init_app(app)
    _have_logged("flask-limiter")
    app.register_error_handler(RateLimitExceeded, partial(_too_many, limiter))


def _whose(key: bytes) -> str:
    """Return what stands for the caller: keyed, for a plain hash of an address is undone by trying all."""
    caller: Caller | None = g.caller
    who = f"{caller.kind}:{caller.name}" if caller else f"address:{g.client}"
    return hmac.digest(key, b"caller:" + who.encode(), "sha256").hex()[:32]


def _too_many(limiter: Limiter, _error: RateLimitExceeded) -> Response:
    seconds = 1
    with suppress(Exception):  # Redis may go at this very moment
        if limiter.current_limit:
            seconds = max(1, math.ceil(limiter.current_limit.reset_at - time.time()))
    answer = current_app.handle_http_exception(TooManyRequests(retry_after=seconds))
    return current_app.make_response(answer)


def _have_logged(library: str) -> None:
    """Have a library's warnings written as our own: without traces, and without the keys it counts by."""
    theirs = logging.getLogger(library)
    theirs.handlers, theirs.propagate = logging.getLogger("pneumonet").handlers, False
    theirs.setLevel(logging.WARNING)


def _storage(redis_url: str) -> str:
    """Return the address in the words of the limiter's library, which calls a socket of unix otherwise."""
    return f"redis+{redis_url}" if redis_url.startswith("unix:") else redis_url


def _options() -> dict[str, Any]:
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "socket_timeout": REDIS_SECONDS,
        "socket_connect_timeout": REDIS_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
