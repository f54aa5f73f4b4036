"""Receive and reply: seven endpoints, each also under /api."""

from __future__ import annotations

import psutil
from flask import Blueprint, Flask, Response, current_app, g, jsonify, request, url_for

from backend.app import audit, docs, headers, openapi, page, stages
from backend.app.contract import Cam
from backend.app.errors import RETRY_AFTER_SECONDS
from backend.app.schemas import health_answer, index_answer, prediction_answer, readiness_answer
from backend.app.telemetry import elapsed_ms
from backend.app.uploads import read_upload
from backend.inference.corrections import correct
from backend.inference.images import Film, Limits, read_film
from backend.inference.overlay import draw_overlay, encode_png, heatmap_levels
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
        film, reading, cam = _read()
        with stages.timed("encode"):
            return _reply(film, reading, cam)


@blueprint.get("/openapi.json", strict_slashes=False)
def openapi_json() -> Response:
    return jsonify(openapi.document())


@blueprint.get("/docs", strict_slashes=False)
def documentation() -> Response:
    html = docs.html(url_for(".openapi_json"))
    policy = headers.docs_policy(docs.style_hash(html))
    return Response(html, mimetype="text/html", headers={headers.POLICY: policy})


def _read() -> tuple[Film, Reading, Cam]:
    settings, extensions = current_app.config["SETTINGS"], current_app.extensions
    upload = read_upload(request)
    audit.note_film(upload.data)
    with extensions["decoders"].turn(_seconds_left()), stages.timed("decode"):
        film = read_film(upload.data, Limits(settings.max_image_bytes, settings.max_image_pixels))
        if upload.correction:
            film = correct(film, upload.correction)
    reading: Reading = extensions["queue"].run(
        lambda: extensions["predictor"].predict(
            film, explained=upload.cam != "none", allow_unusual=upload.allow_unusual
        ),
        _seconds_left(),
    )
    stages.took("inference", reading.durations.inference)
    if reading.durations.explain is not None:
        stages.took("explain", reading.durations.explain)
    extensions["metrics"].predicted(reading)
    return film, reading, upload.cam


def _reply(film: Film, reading: Reading, cam: Cam) -> Response:
    overlay = heatmap = None
    if reading.heatmap is not None:
        heatmap = encode_png(heatmap_levels(reading.heatmap))
        overlay = encode_png(draw_overlay(film, reading.heatmap)) if cam == "both" else None
    return jsonify(
        prediction_answer(
            reading, overlay=overlay, heatmap=heatmap, request_id=g.request_id, duration_ms=elapsed_ms()
        )
    )


def _prefers_html() -> bool:
    # The first named wins a tie, so that curl's */* gets JSON.
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def _seconds_left() -> float:
    deadline: float = current_app.config["SETTINGS"].deadline_seconds
    return deadline - elapsed_ms() / 1000
