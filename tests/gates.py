"""Make up gates for folders of random networks, for tests of what the gate's word leads to."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import safetensors.numpy

from backend.inference import gate_features as features
from backend.inference.card import Card, GateCard, read_card
from backend.inference.gate import WRONG_POSES

CHANNELS = 2 * (192 + 384 + 768) + 2 * (24 + 48 + 64 + 160 + 256)
COMPONENTS = 4
HIDDEN = 3
NOTHING = {
    "score": math.inf,
    "distance": math.inf,
    "pose": math.inf,
    "crop": math.inf,
    "sharpness": -math.inf,
    "white": math.inf,
    "black": math.inf,
    "bright": math.inf,
    "dark": -math.inf,
    "strokes": math.inf,
}
"""Limits under which nothing is refused and nothing is warned of."""


def gated(weights: Path, folder: Path, without: Sequence[str] = (), **limits: float) -> Path:
    """Return a folder with the networks of another, and a made-up gate with these limits, without some."""
    folder.mkdir()
    for path in weights.iterdir():
        if path.suffix == ".safetensors":
            (folder / path.name).symlink_to(path)
    chosen = {name: limit for name, limit in {**NOTHING, **limits}.items() if name not in without}
    write_gate(folder, read_card(weights), chosen)
    return folder


def write_gate(
    folder: Path, card: Card, limits: dict[str, float], description: str = features.VERSION
) -> None:
    rng = np.random.default_rng(0)
    tensors = {
        **head(rng, "image", features.LENGTH, 1),
        **head(rng, "pose", features.LENGTH, 1 + len(WRONG_POSES)),
        **head(rng, "crop", features.LENGTH, 1),
        **head(rng, "depth", COMPONENTS + 2, 1),
        "space.mean": np.zeros(CHANNELS, np.float32),
        "space.scale": np.ones(CHANNELS, np.float32),
        "space.components": np.linalg.qr(rng.standard_normal((CHANNELS, COMPONENTS)))[0].astype(np.float32),
        "space.variances": np.ones(COMPONENTS, np.float32),
        "space.residual": np.array([[0, 0], [1, 1]], np.float32),
    }
    stored = safetensors.numpy.save(tensors, {"limits": json.dumps(limits), "description": description})
    (folder / "gate.safetensors").write_bytes(stored)
    digest = hashlib.sha256(stored).hexdigest()
    networks = [each.sha256 for each in card.networks]
    replace(card, gate=GateCard("gate.safetensors", digest, networks, {})).write(folder)


def head(rng: np.random.Generator, name: str, inputs: int, outputs: int) -> dict[str, np.ndarray]:
    return {
        f"{name}.mean": np.zeros(inputs, np.float32),
        f"{name}.scale": np.ones(inputs, np.float32),
        f"{name}.hidden": rng.standard_normal((inputs, HIDDEN), np.float32) / 30,
        f"{name}.hidden_bias": np.zeros(HIDDEN, np.float32),
        f"{name}.out": rng.standard_normal((HIDDEN, outputs), np.float32),
        f"{name}.out_bias": np.zeros(outputs, np.float32),
    }
