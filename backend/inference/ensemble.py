"""Turn the networks' logits into one calibrated probability vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.inference.calibration import calibrate
from backend.inference.card import Card, NetworkCard, read_card
from backend.inference.cpu import available_cores
from backend.inference.engine import Engine, EngineName, open_engine
from backend.inference.weights import Head, check_weights, read_head


@dataclass(frozen=True)
class Vote:
    """What one network made of n films: logits, probabilities (n, classes); feature map (n, k, h, w);
    its stages' means and deviations (n, s)."""

    card: NetworkCard
    head: Head
    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    feature_map: NDArray[np.float32]
    stages: NDArray[np.float32]


class Ensemble:
    """The networks of a weights folder, used as their card says."""

    def __init__(self, card: Card, heads: list[Head], engine: Engine) -> None:
        self.card = card
        self.heads = heads
        self.engine = engine

    @classmethod
    def load(cls, folder: Path, engine: EngineName = "torch", threads: int = 0) -> Ensemble:
        """Read card and weights; raise WeightsRefused unless all of it belongs together.

        Zero threads means all cores that are available.
        """
        card = read_card(folder)
        heads = [read_head(check_weights(folder, each), each) for each in card.networks]
        return cls(card, heads, open_engine(engine, folder, card, threads or available_cores()))

    def vote(self, inputs: NDArray[np.float32]) -> list[Vote]:
        """Return each network's vote on preprocessed films, float32 (n, 3, size, size)."""
        outputs = self.engine.run(inputs)
        return [
            Vote(
                card,
                head,
                output.logits,
                calibrate(output.logits, card.temperature, self.card.bias),
                output.feature_map,
                output.stages,
            )
            for card, head, output in zip(self.card.networks, self.heads, outputs, strict=True)
        ]


def combine(votes: list[Vote]) -> NDArray[np.float32]:
    """Return the ensemble's probabilities (n, classes): the votes' mean by the networks' shares."""
    shares = [vote.card.weight * vote.probabilities for vote in votes]
    return np.asarray(np.sum(shares, axis=0), np.float32)


def disagreement(answers: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return the total variation distance, in [0, 1], between the networks' probabilities of n films, (n,).

    Of more than two networks it is the largest between any two.
    """
    distances = [np.abs(one - other).sum(axis=1) / 2 for one, other in combinations(answers, 2)]
    return np.asarray(np.max([np.zeros(len(answers[0])), *distances], axis=0).clip(max=1), np.float32)
