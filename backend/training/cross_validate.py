"""Cross-validate a recipe by patient: teach it anew for each fold, and ask it of the films it did not see.

    python -m backend.training.cross_validate --data DATA --runs runs/folds

Every patient is left out once, so that all 5,216 films are judged by a network that saw none of their
patient's. Where the served networks' recipe takes too long for that, a shorter one tells how far figures
move from one choice of patients to another. A fold that is finished is not taught again. It writes
OUT/cross-validation.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from backend.training.data import (
    CLASSES,
    SPLIT_SEED,
    SPLITS,
    DataError,
    Record,
    class_prior,
    find_records,
    fold_by_patient,
    load_films,
)
from backend.training.export import read_record
from backend.training.metrics import RESAMPLES, Probabilities, measure, summarise
from backend.training.networks import choose_device, load_finished
from backend.training.recipe import last_side
from backend.training.record import processor_name, write_json
from backend.training.train import Config, answer, teach_films
from backend.training.voting import labels_of

FOLDS = 5
ARCHITECTURE = "efficientnet_lite2"
SCHEDULE = "5e-4:3x160"


def cross_validate(
    data: Path,
    runs: Path,
    out: Path,
    config: Config,
    folds: int = FOLDS,
    device: str = "auto",
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """Teach what is left of the folds, write the report, and return it."""
    split_of = {record: split for split in SPLITS for record in find_records(data, split, config.split_seed)}
    cut = fold_by_patient(list(split_of), folds, config.split_seed)
    chosen = choose_device(device)
    said = [
        ask_newly_taught(config, all_but(cut, place), fold, runs / f"{place + 1}-of-{folds}", chosen)
        for place, fold in enumerate(cut)
    ]
    records = [record for fold in cut for record in fold]
    answers = np.concatenate(said)
    report = {
        "command": f"python -m backend.training.cross_validate --data DATA --folds {folds} "
        f"--arch {config.arch} --schedule '{config.schedule}'",
        "architecture": config.arch,
        "schedule": config.schedule,
        "torch": torch.__version__,
        "processor": processor_name(),
        **summarise_films(records, answers, resamples),
        "folds": [
            {**count(fold), "measures": measure(labels_of(fold), part)}
            for fold, part in zip(cut, said, strict=True)
        ],
        "splits": {
            split: summarise_films(
                [record for record in records if split_of[record] == split],
                answers[[split_of[record] == split for record in records]],
                resamples,
            )
            for split in SPLITS
        },
    }
    out.mkdir(parents=True, exist_ok=True)
    return write_json(out / "cross-validation.json", report)


def ask_newly_taught(
    config: Config, learnt_from: Sequence[Record], asked: Sequence[Record], run: Path, device: torch.device
) -> Probabilities:
    """Return what a network says, (n, classes), of n films that it did not learn from.

    Teach it, watched on those films, by which nothing is chosen, or take the finished run; raise DataError if
    that is of another recipe. The class prior of the films that taught it is added, as for those served.
    """
    films = load_films(list(asked)).to(device)
    if not (run / "run.json").exists():
        teach_films(config, load_films(list(learnt_from)).to(device), films, run, device)
    elif read_record(run)["config"] != asdict(config):
        raise DataError(f"{run} was taught by another recipe; choose other --runs or remove it")
    prior = class_prior(torch.tensor([record.label for record in learnt_from]))
    logits = answer(load_finished(run, device), films.resized(last_side(config.schedule)), config.batch)
    return (logits.cpu() + prior.log()).double().softmax(1).numpy()


def all_but(parts: Sequence[Sequence[Record]], place: int) -> list[Record]:
    """Return the films of every part but one."""
    return [record for number, part in enumerate(parts) if number != place for record in part]


def summarise_films(records: Sequence[Record], answers: Probabilities, resamples: int) -> dict[str, Any]:
    """Return how many films and patients there are, and all that is measured, with intervals."""
    patients = [record.patient for record in records]
    return {**count(records), **summarise(labels_of(records), answers, patients, resamples)}


def count(records: Sequence[Record]) -> dict[str, int]:
    return {"films": len(records), "patients": len({record.patient for record in records})}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="holds train/NORMAL and train/PNEUMONIA")
    parser.add_argument("--runs", type=Path, required=True, help="holds a run's folder for each fold")
    parser.add_argument("--out", type=Path, default=Path("docs/evaluation"), help="default: %(default)s")
    parser.add_argument("--arch", default=ARCHITECTURE, help="default: %(default)s")
    parser.add_argument("--schedule", default=SCHEDULE, help="default: %(default)s")
    parser.add_argument("--folds", type=int, default=FOLDS, help="default: %(default)s")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, … (default: auto)")
    arguments = parser.parse_args()
    config = Config(arguments.arch, arguments.schedule, split_seed=SPLIT_SEED)
    try:
        report = cross_validate(
            arguments.data, arguments.runs, arguments.out, config, arguments.folds, arguments.device
        )
    except (DataError, ValueError) as error:
        parser.error(str(error))
    found = report["measures"]
    for name in ("accuracy", "auc_normal_vs_pneumonia", f"sensitivity_{CLASSES[-1]}"):
        print(f"{name}: {found[name]['value']} ({found[name]['low']} to {found[name]['high']})")


if __name__ == "__main__":
    main()
