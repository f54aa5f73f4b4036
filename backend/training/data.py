"""Read the data set, split it by patient, and yield batches.

The layout is that of Kermany et al. (Mendeley Data, doi 10.17632/rscbjbr9sj; the Kaggle copy is the same):
``DATA/train/{NORMAL,PNEUMONIA}/*.jpeg``, the kind of pneumonia and the patient in the file's name.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from backend.inference import images
from backend.inference.card import InputSpec
from backend.inference.errors import ImageError
from backend.inference.images import Film
from backend.inference.preprocess import normalise, squeeze

CLASSES = ("BACTERIAL_PNEUMONIA", "NORMAL", "VIRAL_PNEUMONIA")
NORMAL = CLASSES.index("NORMAL")
INPUT = InputSpec(size=224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
SPLITS = ("train", "validation", "held-out")
OFFICIAL_TEST = "official-test"
SPLIT_SEED = 2018

_SHARES = (0.8, 0.1, 0.1)
_PNEUMONIA_NAME = re.compile(r"(?P<patient>person\d+)_(?P<kind>bacteria|virus)_", re.IGNORECASE)
_NORMAL_NAME = re.compile(r"(?P<patient>(NORMAL2-)?IM-\d+)-", re.IGNORECASE)
_KINDS = {"bacteria": "BACTERIAL_PNEUMONIA", "virus": "VIRAL_PNEUMONIA"}


class DataError(Exception):
    """The folder is not the data set, or a file in it does not follow its naming."""


@dataclass(frozen=True)
class Record:
    """One film on disk: where it is, what it shows (an index into CLASSES) and whose it is."""

    path: Path
    label: int
    patient: str


def find_records(data: Path, split: str, seed: int = SPLIT_SEED) -> list[Record]:
    """Return the films of a split: one of SPLITS (cut from the official train folder) or OFFICIAL_TEST."""
    if split == OFFICIAL_TEST:
        return _scan(data / "test")
    if split not in SPLITS:
        raise DataError(f"there is no split {split!r}; the splits are {', '.join((*SPLITS, OFFICIAL_TEST))}")
    return split_by_patient(_scan(data / "train"), seed)[split]


def split_by_patient(records: list[Record], seed: int = SPLIT_SEED) -> dict[str, list[Record]]:
    """Cut 80/10/10 by patient, stratified by the set of labels a patient has.

    Patients are ranked by a seeded hash of their name, so that the split needs no stored list and a
    patient keeps the split when the order of the files changes.
    """
    home: dict[str, str] = {}
    for patients in _ranked_strata(records, seed):
        first = round(len(patients) * _SHARES[0])
        second = round(len(patients) * (_SHARES[0] + _SHARES[1]))
        for rank, patient in enumerate(patients):
            home[patient] = SPLITS[(rank >= first) + (rank >= second)]
    return {split: [record for record in records if home[record.patient] == split] for split in SPLITS}


def fold_by_patient(records: list[Record], folds: int, seed: int = SPLIT_SEED) -> list[list[Record]]:
    """Cut the films into folds by patient, stratified and ranked as `split_by_patient` does.

    Raise DataError for fewer than two folds, or if one of them would hold no film.
    """
    if folds < 2:
        raise DataError("cross-validation needs two folds or more")
    home: dict[str, int] = {}
    for patients in _ranked_strata(records, seed):
        home |= {patient: rank % folds for rank, patient in enumerate(patients)}
    found = [[record for record in records if home[record.patient] == fold] for fold in range(folds)]
    if not all(found):
        raise DataError(f"the films are of too few patients for {folds} folds")
    return found


def _ranked_strata(records: list[Record], seed: int) -> list[list[str]]:
    """Return the patients by the set of labels that they have, each list ranked by a seeded hash."""
    labels: dict[str, set[int]] = defaultdict(set)
    for record in records:
        labels[record.patient].add(record.label)
    strata: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for patient, found in labels.items():
        strata[tuple(sorted(found))].append(patient)
    for patients in strata.values():
        patients.sort(key=lambda patient: hashlib.sha256(f"{seed}:{patient}".encode()).digest())
    return list(strata.values())


def find_copies(records: list[Record], folder: Path) -> list[Record]:
    """Return the films that a folder (NORMAL/ and PNEUMONIA/ in it) holds too, under the same names.

    So films in another form, their own aspect say, are measured with the patients and the split of the first.
    """
    held = {record.path.name: record.path for record in _scan(folder)}
    copies = [replace(record, path=held[record.path.name]) for record in records if record.path.name in held]
    if not copies:
        raise DataError(f"{folder} holds no film of this split")
    return copies


def read_film(path: Path) -> Film:
    """Return a film of the data set, read through the door that serving uses."""
    try:
        return images.read_film(path.read_bytes())
    except ImageError as error:
        raise DataError(f"{path} is no film: {error}") from error


@dataclass(frozen=True)
class Films:
    """Films in memory: pixels uint8 (n, 1, side, side), labels int64 (n,)."""

    pixels: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device) -> Films:
        return Films(self.pixels.to(device), self.labels.to(device))

    def resized(self, side: int) -> Films:
        """Return the films resampled (antialiased) to another side, for a stage of progressive resizing."""
        if side == self.pixels.shape[-1]:
            return self
        parts = [
            torch.nn.functional.interpolate(part.float(), (side, side), mode="bilinear", antialias=True)
            for part in self.pixels.split(256)
        ]
        return Films(torch.cat(parts).round_().clamp_(0, 255).to(torch.uint8), self.labels)

    def class_prior(self) -> torch.Tensor:
        """Return each class's share of the films, float32 (classes,)."""
        return class_prior(self.labels)

    def batches(self, size: int, generator: torch.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield shuffled (pixels, labels) of one epoch; the last, smaller batch is left out."""
        order = torch.randperm(len(self), generator=generator).to(self.labels.device)
        for start in range(0, len(self) - size + 1, size):
            chosen = order[start : start + size]
            yield self.pixels[chosen], self.labels[chosen]


def class_prior(labels: torch.Tensor) -> torch.Tensor:
    """Return each class's share of n labels (n,), float32 (classes,)."""
    return torch.bincount(labels, minlength=len(CLASSES)).float() / len(labels)


def load_films(records: list[Record], side: int = INPUT.size) -> Films:
    """Read and squeeze the films as serving does."""
    if not records:
        raise DataError("there are no films to read")
    with ThreadPoolExecutor() as pool:
        squeezed = list(pool.map(lambda record: squeeze(read_film(record.path), side), records))
    labels = torch.tensor([record.label for record in records])
    return Films(torch.from_numpy(np.stack(squeezed))[:, None], labels)


def as_input(grey: torch.Tensor, spec: InputSpec) -> torch.Tensor:
    """Return the input, float32 (n, 3, h, w), of grey films (n, 1, h, w): uint8, or float in [0, 1]."""
    levels = grey.float() / 255 if grey.dtype == torch.uint8 else grey
    return torch.cat(normalise(levels, spec), dim=1)


def _scan(folder: Path) -> list[Record]:
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; DATA must hold train/NORMAL and train/PNEUMONIA")
    images = [path for path in sorted(folder.glob("*/*")) if path.suffix.lower() in {".jpeg", ".jpg", ".png"}]
    if not images:
        raise DataError(f"{folder} holds no films in NORMAL/ and PNEUMONIA/")
    return [_record(path) for path in images]


def _record(path: Path) -> Record:
    if path.parent.name == "NORMAL" and (match := _NORMAL_NAME.match(path.name)):
        return Record(path, NORMAL, match["patient"].upper())
    if path.parent.name == "PNEUMONIA" and (match := _PNEUMONIA_NAME.match(path.name)):
        label = CLASSES.index(_KINDS[match["kind"].lower()])
        return Record(path, label, match["patient"].lower())
    raise DataError(f"{path} does not follow the data set's naming")
