"""Proves backend/training/faithfulness.py: what is asked of the maps, on maps whose answer is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from backend.training import faithfulness
from backend.training.tables import explanation_as_markdown

MAP = np.zeros((7, 7), np.float32)
MAP[1, 5] = 1


@pytest.fixture
def spotter(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stand for an ensemble whose answer rests on the place that MAP shows, and on nothing else."""

    def probability(_ensemble: Any, film: np.ndarray, _answer: int) -> float:
        return float(film[40:56, 168:184].std() > 20)

    monkeypatch.setattr(faithfulness, "_probability", probability)


def textured(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (224, 224), np.uint8)


def gains(spotter: Any, own: np.ndarray) -> dict[str, float]:
    films = [textured(seed) for seed in range(6)]
    curves = faithfulness.draw_out(spotter, films, [0] * 6, np.stack([own] * 6))
    return {name: float(each.mean()) for name, each in faithfulness.compare_curves(curves).items()}


def test_a_map_that_points_at_what_counts_beats_chance_and_the_middle(spotter: Any) -> None:
    right, wrong = gains(spotter, MAP), gains(spotter, np.rot90(MAP, 2).copy())
    for other in ("random", "centre"):
        for way in ("deletion", "insertion"):
            assert right[f"{way}_gain_over_{other}"] > 0.1
            assert wrong[f"{way}_gain_over_{other}"] < right[f"{way}_gain_over_{other}"]


def test_curves_begin_and_end_where_they_must(spotter: Any) -> None:
    curves = faithfulness.draw_out(spotter, [textured(0)], [0], MAP[None])
    for who in ("map", "random", "centre"):
        assert (curves["deletion"][who][0, 0], curves["deletion"][who][0, -1]) == (1, 0)
        assert (curves["insertion"][who][0, 0], curves["insertion"][who][0, -1]) == (0, 1)


def test_pixels_go_in_the_maps_order() -> None:
    rank = faithfulness.rank_pixels(MAP, (224, 224))
    np.testing.assert_allclose(np.sort(rank.ravel()), np.arange(224 * 224) / 224**2)
    row, column = np.unravel_index(rank.argmin(), rank.shape)
    assert (row // 32, column // 32) == (1, 5)


def test_the_share_on_the_thorax() -> None:
    corner, middle = np.zeros((2, 7, 7), np.float32)
    corner[0, 0] = middle[3, 3] = 2
    maps = np.stack([corner, middle, np.ones_like(corner), np.zeros_like(corner)])
    found = faithfulness.place(maps)["thorax"]
    # Of the first of 7 cells 0.7 lies before a tenth of the side.
    assert found[:3] == pytest.approx([0.3**2, 1, 0.8**2])
    assert np.isnan(found[3])


def test_agreement_is_of_one_film_and_chance_of_two() -> None:
    maps = np.zeros((5, 7, 7), np.float32)
    for row, each in enumerate(maps):
        each[row, row] = 1
    found = faithfulness.agree(np.stack([maps, maps]))
    assert found["agreement"] == pytest.approx(np.ones(5))
    assert found["agreement_by_chance"] == pytest.approx(np.zeros(5))


def test_a_map_that_needs_no_weights_is_found_out() -> None:
    one = np.random.default_rng(1).random((4, 7, 7), np.float32)
    assert faithfulness._correlations(one, 3 * one) == pytest.approx(np.ones(4))
    assert abs(faithfulness._correlations(one, one[::-1, ::-1]).mean()) < 0.5
    assert np.isnan(faithfulness._correlations(one, np.zeros_like(one))).all()


def test_the_committed_report_is_set_in_tables_and_drawn() -> None:
    path = Path(__file__).parent.parent / "docs" / "evaluation" / "held-out-explanation.json"
    if not path.is_file():
        pytest.skip("the maps were not measured yet: make evaluate does")
    report = json.loads(path.read_text())
    assert path.with_suffix(".md").read_text() == explanation_as_markdown(report)
    assert cv2.imread(str(path.with_suffix(".png"))) is not None
