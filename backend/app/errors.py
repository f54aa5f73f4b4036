"""Turn an exception into a status and the one error JSON."""

from __future__ import annotations

import logging
import traceback
from typing import get_args

from flask import Flask, Response, g, jsonify
from werkzeug.exceptions import HTTPException

from backend.app import metrics
from backend.app.audit_log import AuditUnavailable
from backend.app.contract import ErrorCode, RequestCode
from backend.app.identity import CannotTell, NotAllowed, NotKnown
from backend.app.metrics import Reason
from backend.app.queue import DeadlineExceeded, Expired, NotWanted, Overloaded
from backend.app.readiness import Draining
from backend.app.schemas import error_answer
from backend.inference import errors as inference

log = logging.getLogger("pneumonet")

RETRY_AFTER_SECONDS = 5


class RequestError(Exception):
    """The request itself cannot be used: its code, and a sentence for whoever sent it."""

    def __init__(self, code: RequestCode, message: str) -> None:
        super().__init__(message)
        self.code = code


_IMAGE_ERRORS: dict[type[inference.ImageError], tuple[int, ErrorCode]] = {
    inference.EmptyFile: (400, "empty_file"),
    inference.ImageTooLarge: (413, "image_too_large"),
    inference.UnsupportedType: (415, "unsupported_type"),
    inference.DamagedImage: (422, "damaged_image"),
    inference.NotARadiograph: (422, "not_a_chest_radiograph"),
}

_HTTP_ERRORS: dict[int, tuple[ErrorCode, str]] = {
    400: ("bad_request", "The request cannot be understood."),
    401: ("unauthorized", "This service needs a key or a token."),
    403: ("forbidden", "The key or token does not allow this."),
    404: ("not_found", "There is nothing here. POST a film to /predict."),
    405: ("method_not_allowed", "This address does not answer that method."),
    413: ("image_too_large", "The request is larger than what is accepted."),
    429: ("rate_limited", "Too many requests; try again later."),
}

_SERVICE_ERRORS: dict[type[Exception], tuple[int, ErrorCode, str]] = {
    inference.ModelsUnavailable: (
        503,
        "models_unavailable",
        "The networks could not be loaded. Try again shortly.",
    ),
    Overloaded: (503, "overloaded", "Too many films are waiting. Try again shortly."),
    MemoryError: (503, "overloaded", "There is no memory left for this. Try again shortly."),
    Draining: (503, "overloaded", "The service is restarting. Try again shortly."),
    CannotTell: (503, "unavailable", "Tokens cannot be checked at the moment. Try again shortly."),
    AuditUnavailable: (
        503,
        "unavailable",
        "The answer cannot be recorded at the moment, so it is not given. Try again shortly.",
    ),
    DeadlineExceeded: (504, "deadline_exceeded", "The answer took too long and was given up. Try again."),
}

# Why a film was turned away before it was read, for the metrics.
_TURNED_AWAY: dict[type[Exception], Reason] = {Expired: "expired", Overloaded: "full", Draining: "draining"}

# nginx's own status for it; nobody reads the answer.
_SENDER_GONE: tuple[int, ErrorCode, str] = (499, "bad_request", "The sender of the request has gone.")

# What only the nginx in front may say of a film, in the app's place and words.
_PROXY_ERRORS: dict[int, ErrorCode] = {502: "internal_error"}

_OWN_FAULT: tuple[int, ErrorCode, str] = (
    500,
    "internal_error",
    "Something failed on our side. If it persists, report the request id.",
)


def init_app(app: Flask) -> None:
    """Answer every failure with the one error shape."""
    app.register_error_handler(RequestError, _request_error)
    app.register_error_handler(inference.ImageError, _image_error)
    app.register_error_handler(NotKnown, _not_let_in)
    app.register_error_handler(NotAllowed, _not_let_in)
    for kind in _SERVICE_ERRORS:
        app.register_error_handler(kind, _service_error)
    app.register_error_handler(NotWanted, _sender_gone)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _own_fault)


def film_failures() -> dict[int, list[ErrorCode]]:
    """Return the codes with which a film may be refused or fail, by status."""
    pairs: list[tuple[int, ErrorCode]] = [(400, code) for code in get_args(RequestCode)]
    pairs += _IMAGE_ERRORS.values()
    pairs += [(status, _HTTP_ERRORS[status][0]) for status in (400, 401, 403, 413, 429)]
    pairs += [(status, code) for status, code, _ in (*_SERVICE_ERRORS.values(), _OWN_FAULT)]
    pairs += _PROXY_ERRORS.items()
    failures: dict[int, list[ErrorCode]] = {}
    for status, code in sorted(pairs):
        codes = failures.setdefault(status, [])
        if code not in codes:
            codes.append(code)
    return failures


def _answer(status: int, code: ErrorCode, message: str) -> Response:
    response = jsonify(error_answer(code, message, g.request_id))
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _request_error(error: RequestError) -> Response:
    return _answer(400, error.code, str(error))


def _image_error(error: inference.ImageError) -> Response:
    status, code = _IMAGE_ERRORS[type(error)]
    return _answer(status, code, str(error))


def _not_let_in(error: NotKnown | NotAllowed) -> Response:
    status = 401 if isinstance(error, NotKnown) else 403
    code, message = _HTTP_ERRORS[status]
    response = _answer(status, code, str(error) or message)
    response.headers["WWW-Authenticate"] = error.challenge
    return response


def _service_error(error: Exception) -> Response:
    if isinstance(error, inference.ModelsUnavailable):
        log.error("models unavailable", extra={"fields": {"request_id": g.request_id, "reason": str(error)}})
    if isinstance(error, MemoryError):
        _log_fault("out of memory", error)
    reason = next((why for kind, why in _TURNED_AWAY.items() if isinstance(error, kind)), None)
    if reason:
        metrics.counting().turned_away.labels(reason).inc()
    return _answer(*next(answer for kind, answer in _SERVICE_ERRORS.items() if isinstance(error, kind)))


def _sender_gone(_error: NotWanted) -> Response:
    log.info("client gone", extra={"fields": {"request_id": g.request_id}})
    metrics.counting().turned_away.labels("client_gone").inc()
    return _answer(*_SENDER_GONE)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status >= 500:
        return _own_fault(error)
    response = _answer(status, *_HTTP_ERRORS.get(status, ("bad_request", "The request cannot be served.")))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            response.headers[name] = value
    return response


def _own_fault(error: Exception) -> Response:
    _log_fault("internal error", error)
    return _answer(*_OWN_FAULT)


def _log_fault(what: str, error: Exception) -> None:
    # The exception's text may quote what was sent, so that only its type and place are logged.
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    fields = {"request_id": g.request_id, "type": type(error).__name__, "trace": places}
    log.error(what, extra={"fields": fields})
