"""gunicorn's worker as it serves, but without networks: its reader takes its time, waits or hangs when told.

A service gets it by `GUNICORN_CMD_ARGS`, so that all the rest of it is what is served. A film's answer is
drawn from its pixels, so that each film has its own.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.app import pipeline
from backend.inference.engine import Output
from backend.inference.explanation import describe
from backend.inference.images import Film, Limits, read_film
from backend.inference.lazy import LazyPredictor
from backend.inference.provenance import Origin
from backend.inference.reading import Durations, Opinion, Reading
from backend.inference.risk import RISKS, assess
from backend.worker import DrainingWorker

ARGUMENTS = "--worker-class tests.e2e.planted.PlantedWorker"
HANGS = 333
"""A film of this height is never read to its end."""
SWALLOWS = 334
"""A film of this height takes all the memory there is."""
STICKS = 335
"""A film of this height is decoded as long as films are held."""
NEVER_DECODED = 336
"""A film of this height is decoded for ever."""

FOLDER, SECONDS = "PLANTED_FOLDER", "PLANTED_SECONDS"
HOLD, ENTERED, BROKEN = "hold", "entered", "broken"
"""Files in the folder: while the first exists films are held; the second grows by a byte with each film;
while the third exists no worker can start."""


class PlantedEngine:
    name, device, precision = "planted", "cpu", "float32"

    def run(self, inputs: NDArray[np.float32]) -> list[Output]:
        raise NotImplementedError


class PlantedReader:
    engine = PlantedEngine()
    fingerprint = "planted"

    def __init__(self) -> None:
        self._folder = Path(os.environ[FOLDER])
        self._seconds = float(os.environ.get(SECONDS, "0"))

    def predict(self, film: Film, *, explained: bool = True, allow_unusual: bool = False) -> Reading:
        with (self._folder / ENTERED).open("ab") as entered:
            entered.write(b".")
        if film.shape[0] == HANGS:
            threading.Event().wait()
        taken = []
        while film.shape[0] == SWALLOWS:
            taken.append(np.ones(2**23, np.uint8))
        time.sleep(self._seconds)
        while (self._folder / HOLD).exists():
            time.sleep(0.01)
        return planted_reading(film, explained=explained)


def _broken() -> None:
    raise OSError


def _read_film(data: bytes, limits: Limits) -> Film:
    film = read_film(data, limits)
    if film.shape[0] == NEVER_DECODED:
        threading.Event().wait()
    while film.shape[0] == STICKS and (Path(os.environ[FOLDER]) / HOLD).exists():
        time.sleep(0.01)
    return film


def planted_reading(film: Film, *, explained: bool) -> Reading:
    """Return the one answer to a film."""
    digest = hashlib.sha256(film.tobytes()).digest()
    shares = np.array([1 + each for each in digest[: len(RISKS)]], dtype=np.float64)
    named = dict(zip(RISKS, (shares / shares.sum()).tolist(), strict=True))
    chosen = max(named, key=named.__getitem__)
    heatmap = np.frombuffer(digest * 2, np.uint8)[:49].reshape(7, 7).astype(np.float32) / 255
    return Reading(
        predicted_class=chosen,
        confidence=round(named[chosen], 4),
        probabilities=named,
        prediction_set=(chosen,),
        disagreement=0.0,
        risk=assess(chosen, named[chosen], 0.7),
        opinions=(Opinion("planted", 1.0, named),),
        heatmap=heatmap if explained else None,
        explanation=describe(heatmap, [heatmap]) if explained else None,
        model_version="0.0.0",
        population="nobody",
        warnings=(),
        origin=Origin({"planted": "0" * 64}, "planted float32", {"pneumonet": "0.0.0"}),
        durations=Durations(0.001, 0.001 if explained else None),
    )


class PlantedWorker(DrainingWorker):
    def load_wsgi(self) -> None:
        if (Path(os.environ[FOLDER]) / BROKEN).exists():
            self.app.wsgi = _broken
        pipeline.read_film = _read_film
        LazyPredictor.from_weights = lambda *_: LazyPredictor(PlantedReader)  # type: ignore[assignment,method-assign]
        super().load_wsgi()
