"""A full disk and weights that are not whole are said clearly, and nothing wrong is served."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from backend.inference import exports
from backend.inference.card import read_card
from backend.inference.ensemble import Ensemble
from backend.inference.errors import EngineRefused, WeightsRefused
from backend.inference.exports import export_of, make_exports
from backend.inference.lazy import LazyPredictor
from tests.e2e.conftest import ROOT

Spoil = Callable[[Path], None]
NETWORK = "convnext_tiny"


@pytest.fixture
def copy(weights: Path, tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("compiled")
    return Path(shutil.copytree(weights, tmp_path / "weights", ignore=ignored))


def vouch(folder: Path) -> None:
    """Have the card vouch for the file as it is now: the checksum alone does not help."""
    card = json.loads((folder / "card.json").read_text())
    for network in card["networks"]:
        network["sha256"] = hashlib.sha256((folder / network["file"]).read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def rewrite(folder: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    file = folder / f"{NETWORK}.safetensors"
    tensors = load_file(file)
    edit(tensors)
    save_file(tensors, file)


def cut(folder: Path) -> None:
    file = folder / f"{NETWORK}.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def one_shape_differs(tensors: dict[str, torch.Tensor]) -> None:
    tensors["features.0.0.bias"] = torch.zeros(7)


def another_number_of_classes(tensors: dict[str, torch.Tensor]) -> None:
    tensors["classifier.2.weight"] = torch.zeros(2, 768)
    tensors["classifier.2.bias"] = torch.zeros(2)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(cut, id="cut short"),
        pytest.param(lambda folder: (folder / f"{NETWORK}.safetensors").write_bytes(b""), id="empty"),
        pytest.param(lambda folder: rewrite(folder, one_shape_differs), id="another shape"),
        pytest.param(lambda folder: rewrite(folder, another_number_of_classes), id="another head"),
        pytest.param(lambda folder: rewrite(folder, lambda tensors: tensors.popitem()), id="a tensor less"),
    ],
)
def test_weights_that_are_vouched_for_but_not_whole_are_refused(copy: Path, spoil: Spoil) -> None:
    spoil(copy)
    vouch(copy)
    predictor = LazyPredictor.from_weights(copy, 1, "torch")
    with pytest.raises(WeightsRefused, match=f"{NETWORK}.safetensors do not fit"):
        predictor.warm_up()
    assert not predictor.loaded
    assert f"{NETWORK}.safetensors" in str(predictor.failure)


def test_files_of_another_run_than_the_cards_are_refused(copy: Path) -> None:
    """Whole, of the right architecture, and of other weights."""
    rewrite(copy, lambda tensors: tensors["classifier.2.bias"].add_(1))
    with pytest.raises(WeightsRefused, match="checksum"):
        Ensemble.load(copy)


def test_a_disk_that_is_full_leaves_no_half_export(copy: Path) -> None:
    """Like a full disk to whoever writes: not a byte more than a megabyte in one file."""
    out = copy / exports.FOLDER
    program = [sys.executable, "-m", "backend.inference.openvino_export", str(copy), str(out)]

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))

    done = subprocess.run(program, cwd=ROOT, preexec_fn=fill, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    assert list(out.iterdir()) == []


def test_a_failed_export_says_why(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports.sys, "executable", "/bin/false")
    with pytest.raises(EngineRefused, match="cannot be exported"):
        make_exports(copy, copy / exports.FOLDER)
    assert not export_of(read_card(copy).networks[0], copy / exports.FOLDER).folder.exists()
