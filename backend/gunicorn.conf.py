"""How gunicorn serves the app: `gunicorn -c backend/gunicorn.conf.py`."""

import os

from backend.app.settings import Settings
from backend.app.sizing import fit

_settings = fit(Settings.from_environment())

wsgi_app = "backend.wsgi:app"
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
worker_class = "gthread"
workers = _settings.workers
threads = _settings.threads
# The app is imported by each worker, after the fork: torch's thread pools do not survive one.
preload_app = False
# A worker that beats its heart on a slow disk is taken for dead.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# A service without a writable home needs no socket to be steered by.
control_socket_disable = True
keepalive = 5
graceful_timeout = _settings.graceful_seconds
# No header of a request may say which address it is for, even if a proxy were to pass it on.
forwarder_headers = ""
# nginx refuses a longer address first.
limit_request_line = 8190
# No max_requests: restarting a worker has to be shown to drop nothing first.
