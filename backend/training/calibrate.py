"""Take finished runs into the weights folder, and fit to the validation split what makes answers honest.

    python -m backend.training.calibrate --data DATA \\
        --run runs/convnext_tiny:0.4 --run runs/efficientnet_v2_s:0.6
    python -m backend.training.calibrate --data DATA

The first writes WEIGHTS/<architecture>.safetensors in half precision, with the class prior in the head's
bias, and WEIGHTS/card.json; the second takes the weights that lie there. Both read validation as serving does
and write into the card the temperatures T and the bias b that make the ensemble's answer
Σ share·softmax(logits / T + b) likeliest (inference/calibration.py), and the thresholds of its prediction
sets. OUT/calibration.json says how well that went.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from backend.inference.architectures import ARCHITECTURES
from backend.inference.calibration import calibrate
from backend.inference.card import Card, PredictionSets
from backend.inference.engine import ENGINES, EngineName
from backend.inference.ensemble import Ensemble
from backend.inference.errors import WeightsRefused
from backend.inference.images import Film
from backend.training.conformal import CHOSEN, COVERAGE, DRAWS, compare, fit_sets
from backend.training.data import CLASSES, INPUT, DataError, class_prior, read_film
from backend.training.export import export_run, read_record
from backend.training.metrics import Labels, Probabilities, calibration_error, negative_log_likelihood
from backend.training.record import provenance, write_json
from backend.training.temperatures import (
    SERVED,
    Logits,
    fit_temperature,
    fit_temperatures,
    fit_with_bias,
    mix_answers,
)
from backend.training.voting import cast_votes, find_split, split_seed

INDETERMINATE_BELOW = 0.70
POPULATION = "children aged 1 to 5 years from one hospital (Guangzhou Women and Children's Medical Center)"
EVERYTHING = PredictionSets(COVERAGE, "lac", (1.0,) * len(CLASSES))
"""Sets that hold every class, until thresholds are fitted."""


@dataclass(frozen=True)
class Member:
    """A finished run's folder and its share in the ensemble."""

    run: Path
    share: float


def parse_member(text: str) -> Member:
    """Read "runs/convnext_tiny:0.4"."""
    folder, _, share = text.rpartition(":")
    try:
        member = Member(Path(folder), float(share))
    except ValueError:
        member = Member(Path(), math.nan)
    if not folder or not 0 < member.share <= 1:
        raise argparse.ArgumentTypeError(f"a run is written FOLDER:SHARE with a share up to 1, not {text!r}")
    return member


def check_members(members: list[Member]) -> int:
    """Return the seed of the runs' common split; raise DataError when they do not make one ensemble."""
    total = sum(member.share for member in members)
    if abs(total - 1) > 1e-6:
        raise DataError(f"the runs' shares must sum to 1, not to {total:g}")
    configs = [read_record(member.run)["config"] for member in members]
    if any(config["arch"] not in ARCHITECTURES for config in configs):
        raise DataError(f"what is served are {' and '.join(ARCHITECTURES)}; others only teach")
    if len({config["arch"] for config in configs}) < len(configs):
        raise DataError("two runs are of the same architecture")
    seeds = {int(config["split_seed"]) for config in configs}
    if len(seeds) > 1:
        raise DataError("the runs were taught on different splits, so none of them is unseen by all")
    return seeds.pop()


def build_weights(data: Path, members: list[Member], weights: Path, version: str) -> Card:
    """Write the ensemble's weights and a card that is not calibrated yet, and return the card."""
    seed = check_members(members)
    _, taught = find_split(data, "train", seed)
    prior = class_prior(torch.from_numpy(taught))
    weights.mkdir(parents=True, exist_ok=True)
    card = Card(
        version=version,
        classes=CLASSES,
        input=INPUT,
        indeterminate_below=INDETERMINATE_BELOW,
        population=POPULATION,
        bias=(0.0,) * len(CLASSES),
        prediction_sets=EVERYTHING,
        networks=tuple(export_run(member.run, member.share, weights, prior) for member in members),
    )
    card.write(weights)
    return card


