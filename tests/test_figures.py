"""The figures that are published are those that were measured, on the weights that are served."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from backend.inference.card import read_card
from backend.inference.ensemble import Ensemble
from backend.training.conformal import CHOSEN, RULES
from backend.training.data import CLASSES, read_film
from backend.training.metrics import accuracy, auc_normal_vs_pneumonia
from backend.training.perturbations import PERTURBATIONS
from backend.training.publish import DOCUMENTS, NOT_MEASURED, fill, publish, read_reports
from backend.training.recipe import parse_schedule
from backend.training.temperatures import SERVED
from backend.training.voting import ENSEMBLE, find_split, read_films

NOT_MET = pytest.mark.xfail(reason="a floor that is not met: see MODEL_CARD.md, Metrics", strict=True)
ROOT = Path(__file__).parent.parent
EVALUATION = ROOT / "docs" / "evaluation"


@pytest.fixture(scope="module")
def report(committed: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVALUATION / "held-out.json").read_text())
    return found


def value(report: dict[str, Any], who: str, measure: str) -> float:
    found: float = report[who]["measures"][measure]["value"]
    return found


def test_the_report_is_of_the_served_weights(committed: Path, report: dict[str, Any]) -> None:
    card = read_card(committed)
    assert report["weights_sha256"] == {each.architecture: each.sha256 for each in card.networks}
    assert report["model_version"] == card.version


def test_publishing_again_changes_nothing(tmp_path: Path) -> None:
    """So every figure of the documents is the one in the report that the command wrote."""
    shutil.copytree(EVALUATION, tmp_path / "docs" / "evaluation")
    for name in DOCUMENTS:
        shutil.copy(ROOT / name, tmp_path)
    assert publish(tmp_path) == []


@pytest.mark.parametrize(("document", "blocks"), [("MODEL_CARD.md", 12), ("README.md", 3)])
def test_documents_show_figures_and_a_changed_figure_is_noticed(
    tmp_path: Path, document: str, blocks: int
) -> None:
    text = (ROOT / document).read_text()
    names = re.findall("<!-- figures: ([a-z-]+) -->", text)
    assert len(names) >= blocks
    assert text.count("<!-- /figures -->") == len(names)
    reports = read_reports(ROOT)
    assert fill(text, reports) == text
    other = json.loads(json.dumps(reports["held-out"]))
    other["ensemble"]["measures"]["accuracy"]["value"] = 0.1234
    assert "0.123 (" in fill(text, {**reports, "held-out": other})
    assert NOT_MEASURED in fill(text, {})


def test_figures_of_an_unknown_name_are_an_error() -> None:
    with pytest.raises(KeyError, match="no figures called age"):
        fill("<!-- figures: age -->\n<!-- /figures -->", {})


def test_no_figure_stands_in_the_card_beside_the_published_ones() -> None:
    """A share or a rate outside of the marks would go stale."""
    text = re.sub(
        "<!-- figures: .*?<!-- /figures -->", "", (ROOT / "MODEL_CARD.md").read_text(), flags=re.DOTALL
    )
    metrics = text[text.index("## Metrics") :].replace("95%", "").replace("80%", "").replace("0.70", "")
    assert not re.findall(r"\d+\.\d+|\d+%", metrics)


def test_the_card_says_how_the_served_networks_were_taught(committed: Path) -> None:
    """Their schedules, epoch by epoch and size by size, stand in the recipe's own sentence."""
    text = (ROOT / "MODEL_CARD.md").read_text().split("\n## Training\n")[1].split("\n## ")[0]
    said = [(int(count), int(side)) for count, side in re.findall(r"(\d+) (?:epochs )?at (\d+)", text)]
    taught = {network.architecture: stages(network.trained) for network in read_card(committed).networks}
    assert said == taught["efficientnet_v2_s"] + taught["convnext_tiny"]


