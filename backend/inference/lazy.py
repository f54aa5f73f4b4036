"""Load the predictor with the first film: once, however many ask together, and again after a failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from backend.inference.engine import Engine, EngineName
from backend.inference.errors import EngineRefused, ModelsUnavailable
from backend.inference.images import Film
from backend.inference.reading import Reading


class Reader(Protocol):
    """Whatever reads films: the loaded Predictor."""

    @property
    def engine(self) -> Engine: ...

    @property
    def fingerprint(self) -> str: ...

    def predict(self, film: Film, *, explained: bool = True, allow_unusual: bool = False) -> Reading: ...


class LazyPredictor:
    """A predictor that costs nothing until it is used."""

    def __init__(self, load: Callable[[], Reader]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._failure: str | None = None
        self._began: float | None = None
        self.attempted = float("-inf")
        """When the last attempt to load ended, in seconds of time.monotonic()."""
        self.before_attempt: Callable[[], None] = lambda: None
        """Called before each attempt to load, when `loading` says so already."""
        self.after_load: Callable[[], None] = lambda: None
        """Called when the networks have been loaded, before the first film is read."""
        self.after_attempt: Callable[[float], None] = lambda seconds: None
        """Called after each attempt to load, failed ones too, with the seconds that it took."""

    @classmethod
    def from_weights(cls, weights: Path, threads: int = 0, engine: EngineName = "auto") -> LazyPredictor:
        """Return a predictor for a weights folder; the engine itself is imported with the networks."""

        def load() -> Reader:
            from backend.inference.predictor import Predictor

            return Predictor(weights, threads, engine)

        return cls(load)

    @property
    def loaded(self) -> bool:
        return self._reader is not None

    @property
    def loading(self) -> bool:
        """Whether an attempt to load goes on."""
        return self._lock.locked()

    @property
    def loading_seconds(self) -> float:
        """For how long an attempt to load has gone on; 0 without one."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    @property
    def engine(self) -> Engine | None:
        """What runs the networks; None until they are loaded."""
        return self._reader.engine if self._reader else None

    @property
    def fingerprint(self) -> str | None:
        """What tells these networks, as they run, from any others; None until they are loaded."""
        return self._reader.fingerprint if self._reader else None

    @property
    def failure(self) -> str | None:
        """Why the last attempt to load failed; None before the first attempt and after a success."""
        return self._failure

    def predict(self, film: Film, *, explained: bool = True, allow_unusual: bool = False) -> Reading:
        """Return the answer for one film, loading the networks if need be.

        Raise ModelsUnavailable, or NotARadiograph for what is none, unless it is allowed.
        """
        return self.warm_up().predict(film, explained=explained, allow_unusual=allow_unusual)

    def warm_up(self) -> Reader:
        """Load the networks now; raise ModelsUnavailable. The next call tries again after a failure."""
        if self._reader is not None:
            return self._reader
        with self._lock:
            if self._reader is None:
                self._began = time.monotonic()
                self.before_attempt()
                started = time.perf_counter()
                try:
                    self._reader = self._try_to_load()
                finally:
                    self._began = None
                    self.attempted = time.monotonic()
                    self.after_attempt(time.perf_counter() - started)
                self.after_load()
            return self._reader

    def _try_to_load(self) -> Reader:
        try:
            reader = self._load()
        except EngineRefused:
            # Its own words may be a library's or the exporter's, with paths in them: the log has them.
            self._failure = "the engine that is asked for cannot be had"
            raise
        except ModelsUnavailable as error:
            self._failure = str(error)  # not the exception: its frames hold the film that asked
            raise
        except Exception as error:  # a full memory, a broken installation: the service must say so
            self._failure = f"loading the networks failed: {type(error).__name__}"
            raise ModelsUnavailable(self._failure) from error
        self._failure = None
        return reader
