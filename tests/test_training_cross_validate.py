"""Every film is judged once, by a network that learnt from none of its patient's."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from backend.training import cross_validate as module
from backend.training.cross_validate import cross_validate
from backend.training.data import INPUT, DataError, Films, as_input
from backend.training.train import Config

pytestmark = pytest.mark.usefixtures("one_thread")

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
    """What would have been taught, by fold: stands in for the training loop, which has tests of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folds: list[tuple[Films, Films]] = []
        monkeypatch.setattr(module, "teach_films", self.teach)
        monkeypatch.setattr(module, "load_finished", lambda run, device: Brightness())

    def teach(self, config: Config, films: Films, left_out: Films, run: Path, device: torch.device) -> None:
        self.folds.append((films, left_out))
        run.mkdir(parents=True)
        (run / "run.json").write_text(json.dumps({"config": asdict(config)}))


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> Taught:
    return Taught(monkeypatch)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two films of each patient, whose class is their brightness and whose texture is their patient."""
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
                path = tmp_path / "data" / "train" / f"{name}{copy}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                assert cv2.imwrite(str(path), film)
    return tmp_path / "data"


def validate(data: Path, folder: Path, **options: Any) -> dict[str, Any]:
    return cross_validate(data, folder / "runs", folder / "out", CONFIG, folds=2, resamples=5, **options)


def films_of(films: Films) -> set[bytes]:
    return {film.numpy().tobytes() for film in films.pixels}


def test_no_film_of_a_patient_teaches_who_is_asked_of_them(
    data: Path, tmp_path: Path, taught: Taught
) -> None:
    report = validate(data, tmp_path)
    assert len(taught.folds) == 2
    for films, left_out in taught.folds:
        assert len(films) + len(left_out) == 2 * 3 * PATIENTS
        assert films_of(films).isdisjoint(films_of(left_out))
    assert [fold["films"] for fold in report["folds"]] == [3 * PATIENTS] * 2
    assert sum(found["films"] for found in report["splits"].values()) == report["films"] == 6 * PATIENTS
    assert report["patients"] == 3 * PATIENTS


def test_answers_stay_with_their_films(data: Path, tmp_path: Path, taught: Taught) -> None:
    """Were they put in another order than the labels, this network could not be right everywhere."""
    report = validate(data, tmp_path)
    for found in (report, *report["splits"].values()):
        assert found["measures"]["accuracy"]["value"] == 1
    assert all(fold["measures"]["accuracy"] == 1 for fold in report["folds"])
    assert json.loads((tmp_path / "out" / "cross-validation.json").read_text()) == report


def test_a_finished_fold_is_not_taught_again(data: Path, tmp_path: Path, taught: Taught) -> None:
    first = validate(data, tmp_path)
    assert validate(data, tmp_path) == first
    assert len(taught.folds) == 2


def test_a_fold_of_another_recipe_is_refused(data: Path, tmp_path: Path, taught: Taught) -> None:
    validate(data, tmp_path)
    record = tmp_path / "runs" / "2-of-2" / "run.json"
    record.write_text(json.dumps({"config": {**asdict(CONFIG), "schedule": "1e-3:9x32"}}))
    with pytest.raises(DataError, match="another recipe"):
        validate(data, tmp_path)


def test_a_network_is_taught_and_asked(data: Path, tmp_path: Path) -> None:
    report = validate(data, tmp_path)
    assert 0 <= report["measures"]["accuracy"]["value"] <= 1
    assert (tmp_path / "runs" / "1-of-2" / "model.safetensors").exists()
