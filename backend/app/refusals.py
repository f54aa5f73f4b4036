"""Refuse, in the one error shape, what gunicorn cannot read as a request; the app never sees it.

gunicorn's own answer is HTML that quotes the request, and so does its log, with the sender's address.
"""

from __future__ import annotations

import json
import logging
import socket
import uuid
from http import HTTPStatus

from gunicorn.http.errors import (
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)

from backend.app.contract import ErrorCode
from backend.app.schemas import error_answer

log = logging.getLogger("pneumonet")

_PATIENCE_SECONDS = 2
_OURS = InvalidResponseHeader, InvalidResponseHeaderName


def refuse(client: socket.socket, error: Exception) -> None:
    """Answer a client whose request could not be read, and log no more of it than the kind of its fault."""
    status, code, message = _reason(error)
    request_id = uuid.uuid4().hex
    fields = {"request_id": request_id, "status": status.value, "type": type(error).__name__}
    log.log(logging.ERROR if status >= 500 else logging.INFO, "unreadable request", extra={"fields": fields})
    body = json.dumps(error_answer(code, message, request_id)) + "\n"
    head = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Connection: close",
        "Content-Type: application/json",
        "Cache-Control: no-store",
        f"X-Request-ID: {request_id}",
        f"Content-Length: {len(body)}",
    ]
    try:
        client.settimeout(_PATIENCE_SECONDS)
        client.sendall("\r\n".join([*head, "", body]).encode())
    except OSError:  # the client has gone
        return


def _reason(error: Exception) -> tuple[HTTPStatus, ErrorCode, str]:
    if not isinstance(error, ParseException) or isinstance(error, _OURS):
        message = "Something failed on our side. If it persists, report the request id."
        return HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", message
    if isinstance(error, LimitRequestLine):
        return HTTPStatus.REQUEST_URI_TOO_LONG, "bad_request", "The address is too long."
    if isinstance(error, LimitRequestHeaders):
        message = "The request headers are too large."
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "bad_request", message
    return HTTPStatus.BAD_REQUEST, "bad_request", "The request cannot be understood."
