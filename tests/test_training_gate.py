"""Fitting the gate: what its heads learn to accept, and its limits, to heads that lack one as well."""

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
from backend.inference.gate import LIMITS, WRONG_POSES, Gate, Head, part_of
from backend.inference.images import Film
from backend.training import gate as module
from backend.training.gate import Plan, pose_wrong, refit_limits
from backend.training.gate_tables import REFUSED_OF, name_of
from backend.training.pictures import find_pictures
from tests.gates import gated, write_gate

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


def test_limits_are_not_fitted_to_the_heads_of_another_description(
    weights: Path, drawn_data: Path, tmp_path: Path
) -> None:
    folder = gated(weights, tmp_path / "weights")
    write_gate(folder, read_card(weights), dict.fromkeys(LIMITS, 0.0), description="1")
    with pytest.raises(WeightsRefused, match="another description"):
        refit_limits(drawn_data, folder, "torch", FEW)


@pytest.fixture
def seeing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in for degrading can be seen and turns nothing."""
    monkeypatch.setattr(module, "vary", lambda film, _: film)
    monkeypatch.setattr(module, "degrade", lambda film, _: film // 2)
    monkeypatch.setattr(module, "fit_head", lambda name, *given, **how: {name: given})


@pytest.fixture
def film() -> Film:
    return np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_head_is_the_mean_of_its_networks(classes: int) -> None:
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(0)
    inputs, labels = rng.standard_normal((200, 5)).astype(np.float32), np.arange(200) % classes
    fitted = module.fit_head("both", inputs, labels, hidden=4, networks=2)
    head = Head(**part_of(fitted, "both"))
    spread = (inputs - inputs.mean(axis=0)) / (inputs.std(axis=0) + 1e-3)
    said = []
    for seed in range(2):
        network = MLPClassifier((4,), alpha=1e-3, early_stopping=True, max_iter=40, random_state=seed)
        network.fit(spread, labels)
        (first, second), (bias, out_bias) = network.coefs_, network.intercepts_
        said.append(np.maximum(spread @ first + bias, 0) @ second + out_bias)
    np.testing.assert_allclose(head(inputs), np.mean(said, axis=0), atol=1e-5)
    assert not np.allclose(*said, atol=0.01)


@pytest.mark.usefixtures("seeing")
def test_the_pose_head_learns_from_degraded_films_as_well(film: Film) -> None:
    clean, degraded = (
        [module.describe([each]) for each in (start, *(pose_wrong(start, pose) for pose in WRONG_POSES))]
        for start in (film, film // 2)
    )
    inputs, labels = module.fit_pose(clean, [film, film], np.random.default_rng(0))["pose"]
    assert labels.tolist() == [0, 1, 2, 3, 4, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    np.testing.assert_array_equal(
        inputs, np.concatenate([*clean, *(each for each in degraded for _ in range(2))])
    )


@pytest.mark.usefixtures("seeing")
def test_the_head_that_looks_at_the_image_learns_to_accept_degraded_films(film: Film) -> None:
    turned = {pose: [pose_wrong(film, pose)] * 4 for pose in WRONG_POSES}
    degraded, others = [film // 2, film // 3], [255 - film // 4, film ^ 1]
    heads = module.fit_image_heads([film], [film], turned, degraded, others, np.random.default_rng(0))
    inputs, labels = heads["image"]
    accepted = [film, *(pose_wrong(film, pose) for pose in WRONG_POSES), *degraded]
    np.testing.assert_array_equal(inputs[labels == 0], module.describe(accepted))
    np.testing.assert_array_equal(inputs[labels == 1], module.describe(others))


def test_the_head_that_looks_at_the_networks_learns_to_accept_degraded_films(
    weights: Path, drawn_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are of other films than those that are shown as they are."""
    shown: list[Film] = []

    class Shown(Exception):
        pass

    def fit_depth(_: object, films: list[Film], *rest: object) -> None:
        shown.extend(films)
        raise Shown

    monkeypatch.setattr(module, "vary", lambda film, _: film)
    monkeypatch.setattr(module, "degrade_all", lambda films, _: [255 - film for film in films])
    monkeypatch.setattr(module, "draw_negatives", lambda *_: [np.zeros((224, 224), np.uint8)] * 3)
    monkeypatch.setattr(module, "draw_samples", lambda *_: [])
    monkeypatch.setattr(module, "fit_image_heads", lambda *_: {})
    monkeypatch.setattr(module, "fit_depth", fit_depth)
    with pytest.raises(Shown):
        module.fit(
            drawn_data,
            weights,
            "torch",
            replace(FEW, seen_films=3, seen_degraded=2, seen_poses=1, kept_others=1),
        )
    clean, degraded = shown[:3], shown[3:5]
    assert len(shown) == 5 + len(WRONG_POSES)
    assert not {(255 - film).tobytes() for film in degraded} & {film.tobytes() for film in clean}


@pytest.mark.usefixtures("seeing")
def test_of_degraded_films_every_second_lies_wrong_as_well(film: Film) -> None:
    wrong = {pose_wrong(film // 2, pose).tobytes() for pose in WRONG_POSES}
    found = [each.tobytes() for each in module.degrade_all([film] * 80, np.random.default_rng(0))]
    assert set(found[0::2]) == wrong
    assert set(found[1::2]) == {(film // 2).tobytes()}


def test_the_threshold_begins_where_the_worst_films_end_and_goes_a_quarter_towards_what_is_none() -> None:
    rising = np.linspace(0, 10, 1001, dtype=np.float32)
    one = {"clean": rising, "gamma 0.7": rising, module.DEGRADED_AND_TURNED: rising}
    assert module.threshold(one, np.float32([20] * 100)) == pytest.approx(9.99 + 0.25 * (20 - 9.99))
    assert module.threshold(one, np.float32([5] * 100)) == pytest.approx(9.99)
    assert module.threshold({**one, "clean": rising - 5}, np.float32([5] * 100)) == pytest.approx(9.9)
    only = {module.DEGRADED_AND_TURNED: rising}
    assert module.threshold(only, np.float32([5] * 100)) == pytest.approx(9.5)


def test_limits_are_asked_of_films_in_every_way_that_is_measured() -> None:
    films = [np.random.default_rng(seed).integers(0, 256, (224, 224)).astype(np.uint8) for seed in range(3)]
    found = module.conditions_of(films, FEW, np.random.default_rng(0))
    as_measured = {"clean": "as they are", **{pose: name_of(pose) for pose in WRONG_POSES}}
    assert {as_measured.get(name, name) for name in found} == {*REFUSED_OF, module.DEGRADED_AND_TURNED}
    assert [len(found.pop("clean")), {len(each) for each in found.values()}] == [3, {1}]
    as_they_are = {film.tobytes() for film in films}
    assert not [name for name, each in found.items() if each[0].tobytes() in as_they_are]


@pytest.mark.parametrize(("clean", "degraded", "limit"), [(1, 3, 3), (3, 1, 3), (-2, -1, 0)])
def test_a_pose_is_told_where_neither_clean_films_nor_degraded_ones_mislead(
    clean: float, degraded: float, limit: float
) -> None:
    gate: Any = SimpleNamespace(margins=lambda described: described)
    largest = [np.float32([[each, -9, -9, -9]] * 5) for each in (clean, degraded)]
    assert module.limit_of_poses(gate, *largest) == limit


def test_the_stored_gate_has_every_limit(committed: Path) -> None:
    card = read_card(committed)
    assert card.gate is not None
    with safetensors.safe_open(committed / card.gate.file, framework="numpy") as stored:
        limits = json.loads(stored.metadata()["limits"])
    assert set(limits) == LIMITS
