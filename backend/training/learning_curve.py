"""Ask what more films of the same kind would bring: teach a recipe on half of them, and on all.

    python -m backend.training.learning_curve --data DATA --runs runs/curve

Of five folds by patient one judges; the others are the quarters that teach. All networks take about the same
number of steps: with half the films one sees each twice as often. For half there are two networks, which
share no patient. Where one of them errs alone, the answer hangs on the films, and the chance, that taught it,
and more films may help; where both err, more of the same kind are less likely to. The network of all quarters
tells how far they did; it is that of cross-validation's first fold. A network that is finished is not taught
again. It writes OUT/learning-curve.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from backend.training.cross_validate import (
    ARCHITECTURE,
    SCHEDULE,
    ask_newly_taught,
    count,
    summarise_films,
)
from backend.training.data import SPLIT_SEED, SPLITS, DataError, find_records, fold_by_patient
from backend.training.metrics import RESAMPLES, Labels, Probabilities, accuracy, with_intervals
from backend.training.networks import choose_device
from backend.training.recipe import lengthen
from backend.training.record import processor_name, write_json
from backend.training.train import Config
from backend.training.voting import labels_of

QUARTERS = 4
SHARES: dict[str, tuple[tuple[int, ...], ...]] = {
    "half": ((0, 1), (2, 3)),
    "all": ((0, 1, 2, 3),),
}
"""For each share, the quarters that each of its networks learns from."""


def measure_curve(
    data: Path, runs: Path, out: Path, config: Config, device: str = "auto", resamples: int = RESAMPLES
) -> dict[str, Any]:
    """Teach what is left to be taught, write the report, and return it."""
    films = [record for split in SPLITS for record in find_records(data, split, config.split_seed)]
    judging, *quarters = fold_by_patient(films, 1 + QUARTERS, config.split_seed)
    labels, patients = labels_of(judging), [record.patient for record in judging]
    chosen = choose_device(device)
    shares: dict[str, Any] = {}
    before: list[Probabilities] = []
    for share, networks in SHARES.items():
        lessons = [list(chain.from_iterable(quarters[each] for each in taken)) for taken in networks]
        longer = replace(config, schedule=lengthen(config.schedule, QUARTERS // len(networks[0])))
        said = [
            ask_newly_taught(longer, lesson, judging, runs / name_of(taken), chosen)
            for lesson, taken in zip(lessons, networks, strict=True)
        ]
        shares[share] = {
            "schedule": longer.schedule,
            "networks": [
                {"learnt_from": count(lesson), **summarise_films(judging, answers, resamples)}
                for lesson, answers in zip(lessons, said, strict=True)
            ],
            "measures": compare(labels, patients, said, before, resamples),
        }
        before = said
    report = {
        "command": "python -m backend.training.learning_curve --data DATA "
        f"--arch {config.arch} --schedule '{config.schedule}'",
        "architecture": config.arch,
        "schedule": config.schedule,
        "torch": torch.__version__,
        "processor": processor_name(),
        **count(judging),
        "shares": shares,
    }
    out.mkdir(parents=True, exist_ok=True)
    return write_json(out / "learning-curve.json", report)


def name_of(quarters: Sequence[int]) -> str:
    return "quarters-" + "-".join(str(each + 1) for each in quarters)


def compare(
    labels: Labels,
    patients: Sequence[str],
    said: Sequence[Probabilities],
    before: Sequence[Probabilities],
    resamples: int = RESAMPLES,
) -> dict[str, dict[str, float | None]]:
    """Return, with intervals, how the networks of a share do, beside those of the share before.

    These are: their mean `accuracy`, and its `gain`; for two, how often they err together and alone; after
    two, how much of that is right now.
    """

    def measured(films: NDArray[np.intp]) -> dict[str, float]:
        shown = labels[films]
        now, then = [each[films] for each in said], [each[films] for each in before]
        found = {"accuracy": mean_accuracy(shown, now)}
        if then:
            found["gain"] = found["accuracy"] - mean_accuracy(shown, then)
        if len(then) == 2:
            found |= mended_errors(shown, now, then)
        if len(now) == 2:
            found |= shared_errors(shown, now)
        return found

    return with_intervals(measured, patients, resamples)


def mean_accuracy(labels: Labels, said: Sequence[Probabilities]) -> float:
    """Return the mean of the networks' accuracies."""
    return float(np.mean([accuracy(labels, answers) for answers in said]))


def shared_errors(labels: Labels, said: Sequence[Probabilities]) -> dict[str, float]:
    """Return how often two networks err together and alone, and the accuracy of their mean."""
    wrong = count_wrong(labels, said)
    return {
        "wrong_both": float((wrong == 2).mean()),
        "wrong_one": float((wrong == 1).mean()),
        "accuracy_of_mean": accuracy(labels, (said[0] + said[1]) / 2),
    }


def mended_errors(
    labels: Labels, now: Sequence[Probabilities], then: Sequence[Probabilities]
) -> dict[str, float]:
    """Return, of the films that both or one of two networks had wrong, the share that is right now."""
    wrong = count_wrong(labels, then)
    return {
        f"mended_of_wrong_{name}": mean_accuracy(
            labels[wrong == errors], [each[wrong == errors] for each in now]
        )
        for name, errors in (("both", 2), ("one", 1))
    }


def count_wrong(labels: Labels, said: Sequence[Probabilities]) -> NDArray[np.int64]:
    """Return how many of the networks err on each film, (n,)."""
    wrong: NDArray[np.int64] = np.sum([answers.argmax(axis=1) != labels for answers in said], axis=0)
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="holds train/NORMAL and train/PNEUMONIA")
    parser.add_argument("--runs", type=Path, required=True, help="holds a run's folder for each network")
    parser.add_argument("--out", type=Path, default=Path("docs/evaluation"), help="default: %(default)s")
    parser.add_argument("--arch", default=ARCHITECTURE, help="default: %(default)s")
    parser.add_argument("--schedule", default=SCHEDULE, help="for all films (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, … (default: auto)")
    arguments = parser.parse_args()
    config = Config(arguments.arch, arguments.schedule, split_seed=SPLIT_SEED)
    try:
        report = measure_curve(arguments.data, arguments.runs, arguments.out, config, arguments.device)
    except (DataError, ValueError) as error:
        parser.error(str(error))
    for share, found in report["shares"].items():
        for name, measure in found["measures"].items():
            print(f"{share}: {name} {measure['value']} ({measure['low']} to {measure['high']})")


if __name__ == "__main__":
    main()
