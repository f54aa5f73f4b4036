"""Degrading films: each way does what its warning says, and what the gate learns from reaches as far."""

from __future__ import annotations

from typing import get_args

import cv2
import numpy as np
import pytest

from backend.inference import gate_features as features
from backend.inference.gate import WarningCode
from backend.inference.images import Film
from backend.inference.preprocess import levels_of_squeezed, squeeze
from backend.inference.synthetic import draw_chest_film
from backend.training import degradations as module
from backend.training.degradations import DEGRADATIONS, cut_off, degrade


@pytest.fixture(scope="module")
def film() -> Film:
    return squeeze(draw_chest_film(448, 448), 224)


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_a_degraded_film_is_another_of_the_same_shape(film: Film, name: str) -> None:
    before = film.copy()
    degraded = DEGRADATIONS[name].alter(film, np.random.default_rng(0))
    assert degraded.shape == film.shape
    assert degraded.dtype == np.uint8
    assert (degraded != film).mean() > 0.01
    np.testing.assert_array_equal(film, before)


def test_every_warning_has_a_degradation_but_those_of_the_pose_and_of_what_is_no_film() -> None:
    others = {"unusual", "inverted", "rotated"}
    assert {each.code for each in DEGRADATIONS.values()} == set(get_args(WarningCode)) - others


def is_a_part(levels: features.Levels, of: features.Levels) -> bool:
    """Whether the levels are found again in others, at some size that a part may have."""
    sizes = [(width, height) for width in range(100, 156, 4) for height in range(100, 156, 4)]
    return any(
        cv2.matchTemplate(of, cv2.resize(levels, size), cv2.TM_CCOEFF_NORMED).max() > 0.98 for size in sizes
    )


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_a_degradation_moves_what_its_warning_is_given_by(film: Film, name: str) -> None:
    degradation = DEGRADATIONS[name]
    before, after = (
        levels_of_squeezed(each) for each in (film, degradation.alter(film, np.random.default_rng(0)))
    )
    moved = {
        "low_resolution": lambda: features.sharpness(after) < features.sharpness(before) - 0.3,
        "overexposed": lambda: features.brightness(after) > 1.2 * features.brightness(before),
        "underexposed": lambda: features.brightness(after) < 0.6 * features.brightness(before),
        "text_over_lungs": lambda: features.strokes(after) > features.strokes(before) + 0.01,
        "cropped": lambda: is_a_part(after, before),
    }
    assert moved[degradation.code]()


def test_a_part_is_between_two_fifths_and_seven_tenths_of_the_sides() -> None:
    """Of a film whose levels rise evenly, a part shows how much of them it has."""
    ramp = np.tile(np.arange(224, dtype=np.uint8), (224, 1))
    rng = np.random.default_rng(0)
    for film, axis in ((ramp, 1), (ramp.T.copy(), 0)):
        spans = [int(np.ptp(cut_off(film, rng).mean(axis=1 - axis))) / 224 for _ in range(50)]
        assert 0.4 < min(spans) < 0.5
        assert 0.6 < max(spans) < 0.7


def test_films_are_cut_off_or_degraded_otherwise_or_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cut_off", lambda film, _: film // 2 | 1)
    monkeypatch.setattr(module, "_AT_RANDOM", (lambda film, _: film ^ 128,))
    rng = np.random.default_rng(0)
    blank = np.zeros((4, 4), np.uint8)
    seen = [int(degrade(blank, rng)[0, 0]) for _ in range(1000)]
    cut, other, both = (seen.count(level) for level in (1, 128, 129))
    assert cut + other + both == 1000
    assert (cut, other, both) == pytest.approx((400, 500, 100), abs=50)


def test_what_is_taught_reaches_as_far_as_what_is_measured(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[float] = []
    monkeypatch.setattr(module, "lose_resolution", lambda film, share: (shares.append(share), film)[1])
    monkeypatch.setattr(module, "cut_off", lambda film, _: film)
    rng = np.random.default_rng(0)
    taught = [features.brightness(levels_of_squeezed(degrade(film, rng))) for _ in range(400)]
    smallest, largest = min(shares), max(shares)
    shares.clear()
    measured = [
        features.brightness(levels_of_squeezed(each.alter(film, rng))) for each in DEGRADATIONS.values()
    ]
    assert min(taught) < min(measured) < max(measured) < max(taught)
    assert smallest < min(shares) < max(shares) < largest
