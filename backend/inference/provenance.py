"""Name all that an answer depends on beside the film and what was asked: so that it can be had again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from backend import __version__
from backend.inference.card import CARD_NAME, Card
from backend.inference.engine import Engine

_PACKAGES = ("numpy", "pillow", "simplejpeg", "opencv-python-headless")
"""What decodes and resamples films, whatever runs the networks."""


@dataclass(frozen=True)
class Origin:
    """What gave an answer: SHA-256 of each network's weights and of the card, engine, packages' versions."""

    weights_sha256: dict[str, str]
    engine: str
    versions: dict[str, str]


def origin_of(folder: Path, card: Card, engine: Engine) -> Origin:
    """Return the origin of all answers of a weights folder's networks on an engine.

    The card is among the weights: its temperatures and thresholds shape an answer as much as they do.
    """
    weights = {network.architecture: network.sha256 for network in card.networks}
    return Origin(
        {**weights, CARD_NAME: sha256_of((folder / CARD_NAME).read_bytes())},
        f"{engine.name} {engine.precision}",
        versions_of(engine),
    )


def versions_of(engine: Engine) -> dict[str, str]:
    """Return the versions of this package and of all others that shape an answer on an engine."""
    return {"pneumonet": __version__, **_installed((engine.name, *_PACKAGES))}


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _installed(packages: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # another build of the same library, headed OpenCV say
            found[name] = "unknown"
    return found
