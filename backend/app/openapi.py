"""Describe the API in an OpenAPI 3.1 document: the types of contract.py, the tables of errors.py."""

from __future__ import annotations

from functools import cache

from backend import __version__
from backend.app.contract import ErrorCode
from backend.app.errors import film_failures
from backend.app.openapi_schemas import Json, film_body, film_options, ref, schemas
from backend.app.schemas import ENDPOINTS
from backend.app.settings import Settings

_LIMITS = Settings()
_DESCRIPTION = f"""\
Reads a chest radiograph: bacterial pneumonia, viral pneumonia or normal, with a calibrated confidence, a \
risk level and a picture of where the networks looked. Not a medical device.

Every address answers under /api too. A film is a JPEG or PNG of at most \
{_LIMITS.max_image_bytes / 2**20:.0f} MiB and {_LIMITS.max_image_pixels / 1e6:.0f} megapixels (some kinds of \
PNG fewer), unless this service was set up otherwise; its bytes decide what it is, not its name or type. \
Nothing about a film or its sender is stored or logged, unless this service keeps an audit log.

Every failure has the shape Failure: at an address that is not here 404 with not_found, for another method \
405 with method_not_allowed. Fields may be added to answers; ignore those that you do not know."""

_MEANINGS = {
    400: "There is no film in the request, or the request cannot be understood.",
    401: "A key or a token is asked for (GET /access says so), and what was shown is none that is good.",
    403: "The key or token is good, but not for films.",
    413: "Too large, in bytes or in pixels.",
    415: "Neither a JPEG nor a PNG image.",
    422: "The image is damaged, or not a chest radiograph.",
    429: "Too many requests from one key, token or address.",
    500: "Our own fault.",
    502: "The service does not answer; said by the proxy in front, where there is one.",
    503: "No film is taken now: too many wait, there is no memory, the networks could not be loaded, the "
    "service stops, or what it needs to let somebody in or to record the answer cannot be had.",
    504: "The answer took too long and was given up.",
}


@cache
def document() -> Json:
    """Return the document; it is made once, at the first call."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "PneumoNet",
            "version": __version__,
            "summary": "Reads a chest radiograph.",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {"url": "/", "description": "for scripts"},
            {"url": "/api", "description": "the same, for the page"},
        ],
        "tags": [
            {"name": "films", "description": "A film in, an answer out."},
            {"name": "service", "description": "How the service is."},
            {"name": "description", "description": "What the service answers to."},
        ],
        "paths": _paths(),
        "components": {
            "schemas": schemas(),
            "parameters": {"RequestId": _REQUEST_ID},
            "headers": {
                "RequestId": _request_id_said(),
                "RetryAfter": _RETRY_AFTER,
                "Challenge": _CHALLENGE,
                "Cache": _CACHE_SAID,
            },
            "securitySchemes": _SCHEMES,
        },
    }


def _paths() -> Json:
    operations: dict[str, Json] = {
        "GET /": {
            "operationId": "index",
            "tags": ["description"],
            "responses": {
                "200": _said("What this service is, or the page for a browser.", "Index", also="text/html")
            },
        },
        "GET /health": {
            "operationId": "health",
            "tags": ["service"],
            "responses": {
                "200": _said("It serves, or will once the networks are loaded.", "Health"),
                "500": _said("It cannot serve, or failed to find out.", "Health", "Failure"),
            },
        },
        "GET /ready": {
            "operationId": "ready",
            "tags": ["service"],
            "responses": {
                "200": _said("Films are taken.", "Readiness"),
                "503": _retried(_said("Films are not taken: ask again later.", "Readiness")),
            },
        },
        "GET /access": {
            "operationId": "access",
            "tags": ["service"],
            "responses": {"200": _said("How to be let in.", "Access")},
        },
        "POST /predict": {
            "operationId": "predict",
            "tags": ["films"],
            # Or nothing, where GET /access says that nothing is required.
            "security": [{"Bearer": []}, {"Key": []}, {}],
            "parameters": film_options(),
            "requestBody": film_body(),
            "responses": {
                "200": _from_cache(_said("The answer.", "Prediction")),
                **{str(status): _failed(status, codes) for status, codes in film_failures().items()},
            },
        },
        "GET /openapi.json": {
            "operationId": "openapi",
            "tags": ["description"],
            "responses": {"200": _answered("This document.", {"application/json": {"type": "object"}})},
        },
        "GET /docs": {
            "operationId": "docs",
            "tags": ["description"],
            "responses": {"200": _answered("A page to read.", {"text/html": {"type": "string"}})},
        },
    }
    paths: Json = {}
    for endpoint, operation in operations.items():
        method, path = endpoint.lower().split()
        summary = ENDPOINTS[endpoint]
        paths[path] = {
            method: {
                "summary": summary[0].upper() + summary[1:],
                **operation,
                "parameters": [ref("parameters", "RequestId"), *operation.get("parameters", [])],
                "responses": {"500": _failed(500, film_failures()[500]), **operation["responses"]},
            }
        }
        answers = paths[path][method]["responses"]
        paths[path][method]["responses"] = dict(sorted(answers.items()))
    return paths


_REQUEST_ID: Json = {
    "name": "X-Request-ID",
    "in": "header",
    "description": "A name for the request, kept if it is 1 to 64 of A-Za-z0-9._- and replaced otherwise.",
    "schema": {"type": "string"},
}
_RETRY_AFTER: Json = {
    "description": "How long to wait before the next attempt, in seconds.",
    "required": True,
    "schema": {"type": "integer", "minimum": 0, "examples": [5]},
}


_CACHE_SAID: Json = {
    "description": "Whether the very same film was answered from before; absent where nothing is kept.",
    "schema": {"type": "string", "enum": ["hit", "miss"]},
}
_CHALLENGE: Json = {
    "description": "What is asked for, and what was wrong with what was shown (RFC 6750).",
    "required": True,
    "schema": {"type": "string", "examples": ['Bearer realm="PneumoNet"']},
}
_SCHEMES: Json = {
    "Bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key, or a token (JWT) of the OpenID provider that GET /access names.",
    },
    "Key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key."},
}


def _request_id_said() -> Json:
    schema = dict(schemas()["Failure"]["properties"]["request_id"])
    return {"description": schema.pop("description"), "required": True, "schema": schema}


def _said(description: str, *names: str, also: str | None = None) -> Json:
    refs = [ref("schemas", name) for name in names]
    content: Json = {"application/json": refs[0] if len(refs) == 1 else {"anyOf": refs}}
    if also:
        content[also] = {"type": "string"}
    return _answered(description, content)


def _failed(status: int, codes: list[ErrorCode]) -> Json:
    narrowed = {"allOf": [ref("schemas", "Failure")], "properties": {"code": {"enum": codes}}}
    answer = _answered(_MEANINGS[status], {"application/json": narrowed})
    if status in {401, 403}:
        return {**answer, "headers": {**answer["headers"], "WWW-Authenticate": ref("headers", "Challenge")}}
    return _retried(answer) if status in {429, 503} else answer


def _from_cache(answer: Json) -> Json:
    return {**answer, "headers": {**answer["headers"], "X-Cache": ref("headers", "Cache")}}


def _retried(answer: Json) -> Json:
    return {**answer, "headers": {**answer["headers"], "Retry-After": ref("headers", "RetryAfter")}}


def _answered(description: str, kinds: Json) -> Json:
    return {
        "description": description,
        "headers": {"X-Request-ID": ref("headers", "RequestId")},
        "content": {kind: {"schema": schema} for kind, schema in kinds.items()},
    }
