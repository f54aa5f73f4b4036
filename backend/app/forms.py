"""Read a multipart form (RFC 7578) into memory."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Request
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser

from backend.app.errors import RequestError

_MOST_PARTS = 1000
_ENCODED_NAME = re.compile(r";\s*filename\*", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One part of a form: a file, or a field, which has no file name."""

    name: str
    file_name: str | None
    data: bytes


def read_form(request: Request) -> list[Part]:
    """Return the parts of a request's form; raise RequestError, or what the reader of its body raises."""
    boundary = request.mimetype_params.get("boundary")
    if not boundary:
        raise RequestError("no_file", "No film was sent: the form's type names no boundary.")
    # Not strict: the line break behind the last boundary would be an error wherever a read ends before it.
    parser = PushMultipartParser(boundary, max_segment_count=_MOST_PARTS)
    try:
        return list(_parts(parser.parse_blocking(request.stream.read)))
    except ParserLimitReached:
        raise RequestError("bad_request", "The form has too many parts, or headers too long.") from None
    except MultipartError:
        raise RequestError("no_file", "No film was sent: the form cannot be read.") from None


def _parts(events: Iterator[Any]) -> Iterator[Part]:
    """Put the parts together: the parser gives each one's head, then its bytes piece by piece, then None."""
    for head in events:
        data = io.BytesIO()
        for piece in iter(lambda: next(events), None):
            data.write(piece)
        yield Part(head.name, _file_name(head), data.getvalue())


def _file_name(head: MultipartSegment) -> str | None:
    """Return a file's name, which old clients send encoded (RFC 2231) and alone; None of a field."""
    name: str | None = head.filename
    if name is None and _ENCODED_NAME.search(dict(head.headerlist).get("Content-Disposition", "")):
        return "encoded"
    return name
