"""Render the OpenAPI document as a page to read: no script, nothing loaded, not even from here."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import render_template

from backend.app.openapi import document

Json = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A field or a parameter, as the page's tables show it."""

    name: str
    kind: str
    required: bool
    description: str
    example: str


@cache
def html(document_address: str) -> str:
    """Return the page, which links to the document's own address."""
    described = document()
    schemas = described["components"]["schemas"]
    return render_template(
        "docs.html",
        info=described["info"],
        servers=described["servers"],
        document_address=document_address,
        operations=[
            _operation(method, path, operation)
            for path, methods in described["paths"].items()
            for method, operation in methods.items()
        ],
        schemas={
            name: {"description": schema["description"], "rows": fields(schema)}
            for name, schema in schemas.items()
        },
    )


def style_hash(html: str) -> str:
    """Return the SHA-256 of the page's style, in base64, by which a policy may allow that style alone."""
    style = html.partition("<style>")[2].partition("</style>")[0]
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def fields(schema: Json) -> list[Row]:
    """Return an object's fields."""
    required = schema.get("required", [])
    return [_row(name, each, name in required) for name, each in schema["properties"].items()]


def kind(schema: Json) -> str:
    """Return a schema's type in words."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " or ".join(kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {kind(schema['items'])}"
    words = str(schema.get("type", "any"))
    if "const" in schema:
        words = json.dumps(schema["const"])
    if "format" in schema:
        words += f" ({schema['format']})"
    if "minimum" in schema:
        words += f" from {schema['minimum']}"
    if "maximum" in schema:
        words += f" to {schema['maximum']}"
    return words


def _operation(method: str, path: str, operation: Json) -> Json:
    body = operation.get("requestBody")
    return {
        "method": method.upper(),
        "path": path,
        "id": operation["operationId"],
        "summary": operation["summary"],
        "parameters": [_parameter(each) for each in operation["parameters"]],
        "body": body
        and {
            "description": body["description"],
            "kinds": {name: _content(content) for name, content in body["content"].items()},
        },
        "answers": {status: _answer(answer) for status, answer in operation["responses"].items()},
    }


def _parameter(parameter: Json) -> Row:
    parameter = _resolved(parameter)
    row = _row(parameter["name"], parameter["schema"], parameter.get("required", False))
    return Row(
        row.name, f"{parameter['in']}: {row.kind}", row.required, parameter["description"], row.example
    )


def _content(content: Json) -> Json:
    schema = content["schema"]
    return {
        "kind": kind(schema),
        "link": schema["$ref"].rsplit("/", 1)[1] if "$ref" in schema else None,
        "rows": fields(schema) if "properties" in schema else [],
        "examples": {
            name: json.dumps(each["value"], indent=2) for name, each in content.get("examples", {}).items()
        },
    }


def _answer(answer: Json) -> Json:
    kinds = {}
    codes: list[str] = []
    for name, content in answer["content"].items():
        schema = content["schema"]
        codes += schema.get("properties", {}).get("code", {}).get("enum", [])
        parts = schema.get("allOf") or schema.get("anyOf") or [schema]
        kinds[name] = [each["$ref"].rsplit("/", 1)[1] for each in parts if "$ref" in each]
    return {
        "description": answer["description"],
        "codes": codes,
        "kinds": kinds,
        "headers": list(answer["headers"]),
    }


def _row(name: str, schema: Json, required: bool) -> Row:
    examples = schema.get("examples", [])
    example = json.dumps(examples[0], ensure_ascii=False) if examples else ""
    return Row(name, kind(schema), required, schema.get("description", ""), example)


def _resolved(reference: Json) -> Json:
    found: Json = reference
    if "$ref" in reference:
        found = document()
        for step in reference["$ref"].removeprefix("#/").split("/"):
            found = found[step]
    return found