def calibrate_weights(
    data: Path,
    weights: Path,
    out: Path,
    *,
    version: str | None = None,
    engine: EngineName = "auto",
    draws: int = DRAWS,
) -> Card:
    """Fit the card of the weights in a folder to validation, write it and the report, and return the card."""
    ensemble = Ensemble.load(weights, engine)
    records, labels = find_split(data, "validation", split_seed(ensemble.card))
    films = (read_film(record.path) for record in tqdm(records, desc="validation", mininterval=5))
    logits = collect_logits(ensemble, films)
    card = fit_card(ensemble.card, logits, labels)
    card = replace(card, version=version or card.version)
    card.write(weights)

    out.mkdir(parents=True, exist_ok=True)
    patients = [record.patient for record in records]
    report = {
        "films": len(records),
        "patients": len(set(patients)),
        **provenance(ensemble, "python -m backend.training.calibrate --data DATA"),  # its temperatures: below
        "model_version": card.version,
        **describe_fit(card, logits, labels),
        "prediction_sets": {
            **asdict(card.prediction_sets),
            "chosen": CHOSEN,
            "draws": draws,
            "on_other_patients": compare(logits, shares_of(card), labels, patients, draws),
        },
    }
    write_json(out / "calibration.json", report)
    return card


def fit_card(card: Card, logits: list[Logits], labels: Labels) -> Card:
    """Return the card with all that is fitted to the networks' logits, each (n, classes), and the labels."""
    temperatures, bias = fit_with_bias(logits, shares_of(card), labels)
    warm = replace_temperatures(card, [round(each, 4) for each in temperatures])
    warm = replace(warm, bias=tuple(round(each, 4) for each in bias))
    return replace(warm, prediction_sets=fit_sets(answers(warm, logits)[-1], labels))


def collect_logits(ensemble: Ensemble, films: Iterable[Film]) -> list[Logits]:
    """Return each network's logits on n films, float64 (n, classes)."""
    batches = [[vote.logits for vote in votes] for votes in cast_votes(ensemble, films)]
    return [np.concatenate(parts).astype(np.float64) for parts in zip(*batches, strict=True)]


def describe_fit(card: Card, logits: list[Logits], labels: Labels) -> dict[str, Any]:
    """Return temperatures, NLL and ECE: without any, each by itself, together, and as in the card."""
    unbiased = replace(card, bias=(0.0,) * len(card.classes))
    stages = {
        "without": replace_temperatures(unbiased, [1.0] * len(logits)),
        "each by itself": replace_temperatures(unbiased, [fit_temperature(each, labels) for each in logits]),
        "together": replace_temperatures(unbiased, fit_temperatures(logits, shares_of(card), labels)),
        SERVED: card,
    }
    return {
        "bias": dict(zip(card.classes, card.bias, strict=True)),
        "temperatures": {
            name: {each.architecture: each.temperature for each in stage.networks}
            for name, stage in stages.items()
        },
        "ensemble": {
            name: {
                "nll": negative_log_likelihood(labels, answers(stage, logits)[-1]),
                "ece": calibration_error(labels, answers(stage, logits)[-1]),
            }
            for name, stage in stages.items()
        },
    }


def replace_temperatures(card: Card, temperatures: list[float]) -> Card:
    pairs = zip(card.networks, temperatures, strict=True)
    return replace(card, networks=tuple(replace(each, temperature=value) for each, value in pairs))


def answers(card: Card, logits: list[Logits]) -> list[Probabilities]:
    """Return each network's probabilities (n, classes) under a card, then the ensemble's."""
    temperatures = [network.temperature for network in card.networks]
    each = [calibrate(values, found, card.bias) for values, found in zip(logits, temperatures, strict=True)]
    return [*each, mix_answers(logits, shares_of(card), temperatures, card.bias)]


def shares_of(card: Card) -> list[float]:
    return [network.weight for network in card.networks]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder that holds train/NORMAL and train/PNEUMONIA"
    )
    parser.add_argument(
        "--run",
        type=parse_member,
        action="append",
        metavar="FOLDER:SHARE",
        help="a finished run and its share in the ensemble; once per network, the shares sum to 1 "
        "(default: the weights that lie in the folder are calibrated anew)",
    )
    parser.add_argument("--weights", type=Path, default=Path("backend/weights"), help="default: %(default)s")
    parser.add_argument("--version", help="the ensemble's version: another for each that answers otherwise")
    parser.add_argument("--out", type=Path, default=Path("docs/evaluation"), help="default: %(default)s")
    parser.add_argument(
        "--engine", choices=ENGINES, default="auto", help="what runs the networks (default: as serving does)"
    )
    arguments = parser.parse_args()
    try:
        if arguments.run:
            if not arguments.version:
                raise DataError("other networks are another version: name it by --version")
            build_weights(arguments.data, arguments.run, arguments.weights, arguments.version)
        calibrate_weights(
            arguments.data,
            arguments.weights,
            arguments.out,
            version=arguments.version,
            engine=arguments.engine,
        )
    except (DataError, WeightsRefused) as error:
        parser.error(str(error))
    print((arguments.out / "calibration.json").read_text())


if __name__ == "__main__":
    main()
