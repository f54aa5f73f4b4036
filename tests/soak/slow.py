"""Senders that never end: each sends a fragment now and then, and comes again when it is sent away."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    fragments: int = 0
    sent_away: int = 0
    connection: socket.socket | None = None

    def send(self) -> None:
        """Send one more fragment, or begin anew where there is no connection."""
        if self.connection is None:
            self._begin()
        elif self._goes_on():
            self.fragments += 1
        else:
            self.sent_away += 1
            self.close()
            self._begin()

    def _begin(self) -> None:
        with suppress(OSError):  # the next turn tries again
            connection = socket.create_connection(
                ("127.0.0.1", self.port), timeout=PATIENCE, source_address=(self.source, 0)
            )
            self.connection = connection
            connection.sendall(self.begin)
            connection.setblocking(False)

    def _goes_on(self) -> bool:
        assert self.connection is not None
        try:
            self.connection.send(self.fragment)
            # An answer before the request has ended sends the sender away, and so does an end without one.
            self.connection.recv(1)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None


class SlowSenders:
    """So many of them, from twenty addresses, all that never end."""

    def __init__(self, port: int, number: int, pace_seconds: float = PACE_SECONDS) -> None:
        dice = random.Random(0)
        self._pace_seconds = pace_seconds
        self._senders = [
            _Sender(port, f"127.3.0.{each % 20 + 1}", *dice.choice(_KINDS)) for each in range(number)
        ]

    @property
    def fragments(self) -> int:
        """How many were sent by senders that the server went on to hear."""
        return sum(sender.fragments for sender in self._senders)

    @property
    def sent_away(self) -> int:
        """How often a sender was."""
        return sum(sender.sent_away for sender in self._senders)

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
        while not over.wait(self._pace_seconds):
            self._turn()

    def _turn(self) -> None:
        for sender in self._senders:
            sender.send()
