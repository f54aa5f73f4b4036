"""Weights that do not belong together are refused, and never served."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.inference.card import read_card
from backend.inference.ensemble import Ensemble
from backend.inference.errors import WeightsRefused


def edit_card(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "card.json"
    card = json.loads(path.read_text())
    edit(card)
    path.write_text(json.dumps(card))


def test_a_whole_folder_loads(copied: Path) -> None:
    assert len(Ensemble.load(copied).heads) == 2


def test_one_flipped_bit_is_refused(copied: Path) -> None:
    file = copied / "convnext_tiny.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(WeightsRefused, match="checksum"):
        Ensemble.load(copied)


def test_a_missing_file_is_refused(copied: Path) -> None:
    (copied / "efficientnet_v2_s.safetensors").unlink()
    with pytest.raises(WeightsRefused, match="cannot be read"):
        Ensemble.load(copied)


def test_swapped_files_are_refused(copied: Path) -> None:
    def swap(card: dict[str, Any]) -> None:
        one, two = card["networks"]
        for key in ("file", "sha256"):
            one[key], two[key] = two[key], one[key]

    edit_card(copied, swap)
    with pytest.raises(WeightsRefused, match="do not fit"):
        Ensemble.load(copied)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        pytest.param(lambda card: card.pop("classes"), "KeyError", id="no classes"),
        pytest.param(lambda card: card["input"].update(size="big"), "ValueError", id="size no number"),
        pytest.param(lambda card: card["networks"][0].update(weight=0.9), "sum to 1", id="shares"),
        pytest.param(lambda card: card["networks"][0].update(temperature=0), "positive", id="temperature"),
        pytest.param(
            lambda card: card["networks"][0].update(architecture="resnet"), "unknown", id="architecture"
        ),
        pytest.param(lambda card: card["networks"][0].update(file="../x"), "not a plain", id="path"),
        pytest.param(lambda card: card["classes"].append("OTHER"), "risk", id="a class without a risk"),
        pytest.param(lambda card: card.pop("prediction_sets"), "KeyError", id="no prediction sets"),
        pytest.param(
            lambda card: card["prediction_sets"].update(score="aps"), "sets", id="a score that is not served"
        ),
        pytest.param(
            lambda card: card["prediction_sets"]["thresholds"].pop(), "sets", id="a class without a threshold"
        ),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(
    copied: Path, edit: Callable[[dict[str, Any]], object], message: str
) -> None:
    edit_card(copied, edit)
    with pytest.raises(WeightsRefused, match=message):
        Ensemble.load(copied)


@pytest.mark.parametrize("content", ["", "[]", "{", "null"])
def test_a_broken_card_is_refused(copied: Path, content: str) -> None:
    (copied / "card.json").write_text(content)
    with pytest.raises(WeightsRefused):
        Ensemble.load(copied)


def test_the_committed_weights_are_small_half_precision_and_whole(committed: Path) -> None:
    card = read_card(committed)
    assert card.classes == ("BACTERIAL_PNEUMONIA", "NORMAL", "VIRAL_PNEUMONIA")
    assert {network.architecture: network.weight for network in card.networks} == {
        "convnext_tiny": 0.4,
        "efficientnet_v2_s": 0.6,
    }
    assert all((committed / network.file).stat().st_size < 60e6 for network in card.networks)
    Ensemble.load(committed)
