"""Predictors that need no network, for tests of the HTTP room."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from backend.inference.engine import Output
from backend.inference.explanation import describe
from backend.inference.images import Film
from backend.inference.lazy import LazyPredictor
from backend.inference.provenance import Origin
from backend.inference.reading import Durations, Opinion, Reading
from backend.inference.risk import assess
from tests.conftest import CLASSES, SHARES


def reading(probabilities: tuple[float, float, float], explained: bool) -> Reading:
    named = dict(zip(CLASSES, probabilities, strict=True))
    chosen = max(named, key=named.__getitem__)
    heatmap = np.eye(7, dtype=np.float32) if explained else None
    return Reading(
        predicted_class=chosen,
        confidence=named[chosen],
        probabilities=named,
        prediction_set=(chosen,),
        disagreement=0.0,
        risk=assess(chosen, named[chosen], 0.7),
        opinions=tuple(Opinion(name, share, named) for name, share in SHARES.items()),
        heatmap=heatmap,
        explanation=None if heatmap is None else describe(heatmap, [heatmap, heatmap]),
        model_version="0.0.0",
        population="nobody",
        warnings=(),
        origin=Origin(dict.fromkeys(SHARES, "0" * 64), "none float32", {"pneumonet": "0.0.0"}),
        durations=Durations(0.02, 0.001 if explained else None),
    )


class NoEngine:
    """What FixedReader says it runs on."""

    name, device, precision = "none", "cpu", "float32"

    def run(self, inputs: NDArray[np.float32]) -> list[Output]:
        raise NotImplementedError


class FixedReader:
    """Answers every film alike; `before` runs first, to wait or to fail."""

    engine = NoEngine()
    fingerprint = "fixed"

    def __init__(self, probabilities: tuple[float, float, float], before: Callable[[], object]) -> None:
        self.probabilities, self.before = probabilities, before

    def predict(self, film: Film, *, explained: bool = True, allow_unusual: bool = False) -> Reading:
        self.before()
        return reading(self.probabilities, explained)


class FixedPredictor(LazyPredictor):
    def __init__(
        self,
        probabilities: tuple[float, float, float] = (0.8, 0.15, 0.05),
        before: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(lambda: FixedReader(probabilities, before))


class HeldPredictor(FixedPredictor):
    """Holds every film until it is released."""

    def __init__(self) -> None:
        self.entered, self.release = threading.Event(), threading.Event()
        super().__init__(before=self._hold)

    def _hold(self) -> None:
        self.entered.set()
        assert self.release.wait(timeout=30)
