"""Wire the app."""

from __future__ import annotations

from functools import partial

from flask import Flask
from flask_cors import CORS

from backend.app import access, audit, bodies, errors, headers, limits, page, routes, scrape, telemetry
from backend.app.access import Access
from backend.app.cache import open_cache
from backend.app.clients import Clients
from backend.app.metrics import Metrics
from backend.app.queue import WorkQueue
from backend.app.readiness import Readiness
from backend.app.settings import Settings
from backend.app.sizing import decoders, fit, hits
from backend.inference.engine import FILMS_AT_ONCE
from backend.inference.lazy import LazyPredictor


def create_app(settings: Settings | None = None, predictor: LazyPredictor | None = None) -> Flask:
    """Return the WSGI app; no network is loaded before the first film, unless WARM_UP is set."""
    settings = fit(settings or Settings.from_environment())
    limits.check(settings.redis_url)
    app = Flask(__name__, static_folder=None)
    app.config["DEBUG"] = False  # Flask itself reads FLASK_DEBUG from the environment
    app.url_map.merge_slashes = False  # werkzeug would answer //predict by a redirect, in HTML
    app.config["SETTINGS"] = settings
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["predictor"] = predictor = predictor or LazyPredictor.from_weights(
        settings.weights_dir, settings.engine_threads, settings.engine
    )
    app.extensions["readiness"] = readiness = Readiness(predictor, warm_up=settings.warm_up)
    metrics = Metrics()
    app.extensions["queue"] = WorkQueue(
        FILMS_AT_ONCE, settings.queue_limit, partial(metrics.waiting, "inference")
    )
    app.extensions["cache"] = open_cache(settings, metrics.cache_failed)
    # A small file can unpack into a hundred megabytes, so that decoding takes turns too. Who waits for one
    # has a place in the queue; the places here are for films whose result is known already.
    at_once = decoders(settings)
    app.extensions["decoders"] = WorkQueue(
        at_once, hits(at_once) - at_once, partial(metrics.waiting, "decoding")
    )

    telemetry.init_app(app, settings.log_level)
    clients = Clients(settings.trusted_proxies)
    access.init_app(app, Access(settings), clients)
    limits.init_app(app, settings.rate_limit, settings.redis_url, settings.cache_key)
    access.enforce(app)
    audit.init_app(app, audit.open_log(settings))
    scrape.init_app(app, metrics, settings.weights_dir)
    bodies.init_app(app)
    errors.init_app(app)
    routes.init_app(app)
    CORS(
        app,
        origins=list(settings.cors_origins),
        expose_headers=["X-Request-ID", "Retry-After", "X-Cache"],
        always_send=False,
    )
    page.init_app(app, settings.page_dir)
    headers.init_app(app, clients, headers.page_policy(_signs_in_at(settings)))
    if settings.warm_up:
        readiness.load()
    return app


def _signs_in_at(settings: Settings) -> tuple[str, ...]:
    """Return whom the page speaks to besides this service, to sign in."""
    return (settings.oidc_issuer, *settings.oidc_origins) if settings.oidc_client_id else ()
