"""Read the record that makes weights usable: classes, input, temperatures, thresholds, checksums.

Nothing that the card says is typed a second time anywhere in serving.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backend.inference.errors import WeightsRefused
from backend.inference.risk import RISKS

CARD_NAME = "card.json"


@dataclass(frozen=True)
class InputSpec:
    """What the networks were taught to see: the side of the square input in pixels, and RGB statistics."""

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class NetworkCard:
    """One network: torchvision architecture, share in the ensemble, softmax temperature, weight file."""

    architecture: str
    weight: float
    temperature: float
    file: str
    sha256: str
    trained: dict[str, Any]


@dataclass(frozen=True)
class GateCard:
    """The intake gate: its file, the networks it was fitted to (sha256, in the card's order), and how."""

    file: str
    sha256: str
    networks: list[str]
    fitted: dict[str, Any]


@dataclass(frozen=True)
class PredictionSets:
    """How probabilities become prediction sets: the coverage they were fitted for and each class's threshold.

    A class is in a film's set if its score is at most its threshold; `score` says which score that is:
    `lac` is 1 − p(class). The thresholds are in the card's order of classes.
    """

    coverage: float
    score: str
    thresholds: tuple[float, ...]


@dataclass(frozen=True)
class Card:
    """The ensemble's record, as committed beside its weights.

    `bias` is added to each network's logits, divided by its temperature: one number a class, in their order.
    """

    version: str
    classes: tuple[str, ...]
    input: InputSpec
    indeterminate_below: float
    population: str
    bias: tuple[float, ...]
    prediction_sets: PredictionSets
    networks: tuple[NetworkCard, ...]
    gate: GateCard | None = None

    def write(self, folder: Path) -> None:
        (folder / CARD_NAME).write_text(json.dumps(asdict(self), indent=2) + "\n")


def read_card(folder: Path) -> Card:
    """Return the card in a weights folder; raise WeightsRefused if it is missing or makes no sense."""
    path = folder / CARD_NAME
    try:
        raw = json.loads(path.read_text())
        card = Card(
            version=str(raw["version"]),
            classes=tuple(raw["classes"]),
            input=InputSpec(int(raw["input"]["size"]), _rgb(raw["input"]["mean"]), _rgb(raw["input"]["std"])),
            indeterminate_below=float(raw["indeterminate_below"]),
            population=str(raw["population"]),
            bias=tuple(float(each) for each in raw["bias"]),
            prediction_sets=_sets(raw["prediction_sets"]),
            networks=tuple(NetworkCard(**network) for network in raw["networks"]),
            gate=GateCard(**raw["gate"]) if raw.get("gate") is not None else None,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsRefused(f"{path.name} cannot be read: {type(error).__name__}") from error
    _check(card)
    return card


def _check(card: Card) -> None:
    """Raise WeightsRefused for a card that can be read but not served."""
    if not set(card.classes) <= set(RISKS):
        raise WeightsRefused("the card names a class without a risk level")
    if any(Path(network.file).name != network.file for network in card.networks):
        raise WeightsRefused("a weight file in the card is not a plain file name")
    if card.gate is not None and Path(card.gate.file).name != card.gate.file:
        raise WeightsRefused("the gate's file in the card is not a plain file name")
    if abs(sum(network.weight for network in card.networks) - 1) > 1e-6:
        raise WeightsRefused("the networks' weights in the card do not sum to 1")
    if any(network.temperature <= 0 for network in card.networks):
        raise WeightsRefused("a temperature in the card is not positive")
    if len(card.bias) != len(card.classes) or not all(map(math.isfinite, card.bias)):
        raise WeightsRefused("the card's bias is not one finite number a class")
    sets = card.prediction_sets
    if sets.score != "lac" or len(sets.thresholds) != len(card.classes) or not 0 < sets.coverage < 1:
        raise WeightsRefused("the card's prediction sets cannot be formed")


def _sets(raw: dict[str, Any]) -> PredictionSets:
    return PredictionSets(float(raw["coverage"]), str(raw["score"]), tuple(map(float, raw["thresholds"])))


def _rgb(values: list[float]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
