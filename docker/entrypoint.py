"""Start gunicorn and nginx, and end when told to or when either ends: `python -m docker.entrypoint`.

Told to stop (SIGTERM), it lets nginx refuse what is new, gunicorn finish what is under way, and nginx send
what is finished. When either program ends by itself the exit status is 1, for the platform to start anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

from backend.app.checks import check
from backend.app.settings import SettingError, Settings
from docker.nginx import nginx_address, write_config

_ROOT = Path(__file__).parent.parent
_STOP = "told to"
# For requests that had passed nginx's check before it began to refuse: they reach gunicorn in this time.
_SETTLING_SECONDS = 0.5
_NGINX_SECONDS = 7
_GLANCE_SECONDS = 0.05


def main() -> int:
    try:
        settings = Settings.from_environment()
        check(settings)
        with tempfile.TemporaryDirectory(prefix="pneumonet-") as folder:
            return _serve(settings, Path(folder))
    except (SettingError, ValueError) as error:
        _say("error", str(error))
        return 2


def _serve(settings: Settings, folder: Path) -> int:
    events: SimpleQueue[str] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: events.put(_STOP))

    config = write_config(settings, folder)
    command = (sys.executable, "-m", "gunicorn", "--config", "backend/gunicorn.conf.py")
    # nginx has found out who asks, of those that it may believe; the app behind it believes nginx alone.
    gunicorn = _start(events, *command, TRUSTED_PROXIES=nginx_address(settings))
    programs = [gunicorn]
    try:
        # The door opens once there is somebody behind it.
        while events.empty() and not _listens(settings.host, settings.port):
            time.sleep(_GLANCE_SECONDS)
        if events.empty():
            programs.append(_start(events, "nginx", "-e", "stderr", "-c", str(config)))
        event = events.get()
        _say("info" if event == _STOP else "error", f"stopping: {event}")
        (folder / "draining").touch()
        time.sleep(_SETTLING_SECONDS)
        clean = _stop(gunicorn, signal.SIGTERM, settings.graceful_seconds + 5)
        for nginx in programs[1:]:
            clean &= _stop(nginx, signal.SIGQUIT, _NGINX_SECONDS)
        return 0 if event == _STOP and clean else 1
    finally:
        for program in programs:
            # A master that was killed leaves its workers behind.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _start(events: SimpleQueue[str], *command: str, **changed: str) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, with a changed environment; tell when it ends."""
    environment = {**os.environ, **changed}
    program = subprocess.Popen(command, cwd=_ROOT, process_group=0, env=environment)  # noqa: S603 - the two above
    name = Path(command[0]).name if command[0] != sys.executable else command[2]

    def watch() -> None:
        events.put(f"{name} ended with status {program.wait()}")

    threading.Thread(target=watch, daemon=True).start()
    return program


def _stop(program: subprocess.Popen[bytes], number: int, seconds: float) -> bool:
    """Ask a program to end; return whether it did so in time and without a complaint."""
    program.send_signal(number)
    try:
        return program.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        _say("error", f"{program.args!r} did not end in {seconds} s")
        return False


def _say(level: str, message: str) -> None:
    line = {"time": datetime.now(UTC).isoformat(), "level": level, "message": message}
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
