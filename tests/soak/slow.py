"""Senders that never end: each sends a fragment now and then, and comes again when it is sent away."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.soak.wire import PATIENCE

PACE_SECONDS = 3.0
"""Often enough that the server hears of each before it would give it up as silent."""

_LENGTH = 10 * 2**20
_POST = "POST /predict HTTP/1.1\r\nHost: x\r\n"
# How a request begins, and what it goes on with for ever.
_KINDS = [
    (b"P", b"P"),
    (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n"),
    (f"{_POST}Content-Length: {_LENGTH}\r\n\r\n".encode(), b"\xff\xd8"),
    (f"{_POST}Transfer-Encoding: chunked\r\n\r\n".encode(), b"1\r\n\xff\r\n"),
]


@dataclass
class _Sender:
    port: int
    source: str
    begin: bytes
    fragment: bytes
    connection: socket.socket | None = None

    def send(self) -> bool:
        """Send one more fragment, on a new connection if need be; return whether the old one was ended."""
        ended = self.connection is not None and self._ended()
        if self.connection is None or ended:
            self.close()
            self.connection = socket.create_connection(
                ("127.0.0.1", self.port), timeout=PATIENCE, source_address=(self.source, 0)
            )
            self.connection.sendall(self.begin)
            self.connection.setblocking(False)
        return ended

    def _ended(self) -> bool:
        assert self.connection is not None
        try:
            self.connection.send(self.fragment)
            # An answer before the request has ended sends the sender away, and so does an end without one.
            self.connection.recv(1)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True

    def close(self) -> None:
        if self.connection:
            self.connection.close()


class SlowSenders:
    """So many of them, from twenty addresses, all that never end."""

    def __init__(self, port: int, number: int) -> None:
        dice = random.Random(0)
        self._senders = [
            _Sender(port, f"127.3.0.{each % 20 + 1}", *dice.choice(_KINDS)) for each in range(number)
        ]
        self.fragments = self.sent_away = 0

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Have all of them begin, and go on until the block ends."""
        self._turn()
        over = threading.Event()
        thread = threading.Thread(target=self._go_on, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            for sender in self._senders:
                sender.close()

    def _go_on(self, over: threading.Event) -> None:
        while not over.wait(PACE_SECONDS):
            self._turn()

    def _turn(self) -> None:
        for sender in self._senders:
            self.sent_away += sender.send()
            self.fragments += 1
