"""The gate's published figures: measured on the served weights, and above the floors that were set."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.inference.card import read_card
from backend.training.degradations import DEGRADATIONS
from backend.training.evaluate_gate import CODES
from backend.training.gate_tables import (
    FALSE_OF_PARTS,
    REFUSED_OF,
    TABLES,
    TOLD_OF_PARTS,
    WARNED_OF,
    aims,
    as_markdown,
    measured,
)
from backend.training.perturbations import PERTURBATIONS

ROOT = Path(__file__).parent.parent
EVALUATION = ROOT / "docs" / "evaluation"

MISSED = {
    "films refused, a half to two thirds of the sides left",
    "films refused, underexposed: gamma 4",
}
"""Shares that were aimed at and not reached: MODEL_CARD.md, The intake gate, names them."""

Hold = Callable[[str, bool], None]


@pytest.fixture
def hold() -> Hold:
    """Return a strict expectation: what is named among the missed has to be missed."""

    def check(name: str, reached: bool) -> None:
        if name in MISSED:
            assert not reached, f"{name} is reached: take it from MISSED"
            pytest.xfail("an aim that is not reached: see MODEL_CARD.md, The intake gate")
        assert reached

    return check


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    path = EVALUATION / "gate.json"
    if not path.exists():
        pytest.skip("the gate of these networks was not measured yet: make evaluate-gate")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_the_report_is_of_the_served_weights(committed: Path, report: dict[str, Any]) -> None:
    card = read_card(committed)
    assert card.gate is not None
    assert report["gate_sha256"] == card.gate.sha256
    assert report["weights_sha256"] == {each.architecture: each.sha256 for each in card.networks}


def test_the_tables_are_the_reports(report: dict[str, Any]) -> None:
    written = as_markdown(report)
    assert (EVALUATION / "gate.md").read_text() == written
    section = (ROOT / "MODEL_CARD.md").read_text().split("\n## The intake gate\n")[1].split("\n## ")[0]
    for part in (measured(report), aims(report), *(table(report) for table in TABLES.values())):
        assert part in written
        assert part in section


def test_what_is_missed_is_said(report: dict[str, Any]) -> None:
    assert [name for name in MISSED if name not in aims(report)] == []


def test_films_changed_in_what_must_not_matter_and_in_what_is_warned_of_are_asked_for() -> None:
    assert {"as they are", *PERTURBATIONS, *DEGRADATIONS} <= set(REFUSED_OF)
    assert REFUSED_OF["as they are"] == 0.003
    assert max(REFUSED_OF.values()) == 0.01


@pytest.mark.parametrize(("name", "most"), REFUSED_OF.items())
def test_films_are_answered(report: dict[str, Any], hold: Hold, name: str, most: float) -> None:
    hold(f"films refused, {name}", report["films"][name]["share"] <= most)


def test_photographs_and_documents_are_refused(report: dict[str, Any], hold: Hold) -> None:
    found = report["others"]["photograph or document"]
    assert found["pictures"] >= 20
    assert found["images"] >= 500
    hold("photograph or document", found["share"] >= 0.99)


def test_slices_are_refused(report: dict[str, Any], hold: Hold) -> None:
    hold("CT slice", report["others"]["CT slice"]["share"] >= 0.90)


@pytest.mark.parametrize("code", CODES)
def test_warnings_are_rarely_false(report: dict[str, Any], hold: Hold, code: str) -> None:
    hold(f"false {code}", report["false_warnings"][code]["share"] <= 0.02)


@pytest.mark.parametrize("what", FALSE_OF_PARTS)
def test_a_cut_is_rarely_taken_for_a_turn_nor_a_turn_for_a_cut(
    report: dict[str, Any], hold: Hold, what: str
) -> None:
    hold(what, report["parts"][what]["share"] <= 0.02)


@pytest.mark.parametrize(("what", "floor"), TOLD_OF_PARTS.items())
def test_how_a_part_of_a_film_lies_is_told(
    report: dict[str, Any], hold: Hold, what: str, floor: float
) -> None:
    hold(what, report["parts"][what]["share"] >= floor)


def test_every_degradation_is_measured(report: dict[str, Any]) -> None:
    assert set(report["warnings"]) == set(WARNED_OF)
    assert set(DEGRADATIONS) < set(WARNED_OF)


@pytest.mark.parametrize(("what", "floor"), WARNED_OF.items())
def test_warnings_come_where_they_should(report: dict[str, Any], hold: Hold, what: str, floor: float) -> None:
    hold(f"answered with the warning, {what}", report["warnings"][what]["share"] >= floor)


def test_the_drawn_sample_is_answered(report: dict[str, Any]) -> None:
    assert report["unseen"]["drawn films (python -m backend sample)"]["share"] == 0


def test_it_costs_little(report: dict[str, Any]) -> None:
    assert report["milliseconds"]["gate"] <= 0.2 * report["milliseconds"]["networks"]
