"""Send bytes to a server as they are, and read what comes back."""

from __future__ import annotations

import socket
from contextlib import suppress

PATIENCE = 400  # seconds: a starved machine is slow, not broken


def send(port: int, request: bytes, leave: bool = False, source: str = "127.0.0.1") -> bytes:
    """Return whatever comes back until the other side has nothing more to say.

    Who leaves sends half of it, and waits for nothing.
    """
    address = ("127.0.0.1", port)
    with socket.create_connection(address, timeout=PATIENCE, source_address=(source, 0)) as sender:
        answer = b""
        with suppress(ConnectionError):  # refused before all was sent; what was said before that counts
            sender.sendall(request[: len(request) // 2] if leave else request)
            while not leave and (piece := sender.recv(2**16)):
                answer += piece
        return answer


def status(answer: bytes) -> int:
    """Return an answer's status; 0 for none."""
    words = answer.split(b"\r\n", 1)[0].split()
    return int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/") else 0


def abandon(port: int, request: bytes, source: str = "127.0.0.1") -> None:
    """Send a whole request, and be gone before it is answered."""
    with socket.create_connection(
        ("127.0.0.1", port), timeout=PATIENCE, source_address=(source, 0)
    ) as sender:
        sender.sendall(request)
