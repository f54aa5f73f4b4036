"""How gunicorn serves the app: `gunicorn -c backend/gunicorn.conf.py`."""

from backend.app.settings import Settings

_settings = Settings.from_environment()

wsgi_app = "backend.wsgi:app"
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
worker_class = "gthread"
workers = _settings.workers
threads = _settings.threads
# The app is imported by each worker, after the fork: torch's thread pools do not survive one.
preload_app = False
# A service without a writable home needs no socket to be steered by.
control_socket_disable = True
keepalive = 5
graceful_timeout = 30
