"""Read the environment: the only place that does."""

from __future__ import annotations

import ipaddress
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from limits import parse_many

from backend.app.identity import ALGORITHMS, ROLES, role_map
from backend.inference.engine import ENGINES, EngineName

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}
_WEIGHTS = Path(__file__).parent.parent / "weights"
_PAGE = Path(__file__).parent.parent.parent / "frontend" / "dist"
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_LOCAL_PAGES = (
    "http://localhost:5000",
    "http://127.0.0.1:5000",
    "http://localhost:5173",
    "http://127.0.0.1:5173",
)


class SettingError(Exception):
    """An environment variable has a value that means nothing."""


def _flag(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError
    return text.lower() in _TRUE


def _count(text: str) -> int:
    if int(text) < 0:
        raise ValueError
    return int(text)


def _port(text: str) -> int:
    if not 1 <= int(text) <= 65535:
        raise ValueError
    return int(text)


def _positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)


def _seconds(text: str) -> float:
    if not 0 < float(text) < float("inf"):
        raise ValueError
    return float(text)


def _engine(text: str) -> EngineName:
    found = next((name for name in ENGINES if name == text.lower()), None)
    if found is None:
        raise ValueError
    return found


def _level(text: str) -> str:
    if text.upper() not in _LOG_LEVELS:
        raise ValueError
    return text.upper()


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _networks(text: str) -> tuple[str, ...]:
    return tuple(str(ipaddress.ip_network(word)) for word in _words(text))


def _secret(text: str) -> str:
    if 0 < len(text) < 32:
        raise ValueError
    return text


def _address(text: str) -> str:
    """Return an address of the web, or nothing; HTTP without TLS is for this machine alone."""
    if not text:
        return text
    parts = urlsplit(text)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or parts.scheme not in ({"http", "https"} if local else {"https"}):
        raise ValueError
    return text


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(map(_address, _words(text)))


def _algorithms(text: str) -> tuple[str, ...]:
    if not set(_words(text)) <= set(ALGORITHMS):
        raise ValueError
    return _words(text)


def _roles(text: str) -> tuple[str, ...]:
    role_map(_words(text))
    return _words(text)


def _limits(text: str) -> str:
    if text and any(limit.amount < 1 for limit in parse_many(text)):
        raise ValueError
    return text


def _file(text: str) -> Path | None:
    return Path(text) if text else None


def _redis(text: str) -> str:
    if not text:
        return text
    parts = urlsplit(text)
    if parts.scheme not in {"redis", "rediss", "unix"} or parts.fragment:
        raise ValueError
    if parts.scheme == "unix":
        if not parts.path.startswith("/"):
            raise ValueError
    # A password with # or / in it ends up in the port or the path, and is not to be shown from there.
    elif not parts.hostname or parts.port == 0 or not re.fullmatch(r"(/[0-9]*)?", parts.path):
        raise ValueError
    return text


_KINDS: Mapping[Callable[[str], Any], str] = {
    str: "text",
    Path: "a path",
    _file: "a path, or nothing",
    _flag: "1 or 0",
    _count: "a whole number, 0 or more",
    _port: "a port from 1 to 65535",
    _positive: "a whole number, 1 or more",
    _seconds: "a positive number of seconds",
    _engine: "one of " + ", ".join(ENGINES),
    _level: "one of " + ", ".join(_LOG_LEVELS),
    _words: "words with commas between them",
    _networks: "networks such as 10.0.0.0/8 with commas between them",
    _secret: "a secret of 32 characters or more",
    _address: "an address that begins with https://",
    _addresses: "addresses that begin with https://, with commas between them",
    _algorithms: "some of " + ", ".join(ALGORITHMS),
    _roles: "THEIRS=OURS with commas between them, where OURS is " + " or ".join(ROLES),
    _limits: "limits such as 20/second;300/minute",
    _redis: "an address such as redis://:PASSWORD@HOST:6379/0, rediss://… or unix:///PATH, with a password's "
    "special characters as %23 and so on",
}


