"""How gunicorn serves the app: `gunicorn -c backend/gunicorn.conf.py`."""

from gunicorn.arbiter import Arbiter

from backend import metrics_folder
from backend.app.settings import Settings
from backend.worker import DrainingWorker, tell_workers_of_sigterm

_settings = Settings.from_environment()

wsgi_app = "backend.wsgi:app"
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
worker_class = "backend.worker.DrainingWorker"
workers = _settings.workers
threads = _settings.threads
when_ready = tell_workers_of_sigterm
# The app is imported by each worker, after the fork: torch's thread pools do not survive one.
preload_app = False
# A service without a writable home needs no socket to be steered by.
control_socket_disable = True
keepalive = 5
graceful_timeout = 30

if workers > 1:  # one counts in its own memory
    raw_env = [f"{metrics_folder.VARIABLE}={metrics_folder.metrics_folder()}"]

    def child_exit(server: Arbiter, worker: DrainingWorker) -> None:
        metrics_folder.forget_worker(worker.pid)

    def on_exit(server: Arbiter) -> None:
        metrics_folder.remove()
