"""Tell where a request comes from: proxies are believed about it only where they are trusted."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_WITH_PORT = re.compile(r"(?:([0-9.]+)|\[([0-9A-Fa-f.]*:[0-9A-Fa-f.:]*)\]):[0-9]{1,5}")


class Clients:
    """Reads a request's sender out of its connection, and out of headers set by trusted proxies."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted: list[Network] = [ipaddress.ip_network(each) for each in trusted]

    def address(self, environ: dict[str, Any]) -> str:
        """Return the sender's address: the nearest one that is not a trusted proxy's.

        An address of IPv6 stands for its /64, for who has one has them all.
        """
        said = [each.strip() for each in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        nearest = _parsed(environ.get("REMOTE_ADDR", ""))
        while nearest is not None and self._is_trusted(nearest) and said:
            before = _parsed(_without_port(said.pop()))
            if before is None:
                break
            nearest = before
        if isinstance(nearest, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((nearest, 64), strict=False))
        return str(nearest or "unknown")

    def by_tls(self, environ: dict[str, Any]) -> bool:
        """Return whether the request came by HTTPS, as far as it or a trusted proxy can say."""
        if environ.get("wsgi.url_scheme") == "https":
            return True
        peer = _parsed(environ.get("REMOTE_ADDR", ""))
        said: str = environ.get("HTTP_X_FORWARDED_PROTO", "")
        return peer is not None and self._is_trusted(peer) and said.strip().lower() == "https"

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _without_port(text: str) -> str:
    """Return an address that a proxy named without the port: Azure's gateways write that, too."""
    match = _WITH_PORT.fullmatch(text)
    return match[1] or match[2] if match else text


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A socket that serves both kinds shows the older one inside the newer one.
    return getattr(address, "ipv4_mapped", None) or address
