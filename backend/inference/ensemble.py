"""Turn the networks' logits into one calibrated probability vector."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from backend.inference.card import Card, NetworkCard, read_card
from backend.inference.models import Network, load_network


@dataclass(frozen=True)
class Vote:
    """What one network made of n films: logits, probabilities (n, classes); feature map (n, k, h, w)."""

    card: NetworkCard
    network: Network
    logits: torch.Tensor
    probabilities: torch.Tensor
    feature_map: torch.Tensor


class Ensemble:
    """The networks of a weights folder, used as their card says."""

    def __init__(self, card: Card, networks: list[Network]) -> None:
        self.card = card
        self.networks = networks

    @classmethod
    def load(cls, folder: Path) -> Ensemble:
        """Read card and weights; raise WeightsRefused unless all of it belongs together."""
        card = read_card(folder)
        return cls(card, [load_network(folder, each, len(card.classes)) for each in card.networks])

    @torch.inference_mode()
    def vote(self, inputs: torch.Tensor) -> list[Vote]:
        """Return each network's vote on preprocessed films, float32 (n, 3, size, size)."""
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        votes = []
        for card, network in zip(self.card.networks, self.networks, strict=True):
            logits, feature_map = network(inputs)
            probabilities = calibrate(logits, card.temperature)
            votes.append(Vote(card, network, logits, probabilities, feature_map))
        return votes


def calibrate(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return softmax(logits / temperature) (Guo et al., arXiv 1706.04599)."""
    return (logits / temperature).softmax(dim=1)


def combine(votes: list[Vote]) -> torch.Tensor:
    """Return the ensemble's probabilities (n, classes): the votes' mean by the networks' shares."""
    return torch.stack([vote.card.weight * vote.probabilities for vote in votes]).sum(dim=0)
