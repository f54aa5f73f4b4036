"""Turn the types of contract.py into JSON Schema, and a film's ways in into a request body."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np

from backend.app import contract
from backend.inference.overlay import encode_png

Json = dict[str, Any]

_TYPES: tuple[Any, ...] = (
    contract.Prediction,
    contract.Failure,
    contract.Health,
    contract.Readiness,
    contract.Access,
    contract.Provider,
    contract.Index,
    contract.FilmAsJson,
)
_IMAGE: Json = {"type": "string", "format": "binary", "description": "The film's file, a JPEG or PNG."}


def ref(section: str, name: str) -> Json:
    return {"$ref": f"#/components/{section}/{name}"}


@cache
def schemas() -> Json:
    from pydantic import TypeAdapter  # takes as long as the rest of the app, and only this needs it
    from pydantic.json_schema import GenerateJsonSchema

    class WithoutTitles(GenerateJsonSchema):
        def field_title_should_be_set(self, schema: Any) -> bool:
            return False

    _, made = TypeAdapter.json_schemas(
        [(each, "validation", TypeAdapter(each)) for each in _TYPES],
        ref_template="#/components/schemas/{model}",
        schema_generator=WithoutTitles,
    )
    found: Json = made["$defs"]
    return found


def film_options() -> list[Json]:
    """Return the options as the query takes them: text alone."""
    return [
        {"name": name, "in": "query", "description": field["description"], "schema": _as_text(field)}
        for name, field in _option_fields().items()
    ]


def _option_fields() -> Json:
    fields: Json = schemas()["FilmAsJson"]["properties"]
    return {name: field for name, field in fields.items() if name in contract.Options.__annotations__}


def _as_text(field: Json) -> Json:
    words = [word for kind in field["anyOf"] if kind["type"] == "string" for word in kind["enum"]]
    return {"type": "string", "enum": words}


def film_body() -> Json:
    form = {
        "type": "object",
        "properties": {
            "file": _IMAGE,
            **{
                name: {**_as_text(field), "description": field["description"]}
                for name, field in _option_fields().items()
            },
        },
        "required": ["file"],
    }
    return {
        "description": "The film: in a form, as JSON, or the file itself as the body.",
        "required": True,
        "content": {
            "multipart/form-data": {"schema": form},
            "application/json": {
                "schema": ref("schemas", contract.FilmAsJson.__name__),
                "examples": {
                    "base64": {"value": {"file_data": _example_film()}},
                    "data URI, no pictures asked for": {
                        "value": {
                            "file_data": "data:image/png;base64," + _example_film(),
                            "disable_cam": True,
                        }
                    },
                },
            },
            "image/jpeg": {"schema": _IMAGE},
            "image/png": {"schema": _IMAGE},
            "application/octet-stream": {"schema": _IMAGE},
        },
    }


def _example_film() -> str:
    """Return the smallest image that is read, so that the example is one that works."""
    ramp = np.add.outer(np.arange(0, 128, 4), np.arange(0, 128, 4)).astype(np.uint8)
    return base64.b64encode(encode_png(ramp)).decode("ascii")
