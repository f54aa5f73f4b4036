"""Fill the answers whose fields contract.py names."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from backend import __version__
from backend.app import contract
from backend.app.contract import (
    AskedSettings,
    ErrorCode,
    Explanation,
    Failure,
    FilmAnswer,
    Health,
    Index,
    Prediction,
    Provenance,
    Readiness,
    spoken,
)
from backend.app.readiness import State
from backend.inference import explanation
from backend.inference.engine import Engine
from backend.inference.gate import FilmWarning
from backend.inference.provenance import Origin
from backend.inference.reading import Probabilities, Reading

ENDPOINTS = {
    "GET /": "the page for browsers, what this service is for scripts",
    "GET /health": "whether it can serve",
    "GET /ready": "whether it takes films now",
    "GET /access": "how to be let in",
    "POST /predict": "a chest radiograph in, an answer out",
    "GET /openapi.json": "this API described for programs (OpenAPI 3.1)",
    "GET /docs": "the same description for people",
}

_WHY_NOT_READY: dict[State, str] = {
    "loading": "The networks are being loaded.",
    "failed": "The networks could not be loaded; that is tried again.",
    "draining": "The service is stopping.",
}


def index_answer(*, page_missing: bool = False) -> Index:
    """Return what this service is; a browser that found no page is told how to get it."""
    message = "PneumoNet reads chest radiographs: POST one to /predict."
    if page_missing:
        message += " The page is not built: install Node.js 20.19 or later and start with make run."
    return {
        "message": message,
        "status": "running",
        "version": __version__,
        "endpoints": ENDPOINTS,
    }


def health_answer(*, engine: Engine | None, failure: str | None, memory_mb: float) -> Health:
    """Return whether it can serve; `engine` is None until the networks are loaded."""
    answer: Health = {
        "status": "unhealthy" if failure else "healthy" if engine else "starting",
        "timestamp": datetime.now(UTC).isoformat(),
        "models_loaded": engine is not None,
        "engine": engine.name if engine else None,
        "precision": engine.precision if engine else None,
        "memory_usage_mb": round(memory_mb, 1),
        "version": __version__,
    }
    if failure:
        answer["error"] = failure
    return answer


def readiness_answer(state: State) -> Readiness:
    """Return whether films are taken now; `reason` is None where they are."""
    return {
        "status": state,
        "reason": _WHY_NOT_READY.get(state),
        "timestamp": datetime.now(UTC).isoformat(),
        "version": __version__,
    }


def prediction_answer(
    reading: Reading,
    provenance: Provenance,
    *,
    overlay: bytes | None,
    heatmap: bytes | None,
    request_id: str,
    duration_ms: float,
) -> Prediction:
    """Return the answer to a request; `overlay` and `heatmap` are PNG files, or None where not asked for."""
    return {
        **reading_answer(reading, provenance),
        "gradcam_image": _data_uri(overlay),
        "heatmap_image": _data_uri(heatmap),
        "request_id": request_id,
        "duration_ms": round(duration_ms, 1),
    }


def reading_answer(reading: Reading, provenance: Provenance) -> FilmAnswer:
    """Return what is said of a film, however it was asked."""
    return {
        "prediction": spoken(reading.predicted_class),
        "confidence": f"{reading.confidence:.2%}",
        "risk_level": reading.risk.level,
        "risk_code": reading.risk.code,
        "prediction_set": [spoken(name) for name in reading.prediction_set],
        "disagreement": reading.disagreement,
        "probabilities": _spoken_probabilities(reading.probabilities),
        "models": [
            {
                "name": opinion.name,
                "weight": opinion.weight,
                "probabilities": _spoken_probabilities(opinion.probabilities),
            }
            for opinion in reading.opinions
        ],
        "warnings": [_warning(each) for each in reading.warnings],
        "explanation": explanation_answer(reading.explanation),
        "model_version": reading.model_version,
        "disclaimer": disclaimer(reading.population),
        "provenance": provenance,
    }


def explanation_answer(found: explanation.Explanation | None) -> Explanation | None:
    """Return where the map points; None where no map was asked for."""
    if found is None:
        return None
    return {
        "agreement": found.agreement,
        "zones": [{"side": each.side, "zone": each.zone, "share": each.share} for each in found.regions],
    }


def provenance_answer(origin: Origin, image_sha256: str, settings: AskedSettings) -> Provenance:
    """Return what it takes to have an answer again."""
    return {
        "image_sha256": image_sha256,
        "weights_sha256": origin.weights_sha256,
        "settings": settings,
        "engine": origin.engine,
        "versions": origin.versions,
    }


def _warning(found: FilmWarning) -> contract.FilmWarning:
    said: contract.FilmWarning = {"code": found.code, "message": found.message}
    if found.correction:
        said["correction"] = found.correction
    return said


def disclaimer(population: str) -> str:
    return (
        f"Not a medical device. The networks were taught on radiographs of {population}; "
        "a clinician must confirm every answer."
    )


def error_answer(code: ErrorCode, message: str, request_id: str) -> Failure:
    return {"error": message, "code": code, "request_id": request_id}


def _spoken_probabilities(probabilities: Probabilities) -> Probabilities:
    return {spoken(name): value for name, value in probabilities.items()}


def _data_uri(png: bytes | None) -> str | None:
    return None if png is None else "data:image/png;base64," + base64.b64encode(png).decode("ascii")
