"""Serve /metrics to Prometheus, for the operator's own network alone."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from flask import Flask, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from backend import __version__
from backend.app.metrics import Metrics
from backend.app.readiness import Readiness
from backend.inference.card import read_card
from backend.inference.errors import WeightsRefused
from backend.inference.lazy import LazyPredictor


def init_app(app: Flask, metrics: Metrics, weights: Path) -> None:
    """Serve /metrics: at the root and not under /api, for proxies hand all that is under /api to anyone."""
    app.extensions["metrics"] = metrics
    predictor: LazyPredictor = app.extensions["predictor"]
    readiness: Readiness = app.extensions["readiness"]
    predictor.after_attempt = lambda seconds: metrics.loaded(seconds, predictor.engine)

    def measure() -> None:
        metrics.ready.set(readiness.state() == "ready")
        metrics.measure_memory()

    def expose() -> Response:
        measure()
        text = metrics.exposition()
        return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})

    app.add_url_rule("/metrics", "metrics", expose, methods=["GET"], strict_slashes=False)
    metrics.build.labels(__version__, _model_version(weights), importlib.metadata.version("torch")).set(1)
    measure()


def _model_version(weights: Path) -> str:
    try:
        return read_card(weights).version
    except WeightsRefused:
        return "unknown"