def stages(trained: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return epochs and size of all stages that a network went through, those of earlier runs first."""
    earlier = stages(trained["started_from"]) if "started_from" in trained else []
    cycles = parse_schedule(trained["schedule"])
    return earlier + [(stage.epochs, stage.side) for cycle in cycles for stage in cycle.stages]


def test_the_card_says_how_large_the_networks_are(committed: Path) -> None:
    said = re.findall(r"\| [\d.]+ \| ([\d.]+) million \|", (ROOT / "MODEL_CARD.md").read_text())
    held = [parameters(committed / each.file) for each in read_card(committed).networks]
    assert said == [f"{each / 1e6:.1f}" for each in held]


def parameters(weights: Path) -> int:
    """Return how many parameters a file holds; what norms measured are none."""
    return sum(tensor.size for name, tensor in load_file(weights).items() if ".running_" not in name)


def test_the_card_says_which_films_were_read() -> None:
    text = (ROOT / "MODEL_CARD.md").read_text()
    rows = re.findall(r"\| (train|validation|held-out) \| ([\d,| ]+) \|", text)
    said = {name: [int(cell.replace(",", "")) for cell in cells.split("|")] for name, cells in rows}
    reports = read_reports(ROOT)
    assert said["validation"][::4] == [reports["calibration"]["films"], reports["calibration"]["patients"]]
    assert said["held-out"][::4] == [reports["held-out"]["films"], reports["held-out"]["patients"]]


def test_temperatures_and_thresholds_are_those_of_the_card(committed: Path) -> None:
    card, found = read_card(committed), read_reports(ROOT)["calibration"]
    assert found["model_version"] == card.version
    assert found["weights_sha256"] == {each.architecture: each.sha256 for each in card.networks}
    assert found["temperatures"][SERVED] == {each.architecture: each.temperature for each in card.networks}
    assert list(found["bias"].values()) == list(card.bias)
    assert found["prediction_sets"]["thresholds"] == list(card.prediction_sets.thresholds)


def test_each_thing_that_is_fitted_makes_the_answers_likelier() -> None:
    found = read_reports(ROOT)["calibration"]["ensemble"]
    stages = ("without", "each by itself", "together", SERVED)
    losses = [found[stage]["nll"] for stage in stages]
    assert losses == sorted(losses, reverse=True)


def test_the_chosen_rule_covers_other_patients_with_the_smallest_sets_that_do() -> None:
    sets = read_reports(ROOT)["calibration"]["prediction_sets"]
    rules = {name: sets["on_other_patients"][name] for name in RULES}
    assert sets["chosen"] == CHOSEN
    assert min(value for key, value in rules[CHOSEN].items() if key.startswith("coverage")) >= 0.94
    assert rules[CHOSEN]["size"] < rules["APS"]["size"]
    worst = {name: min(found[f"coverage_{each}"] for each in CLASSES) for name, found in rules.items()}
    assert worst[CHOSEN] > worst["LAC"]


def test_the_networks_tell_normal_from_pneumonia(report: dict[str, Any]) -> None:
    assert report["films"] >= 400
    assert value(report, ENSEMBLE, "auc_normal_vs_pneumonia") >= 0.99


def test_the_networks_do_not_go_by_the_width(report: dict[str, Any]) -> None:
    assert report["width_flips"]["max"] <= 0.10


@pytest.mark.parametrize(
    ("who", "floor"),
    [
        (ENSEMBLE, 0.80),
        ("convnext_tiny", 0.74),
        ("efficientnet_v2_s", 0.74),
    ],
)
def test_the_networks_tell_the_three_classes_apart(report: dict[str, Any], who: str, floor: float) -> None:
    assert value(report, who, "accuracy") >= floor


@pytest.mark.parametrize(
    ("measure", "floor"),
    [
        pytest.param("accuracy", 0.87, marks=NOT_MET),
        pytest.param("auc_normal_vs_pneumonia", 0.997, marks=NOT_MET),
        pytest.param("sensitivity_VIRAL_PNEUMONIA", 0.78, marks=NOT_MET),
    ],
)
def test_the_ensemble_reaches_what_is_aimed_at(report: dict[str, Any], measure: str, floor: float) -> None:
    assert value(report, ENSEMBLE, measure) >= floor


FLIP_LIMITS = {"flips": 0.08, "flips_normal_vs_pneumonia": 0.03}
UNSTEADY = {("cropped by 10%", "flips_normal_vs_pneumonia")}
"""Changes and kinds of flip that do not stay within their limit."""


@pytest.mark.parametrize("kind", FLIP_LIMITS)
@pytest.mark.parametrize("change", PERTURBATIONS)
def test_answers_do_not_flip(
    report: dict[str, Any], change: str, kind: str, request: pytest.FixtureRequest
) -> None:
    if (change, kind) in UNSTEADY:
        request.applymarker(NOT_MET)
    assert report["perturbations"][change][ENSEMBLE][kind] <= FLIP_LIMITS[kind]


def test_confidence_means_what_it_says(report: dict[str, Any]) -> None:
    assert report["calibration"]["ece"] <= 0.03 or report["calibration"]["within_chance"]


def test_prediction_sets_cover_what_is_stated(report: dict[str, Any]) -> None:
    sets = report["prediction_sets"]
    assert sets["stated"] == 0.95
    assert sets["coverage"]["high"] >= 0.95
    assert sets["coverage"]["value"] >= 0.93
    for name in CLASSES:
        assert sets[f"coverage_{name}"]["high"] >= 0.95
        assert sets[f"coverage_{name}"]["value"] >= 0.90
    assert sets["size"]["value"] < 2


def test_the_figures_can_be_had_again(data: Path, committed: Path, report: dict[str, Any]) -> None:
    ensemble = Ensemble.load(committed, "auto")  # as served
    records, labels = find_split(data, "held-out")
    said = read_films(ensemble, (read_film(record.path) for record in records))
    assert len(records) == report["films"]
    for who, answers in said.items():
        # Other processors round otherwise: one film in 500 may fall to the other side.
        assert accuracy(labels, answers) == pytest.approx(value(report, who, "accuracy"), abs=0.005)
        found = auc_normal_vs_pneumonia(labels, answers)
        assert found == pytest.approx(value(report, who, "auc_normal_vs_pneumonia"), abs=0.002)
