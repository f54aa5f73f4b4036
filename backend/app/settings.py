"""Read the environment: the only place that does."""

from __future__ import annotations

import ipaddress
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

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


_KINDS: Mapping[Callable[[str], Any], str] = {
    str: "text",
    Path: "a path",
    _flag: "1 or 0",
    _count: "a whole number, 0 or more",
    _port: "a port from 1 to 65535",
    _positive: "a whole number, 1 or more",
    _seconds: "a positive number of seconds",
    _engine: "one of " + ", ".join(ENGINES),
    _level: "one of " + ", ".join(_LOG_LEVELS),
    _words: "words with commas between them",
    _networks: "networks such as 10.0.0.0/8 with commas between them",
}


def _setting(default: Any, parse: Callable[[str], Any], explanation: str) -> Any:
    return field(default=default, metadata={"parse": parse, "help": explanation})


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
    deadline_seconds: float = _setting(
        30.0, _seconds, "longest time for one answer; then 503 if it still waits, 504 if it is computed"
    )
    max_image_bytes: int = _setting(10 * 2**20, _positive, "largest film, decoded from base64, in bytes")
    max_image_pixels: int = _setting(25_000_000, _positive, "largest film in pixels")
    max_body_bytes: int = _setting(14 * 2**20, _positive, "largest request body in bytes")
    cors_origins: tuple[str, ...] = _setting(
        _LOCAL_PAGES, _words, "pages of other origins that may call the API, with commas between them"
    )
    log_level: str = _setting("INFO", _level, "least severe log line that is written")
    nginx_host: str = _setting("0.0.0.0", str, "container: address that nginx serves on")  # noqa: S104
    nginx_port: int = _setting(8080, _port, "container: port that nginx serves on; HOST and PORT stay inside")
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        _networks,
        "container: networks of the proxies before nginx, with commas between them; "
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
        return math.ceil(self.deadline_seconds) + 5

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
                raise SettingError(f"{name} must be {_KINDS[parse]}, not {environment[name]!r}") from error
        return cls(**values)
