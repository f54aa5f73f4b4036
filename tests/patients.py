"""Patients whose films tell their class by brightness, and what would have been taught with them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from backend.training import cross_validate
from backend.training.data import INPUT, Films, as_input
from backend.training.train import Config

PATIENTS = 10
LEVELS = (20, 120, 220)
CONFIG = Config("efficientnet_lite2", "1e-3:1x32", batch=12)


class Brightness(nn.Module):
    """A network that tells the classes by a film's brightness, and needs to learn nothing for it."""

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        levels = as_input(torch.tensor(LEVELS, dtype=torch.uint8).view(-1, 1, 1, 1), INPUT).mean(
            dim=(1, 2, 3)
        )
        return -30 * (inputs.mean(dim=(1, 2, 3))[:, None].float() - levels).abs(), inputs


class Taught:
    """What would have been taught, run by run: stands in for the training loop, which has its own tests."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs: list[tuple[Films, Films]] = []
        monkeypatch.setattr(cross_validate, "teach_films", self.teach)
        monkeypatch.setattr(cross_validate, "load_finished", lambda run, device: Brightness())

    def teach(self, config: Config, films: Films, left_out: Films, run: Path, device: torch.device) -> None:
        self.runs.append((films, left_out))
        run.mkdir(parents=True)
        (run / "run.json").write_text(json.dumps({"config": asdict(config)}))


def write_patients(folder: Path) -> Path:
    """Write two films of each patient, whose class is their brightness and whose texture is their patient."""
    for number in range(PATIENTS):
        names = (
            f"PNEUMONIA/person{number}_bacteria_",
            f"NORMAL/IM-{number:04}-",
            f"PNEUMONIA/person{number + PATIENTS}_virus_",
        )
        for level, name in zip(LEVELS, names, strict=True):
            film = np.full((224, 224), level, np.uint8)
            film[: number + 20, ::2] += 30  # an even film would be refused as blank
            for copy in (1, 2):
                path = folder / "train" / f"{name}{copy}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                assert cv2.imwrite(str(path), film)
    return folder


def films_of(films: Films) -> set[bytes]:
    """Return what the films look like; the two of one patient look the same."""
    return {film.numpy().tobytes() for film in films.pixels}
