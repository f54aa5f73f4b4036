"""The figures that are published are those that were measured, on the weights that are served."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from backend.inference.card import read_card
from backend.inference.ensemble import Ensemble
from backend.training.data import read_film
from backend.training.metrics import accuracy, auc_normal_vs_pneumonia
from backend.training.tables import as_markdown
from backend.training.voting import ENSEMBLE, find_split, read_films

ROOT = Path(__file__).parent.parent
EVALUATION = ROOT / "docs" / "evaluation"


@pytest.fixture(scope="module")
def report(committed: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVALUATION / "held-out.json").read_text())
    return found


def rows_after(text: str, heading: str) -> list[str]:
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ") and "---" not in line]


def value(report: dict[str, Any], who: str, measure: str) -> float:
    found: float = report[who]["measures"][measure]["value"]
    return found


def test_the_report_is_of_the_served_weights(committed: Path, report: dict[str, Any]) -> None:
    card = read_card(committed)
    assert report["weights_sha256"] == {each.architecture: each.sha256 for each in card.networks}
    assert report["model_version"] == card.version


def test_the_tables_are_the_reports(report: dict[str, Any]) -> None:
    assert (EVALUATION / "held-out.md").read_text() == as_markdown(report)


@pytest.mark.parametrize(
    ("document", "heading"), [("MODEL_CARD.md", "Figures"), ("README.md", "How good is it")]
)
@pytest.mark.usefixtures("committed")
def test_every_published_row_was_measured(document: str, heading: str) -> None:
    measured = (EVALUATION / "held-out.md").read_text().splitlines()
    rows = rows_after((ROOT / document).read_text(), heading)
    assert len(rows) > 3
    assert [row for row in rows if row not in measured] == []


@pytest.mark.parametrize("document", ["MODEL_CARD.md", "README.md"])
@pytest.mark.usefixtures("committed")
def test_no_figure_is_left_open(document: str) -> None:
    assert not re.findall(r"^\{\w+\}|\{\w+\} films", (ROOT / document).read_text(), flags=re.MULTILINE)


def test_the_networks_tell_normal_from_pneumonia_and_do_not_go_by_the_width(report: dict[str, Any]) -> None:
    assert report["films"] >= 400
    assert value(report, ENSEMBLE, "auc_normal_vs_pneumonia") >= 0.99
    assert report["width_flips"]["max"] <= 0.10


@pytest.mark.parametrize(
    ("who", "floor"),
    [
        pytest.param(ENSEMBLE, 0.80, marks=pytest.mark.xfail(reason="0.760: see MODEL_CARD.md, Figures")),
        pytest.param(
            "convnext_tiny", 0.74, marks=pytest.mark.xfail(reason="0.711: see MODEL_CARD.md, Figures")
        ),
        ("efficientnet_v2_s", 0.74),
    ],
)
def test_the_networks_tell_the_three_classes_apart(report: dict[str, Any], who: str, floor: float) -> None:
    assert value(report, who, "accuracy") >= floor


def test_the_figures_can_be_had_again(data: Path, committed: Path, report: dict[str, Any]) -> None:
    ensemble = Ensemble.load(committed)
    records, labels = find_split(data, "held-out")
    said = read_films(ensemble, (read_film(record.path) for record in records))
    assert len(records) == report["films"]
    for who, answers in said.items():
        # Other processors round otherwise: one film in 500 may fall to the other side.
        assert accuracy(labels, answers) == pytest.approx(value(report, who, "accuracy"), abs=0.005)
        found = auc_normal_vs_pneumonia(labels, answers)
        assert found == pytest.approx(value(report, who, "auc_normal_vs_pneumonia"), abs=0.002)
