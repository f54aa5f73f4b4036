"""The gate's limits: all of them are fitted, to a gate that has the heads alone as well."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import safetensors

from backend.inference.card import read_card
from backend.inference.errors import WeightsRefused
from backend.inference.gate import LIMITS, WRONG_POSES, Gate
from backend.training import gate as module
from backend.training.gate import Plan, pose_wrong, refit_limits
from backend.training.pictures import find_pictures
from tests.gates import gated

FEW = Plan(
    drawn=24, spoilt=12, kept_others=12, kept_samples=2, validation=3, validation_seen=3, validation_changed=1
)


def test_limits_are_fitted_to_heads_that_lack_one(
    weights: Path, drawn_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = find_pictures("fit")[:2]
    monkeypatch.setattr("backend.training.gate.find_pictures", lambda _: some)
    folder = gated(weights, tmp_path / "weights", without=["pose"])
    with pytest.raises(WeightsRefused, match="cannot be used"):
        Gate.load(folder, read_card(folder))
    card = refit_limits(drawn_data, folder, "torch", FEW)
    fitted = Gate.load(folder, card)
    assert fitted is not None
    assert set(fitted.limits) == LIMITS
    assert card.gate is not None
    assert card.gate.fitted["validation"] == 3
    assert read_card(folder) == card


def test_limits_are_not_fitted_to_a_file_that_was_exchanged(
    weights: Path, drawn_data: Path, tmp_path: Path
) -> None:
    folder = gated(weights, tmp_path / "weights")
    with (folder / "gate.safetensors").open("ab") as stored:
        stored.write(b"more")
    with pytest.raises(WeightsRefused, match="checksum"):
        refit_limits(drawn_data, folder, "torch", FEW)


def test_limits_are_not_fitted_to_the_heads_of_other_networks(
    weights: Path, drawn_data: Path, tmp_path: Path
) -> None:
    folder = gated(weights, tmp_path / "weights")
    card = read_card(folder)
    assert card.gate is not None
    replace(card, gate=replace(card.gate, networks=["0" * 64] * 2)).write(folder)
    with pytest.raises(WeightsRefused, match="other networks"):
        refit_limits(drawn_data, folder, "torch", FEW)


def test_the_pose_head_learns_from_parts_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part lies as its label says. What stands in for cutting here can be seen and turns nothing."""
    monkeypatch.setattr(module, "vary", lambda film, _: film)
    monkeypatch.setattr(module, "cut_off", lambda film, _: film // 2)
    monkeypatch.setattr(module, "fit_head", lambda *given, hidden: given)
    film = np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)
    whole, parts = (
        [module.describe([each]) for each in (start, *(pose_wrong(start, pose) for pose in WRONG_POSES))]
        for start in (film, film // 2)
    )
    name, inputs, labels = module.fit_pose(whole, [film, film], np.random.default_rng(0))
    assert name == "pose"
    assert labels.tolist() == [0, 1, 2, 3, 4, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    np.testing.assert_array_equal(
        inputs, np.concatenate([*whole, *(each for each in parts for _ in range(2))])
    )


@pytest.mark.parametrize(("whole", "part", "limit"), [(1, 3, 3), (3, 1, 3), (-2, -1, 0)])
def test_a_pose_is_told_where_neither_whole_films_nor_parts_mislead(
    whole: float, part: float, limit: float
) -> None:
    gate: Any = SimpleNamespace(margins=lambda described: described)
    largest = [np.float32([[each, -9, -9, -9]] * 5) for each in (whole, part)]
    assert module.limit_of_poses(gate, *largest) == limit


def test_the_stored_gate_has_every_limit(committed: Path) -> None:
    card = read_card(committed)
    assert card.gate is not None
    with safetensors.safe_open(committed / card.gate.file, framework="numpy") as stored:
        limits = json.loads(stored.metadata()["limits"])
    assert set(limits) == LIMITS
