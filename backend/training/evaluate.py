"""Measure the ensemble on a split, as serving reads it.

    python -m backend.training.evaluate --data DATA
    python -m backend.training.evaluate --data DATA --split official-test
    python -m backend.training.evaluate --data DATA --copies NATIVE

The last measures other copies of the same films, in their own aspect and size say, by name.
It writes OUT/<split>.json (every measure with its 95% interval by patient, calibration, prediction sets,
subgroups, and how many answers flip when the films are changed in what must not matter), sets it in tables as
OUT/<split>.md, and draws OUT/<split>-{confusion,roc,reliability}.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tqdm import tqdm

from backend.inference.engine import ENGINES, EngineName
from backend.inference.ensemble import Ensemble
from backend.inference.errors import WeightsRefused
from backend.inference.preprocess import squeeze
from backend.training.data import OFFICIAL_TEST, SPLITS, DataError, read_film
from backend.training.doubt import measure_calibration, measure_decisions, measure_prediction_sets
from backend.training.metrics import RESAMPLES, summarise
from backend.training.plots import draw_confusion, draw_reliability, draw_roc
from backend.training.record import provenance, write_json
from backend.training.robustness import find_worst, measure_flips, summarise_width
from backend.training.subgroups import measure_subgroups
from backend.training.tables import as_markdown
from backend.training.voting import ENSEMBLE, find_split, read_films, split_seed


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
        **provenance(ensemble, command_of(split, copies, perturbed)),
        **{who: summarise(labels, answers, patients, resamples) for who, answers in said.items()},
    }
    films = [squeeze(read_film(record.path), ensemble.card.input.size) for record in records]
    report["calibration"] = measure_calibration(labels, said[ENSEMBLE], resamples)
    report["prediction_sets"] = measure_prediction_sets(
        ensemble.card, labels, said[ENSEMBLE], patients, resamples
    )
    report["decisions"] = measure_decisions(ensemble.card, labels, said, patients, resamples)
    report["subgroups"] = measure_subgroups(labels, said[ENSEMBLE], patients, films, resamples)
    if perturbed:
        report["perturbations"] = measure_flips(ensemble, films, labels, said, patients, resamples)
        report["width_flips"] = summarise_width(report["perturbations"])
        report["worst_flips"] = find_worst(report["perturbations"])

    out.mkdir(parents=True, exist_ok=True)
    report = write_json(out / f"{name}.json", report)
    (out / f"{name}.md").write_text(as_markdown(report))
    title = f"{name}, {len(records)} films"
    draw_confusion(labels, said[ENSEMBLE], title, out / f"{name}-confusion.png")
    draw_roc(labels, said[ENSEMBLE], title, out / f"{name}-roc.png")
    draw_reliability(labels, said[ENSEMBLE], title, out / f"{name}-reliability.png")
    return report


def command_of(split: str, copies: Path | None, perturbed: bool) -> str:
    """Return the command that measures this, without a path of this machine."""
    command = f"python -m backend.training.evaluate --data DATA --split {split}"
    command += f" --copies {copies.name}" if copies else ""
    return command if perturbed else f"{command} --skip-perturbations"


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
