"""Time the steps of a prediction by calling them, without a service around them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from backend.app.settings import Settings
from backend.inference.cpu import available_cores
from backend.inference.ensemble import Ensemble, combine
from backend.inference.gradcam import explain
from backend.inference.images import read_film
from backend.inference.overlay import draw_overlay, encode_png, heatmap_levels
from backend.inference.preprocess import preprocess
from tests.bench.child import answer, repeat


def times(call: Callable[[], Any], rounds: int, seconds: float, clock: Callable[[], float]) -> list[float]:
    """Return the seconds of each call by a clock, after one that is not counted."""

    def took() -> float:
        started = clock()
        call()
        return clock() - started

    call()
    return repeat(took, rounds, seconds)


def main() -> None:
    settings = Settings.from_environment()
    ensemble = Ensemble.load(settings.weights_dir, settings.engine, available_cores())
    data = Path(sys.argv[1]).read_bytes()
    film = read_film(data)
    inputs = preprocess(film, ensemble.card.input)
    cv2.setNumThreads(1)

    def about() -> dict[str, str]:
        engine = ensemble.engine
        return {"engine": engine.name, "device": engine.device, "precision": engine.precision}

    def run(batch: int, rounds: int, seconds: float) -> list[float]:
        films = np.repeat(inputs, batch, axis=0)
        return times(lambda: ensemble.engine.run(films), rounds, seconds, time.perf_counter)

    def calls(rounds: int, seconds: float) -> dict[str, list[float]]:
        """Time each step: by the wall the map, as is the inference it is held to; else by one core."""
        votes = ensemble.vote(inputs)
        chosen = combine(votes).argmax(axis=1)
        heatmap = explain(votes, chosen)[0]

        def draw_map() -> bytes:
            return encode_png(heatmap_levels(heatmap))

        def draw_both() -> tuple[bytes, bytes]:
            return draw_map(), encode_png(draw_overlay(film, heatmap))

        one_core = {
            "decode": lambda: read_film(data),
            "preprocess": lambda: preprocess(film, ensemble.card.input),
            "pictures": draw_both,
            "heatmap": draw_map,
        }
        found = {name: times(call, rounds, seconds, time.thread_time) for name, call in one_core.items()}
        found["explain"] = times(lambda: explain(votes, chosen), rounds, seconds, time.perf_counter)
        return found

    answer({"about": about, "run": run, "calls": calls})


if __name__ == "__main__":
    main()
