"""Measure the ensemble on a split, as serving reads it.

    python -m backend.training.evaluate --data DATA
    python -m backend.training.evaluate --data DATA --split official-test
    python -m backend.training.evaluate --data DATA --copies NATIVE

The last measures other copies of the same films, in their own aspect and size say, by name.
It writes OUT/<split>.json (every measure with its 95% interval by patient, and how many answers flip when
the films are changed in what must not matter), sets it in tables as OUT/<split>.md, and draws
OUT/<split>-{confusion,roc,reliability}.png.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from backend.inference.card import Card
from backend.inference.engine import ENGINES, EngineName
from backend.inference.ensemble import Ensemble
from backend.inference.errors import WeightsRefused
from backend.inference.images import Film
from backend.inference.preprocess import squeeze
from backend.training.data import OFFICIAL_TEST, SPLIT_SEED, SPLITS, DataError, read_film
from backend.training.metrics import RESAMPLES, Labels, Probabilities, accuracy, flips, summarise
from backend.training.perturbations import NARROWER, PERTURBATIONS, WIDER
from backend.training.plots import draw_confusion, draw_reliability, draw_roc
from backend.training.tables import as_markdown
from backend.training.voting import ENSEMBLE, find_split, read_films

_CPU_INFO = Path("/proc/cpuinfo")


def evaluate(
    data: Path,
    weights: Path,
    split: str,
    out: Path,
    *,
    copies: Path | None = None,
    engine: EngineName = "auto",
    perturbed: bool = True,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """Measure a split, write its report and plots, and return the report."""
    ensemble = Ensemble.load(weights, engine)
    records, labels = find_split(data, split, split_seed(ensemble.card), copies)
    name = f"{split}-{copies.name}" if copies else split
    patients = [record.patient for record in records]
    watched = tqdm(records, desc=split, mininterval=5)
    said = read_films(ensemble, (read_film(record.path) for record in watched))
    report: dict[str, Any] = {
        "split": name,
        "films": len(records),
        "patients": len(set(patients)),
        **provenance(ensemble, split, copies, perturbed),
        **{who: summarise(labels, answers, patients, resamples) for who, answers in said.items()},
    }
    if perturbed:
        films = [squeeze(read_film(record.path), ensemble.card.input.size) for record in records]
        report["perturbations"] = measure_flips(ensemble, films, labels, said)
        report["width_flips"] = summarise_width(report["perturbations"])
    report = _rounded(report)

    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(report, indent=2, allow_nan=False) + "\n")
    (out / f"{name}.md").write_text(as_markdown(report))
    title = f"{name}, {len(records)} films"
    draw_confusion(labels, said[ENSEMBLE], title, out / f"{name}-confusion.png")
    draw_roc(labels, said[ENSEMBLE], title, out / f"{name}-roc.png")
    draw_reliability(labels, said[ENSEMBLE], title, out / f"{name}-reliability.png")
    return report


def split_seed(card: Card) -> int:
    """Return the seed of the split that the networks were taught on; raise DataError if they differ in it."""
    seeds = {int(network.trained.get("split_seed", SPLIT_SEED)) for network in card.networks}
    if len(seeds) > 1:
        raise DataError("the networks were taught on different splits, so none is held out from all")
    return seeds.pop()


def measure_flips(
    ensemble: Ensemble, films: Sequence[Film], labels: Labels, before: dict[str, Probabilities]
) -> dict[str, dict[str, dict[str, float]]]:
    """Return, by perturbation and then by who answers, the shares of flipped answers and the accuracy."""
    found = {}
    for name, change in PERTURBATIONS.items():
        watched = tqdm(films, desc=name, mininterval=5)
        after = read_films(ensemble, map(change, watched))
        found[name] = {
            who: {**flips(before[who], after[who]), "accuracy": accuracy(labels, after[who])} for who in after
        }
    return found


def summarise_width(perturbations: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    """Return the share of the ensemble's answers that flip with the width: each way, their mean and max."""
    wider, narrower = (perturbations[name][ENSEMBLE]["flips"] for name in (WIDER, NARROWER))
    return {WIDER: wider, NARROWER: narrower, "mean": (wider + narrower) / 2, "max": max(wider, narrower)}


def provenance(ensemble: Ensemble, split: str, copies: Path | None, perturbed: bool) -> dict[str, Any]:
    """Return what was measured, by which command, on what; without a path of this machine."""
    command = f"python -m backend.training.evaluate --data DATA --split {split}"
    command += f" --copies {copies.name}" if copies else ""
    return {
        "model_version": ensemble.card.version,
        "weights_sha256": {network.architecture: network.sha256 for network in ensemble.card.networks},
        "command": command if perturbed else f"{command} --skip-perturbations",
        "engine": f"{ensemble.engine.name} in {ensemble.engine.precision}",
        "torch": torch.__version__,
        "processor": processor_name(),
    }


def processor_name(cpu_info: Path = _CPU_INFO) -> str:
    """Return the processor's name, or its kind where the system does not tell the name."""
    try:
        lines = cpu_info.read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/ (and test/)")
    parser.add_argument("--weights", type=Path, default=Path("backend/weights"), help="default: %(default)s")
    parser.add_argument(
        "--split", choices=(*SPLITS, OFFICIAL_TEST), default="held-out", help="default: %(default)s"
    )
    parser.add_argument("--copies", type=Path, help="a folder of other copies of these films, read instead")
    parser.add_argument("--out", type=Path, default=Path("docs/evaluation"), help="default: %(default)s")
    parser.add_argument(
        "--engine", choices=ENGINES, default="auto", help="what runs the networks (default: as serving does)"
    )
    parser.add_argument(
        "--skip-perturbations", action="store_true", help="leave out the flips, eleven passes of twelve"
    )
    arguments = parser.parse_args()
    try:
        report = evaluate(
            arguments.data,
            arguments.weights,
            arguments.split,
            arguments.out,
            copies=arguments.copies,
            engine=arguments.engine,
            perturbed=not arguments.skip_perturbations,
        )
    except (DataError, WeightsRefused) as error:
        parser.error(str(error))
    print(as_markdown(report))


if __name__ == "__main__":
    main()
