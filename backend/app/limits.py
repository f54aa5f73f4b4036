"""Limit how often one caller may ask: by key or token, and by address where there is none.

Counts lie in memory, each process's own, or in Redis for all together. A Redis that is gone or does not
answer costs a request a moment; from then on counts lie in memory until it is back.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from contextlib import suppress
from functools import partial
from typing import Any

from flask import Flask, Response, current_app, g
from flask_limiter import Limiter, RateLimitExceeded
from werkzeug.exceptions import TooManyRequests

from backend.app.access import role_needed
from backend.app.identity import Caller

REDIS_SECONDS = 0.25
"""How long a request waits for Redis before it is counted in memory."""


def init_app(app: Flask, limits: str, redis_url: str) -> None:
    """Count the requests that need a role; do nothing where no limit is set."""
    if not limits:
        return
    limiter = Limiter(
        _whose,
        application_limits=[limits],
        storage_uri=redis_url or "memory://",
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


def _whose() -> str:
    caller: Caller | None = g.caller
    who = f"{caller.kind}:{caller.name}" if caller else f"address:{g.client}"
    return hashlib.sha256(who.encode()).hexdigest()[:32]


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


def _options() -> dict[str, Any]:
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "socket_timeout": REDIS_SECONDS,
        "socket_connect_timeout": REDIS_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
