"""Take finished runs into the weights folder and fit their temperatures on the validation split.

    python -m backend.training.calibrate --data DATA \\
        --run runs/convnext_tiny:0.4 --run runs/efficientnet_v2_s:0.6

It writes WEIGHTS/<architecture>.safetensors in half precision, with the class prior in the head's bias, and
WEIGHTS/card.json, reads them back as serving does, and chooses for each network the temperature T that makes
softmax(logits / T) likeliest on validation (Guo et al., arXiv 1706.04599).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from backend.inference.architectures import ARCHITECTURES
from backend.inference.calibration import calibrate
from backend.inference.card import Card
from backend.inference.ensemble import Ensemble
from backend.inference.images import Film
from backend.training.data import CLASSES, INPUT, DataError, class_prior, read_film
from backend.training.export import export_run, read_record
from backend.training.metrics import Labels, Probabilities, calibration_error, negative_log_likelihood
from backend.training.voting import cast_votes, find_split

INDETERMINATE_BELOW = 0.70
POPULATION = "children aged 1 to 5 years from one hospital (Guangzhou Women and Children's Medical Center)"
TEMPERATURES = (0.05, 20.0)

Logits = NDArray[np.float64]


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
    """Write the ensemble's weights and card, print how well it is calibrated, and return the card."""
    seed = check_members(members)
    records, labels = find_split(data, "validation", seed)
    _, taught = find_split(data, "train", seed)
    prior = class_prior(torch.from_numpy(taught))
    weights.mkdir(parents=True, exist_ok=True)
    card = Card(
        version=version,
        classes=CLASSES,
        input=INPUT,
        indeterminate_below=INDETERMINATE_BELOW,
        population=POPULATION,
        networks=tuple(export_run(member.run, member.share, weights, prior) for member in members),
    )
    card.write(weights)

    ensemble = Ensemble.load(weights)
    films = (read_film(record.path) for record in tqdm(records, desc="validation", mininterval=5))
    logits = collect_logits(ensemble, films)
    fitted = [round(fit_temperature(each, labels), 4) for each in logits]
    networks = zip(card.networks, fitted, strict=True)
    calibrated = replace(card, networks=tuple(replace(each, temperature=found) for each, found in networks))
    calibrated.write(weights)
    print_fit(card, calibrated, logits, labels)
    return calibrated


def collect_logits(ensemble: Ensemble, films: Iterable[Film]) -> list[Logits]:
    """Return each network's logits on n films, float64 (n, classes)."""
    batches = [[vote.logits for vote in votes] for votes in cast_votes(ensemble, films)]
    return [np.concatenate(parts).astype(np.float64) for parts in zip(*batches, strict=True)]


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """Return the T within TEMPERATURES that minimises the NLL of softmax(logits / T); logits (n, classes).

    The NLL is convex in 1/T, so its slope there, the mean of E_p[z] − z_label, changes its sign once.
    """
    low, high = (math.log(bound) for bound in TEMPERATURES)
    shown = logits[np.arange(len(labels)), labels]
    for _ in range(50):
        middle = (low + high) / 2
        expected = (calibrate(logits, math.exp(middle)) * logits).sum(axis=1)
        too_cold = float((expected - shown).mean()) > 0
        low, high = (middle, high) if too_cold else (low, middle)
    return math.exp((low + high) / 2)


def print_fit(before: Card, after: Card, logits: list[Logits], labels: Labels) -> None:
    """Print NLL and ECE on validation under two cards, for each network and for the ensemble."""
    print(
        f"{f'{len(labels)} films of validation':<24}{'T':>10}"
        f"{'NLL before':>13}{'after':>8}{'ECE before':>13}{'after':>8}"
    )
    then, now = (answers(card, logits) for card in (before, after))
    temperatures = [f"{network.temperature:.4f}" for network in after.networks]
    names = [ARCHITECTURES[network.architecture] for network in after.networks]
    for name, temperature, old, new in zip([*names, "ensemble"], [*temperatures, ""], then, now, strict=True):
        nll = [negative_log_likelihood(labels, each) for each in (old, new)]
        ece = [calibration_error(labels, each) for each in (old, new)]
        print(f"{name:<24}{temperature:>10}{nll[0]:13.4f}{nll[1]:8.4f}{ece[0]:13.4f}{ece[1]:8.4f}")


def answers(card: Card, logits: list[Logits]) -> list[Probabilities]:
    """Return each network's probabilities (n, classes) under a card, then the ensemble's."""
    networks = list(zip(card.networks, logits, strict=True))
    each = [calibrate(values, network.temperature) for network, values in networks]
    shares = [network.weight for network in card.networks]
    return [*each, np.tensordot(shares, each, axes=1)]


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
        required=True,
        metavar="FOLDER:SHARE",
        help="a finished run and its share in the ensemble; once per network, the shares sum to 1",
    )
    parser.add_argument("--weights", type=Path, default=Path("backend/weights"), help="default: %(default)s")
    parser.add_argument("--version", default="1.0.0", help="the ensemble's version (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        build_weights(arguments.data, arguments.run, arguments.weights, arguments.version)
    except DataError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
