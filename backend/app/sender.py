"""Look whether the sender of a request still waits for its answer."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any


def has_gone(environ: Mapping[str, Any]) -> bool:
    """Return whether the connection of a request that was read to its end is closed at the other side.

    gunicorn gives the socket in the WSGI environment; without one nobody is said to have gone. Who closes
    only the sending half counts as gone, as with nginx.
    """
    connection: socket.socket | None = environ.get("gunicorn.socket")
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except (BlockingIOError, ValueError):  # silence; or TLS, which knows no peeking
        return False
    except OSError:
        return True
