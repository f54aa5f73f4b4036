"""A Redis of the tests' own: the real one, on a free port or a socket, which writes nothing to a disk."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from tests.e2e.conftest import free_port

PATIENCE = 60
_PORTS_TRIED = 10


class RedisServer:
    """A server that can be frozen, killed and started again."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        assert program, "redis-server is not installed; on Debian: apt-get install redis-server"
        self._program, self._folder = program, folder
        self.socket = folder / "redis.sock"
        for _ in range(_PORTS_TRIED):
            # Between here and the server's start the port may become somebody else's.
            self.port = free_port()
            if self._start():
                break
        else:
            raise AssertionError("redis-server did not start")
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis.from_url(self.url)

    def start(self) -> None:
        """Start it again where it was."""
        assert self._start(), "redis-server did not start again"

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=PATIENCE)

    def _start(self) -> bool:
        """Start it; say whether it, and no other, answers at the port. Else no process is left."""
        address = ["--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", self.socket.name]
        self._process = subprocess.Popen(
            [self._program, *address, "--save", "", "--appendonly", "no"],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if self._is_up():
                return True
        except BaseException:
            self.kill()
            raise
        self.kill()
        return False

    def _is_up(self) -> bool:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(redis.RedisError), redis.Redis(port=self.port, socket_timeout=PATIENCE) as client:
                return int(client.info("server")["process_id"]) == self._process.pid
            time.sleep(0.02)
        return False


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder)
    try:
        yield server
    finally:
        server.kill()


class SlowWay:
    """A way to a server on which each answer takes some seconds longer."""

    def __init__(self, port: int) -> None:
        self.seconds = 0.0
        self._to = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._door.getsockname()[1]}/0"
        threading.Thread(target=self._let_in, daemon=True).start()

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _let_in(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                for ends in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, late: bool) -> None:
        with suppress(OSError), source, target:
            while piece := source.recv(2**16):
                time.sleep(self.seconds if late else 0)
                target.sendall(piece)


@contextmanager
def slow_way(server: RedisServer) -> Iterator[SlowWay]:
    way = SlowWay(server.port)
    try:
        yield way
    finally:
        way.close()
