"""Say whether an image is a frontal chest radiograph at all, and what is wrong with it if it is.

Two witnesses are heard. One looks at the image alone (gate_features.py): a small network on its thumbnail,
edges and levels. The other looks at what the networks made of it: the means and deviations of their stages'
channels, on their principal components over films that taught them, go through a small network and into two
distances, along the components (Mahalanobis) and off them. Their sum is the score. Everything is fitted by
backend.training.gate and lies in one file beside the weights, under its checksum in the card.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import safetensors
from numpy.typing import NDArray

from backend.inference import gate_features as features
from backend.inference.card import Card, GateCard
from backend.inference.corrections import Correction, correct
from backend.inference.ensemble import Vote
from backend.inference.errors import WeightsRefused
from backend.inference.gate_features import Levels, Vector
from backend.inference.images import Film
from backend.inference.weights import check_file

Floats = NDArray[np.float32]
WarningCode = Literal[
    "unusual",
    "inverted",
    "rotated",
    "low_resolution",
    "cropped",
    "overexposed",
    "underexposed",
    "text_over_lungs",
]

WRONG_POSES: tuple[Correction, ...] = ("rotate_90", "rotate_180", "rotate_270", "invert")
"""What a film may need to be upright and positive, in the order of the pose head's outputs behind the first,
which stands for a film that needs nothing."""

FARTHEST = 10.0
"""A channel's deviation is cut off there, in standard deviations: by then it is no film's."""

MOST = 12.0
"""A witness's word is cut off there, in logits, so that none outvotes the others alone."""

_SMALL_SIDE = 160

LIMITS = {
    "score",
    "distance",
    "pose",
    "crop",
    "sharpness",
    "white",
    "black",
    "bright",
    "dark",
    "strokes",
}

REFUSAL = (
    "This does not look like a frontal chest radiograph. If it is one, send it again with allow_unusual=true."
)
_MESSAGES: dict[WarningCode, str] = {
    "unusual": "This does not look like a frontal chest radiograph; the answer may mean nothing.",
    "inverted": "The film seems to be inverted: bones are dark. Read it inverted with correction=invert.",
    "rotated": "The film seems to lie on its side or head. Read it upright with correction={correction}.",
    "low_resolution": "The film is very small or blurred; fine signs cannot be seen on it.",
    "cropped": "The film seems to be cut off; parts of the lungs may be missing.",
    "overexposed": "Much of the film is burnt out to white.",
    "underexposed": "Much of the film is lost in black.",
    "text_over_lungs": "Writing seems to cover parts of the lungs.",
}


@dataclass(frozen=True)
class FilmWarning:
    """Something about a film that its reader should know, and what would mend it."""

    code: WarningCode
    message: str
    correction: Correction | None = None


@dataclass(frozen=True)
class Verdict:
    """What the gate says: the score and whether it is above the threshold, and the warnings."""

    score: float
    refused: bool
    warnings: tuple[FilmWarning, ...]


def warn(code: WarningCode, correction: Correction | None = None) -> FilmWarning:
    return FilmWarning(code, _MESSAGES[code].format(correction=correction), correction)


@dataclass(frozen=True)
class Head:
    """A linear layer, ReLU and a linear layer, on inputs that are brought to mean 0 and deviation 1."""

    mean: Floats
    scale: Floats
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    out_bias: Floats

    def __call__(self, inputs: Floats) -> Floats:
        """Return the logits (…, k) of inputs (…, n)."""
        spread = ((inputs - self.mean) / self.scale).clip(-FARTHEST, FARTHEST)
        return np.asarray(np.maximum(spread @ self.hidden + self.hidden_bias, 0) @ self.out + self.out_bias)


@dataclass(frozen=True)
class Space:
    """The networks' channels over films: mean and deviation (n,), principal components (n, k), variances."""

    mean: Floats
    scale: Floats
    components: Floats
    variances: Floats
    residual: Floats
    """Mean and deviation, over films, of the logarithms of both distances: (2, 2)."""

    def place(self, stages: Floats) -> tuple[Floats, Floats]:
        """Return coordinates (…, k) and both distances (…, 2), the latter in deviations above the mean."""
        spread = ((stages - self.mean) / self.scale).clip(-FARTHEST, FARTHEST)
        along = spread @ self.components
        whitened = along / np.sqrt(self.variances)
        off = np.maximum(np.square(spread).sum(-1) - np.square(along).sum(-1), 1e-3)
        distances = np.log(np.stack([np.square(whitened).sum(-1) + 1e-3, off], axis=-1))
        return whitened.clip(-FARTHEST, FARTHEST), (distances - self.residual[0]) / self.residual[1]


