"""The gate's limits: all of them are fitted, to a gate that has the heads alone as well."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors

from backend.inference.card import read_card
from backend.inference.errors import WeightsRefused
from backend.inference.gate import LIMITS, Gate
from backend.training.gate import Plan, refit_limits
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
    folder = gated(weights, tmp_path / "weights", without=["pose_of_part"])
    with pytest.raises(WeightsRefused, match="cannot be used"):
        Gate.load(folder, read_card(folder))
    card = refit_limits(drawn_data, folder, "torch", FEW)
    fitted = Gate.load(folder, card)
    assert fitted is not None
    assert set(fitted.limits) == LIMITS
    assert fitted.limits["pose_of_part"] >= fitted.limits["pose"] >= 0
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


def test_the_stored_gate_has_every_limit(committed: Path) -> None:
    card = read_card(committed)
    assert card.gate is not None
    with safetensors.safe_open(committed / card.gate.file, framework="numpy") as stored:
        limits = json.loads(stored.metadata()["limits"])
    assert set(limits) == LIMITS
