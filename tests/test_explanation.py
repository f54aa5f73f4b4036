"""Where the map points, in words: the film's sixths and the overlap of the networks' maps."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from backend.inference.explanation import SIDES, ZONES, Explanation, describe, overlap

EMPTY = np.zeros((7, 7), np.float32)


def spot(row: int, column: int) -> np.ndarray:
    found = EMPTY.copy()
    found[row, column] = 0.8
    return found


def shares(found: Explanation) -> dict[tuple[str, str], float]:
    return {(each.side, each.zone): each.share for each in found.regions}


@pytest.mark.parametrize(
    ("row", "column", "side", "zone"),
    [
        (0, 0, "right", "upper"),  # the left of the film is the patient's right
        (3, 1, "right", "middle"),
        (6, 2, "right", "lower"),
        (1, 4, "left", "upper"),
        (3, 5, "left", "middle"),
        (5, 6, "left", "lower"),
    ],
)
def test_a_spot_lies_in_one_sixth(row: int, column: int, side: str, zone: str) -> None:
    found = shares(describe(spot(row, column), [spot(row, column)]))
    assert found.pop((side, zone)) == pytest.approx(1)
    assert set(found.values()) == {0.0}


def test_a_cell_that_a_border_cuts_counts_in_part() -> None:
    found = shares(describe(spot(2, 3), [spot(2, 3)]))
    # Of row 2 a third lies above 7/3; the middle column is halved.
    assert found["right", "upper"] == found["left", "upper"] == pytest.approx(1 / 6)
    assert found["right", "middle"] == found["left", "middle"] == pytest.approx(1 / 3)
    assert found["right", "lower"] == found["left", "lower"] == 0


def test_all_sixths_come_in_a_fixed_order_and_sum_to_one() -> None:
    flat = describe(np.ones((7, 7), np.float32), [np.ones((7, 7), np.float32)])
    assert [(each.side, each.zone) for each in flat.regions] == [(s, z) for s in SIDES for z in ZONES]
    assert [each.share for each in flat.regions] == pytest.approx([1 / 6] * 6)
    random = np.random.default_rng(0).random((7, 7), np.float32)
    assert sum(each.share for each in describe(random, [random]).regions) == pytest.approx(1)


def test_an_empty_map_points_nowhere() -> None:
    found = describe(EMPTY, [EMPTY, EMPTY])
    assert found.agreement == 0
    assert {each.share for each in found.regions} == {0.0}


def test_agreement_is_the_weight_that_the_maps_share() -> None:
    half = spot(0, 0) + spot(6, 6)
    assert overlap([spot(0, 0), spot(0, 0) / 3]) == pytest.approx(1)
    assert overlap([spot(0, 0), spot(6, 6)]) == 0
    assert overlap([spot(0, 0), half]) == pytest.approx(0.5)
    assert overlap([spot(0, 0), EMPTY]) == 0


def test_the_answers_explanation_is_of_the_answers_map(client: FlaskClient, png: bytes) -> None:
    answer = client.post("/predict?cam=map", data=png).get_json()
    sent = base64.b64decode(answer["heatmap_image"].partition(",")[2])
    levels = np.asarray(Image.open(io.BytesIO(sent)), np.float32)
    expected = shares(describe(levels, [levels]))
    found = {(each["side"], each["zone"]): each["share"] for each in answer["explanation"]["zones"]}
    assert found == pytest.approx(expected, abs=0.01)  # the picture has 256 levels
    assert 0 < answer["explanation"]["agreement"] < 1
    assert client.post("/predict?cam=none", data=png).get_json()["explanation"] is None
