"""From an upload to its reading: what is known already, a place in line, the film, the networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from flask import current_app, g, request

from backend.app import metrics, sender, stages
from backend.app.cache import ResultCache
from backend.app.queue import Overloaded, WorkQueue
from backend.app.telemetry import elapsed_ms
from backend.app.uploads import Upload
from backend.inference.corrections import correct
from backend.inference.images import Film, Limits, read_film
from backend.inference.lazy import LazyPredictor
from backend.inference.reading import Reading


@contextmanager
def read(upload: Upload) -> Iterator[tuple[Film | None, Reading]]:
    """Give the film's reading, and the film itself if it had to be decoded.

    Its place is held until the end, so that no more answers are drawn than there are threads for.
    """
    cache: ResultCache | None = current_app.extensions["cache"]
    with ExitStack() as place:
        film, reading = _read_once(upload, cache, place) if cache else _compute(upload, place)
        metrics.counting().predicted(reading)
        yield film, reading


def seconds_left() -> float:
    """Return how long the answer to this request may still take."""
    deadline: float = current_app.config["SETTINGS"].deadline_seconds
    return deadline - elapsed_ms() / 1000


def _read_once(upload: Upload, cache: ResultCache, place: ExitStack) -> tuple[Film | None, Reading]:
    """Compute only what is not known, and see that it is from now on."""
    predictor: LazyPredictor = current_app.extensions["predictor"]
    digest, options = cache.digest(upload.data), _options(upload)
    known = None
    if predictor.fingerprint and not request.cache_control.no_cache:
        known = cache.find(digest, options, predictor.fingerprint)
    g.cache_outcome = "hit" if known else "miss"
    metrics.counting().cache_lookups.labels(g.cache_outcome).inc()
    if known:
        return _decode_known(upload, place) if upload.cam == "both" else None, known
    film, reading = _compute(upload, place)
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


def _compute(upload: Upload, place: ExitStack) -> tuple[Film, Reading]:
    predictor: LazyPredictor = current_app.extensions["predictor"]
    queue: WorkQueue = current_app.extensions["queue"]
    place.enter_context(queue.place())  # refused before it costs anything
    until = _waits_until()
    film = _decode(upload, until)
    reading = queue.run(
        lambda: predictor.predict(film, explained=upload.explained, allow_unusual=upload.allow_unusual),
        seconds_left(),
        until - time.monotonic(),
        _still_wanted(),
    )
    stages.took("inference", reading.durations.inference)
    if reading.durations.explain is not None:
        stages.took("explain", reading.durations.explain)
    return film, reading


def _decode_known(upload: Upload, place: ExitStack) -> Film:
    """Return the film of a known result, to draw on: a full queue lets a few of them by."""
    decoders: WorkQueue = current_app.extensions["decoders"]
    queue: WorkQueue = current_app.extensions["queue"]
    try:
        place.enter_context(decoders.place())
    except Overloaded:
        place.enter_context(queue.place())
    return _decode(upload, _waits_until())


def _decode(upload: Upload, until: float) -> Film:
    settings = current_app.config["SETTINGS"]
    limits = Limits(settings.max_image_bytes, settings.max_image_pixels)
    decoders: WorkQueue = current_app.extensions["decoders"]
    took: list[float] = []

    def decode() -> Film:
        started = time.perf_counter()
        try:
            film = read_film(upload.data, limits)
            return correct(film, upload.correction) if upload.correction else film
        finally:
            took.append(time.perf_counter() - started)

    try:
        return decoders.run(decode, seconds_left(), until - time.monotonic(), _still_wanted())
    finally:
        for seconds in took:
            stages.took("decode", seconds)


def _waits_until() -> float:
    """Return until when a film that has come now may wait, in all lines together."""
    seconds: float = current_app.config["SETTINGS"].queue_seconds
    return time.monotonic() + seconds


def _still_wanted() -> Callable[[], bool]:
    """Return what tells whether the request's sender still waits; it may be asked outside the request."""
    environ = request.environ
    return lambda: not sender.has_gone(environ)
