"""From an upload to its reading: what is known already, a place in line, the film, the networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app, g, request

from backend.app import metrics, sender, stages
from backend.app.cache import ResultCache
from backend.app.telemetry import elapsed_ms
from backend.app.uploads import Upload
from backend.inference.corrections import correct
from backend.inference.images import Film, Limits, read_film
from backend.inference.lazy import LazyPredictor
from backend.inference.reading import Reading


def read(upload: Upload) -> tuple[Film | None, Reading]:
    """Return the film's reading, and the film itself if it had to be decoded."""
    cache: ResultCache | None = current_app.extensions["cache"]
    film, reading = _read_once(upload, cache) if cache else _compute(upload)
    metrics.counting().predicted(reading)
    return film, reading


def seconds_left() -> float:
    """Return how long the answer to this request may still take."""
    deadline: float = current_app.config["SETTINGS"].deadline_seconds
    return deadline - elapsed_ms() / 1000


def _read_once(upload: Upload, cache: ResultCache) -> tuple[Film | None, Reading]:
    """Compute only what is not known, and see that it is from now on."""
    predictor: LazyPredictor = current_app.extensions["predictor"]
    digest, options = cache.digest(upload.data), _options(upload)
    known = None
    if predictor.fingerprint and not request.cache_control.no_cache:
        known = cache.find(digest, options, predictor.fingerprint)
    g.cache_outcome = "hit" if known else "miss"
    metrics.counting().cache_lookups.labels(g.cache_outcome).inc()
    if known:
        return _decode(upload) if upload.cam == "both" else None, known
    film, reading = _compute(upload)
    if predictor.fingerprint:  # with the first film the networks have only now been loaded
        cache.keep(digest, options, predictor.fingerprint, reading)
    return film, reading


def _options(upload: Upload) -> dict[str, Any]:
    """Return what a reading depends on beside the film and the networks."""
    return {
        "explained": upload.explained,
        "allow_unusual": upload.allow_unusual,
        "correction": upload.correction,
    }


def _compute(upload: Upload) -> tuple[Film, Reading]:
    predictor: LazyPredictor = current_app.extensions["predictor"]
    queue = current_app.extensions["queue"]
    with queue.place():  # refused before it costs anything
        film = _decode(upload)
        reading: Reading = queue.run(
            lambda: predictor.predict(film, explained=upload.explained, allow_unusual=upload.allow_unusual),
            seconds_left(),
            current_app.config["SETTINGS"].queue_seconds,
            _still_wanted(),
        )
    stages.took("inference", reading.durations.inference)
    if reading.durations.explain is not None:
        stages.took("explain", reading.durations.explain)
    return film, reading


def _decode(upload: Upload) -> Film:
    settings = current_app.config["SETTINGS"]
    waiting_seconds = min(settings.queue_seconds, seconds_left())
    turn = current_app.extensions["decoders"].turn(waiting_seconds, _still_wanted())
    with turn, stages.timed("decode"):
        film = read_film(upload.data, Limits(settings.max_image_bytes, settings.max_image_pixels))
        return correct(film, upload.correction) if upload.correction else film


def _still_wanted() -> Callable[[], bool]:
    """Return what tells whether the request's sender still waits; it may be asked outside the request."""
    environ = request.environ
    return lambda: not sender.has_gone(environ)
