"""Give every request an id, one structured log line and its place in the metrics.

None of them knows anything about the film or its sender.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import uuid
from datetime import UTC, datetime

from flask import Flask, Response, g, request

from backend.app import metrics, stages
from backend.app.contract import REQUEST_ID

log = logging.getLogger("pneumonet")

_REQUEST_ID = re.compile(REQUEST_ID)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, message, and the record's `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(line)


def init_app(app: Flask, level: str) -> None:
    """Start the clock and choose the id before a request, log and count it after."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    log.handlers = [handler]
    log.propagate = False
    log.setLevel(level)
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_leave)


def elapsed_ms() -> float:
    """Return the time since the request began, in milliseconds."""
    started: float = g.started
    return (time.perf_counter() - started) * 1000


def _begin() -> None:
    g.started = time.perf_counter()
    stages.begin()
    if request.endpoint != "metrics":
        g.in_flight = metrics.counting().in_flight
        g.in_flight.inc()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    # The rule, not the path: what a sender writes into an address is not ours to keep.
    route = request.url_rule.rule if request.url_rule else None
    duration_ms = elapsed_ms()
    fields = {
        "request_id": g.request_id,
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "duration_ms": round(duration_ms, 1),
    }
    log.info("request", extra={"fields": fields})
    metrics.counting().answered(
        route, request.method, response.status_code, duration_ms / 1000, stages.so_far()
    )
    return response


def _leave(_error: BaseException | None) -> None:
    if in_flight := g.pop("in_flight", None):
        in_flight.dec()
