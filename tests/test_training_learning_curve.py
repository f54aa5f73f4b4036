"""Networks learn from half and from all of the patients, and are judged by others."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.training.data import DataError
from backend.training.learning_curve import compare, measure_curve
from backend.training.recipe import lengthen
from tests.patients import CONFIG, PATIENTS, Taught, films_of

pytestmark = pytest.mark.usefixtures("one_thread")

ALL_PATIENTS = 3 * PATIENTS
JUDGING = ALL_PATIENTS // 5


def curve(data: Path, folder: Path) -> dict[str, Any]:
    return measure_curve(data, folder / "runs", folder / "out", CONFIG, resamples=5)


def test_the_networks_of_half_have_no_patient_in_common_and_make_up_all(
    bright_data: Path, tmp_path: Path, taught: Taught
) -> None:
    curve(bright_data, tmp_path)
    half, other_half, everything = (films_of(films) for films, _ in taught.runs)
    assert half.isdisjoint(other_half)
    assert everything == half | other_half
    assert len(everything) == ALL_PATIENTS - JUDGING


def test_the_same_films_judge_every_network_and_none_learns_from_them(
    bright_data: Path, tmp_path: Path, taught: Taught
) -> None:
    report = curve(bright_data, tmp_path)
    judging = films_of(taught.runs[0][1])
    assert len(judging) == report["patients"] == JUDGING
    for films, judged_by in taught.runs:
        assert films_of(judged_by) == judging
        assert films_of(films).isdisjoint(judging)


def test_fewer_films_are_seen_more_often(bright_data: Path, tmp_path: Path, taught: Taught) -> None:
    curve(bright_data, tmp_path)
    schedules = {
        run.name: json.loads((run / "run.json").read_text())["config"]["schedule"]
        for run in (tmp_path / "runs").iterdir()
    }
    assert schedules == {
        "quarters-1-2": "1e-3:2x32",
        "quarters-3-4": "1e-3:2x32",
        "quarters-1-2-3-4": "1e-3:1x32",
    }
    assert lengthen("1e-3:2x96,1x160 5e-4:3x224", 4) == "1e-3:8x96,4x160 5e-4:12x224"


def test_the_report_is_written(bright_data: Path, tmp_path: Path, taught: Taught) -> None:
    """These networks err nowhere, so that nothing is gained by more films and nothing is there to mend."""
    report = curve(bright_data, tmp_path)
    assert json.loads((tmp_path / "out" / "learning-curve.json").read_text()) == report
    for found in report["shares"].values():
        assert found["measures"]["accuracy"]["value"] == 1
    assert "gain" not in report["shares"]["half"]["measures"]
    assert report["shares"]["all"]["measures"]["gain"]["value"] == 0
    assert report["shares"]["all"]["measures"]["mended_of_wrong_both"]["value"] is None


def test_networks_are_compared_with_those_of_the_share_before() -> None:
    """One of half errs on the first three of five films, the other on the first two and the last.

    They name the second otherwise than each other. More films mend the second and the last.
    """
    labels = np.array([0, 0, 0, 1, 2])
    patients = [str(film) for film in range(5)]
    half = [np.eye(3)[[2, 1, 1, 1, 2]] * 0.6 + 0.1, np.eye(3)[[2, 2, 0, 1, 0]] * 0.9]
    everything = [np.eye(3)[[1, 0, 1, 1, 2]]]

    def values(*given: list[Any]) -> dict[str, float | None]:
        return {name: each["value"] for name, each in compare(labels, patients, *given, resamples=2).items()}

    first = values(half, [])
    assert first == pytest.approx(
        {"accuracy": 0.4, "wrong_both": 0.4, "wrong_one": 0.4, "accuracy_of_mean": 0.4}
    )
    then = values(everything, half)
    assert then == pytest.approx(
        {"accuracy": 0.6, "gain": 0.2, "mended_of_wrong_both": 0.5, "mended_of_wrong_one": 0.5}
    )


def test_a_finished_network_is_not_taught_again_and_one_of_another_recipe_is_refused(
    bright_data: Path, tmp_path: Path, taught: Taught
) -> None:
    assert curve(bright_data, tmp_path) == curve(bright_data, tmp_path)
    assert len(taught.runs) == 3
    record = tmp_path / "runs" / "quarters-3-4" / "run.json"
    record.write_text(json.dumps({"config": asdict(replace(CONFIG, schedule="1e-3:9x32"))}))
    with pytest.raises(DataError, match="another recipe"):
        curve(bright_data, tmp_path)
