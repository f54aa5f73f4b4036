"""Find the film's bytes and the caller's wishes in a request: multipart, JSON, or the image as the body."""

from __future__ import annotations

import base64
import binascii
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast, get_args

import msgspec
from flask import Request
from werkzeug.exceptions import HTTPException

from backend.app.contract import FALSE, TRUE, Cam
from backend.app.errors import RequestError
from backend.app.forms import Part, read_form
from backend.inference.corrections import CORRECTIONS, Correction

_OPTIONS = ("cam", "disable_cam", "allow_unusual", "correction")
_OPTION_BYTES = 100
_WHITESPACE = b" \t\n\v\f\r"
_NOTHING = (msgspec.Raw(), msgspec.Raw(b"null"))
_DATA_URI = re.compile(rb"data:[^,]{0,200};base64,", re.IGNORECASE)


class _Fields(msgspec.Struct):
    """The fields of a JSON body that mean something, each as it was sent.

    What else a body holds is passed over: millions of empty lists would be as many of Python's objects.
    """

    file_data: msgspec.Raw = msgspec.Raw()
    cam: msgspec.Raw = msgspec.Raw()
    disable_cam: msgspec.Raw = msgspec.Raw()
    allow_unusual: msgspec.Raw = msgspec.Raw()
    correction: msgspec.Raw = msgspec.Raw()


_FIELDS = msgspec.json.Decoder(_Fields)


@dataclass(frozen=True)
class Upload:
    """One film's bytes, unchecked, how it shall be read, and which pictures the answer shall carry."""

    data: bytes
    cam: Cam
    allow_unusual: bool
    correction: Correction | None

    @property
    def explained(self) -> bool:
        """Whether the answer needs a map."""
        return self.cam != "none"


def read_upload(request: Request) -> Upload:
    """Return the film and the options of a /predict request; raise RequestError."""
    if request.mimetype == "multipart/form-data":
        with _reading():
            parts = read_form(request)
        # The first of several goes before the others.
        words = [each for each in reversed(parts) if each.file_name is None and each.name in _OPTIONS]
        options = {each.name: each.data.decode(errors="replace") for each in words}
        return _upload(_multipart_file(parts), options, request.args)
    body = _body(request)
    if request.is_json or body.lstrip()[:1] == b"{":
        fields = _json_fields(body)
        return _upload(_base64_file(fields.file_data), _options(fields), request.args)
    if not body:
        raise RequestError("no_file", "No film was sent: send it as the form field 'file', or as the body.")
    return _upload(body, request.args)


@contextmanager
def _reading() -> Iterator[None]:
    """Turn whatever the server's body reader raises, on a malformed chunk say, into a refusal."""
    try:
        yield
    except (HTTPException, MemoryError, RequestError):
        raise
    except Exception:
        raise RequestError("bad_request", "The request's body cannot be read.") from None


def _body(request: Request) -> bytes:
    with _reading():
        body = request.get_data(cache=False)
        limit = request.max_content_length
        if request.content_length is None and limit is not None and len(body) >= limit:
            request.stream.read(1)  # a chunked body is cut at the limit; one byte more is refused
        return body


def _multipart_file(parts: list[Part]) -> bytes:
    named = [each for each in parts if each.name == "file"]
    files = [each for each in named if each.file_name is not None]
    if named and not files:
        raise RequestError("no_file", "The form's field 'file' is text: send it with a file name.")
    if not files:
        raise RequestError("no_file", "No film was sent: the form has no file in the field 'file'.")
    if len(files) > 1:
        raise RequestError("bad_request", "Send one film a request.")
    if not files[0].data and not files[0].file_name:
        raise RequestError("no_file", "No film was chosen.")
    return files[0].data


def _json_fields(body: bytes) -> _Fields:
    try:
        return _FIELDS.decode(body.removeprefix(BOM_UTF8)) if body else _Fields()
    except msgspec.ValidationError:
        raise RequestError(
            "bad_request", "The JSON body must be an object with the field 'file_data'."
        ) from None
    except (msgspec.DecodeError, RecursionError):
        raise RequestError("bad_request", "The body is not valid JSON.") from None


def _options(fields: _Fields) -> Mapping[str, Any]:
    """Return the options that were sent, by name."""
    found = {}
    for name in _OPTIONS:
        if sent := bytes(getattr(fields, name)):
            if len(sent) > _OPTION_BYTES:
                raise RequestError("bad_request", f"The option '{name}' is none that there is.")
            try:
                found[name] = msgspec.json.decode(sent)
            except msgspec.DecodeError:
                raise RequestError("bad_request", "The body is not valid JSON.") from None
    return found


def _base64_file(sent: msgspec.Raw) -> bytes:
    if sent in _NOTHING:
        raise RequestError("no_file", "No film was sent: the JSON has no field 'file_data'.")
    try:
        text = msgspec.json.decode(sent, type=str).encode("ascii").strip()
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise RequestError("bad_base64", "The field 'file_data' must be base64 text.") from None
    if text[:5].lower() == b"data:":
        match = _DATA_URI.match(text)
        if match is None:
            raise RequestError("bad_base64", "The data URI in 'file_data' is not base64.")
        text = text[match.end() :]
    try:
        return base64.b64decode(text.translate(None, _WHITESPACE), validate=True)
    except binascii.Error:
        raise RequestError("bad_base64", "The field 'file_data' is not valid base64.") from None


def _upload(data: bytes, *sources: Mapping[str, Any]) -> Upload:
    """Return the film with its options; the body's word goes before the query's."""
    unusual = [_truth("allow_unusual", value) for value in _given("allow_unusual", sources)]
    corrections = [_correction(value) for value in _given("correction", sources)]
    return Upload(
        data,
        _cam(*sources),
        allow_unusual=bool(unusual and unusual[0]),
        correction=corrections[0] if corrections else None,
    )


def _cam(*sources: Mapping[str, Any]) -> Cam:
    """Return the pictures asked for; the body's word goes before the query's, `disable_cam` before `cam`.

    What means nothing is refused even where another word goes before it.
    """
    disabled = [_truth("disable_cam", value) for value in _given("disable_cam", sources)]
    chosen = [_choice(value) for value in _given("cam", sources)]
    if disabled and disabled[0]:
        return "none"
    return chosen[0] if chosen else "both"


def _given(name: str, sources: tuple[Mapping[str, Any], ...]) -> list[Any]:
    return [source[name] for source in sources if source.get(name) is not None]


def _choice(value: Any) -> Cam:
    chosen = str(value).strip().lower()
    if chosen not in get_args(Cam):
        raise RequestError("bad_request", "The option 'cam' must be both, map or none.")
    return cast(Cam, chosen)


def _correction(value: Any) -> Correction:
    chosen = str(value).strip().lower()
    if chosen not in CORRECTIONS:
        raise RequestError("bad_request", f"The option 'correction' must be one of {', '.join(CORRECTIONS)}.")
    return chosen


def _truth(name: str, value: Any) -> bool:
    if isinstance(value, bool | int | float) and value in {0, 1}:
        return bool(value)
    text = str(value).strip().lower()
    if text not in TRUE | FALSE:
        raise RequestError("bad_request", f"The option '{name}' must be true or false.")
    return text in TRUE
