"""Films are labelled by their names and split by patient."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
import torch

from backend.training.data import (
    CLASSES,
    NORMAL,
    SPLITS,
    DataError,
    Films,
    Record,
    find_copies,
    find_records,
    fold_by_patient,
    split_by_patient,
)


def records() -> list[Record]:
    """Films of 300 patients, one to four each; some patients have both kinds of pneumonia."""
    chance = random.Random(0)
    made = []
    for patient in range(300):
        for film in range(chance.randint(1, 4)):
            label = NORMAL if patient < 100 else chance.choice([0, 2])
            made.append(Record(Path(f"{patient}-{film}.jpeg"), label, f"patient{patient}"))
    return made


def test_no_patient_stands_in_two_splits_and_no_film_is_lost() -> None:
    made = records()
    split = split_by_patient(made)
    assert list(split) == list(SPLITS)
    patients = [{record.patient for record in split[name]} for name in SPLITS]
    assert all(one.isdisjoint(other) for one, other in combinations(patients, 2))
    assert Counter(record.path for name in SPLITS for record in split[name]) == Counter(r.path for r in made)


def test_the_split_is_80_10_10_of_patients_in_every_stratum() -> None:
    split = split_by_patient(records())
    normal = {name: len({r.patient for r in split[name] if r.label == NORMAL}) for name in SPLITS}
    assert normal == {"train": 80, "validation": 10, "held-out": 10}
    everyone = {name: len({r.patient for r in split[name]}) for name in SPLITS}
    assert everyone["train"] == pytest.approx(240, abs=3)


def test_the_split_depends_on_the_seed_and_not_on_the_order_of_files() -> None:
    made = records()
    shuffled = random.Random(1).sample(made, len(made))
    as_sets = [
        {name: {r.path for r in films} for name, films in split_by_patient(order, seed).items()}
        for order, seed in [(made, 1), (shuffled, 1), (made, 2)]
    ]
    assert as_sets[0] == as_sets[1]
    assert as_sets[0] != as_sets[2]


def test_folds_hold_every_film_once_and_a_patient_in_one_of_them() -> None:
    made = records()
    folds = fold_by_patient(made, 5)
    patients = [{record.patient for record in fold} for fold in folds]
    assert all(one.isdisjoint(other) for one, other in combinations(patients, 2))
    assert Counter(record.path for fold in folds for record in fold) == Counter(r.path for r in made)
    assert [len({r.patient for r in fold if r.label == NORMAL}) for fold in folds] == [20] * 5
    assert [len(each) for each in patients] == pytest.approx([60] * 5, abs=2)


@pytest.mark.parametrize(
    ("count", "message"), [(1, "two folds"), (0, "two folds"), (301, "too few patients")]
)
def test_folds_that_hold_nothing_are_refused(count: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fold_by_patient(records(), count)


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_labels_and_patients_come_from_the_files_names(tmp_path: Path) -> None:
    put(
        tmp_path / "test",
        "NORMAL/IM-0001-0001.jpeg",
        "NORMAL/NORMAL2-IM-0001-0002.jpeg",
        "PNEUMONIA/person1_bacteria_7.jpeg",
        "PNEUMONIA/person1_virus_9.jpeg",
        "PNEUMONIA/.hidden",
    )
    found = {(CLASSES[r.label], r.patient) for r in find_records(tmp_path, "official-test")}
    assert found == {
        ("NORMAL", "IM-0001"),
        ("NORMAL", "NORMAL2-IM-0001"),
        ("BACTERIAL_PNEUMONIA", "person1"),
        ("VIRAL_PNEUMONIA", "person1"),
    }


@pytest.mark.parametrize(
    ("names", "split", "message"),
    [
        ([], "train", "not a folder"),
        (["train/NORMAL/readme.txt"], "train", "no films"),
        (["train/NORMAL/holiday.jpeg"], "train", "naming"),
        (["train/PNEUMONIA/person1_fungus_1.jpeg"], "train", "naming"),
        (["train/NORMAL/IM-0001-0001.jpeg"], "exam", "no split 'exam'"),
    ],
)
def test_what_is_not_the_data_set_is_refused(
    tmp_path: Path, names: list[str], split: str, message: str
) -> None:
    put(tmp_path, *names)
    with pytest.raises(DataError, match=message):
        find_records(tmp_path, split)


def test_copies_are_found_by_name_and_keep_label_and_patient(tmp_path: Path) -> None:
    put(tmp_path / "native", "NORMAL/IM-0001-0001.jpeg", "PNEUMONIA/person1_virus_9.jpeg")
    original = [
        Record(Path("small/NORMAL/IM-0001-0001.jpeg"), NORMAL, "IM-0001"),
        Record(Path("small/NORMAL/IM-0002-0001.jpeg"), NORMAL, "IM-0002"),
    ]
    (copy,) = find_copies(original, tmp_path / "native")
    assert copy.path == tmp_path / "native" / "NORMAL" / "IM-0001-0001.jpeg"
    assert (copy.label, copy.patient) == (NORMAL, "IM-0001")
    with pytest.raises(DataError, match="no film of this split"):
        find_copies(original[1:], tmp_path / "native")


def test_batches_cover_an_epoch_without_repeating_a_film() -> None:
    films = Films(torch.arange(10).view(10, 1, 1, 1).to(torch.uint8), torch.arange(10) % 3)
    seen = [batch for batch, _ in films.batches(4, torch.Generator().manual_seed(0))]
    assert [len(batch) for batch in seen] == [4, 4]
    assert len(set(torch.cat(seen).flatten().tolist())) == 8


def test_the_class_prior_is_each_classs_share() -> None:
    films = Films(torch.zeros(4, 1, 2, 2, dtype=torch.uint8), torch.tensor([0, 0, 1, 2]))
    assert films.class_prior().tolist() == [0.5, 0.25, 0.25]


def test_no_real_patient_stands_in_two_splits(data: Path) -> None:
    splits = [find_records(data, name) for name in SPLITS]
    patients = [{record.patient for record in films} for films in splits]
    assert all(one.isdisjoint(other) for one, other in combinations(patients, 2))
    assert len(splits[0]) > 3000
    for films in splits:
        shares = Counter(record.label for record in films)
        assert all(shares[label] / len(films) > 0.2 for label in range(len(CLASSES)))
