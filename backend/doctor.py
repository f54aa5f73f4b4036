"""Find out whether this installation can serve, and say how to mend what cannot."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from backend.app import audit
from backend.app.access import Access
from backend.app.limits import check as check_redis
from backend.app.settings import SettingError, Settings
from backend.app.sizing import MEMORY_A_PROCESS, fit
from backend.inference.card import CARD_NAME, GateCard, NetworkCard, read_card
from backend.inference.cpu import available_cores, free_memory
from backend.inference.errors import ModelsUnavailable, WeightsRefused
from backend.inference.lazy import LazyPredictor

REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"

LOOPBACK = {"127.0.0.1", "::1", "localhost"}

_PYTHON = (3, 11)

State = Literal["ok", "warning", "broken"]


@dataclass(frozen=True)
class Finding:
    """What one check found; a warning is served with, what is broken is not."""

    check: str
    state: State
    message: str


def examine(requirements: Path = REQUIREMENTS) -> Iterator[Finding]:
    """Yield what each check finds, from what everything rests on to what rests on it."""
    yield _python()
    yield from _packages(requirements)
    try:
        settings = fit(Settings.from_environment())
        check_redis(settings.redis_url)
    except SettingError as error:
        yield Finding("settings", "broken", f"{error}; correct or unset it")
        return
    yield Finding("settings", "ok", "every environment variable makes sense")
    yield _access(settings)
    if settings.audit_log is not None:
        yield _audit(settings, settings.audit_log)
    weights = list(_weights(settings.weights_dir))
    yield from weights
    if all(each.state != "broken" for each in weights):
        yield _networks(settings)
    yield _threads(settings)
    yield _memory(settings)
    yield _page(settings)
    yield _port(settings)


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _PYTHON:
        return Finding("python", "broken", f"{found}, but 3.11 or later is needed: make clean, make PYTHON=…")
    return Finding("python", "ok", found)


def _packages(requirements: Path) -> Iterator[Finding]:
    if not requirements.is_file():
        yield Finding("packages", "warning", f"not checked: there is no {requirements.name} beside backend/")
        return
    pins = re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)", requirements.read_text(), flags=re.MULTILINE)
    wrong = [text for name, pinned in pins if (text := _deviation(name, pinned))]
    mend = f"pip install -r {requirements.name}"
    for text in wrong:
        yield Finding("packages", "broken", f"{text}: {mend}")
    if not wrong:
        yield Finding("packages", "ok", f"all {len(pins)} as in {requirements.name}")


def _deviation(name: str, pinned: str) -> str | None:
    try:
        found = version(name)
    except PackageNotFoundError:
        return f"{name} is not installed"
    # A build's own mark, as in 2.13.0+cpu, is no other version.
    return None if found.partition("+")[0] == pinned else f"{name} is {found} instead of {pinned}"


def _access(settings: Settings) -> Finding:
    try:
        access = Access(settings)
        access.check()
    except SettingError as error:
        return Finding("access", "broken", str(error))
    if access.required:
        return Finding("access", "ok", "by " + " or ".join(access.described()["methods"]))
    if settings.public:
        return Finding("access", "warning", "PUBLIC is set and everybody is let in, as ALLOW_ANONYMOUS says")
    if settings.host not in LOOPBACK:
        return Finding("access", "warning", f"everybody who reaches {settings.host} is let in: set API_KEYS")
    return Finding("access", "ok", "everybody on this machine is let in, nobody else reaches it")


def _audit(settings: Settings, path: Path) -> Finding:
    try:
        audit.open_log(settings)
        if os.path.exists(path):
            audit.check(settings)
        # Not made, for it would belong to whoever asks and not to the service.
        elif not os.access(path.parent, os.W_OK | os.X_OK):
            raise SettingError(f"AUDIT_LOG cannot be written: {path.parent} lets nothing be made in it")
    except SettingError as error:
        return Finding("audit", "broken", str(error))
    return Finding("audit", "ok", f"answers are recorded in {path}")


def _weights(folder: Path) -> Iterator[Finding]:
    mend = f"restore {folder} (git checkout backend/weights) or set WEIGHTS_DIR"
    try:
        card = read_card(folder)
    except WeightsRefused as error:
        yield Finding("card", "broken", f"{error}: {mend}")
        return
    yield Finding("card", "ok", f"{CARD_NAME} of version {card.version}")
    if card.gate is None:
        yield Finding("gate", "warning", "the card names none, so that any picture is read: run make gate")
    vouched: list[NetworkCard | GateCard] = [*card.networks, *([card.gate] if card.gate else [])]
    for named in vouched:
        try:
            stored = (folder / named.file).read_bytes()
        except OSError as error:
            yield Finding("weights", "broken", f"{named.file} cannot be read ({error.strerror}): {mend}")
            continue
        size = f"{len(stored) / 1e6:.1f} MB"
        if hashlib.sha256(stored).hexdigest() == named.sha256:
            yield Finding("weights", "ok", f"{named.file}, {size}, checksum as in the card")
        else:
            yield Finding(
                "weights", "broken", f"{named.file} ({size}) is damaged or of another version: {mend}"
            )


def _networks(settings: Settings) -> Finding:
    started = time.monotonic()
    try:
        predictor = LazyPredictor.from_weights(settings.weights_dir, settings.engine_threads, settings.engine)
        engine = predictor.warm_up().engine
    except ModelsUnavailable as error:
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        mend = f"pip install -r {REQUIREMENTS.name}"
        return Finding("networks", "broken", f"{error}{cause}; if the packages are not as pinned: {mend}")
    seconds = time.monotonic() - started
    return Finding("networks", "ok", f"loaded by {engine.name} ({engine.precision}) in {seconds:.1f} s")


def _threads(settings: Settings) -> Finding:
    cores, wanted = available_cores(), settings.workers * settings.engine_threads
    message = f"{settings.workers} x {settings.engine_threads} for {cores} cores"
    if wanted > cores:
        return Finding(
            "threads", "warning", f"{message}: they stall each other; lower WORKERS, ENGINE_THREADS"
        )
    return Finding("threads", "ok", message)


def _memory(settings: Settings) -> Finding:
    free, needed = free_memory(), settings.workers * MEMORY_A_PROCESS
    message = f"{free / 2**30:.1f} GiB free, {needed / 2**30:.0f} GiB wanted"
    if free < needed:
        return Finding("memory", "broken", f"{message}: give it more, or lower WORKERS")
    return Finding("memory", "ok", message)


def _page(settings: Settings) -> Finding:
    if (settings.page_dir / "index.html").is_file():
        return Finding("page", "ok", f"built, in {settings.page_dir}")
    return Finding("page", "warning", "not built, the API is served alone: make page (needs Node.js)")


def _port(settings: Settings) -> Finding:
    where = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        if _is_ours(settings):
            return Finding("port", "ok", f"{where} is served by PneumoNet already")
        return Finding("port", "broken", f"{where} cannot be had ({error.strerror}): set PORT or HOST")
    return Finding("port", "ok", f"{where} is free")


def _is_ours(settings: Settings) -> bool:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.port}/health", timeout=3) as answer:
            return "models_loaded" in json.load(answer)
    except (OSError, ValueError):
        return False


def as_text(findings: list[Finding]) -> str:
    return "\n".join(f"{each.state:<8} {each.check:<9} {each.message}" for each in findings)
