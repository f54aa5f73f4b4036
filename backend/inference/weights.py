"""Read committed weights, but only those that the card vouches for."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
from numpy.typing import NDArray

from backend.inference.architectures import ARCHITECTURES
from backend.inference.card import NetworkCard
from backend.inference.errors import WeightsRefused

_LAYER = re.compile(r"classifier\.(\d+)\.weight")


@dataclass(frozen=True)
class Head:
    """What stands behind a network's global average pool: a LayerNorm or nothing, then a linear layer.

    `linear` is float32 (classes, channels), `gain` the norm's float32 (channels,).
    """

    linear: NDArray[np.float32]
    gain: NDArray[np.float32] | None


def check_weights(folder: Path, card: NetworkCard) -> Path:
    """Return the path of a network's weights.

    Raise WeightsRefused when its architecture is unknown, the file is missing, or not the one the card means.
    """
    if card.architecture not in ARCHITECTURES:
        raise WeightsRefused(f"the card names an unknown architecture: {card.architecture}")
    return check_file(folder, card.file, card.sha256)


def check_file(folder: Path, name: str, sha256: str) -> Path:
    """Return the path of a file that the card vouches for; raise WeightsRefused unless it is the one."""
    path = folder / name
    try:
        with path.open("rb") as stored:
            digest = hashlib.file_digest(stored, "sha256").hexdigest()
    except OSError as error:
        raise WeightsRefused(f"the weights {name} cannot be read") from error
    if digest != sha256:
        raise WeightsRefused(f"the checksum of {name} is not the one in its card")
    return path


def read_head(path: Path, card: NetworkCard) -> Head:
    """Return the head of the network in a weight file; raise WeightsRefused when it has none."""
    try:
        with safetensors.safe_open(path, framework="numpy") as stored:
            layers = sorted(
                int(match[1])
                for name in stored.keys()  # noqa: SIM118 - it is no dict
                if (match := _LAYER.fullmatch(name))
            )
            tensors = [stored.get_tensor(f"classifier.{layer}.weight") for layer in layers]
    except (OSError, safetensors.SafetensorError) as error:
        raise misfit(card) from error
    *norms, linear = (np.asarray(tensor, np.float32) for tensor in tensors or [np.empty(0)])
    if linear.ndim != 2 or len(norms) > 1:
        raise misfit(card)
    return Head(linear, norms[0] if norms else None)


def misfit(card: NetworkCard) -> WeightsRefused:
    """Return the refusal of weights whose tensors are not those of their architecture."""
    return WeightsRefused(f"the weights {card.file} do not fit {card.architecture}")
