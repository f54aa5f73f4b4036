"""Let an ensemble vote on films of the data set as serving does: preprocess → vote → combine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.inference.card import Card
from backend.inference.ensemble import Ensemble, Vote, combine
from backend.inference.images import Film
from backend.inference.preprocess import preprocess
from backend.training.data import CLASSES, SPLIT_SEED, DataError, Record, find_copies, find_records
from backend.training.metrics import Labels, Probabilities

BATCH = 32
ENSEMBLE = "ensemble"


def find_split(
    data: Path, split: str, seed: int = SPLIT_SEED, copies: Path | None = None
) -> tuple[list[Record], Labels]:
    """Return a split's films, or a folder's copies of them, and labels (n,); raise DataError without any."""
    records = find_records(data, split, seed)
    if copies:
        records = find_copies(records, copies)
    if not records:
        raise DataError(f"the {split} split of {data} holds no films")
    return records, labels_of(records)


def labels_of(records: Sequence[Record]) -> Labels:
    """Return what n films show, as indices into CLASSES (n,)."""
    return np.array([record.label for record in records])


def split_seed(card: Card) -> int:
    """Return the seed of the split that the networks were taught on; raise DataError if they differ in it."""
    seeds = {int(network.trained.get("split_seed", SPLIT_SEED)) for network in card.networks}
    if len(seeds) > 1:
        raise DataError("the networks were taught on different splits, so none is held out from all")
    return seeds.pop()


def cast_votes(ensemble: Ensemble, films: Iterable[Film]) -> Iterator[list[Vote]]:
    """Yield the networks' votes on films of any size, in order, BATCH films at a time."""
    if ensemble.card.classes != CLASSES:
        raise DataError("the card's classes are not those of the data set, in its order")
    waiting = iter(films)
    while batch := list(islice(waiting, BATCH)):
        yield ensemble.vote(np.concatenate([preprocess(film, ensemble.card.input) for film in batch]))


def read_films(ensemble: Ensemble, films: Iterable[Film]) -> dict[str, Probabilities]:
    """Return what is said of n films, (n, classes): under ENSEMBLE, and under each architecture by itself."""
    said: dict[str, list[NDArray[np.float32]]] = {}
    for votes in cast_votes(ensemble, films):
        said.setdefault(ENSEMBLE, []).append(combine(votes))
        for vote in votes:
            said.setdefault(vote.card.architecture, []).append(vote.probabilities)
    return {who: np.concatenate(parts).astype(np.float64) for who, parts in said.items()}
