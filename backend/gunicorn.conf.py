"""How gunicorn serves the app: `gunicorn -c backend/gunicorn.conf.py`."""

import os
import sys

from backend import allocator

allocator.settle()  # before numpy, which brings threads

from gunicorn.arbiter import Arbiter

from backend import metrics_folder
from backend.app.checks import check
from backend.app.settings import SettingError, Settings
from backend.app.sizing import fit
from backend.master import count_departure, tell_workers_of_sigterm
from backend.silent_workers import kill_silent_workers_at_once
from backend.worker import DrainingWorker

try:
    _settings = fit(Settings.from_environment())
    check(_settings)
except SettingError as error:
    sys.exit(str(error))

wsgi_app = "backend.wsgi:app"
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
worker_class = "backend.worker.DrainingWorker"
workers = _settings.workers
threads = _settings.threads
# The app is imported by each worker, after the fork: torch's thread pools do not survive one.
preload_app = False
# A worker that beats its heart on a slow disk is taken for dead.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# A service without a writable home needs no socket to be steered by.
control_socket_disable = True
keepalive = 5
# A worker that has not turned its loop for so many seconds is taken for dead; it does so every second. One in
# which nothing wants to run is not given so long (silent_workers.py).
timeout = 5
graceful_timeout = _settings.graceful_seconds
# No header of a request may say which address it is for, even if a proxy were to pass it on.
forwarder_headers = ""
# Nor how it came: the app alone knows whom to believe about that (TRUSTED_PROXIES).
forwarded_allow_ips = ""
# nginx refuses a longer address first.
limit_request_line = 8190
# No max_requests: restarting a worker has to be shown to drop nothing first.


def when_ready(server: Arbiter) -> None:
    tell_workers_of_sigterm(server)
    kill_silent_workers_at_once(server)


def child_exit(server: Arbiter, worker: DrainingWorker) -> None:
    count_departure(server, worker)
    metrics_folder.leave_place(worker)


def post_fork(server: Arbiter, worker: DrainingWorker) -> None:
    metrics_folder.take_place(worker)


if workers > 1:  # one counts in its own memory
    raw_env = [f"{metrics_folder.VARIABLE}={metrics_folder.metrics_folder()}"]

    def pre_fork(server: Arbiter, worker: DrainingWorker) -> None:
        metrics_folder.give_place(server, worker)

    def on_exit(server: Arbiter) -> None:
        metrics_folder.remove()