class Gate:
    """The fitted gate. It shares no state, so any number of threads may ask it."""

    def __init__(self, tensors: dict[str, Floats], limits: dict[str, float]) -> None:
        self.image, self.depth, self.pose, self.crop = (
            Head(**part_of(tensors, name)) for name in ("image", "depth", "pose", "crop")
        )
        self.space = Space(**part_of(tensors, "space"))
        self.limits = limits

    @classmethod
    def load(cls, folder: Path, card: Card) -> Gate | None:
        """Return the gate of a weights folder, None if its card has none; raise WeightsRefused."""
        if card.gate is None:
            return None
        path = check_file(folder, card.gate.file, card.gate.sha256)
        try:
            with safetensors.safe_open(path, framework="numpy") as stored:
                names = list(stored.keys())
                tensors = {name: stored.get_tensor(name).astype(np.float32) for name in names}
                metadata = stored.metadata()
                limits = json.loads(metadata["limits"])
            gate = cls(tensors, {name: float(value) for name, value in limits.items()})
            gate.check(card.input.size)
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            safetensors.SafetensorError,
        ) as error:
            raise WeightsRefused(f"the gate {card.gate.file} cannot be used") from error
        check_description(metadata)
        check_networks(card, card.gate)
        return gate

    def check(self, side: int) -> None:
        """Raise for a gate that would fail on films of this side, or let everything pass."""
        if set(self.limits) != LIMITS or any(math.isnan(limit) for limit in self.limits.values()):
            raise ValueError("limits are missing, unknown or no numbers")
        described = features.describe(np.zeros((side, side), np.float32))
        logits, cut = self.pose(described), self.crop(described)
        if logits.shape != (1 + len(WRONG_POSES),) or cut.shape != (1,):
            raise ValueError("a head has other outputs than it needs")
        said = [float(self.score(described, np.zeros_like(self.space.mean))), *logits.tolist(), *cut.tolist()]
        if not all(map(math.isfinite, said)):
            raise ValueError("a blank film's score is no number")

    def judge(self, film: Film, levels: Levels, votes: list[Vote]) -> Verdict:
        """Return the verdict on a film, its levels as the networks read them, and their votes on it."""
        described = features.describe(levels)
        stages = np.concatenate([vote.stages[0] for vote in votes])
        score = float(self.score(described, stages))
        return Verdict(
            score, not score <= self.limits["score"], tuple(self._warnings(film, levels, described))
        )

    def score(self, described: Vector, stages: Floats) -> Any:
        """Return how little an image is like a film, from description (…, n) and stages (…, m)."""
        whitened, distances = self.space.place(stages)
        said = [self.image(described), self.depth(np.concatenate([whitened, distances], axis=-1))]
        beyond = np.maximum(distances - self.limits["distance"], 0)
        return sum(each[..., 0].clip(-MOST, MOST) for each in said) + beyond.sum(-1)

    def _warnings(self, film: Film, levels: Levels, described: Vector) -> list[FilmWarning]:
        limits = self.limits
        found: list[FilmWarning] = []
        correction, cut_off = self._pose(levels, described)
        if correction is not None:
            found.append(warn("inverted" if correction == "invert" else "rotated", correction))
        if min(film.shape) < _SMALL_SIDE or features.sharpness(levels) < limits["sharpness"]:
            found.append(warn("low_resolution"))
        if cut_off:
            found.append(warn("cropped"))
        white, black = features.exposure(levels)
        bright = features.brightness(levels)
        if white > limits["white"] or bright > limits["bright"]:
            found.append(warn("overexposed"))
        if black > limits["black"] or bright < limits["dark"]:
            found.append(warn("underexposed"))
        if features.strokes(levels) > limits["strokes"]:
            found.append(warn("text_over_lungs"))
        return found

    def _pose(self, levels: Levels, described: Vector) -> tuple[Correction | None, bool]:
        """Return what would make the film upright and positive, if that is sure; and whether it is cut off.

        The crop head knows upright films alone, so it is asked of the film as it would be put right.
        """
        margins = self.margins(described)
        best = int(margins.argmax())
        correction = WRONG_POSES[best] if margins[best] > self.limits["pose"] else None
        if correction is not None:
            described = features.describe(correct(levels, correction))
        return correction, bool(self.crop(described)[0] > self.limits["crop"])

    def margins(self, described: Vector) -> Floats:
        """Return, for each wrong pose (…, 4), by how many logits it is likelier than the right one."""
        logits = self.pose(described)
        return np.asarray(logits[..., 1:] - logits[..., :1])


def check_networks(card: Card, gate: GateCard) -> None:
    """Raise WeightsRefused for a gate that was fitted to other networks than the card's."""
    if gate.networks != [network.sha256 for network in card.networks]:
        raise WeightsRefused("the gate was fitted to other networks: run make gate")


def check_description(metadata: dict[str, str]) -> None:
    """Raise WeightsRefused for a gate that was fitted to another description of films than is made now."""
    if metadata.get("description") != features.VERSION:
        raise WeightsRefused("the gate was fitted to another description of films: run make gate")


def part_of(tensors: dict[str, Floats], name: str) -> dict[str, Floats]:
    return {key.partition(".")[2]: value for key, value in tensors.items() if key.startswith(f"{name}.")}
