"""Receive and reply: seven endpoints, each also under /api."""

from __future__ import annotations

import psutil
from flask import Blueprint, Flask, Response, current_app, g, jsonify, request, url_for

from backend.app import audit, docs, headers, openapi, page, pipeline, stages
from backend.app.contract import Cam, Provenance
from backend.app.errors import RETRY_AFTER_SECONDS
from backend.app.queue import DeadlineExceeded
from backend.app.schemas import (
    health_answer,
    index_answer,
    prediction_answer,
    provenance_answer,
    readiness_answer,
)
from backend.app.telemetry import elapsed_ms
from backend.app.uploads import read_upload
from backend.inference.images import Film
from backend.inference.overlay import draw_overlay, encode_png, heatmap_levels
from backend.inference.provenance import sha256_of
from backend.inference.reading import Reading

blueprint = Blueprint("api", __name__)


@blueprint.after_request
def _keep_out_of_caches(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def init_app(app: Flask) -> None:
    """Serve every endpoint at the root, for scripts, and under /api, for the page."""
    app.register_blueprint(blueprint, name="root")
    app.register_blueprint(blueprint, name="api", url_prefix="/api")


@blueprint.get("/", strict_slashes=False)
def index() -> Response:
    """Answer browsers with the page and scripts with JSON; under /api everyone is a script."""
    wants_page = request.blueprint == "root" and _prefers_html()
    html = page.html() if wants_page else None
    if html is not None:
        response = Response(html, mimetype="text/html")
    else:
        response = jsonify(index_answer(page_missing=wants_page))
    response.vary.add("Accept")
    return response


@blueprint.get("/health", strict_slashes=False)
def health() -> Response:
    predictor = current_app.extensions["predictor"]
    failure = predictor.failure
    memory_mb = psutil.Process().memory_info().rss / 2**20
    response = jsonify(health_answer(engine=predictor.engine, failure=failure, memory_mb=memory_mb))
    response.status_code = 500 if failure else 200
    return response


@blueprint.get("/ready", strict_slashes=False)
def ready() -> Response:
    state = current_app.extensions["readiness"].state()
    response = jsonify(readiness_answer(state))
    if state != "ready":
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


@blueprint.get("/access", strict_slashes=False)
def access() -> Response:
    return jsonify(current_app.extensions["access"].described())


@blueprint.post("/predict", strict_slashes=False)
def predict() -> Response:
    with current_app.extensions["readiness"].accepted():
        upload = read_upload(request)
        audit.note_film(upload.data)
        if pipeline.seconds_left() <= 0:  # its body took longer to come than an answer may
            raise DeadlineExceeded
        with pipeline.read(upload) as (film, reading):
            provenance = provenance_answer(
                reading.origin,
                sha256_of(upload.data),
                {"cam": upload.cam, "allow_unusual": upload.allow_unusual, "correction": upload.correction},
            )
            with stages.timed("encode"):
                return _reply(film, reading, upload.cam, provenance)


@blueprint.get("/openapi.json", strict_slashes=False)
def openapi_json() -> Response:
    return jsonify(openapi.document())


@blueprint.get("/docs", strict_slashes=False)
def documentation() -> Response:
    html = docs.html(url_for(".openapi_json"))
    policy = headers.docs_policy(docs.style_hash(html))
    return Response(html, mimetype="text/html", headers={headers.POLICY: policy})


def _reply(film: Film | None, reading: Reading, cam: Cam, provenance: Provenance) -> Response:
    overlay = heatmap = None
    if reading.heatmap is not None:
        heatmap = encode_png(heatmap_levels(reading.heatmap))
        overlay = (
            encode_png(draw_overlay(film, reading.heatmap)) if cam == "both" and film is not None else None
        )
    response = jsonify(
        prediction_answer(
            reading,
            provenance,
            overlay=overlay,
            heatmap=heatmap,
            request_id=g.request_id,
            duration_ms=elapsed_ms(),
        )
    )
    if outcome := g.get("cache_outcome"):
        response.headers["X-Cache"] = outcome
    return response


def _prefers_html() -> bool:
    # The first named wins a tie, so that curl's */* gets JSON.
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