def _setting(
    default: Any, parse: Callable[[str], Any], explanation: str, *, confidential: bool = False
) -> Any:
    """Describe a setting; the value of a confidential one is never shown."""
    metadata = {"parse": parse, "help": explanation, "confidential": confidential}
    return field(default=default, repr=not confidential, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """Every setting: the environment variable is the field's name in capitals."""

    host: str = _setting("127.0.0.1", str, "address to serve on")
    port: int = _setting(5000, _port, "port to serve on")
    weights_dir: Path = _setting(_WEIGHTS, Path, "folder of the networks and their card.json")
    page_dir: Path = _setting(
        _PAGE, Path, "folder of the built page; without its index.html the API is served alone"
    )
    warm_up: bool = _setting(False, _flag, "load the networks at start instead of with the first film")
    workers: int = _setting(
        0, _count, "gunicorn processes, each with the networks; 0 means one for two cores, if memory allows"
    )
    threads: int = _setting(
        0,
        _count,
        "connections a process serves at once; 0 means 16 above QUEUE_LIMIT, so that probes get through",
    )
    engine: EngineName = _setting(
        "auto",
        _engine,
        "what runs the networks: torch, openvino, or auto: torch on an accelerator, else openvino",
    )
    engine_threads: int = _setting(
        0, _count, "cores for one film's arithmetic; 0 divides those of the container among the workers"
    )
    queue_limit: int = _setting(
        0, _count, "films that may wait in a process; one more is refused; 0 means what fits, at most 64"
    )
    queue_seconds: float = _setting(
        10.0, _seconds, "longest time that a film waits for its turn; one that grows older is refused"
    )
    deadline_seconds: float = _setting(
        20.0, _seconds, "longest time for one answer; then 503 if it still waits, 504 if it is computed"
    )
    cache_seconds: int = _setting(
        3600, _count, "how long a result is kept for who sends the very same film again; 0 keeps none"
    )
    cache_entries: int = _setting(
        4096, _positive, "results that a process keeps in memory, without REDIS_URL"
    )
    cache_key: str = _setting(
        "",
        _secret,
        "secret that hides films and callers in Redis; the same for all who share it; else made at start",
        confidential=True,
    )
    max_image_bytes: int = _setting(10 * 2**20, _positive, "largest film, decoded from base64, in bytes")
    max_image_pixels: int = _setting(25_000_000, _positive, "largest film in pixels")
    max_body_bytes: int = _setting(14 * 2**20, _positive, "largest request body in bytes")
    cors_origins: tuple[str, ...] = _setting(
        _LOCAL_PAGES, _words, "pages of other origins that may call the API, with commas between them"
    )
    log_level: str = _setting("INFO", _level, "least severe log line that is written")
    public: bool = _setting(
        False,
        _flag,
        "refuse to start without access control, as the container does; ALLOW_ANONYMOUS lifts that",
    )
    allow_anonymous: bool = _setting(
        False, _flag, "serve everybody although PUBLIC is set; without effect where keys or OIDC are set up"
    )
    api_keys: tuple[str, ...] = _setting(
        (),
        _words,
        "keys that are let in, as `python -m backend key` prints them, with commas between them",
        confidential=True,
    )
    api_keys_file: Path | None = _setting(
        None, _file, "file of such keys, one a line, read again when it changes"
    )
    oidc_issuer: str = _setting(
        "", _address, "OpenID provider whose tokens are taken, exactly as it names itself"
    )
    oidc_jwks_url: str = _setting("", _address, "where the provider publishes its signing keys")
    oidc_audience: str = _setting("", str, "audience that a token must be made out to")
    oidc_algorithms: tuple[str, ...] = _setting(
        ("RS256", "ES256"), _algorithms, "signatures that are taken, with commas between them"
    )
    oidc_roles_claim: str = _setting(
        "roles", str, "claim of a token that holds roles, or the path to it: realm_access.roles, say"
    )
    oidc_roles: tuple[str, ...] = _setting(
        ("predict=predict", "metrics=metrics"),
        _roles,
        "what the provider's roles mean here, as THEIRS=OURS with commas between them",
    )
    oidc_client_id: str = _setting("", str, "client that the page signs in as; without it the page cannot")
    oidc_scope: str = _setting("openid", str, "scope that the page asks for")
    oidc_origins: tuple[str, ...] = _setting(
        (), _addresses, "further origins that the page may fetch from to sign in; the issuer's always is one"
    )
    rate_limit: str = _setting(
        "", _limits, "requests of one key, token or address, such as 20/second;300/minute; more get 429"
    )
    redis_url: str = _setting(
        "", _redis, "Redis that all processes share, such as redis://host:6379/0", confidential=True
    )
    audit_log: Path | None = _setting(
        None, _file, "file that each film's answer is recorded in (docs/access.md); without it nothing is"
    )
    audit_key: str = _setting(
        "", _secret, "secret of 32 characters or more that seals the audit log", confidential=True
    )
    audit_max_bytes: int = _setting(
        64 * 2**20, _positive, "size at which the audit log is put aside, as AUDIT_LOG.1 and so on"
    )
    nginx_host: str = _setting("0.0.0.0", str, "container: address that nginx serves on")  # noqa: S104
    nginx_port: int = _setting(8080, _port, "container: port that nginx serves on; HOST and PORT stay inside")
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        _networks,
        "networks of the proxies in front, with commas between them; "
        "only they are believed about a client's address and TLS",
    )
    client_rate: int = _setting(10, _positive, "container: requests a second from one address; more get 429")
    client_burst: int = _setting(100, _positive, "container: requests above that rate that may come at once")
    client_connections: int = _setting(20, _positive, "container: requests of one address under way at once")
    upstream_seconds: int = _setting(
        0, _count, "container: how long nginx waits for gunicorn; 0 means 10 above DEADLINE_SECONDS"
    )

    @property
    def graceful_seconds(self) -> int:
        """How long a stopping process may finish what is under way: the deadline, then drawing."""
        return math.ceil(self.deadline_seconds) + 3

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Return the settings; raise SettingError that names the variable and what it takes."""
        values = {}
        for each in fields(cls):
            name, parse = each.name.upper(), each.metadata["parse"]
            if name not in environment:
                continue
            try:
                values[each.name] = parse(environment[name])
            except ValueError as error:
                if each.metadata["confidential"]:
                    raise SettingError(f"{name} must be {_KINDS[parse]}") from None
                raise SettingError(f"{name} must be {_KINDS[parse]}, not {environment[name]!r}") from error
        return cls(**values)
