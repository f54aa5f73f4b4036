"""Schemathesis holds the live service to its live OpenAPI document, with every check that it has."""

from __future__ import annotations

import base64
import io
from collections import Counter

import schemathesis
from flask import Flask
from hypothesis import strategies as st
from PIL import Image
from schemathesis import engine
from schemathesis.engine import events

from backend.app import create_app
from backend.app.settings import Settings
from tests.fakes import FixedPredictor

RAMP = Image.radial_gradient("L").resize((48, 40))


def encoded(kind: str) -> bytes:
    file = io.BytesIO()
    RAMP.save(file, kind)
    return file.getvalue()


JPEG, PNG = encoded("JPEG"), encoded("PNG")
FILMS = [JPEG, PNG]
IN_TEXT = [base64.b64encode(film).decode() for film in FILMS]

# A schema cannot say what makes bytes a film, so that what it calls valid is taken from films.
schemathesis.openapi.media_type("image/jpeg", st.just(JPEG))
schemathesis.openapi.media_type("image/png", st.just(PNG))
schemathesis.openapi.media_type("application/octet-stream", st.sampled_from(FILMS))
schemathesis.openapi.format("binary", st.sampled_from(FILMS))
schemathesis.openapi.format(
    "byte", st.sampled_from([*IN_TEXT, *("data:image/png;base64," + text for text in IN_TEXT)])
)


SETTINGS = {
    "seed": 1,
    "continue-on-failure": True,
    "generation": {"deterministic": True, "database": "none", "max-examples": 5},
    # A form's file is drawn from Schemathesis's own bytes, which the document allows and which are no film.
    "operations": [
        {
            "include-path": "/predict",
            "generation": {"max-examples": 20},
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", 415, 422]}},
        }
    ],
}


def failures(app: Flask) -> tuple[list[str], Counter[int]]:
    """Return what Schemathesis finds wrong, and how often the service answered with each status."""
    schema = schemathesis.openapi.from_wsgi(
        "/openapi.json", app, config=schemathesis.Config.from_dict(SETTINGS)
    )
    found: list[str] = []
    statuses: Counter[int] = Counter()
    for event in engine.from_schema(schema).execute():
        match event:
            case events.NonFatalError():
                found.append(f"{event.label}: {event.info.format()}")
            case events.FatalError():
                raise event.exception
            case events.ScenarioFinished():
                statuses.update(
                    each.response.status_code
                    for each in event.recorder.interactions.values()
                    if each.response
                )
                found += [
                    f"{event.recorder.label}: {check.failure_info.failure}\n{check.failure_info.code_sample}"
                    for checks in event.recorder.checks.values()
                    for check in checks
                    if check.failure_info
                ]
            case events.EngineFinished():
                assert event.stop_reason is engine.StopReason.COMPLETED
                found += [str(failure) for failure in event.failures]
    return found, statuses


def test_the_service_does_what_its_document_says() -> None:
    found, statuses = failures(create_app(Settings(log_level="ERROR"), FixedPredictor()))
    assert not found, "\n\n".join(found)
    assert {200, 400, 405, 415} <= set(statuses)
