"""Every film is judged once, by a network that learnt from none of its patient's."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from backend.training.cross_validate import cross_validate
from backend.training.data import DataError
from tests.patients import CONFIG, PATIENTS, Taught, films_of

pytestmark = pytest.mark.usefixtures("one_thread")


def validate(data: Path, folder: Path, **options: Any) -> dict[str, Any]:
    return cross_validate(data, folder / "runs", folder / "out", CONFIG, folds=2, resamples=5, **options)


def test_no_film_of_a_patient_teaches_who_is_asked_of_them(
    bright_data: Path, tmp_path: Path, taught: Taught
) -> None:
    report = validate(bright_data, tmp_path)
    assert len(taught.runs) == 2
    for films, left_out in taught.runs:
        assert len(films) + len(left_out) == 2 * 3 * PATIENTS
        assert films_of(films).isdisjoint(films_of(left_out))
    assert [fold["films"] for fold in report["folds"]] == [3 * PATIENTS] * 2
    assert sum(found["films"] for found in report["splits"].values()) == report["films"] == 6 * PATIENTS
    assert report["patients"] == 3 * PATIENTS


def test_answers_stay_with_their_films(bright_data: Path, tmp_path: Path, taught: Taught) -> None:
    """Were they put in another order than the labels, this network could not be right everywhere."""
    report = validate(bright_data, tmp_path)
    for found in (report, *report["splits"].values()):
        assert found["measures"]["accuracy"]["value"] == 1
    assert all(fold["measures"]["accuracy"] == 1 for fold in report["folds"])
    assert json.loads((tmp_path / "out" / "cross-validation.json").read_text()) == report


def test_a_finished_fold_is_not_taught_again(bright_data: Path, tmp_path: Path, taught: Taught) -> None:
    first = validate(bright_data, tmp_path)
    assert validate(bright_data, tmp_path) == first
    assert len(taught.runs) == 2


def test_a_fold_of_another_recipe_is_refused(bright_data: Path, tmp_path: Path, taught: Taught) -> None:
    validate(bright_data, tmp_path)
    record = tmp_path / "runs" / "2-of-2" / "run.json"
    record.write_text(json.dumps({"config": {**asdict(CONFIG), "schedule": "1e-3:9x32"}}))
    with pytest.raises(DataError, match="another recipe"):
        validate(bright_data, tmp_path)


def test_a_network_is_taught_and_asked(bright_data: Path, tmp_path: Path) -> None:
    report = validate(bright_data, tmp_path)
    assert 0 <= report["measures"]["accuracy"]["value"] <= 1
    assert (tmp_path / "runs" / "1-of-2" / "model.safetensors").exists()
