"""Read a film: preprocess → vote → gate → combine → explain → assess."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.inference.architectures import ARCHITECTURES
from backend.inference.card import Card
from backend.inference.conformal import prediction_set
from backend.inference.engine import Engine, EngineName
from backend.inference.ensemble import Ensemble, Vote, combine, disagreement
from backend.inference.errors import NotARadiograph
from backend.inference.explanation import Explanation, describe
from backend.inference.gate import REFUSAL, FilmWarning, Gate, warn
from backend.inference.gradcam import mix, network_maps
from backend.inference.images import Film
from backend.inference.preprocess import levels_of, preprocess
from backend.inference.provenance import origin_of, versions_of
from backend.inference.reading import Durations, Opinion, Probabilities, Reading
from backend.inference.risk import assess


class Predictor:
    """The loaded ensemble. Reading shares no state, so any number of threads may read at once."""

    def __init__(self, weights: Path, threads: int = 0, engine: EngineName = "auto") -> None:
        """Load the networks of a folder; raise ModelsUnavailable. Zero threads means all cores."""
        self._ensemble = Ensemble.load(weights, engine, threads)
        self._card = self._ensemble.card
        self._gate = Gate.load(weights, self._card)
        self.engine = self._ensemble.engine
        self.fingerprint = _fingerprint(self._card, self.engine)
        self._origin = origin_of(weights, self._card, self.engine)
        # Requests share the cores already: a picture drawn by several threads takes them from films.
        cv2.setNumThreads(1)

    def predict(self, film: Film, *, explained: bool = True, allow_unusual: bool = False) -> Reading:
        """Return the answer for one film; raise NotARadiograph for what is none, unless it is allowed."""
        started = time.perf_counter()
        inputs = preprocess(film, self._card.input)
        votes = self._ensemble.vote(inputs)
        warnings = self._admit(film, inputs, votes, allow_unusual)
        probabilities = combine(votes)[0]
        chosen = int(probabilities.argmax())
        voted = time.perf_counter()
        heatmap, explanation = _explain(votes, chosen) if explained else (None, None)
        mapped = time.perf_counter()

        predicted_class = self._card.classes[chosen]
        # Rounded once, to what is shown, so that 70.00% is never called below 70%.
        confidence = round(float(probabilities[chosen]), 4)
        possible = tuple(
            self._card.classes[each] for each in prediction_set(probabilities, self._card.prediction_sets)
        )
        return Reading(
            predicted_class=predicted_class,
            confidence=confidence,
            probabilities=self._named(probabilities),
            prediction_set=possible,
            disagreement=float(disagreement([vote.probabilities for vote in votes])[0]),
            risk=assess(predicted_class, confidence, self._card.indeterminate_below, possible),
            opinions=tuple(
                Opinion(
                    ARCHITECTURES[vote.card.architecture],
                    vote.card.weight,
                    self._named(vote.probabilities[0]),
                )
                for vote in votes
            ),
            heatmap=heatmap,
            explanation=explanation,
            model_version=self._card.version,
            population=self._card.population,
            warnings=warnings,
            origin=self._origin,
            durations=Durations(voted - started, mapped - voted if explained else None),
        )

    def _admit(
        self, film: Film, inputs: NDArray[np.float32], votes: list[Vote], allow_unusual: bool
    ) -> tuple[FilmWarning, ...]:
        """Return the gate's warnings; raise NotARadiograph."""
        if self._gate is None:
            return ()
        verdict = self._gate.judge(film, levels_of(inputs, self._card.input), votes)
        if not verdict.refused:
            return verdict.warnings
        if not allow_unusual:
            raise NotARadiograph(REFUSAL)
        return (warn("unusual"), *verdict.warnings)

    def _named(self, probabilities: NDArray[np.float32]) -> Probabilities:
        return dict(zip(self._card.classes, probabilities.tolist(), strict=True))


def _fingerprint(card: Card, engine: Engine) -> str:
    """Return what tells these networks, as they run, from others: card, arithmetic, packages."""
    served = {
        "card": asdict(card),
        "engine": [engine.name, engine.device, engine.precision],
        "versions": versions_of(engine),
    }
    return hashlib.sha256(json.dumps(served, sort_keys=True).encode()).hexdigest()


def _explain(votes: list[Vote], chosen: int) -> tuple[NDArray[np.float32], Explanation]:
    """Return the ensemble's map for one film, and what it says."""
    maps = network_maps(votes, np.array([chosen]))
    heatmap = mix(votes, maps)[0]
    return heatmap, describe(heatmap, [each[0] for each in maps])
