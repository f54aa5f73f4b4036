"""Measure whether the map shows what the answer rests on, on some films of a split.

    python -m backend.training.faithfulness --data DATA

Four questions, each beside what chance would give:

- Does the answer go when what the map points at goes, and come back with it (deletion and insertion, Petsiuk
  et al., arXiv 1806.07421)? Beside it: a random map, and a blob in the film's middle, which explains nothing.
- Does the map lie on the thorax? Beside it: the thorax's share of the film.
- Do the networks point at the same place? Beside it: their maps of two different films.
- Does the map go when the weights go (Adebayo et al., arXiv 1810.03292)? Beside it: the maps of two films.

It writes OUT/<split>-explanation.json, sets it in tables as .md and draws the curves as .png.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from scipy.stats import spearmanr
from tqdm import tqdm

from backend.inference.engine import ENGINES, EngineName
from backend.inference.ensemble import Ensemble, Vote, combine
from backend.inference.errors import WeightsRefused
from backend.inference.explanation import overlap
from backend.inference.gradcam import Floats, mix, network_maps
from backend.inference.images import Film
from backend.inference.models import Network
from backend.inference.preprocess import preprocess, squeeze
from backend.inference.provenance import sha256_of
from backend.training.data import SPLITS, DataError, read_film
from backend.training.metrics import RESAMPLES, with_intervals
from backend.training.plots import draw_curves
from backend.training.record import provenance, write_json
from backend.training.tables import explanation_as_markdown
from backend.training.voting import find_split, split_seed

FILMS = 100
SEED = 0
STEPS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Shares of the film that are deleted, or inserted."""
THORAX = (0.10, 0.90)
"""From where to where the thorax is taken to reach, of the film's width and height alike.

Nothing here segments lungs. The films are cut close: on validation the ribs fill this square, and what lies
outside it is arms, neck, abdomen, the side marker and the dark beyond the body.
"""

BLUR = 0.05
"""What is deleted is blurred by this share of the side: no lung's texture is left, and no edge is added."""


def measure_explanations(
    data: Path,
    weights: Path,
    split: str,
    out: Path,
    *,
    engine: EngineName = "auto",
    films: int = FILMS,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """Measure the maps of a seeded choice of a split's films, write report and plot, return the report."""
    ensemble = Ensemble.load(weights, engine)
    records, _ = find_split(data, split, split_seed(ensemble.card))
    chosen = np.random.default_rng(SEED).permutation(len(records))[:films]
    records = [records[place] for place in sorted(chosen.tolist())]
    side = ensemble.card.input.size
    watched = tqdm(records, desc="maps", mininterval=5)
    looked_at = [squeeze(read_film(record.path), side) for record in watched]
    patients = [record.patient for record in records]

    votes = [ensemble.vote(preprocess(film, ensemble.card.input)) for film in looked_at]
    answers = [int(combine(each).argmax()) for each in votes]
    own = [network_maps(each, np.array([answer])) for each, answer in zip(votes, answers, strict=True)]
    maps = np.concatenate([mix(each, parts) for each, parts in zip(votes, own, strict=True)])
    by_network = np.stack([np.concatenate(parts) for parts in zip(*own, strict=True)])

    curves = draw_out(ensemble, looked_at, answers, maps)
    untaught = untaught_maps(ensemble, looked_at, answers)
    measured = {
        **compare_curves(curves),
        **place(maps),
        **agree(by_network),
        **survive(ensemble, by_network, untaught),
    }
    found = with_intervals(
        lambda drawn: {name: float(np.nanmean(values[drawn])) for name, values in measured.items()},
        patients,
        resamples,
    )
    out.mkdir(parents=True, exist_ok=True)
    report = write_json(
        out / f"{split}-explanation.json",
        {
            "split": split,
            "films": len(records),
            "patients": len(set(patients)),
            **provenance(ensemble, f"python -m backend.training.faithfulness --data DATA --split {split}"),
            "seed": SEED,
            "thorax": {
                "from": THORAX[0],
                "to": THORAX[1],
                "share_of_film": thorax_mask(maps.shape[1:]).mean(),
            },
            "steps": list(STEPS),
            "curves": {
                way: {who: each.mean(axis=0).tolist() for who, each in by_map.items()}
                for way, by_map in curves.items()
            },
            "measures": found,
        },
    )
    (out / f"{split}-explanation.md").write_text(explanation_as_markdown(report))
    draw_curves(report, out / f"{split}-explanation.png")
    return report


Curves = dict[str, dict[str, NDArray[np.float64]]]
"""By way (deletion, insertion) and by whose map: the answer's probability (films, steps)."""


def draw_out(ensemble: Ensemble, films: list[Film], answers: list[int], maps: Floats) -> Curves:
    """Return the probability of each film's answer as ever more of it is deleted, or inserted."""
    random = np.random.default_rng(SEED)
    middle = _blob(maps.shape[1:])
    found: dict[str, dict[str, list[list[float]]]] = {}
    for film, answer, own in zip(tqdm(films, desc="curves", mininterval=5), answers, maps, strict=True):
        orders = {"map": own, "random": random.random(own.shape, np.float32), "centre": middle}
        blurred = _blur(film)
        ends = {
            each: _probability(ensemble, each_film, answer)
            for each, each_film in (("whole", film), ("gone", blurred))
        }
        for who, order in orders.items():
            rank = rank_pixels(order, film.shape)
            for way in ("deletion", "insertion"):
                curve = []
                for step in STEPS:
                    removed = rank < step if way == "deletion" else rank >= step
                    if step in (STEPS[0], STEPS[-1]):
                        curve.append(ends["gone" if removed.all() else "whole"])
                    else:
                        curve.append(_probability(ensemble, np.where(removed, blurred, film), answer))
                found.setdefault(way, {}).setdefault(who, []).append(curve)
    return {way: {who: np.array(each) for who, each in by_map.items()} for way, by_map in found.items()}


def rank_pixels(order: Floats, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return each pixel's place, in [0, 1), when they are put in a map's order, the weightiest first."""
    height, width = shape
    weights = cv2.resize(order, (width, height), interpolation=cv2.INTER_LINEAR).ravel()
    places = np.empty(len(weights))
    places[np.argsort(-weights, kind="stable")] = np.arange(len(weights)) / len(weights)
    return places.reshape(shape)


def compare_curves(curves: Curves) -> dict[str, NDArray[np.float64]]:
    """Return the areas under the curves, and how much better the map's are than others', by film.

    Deletion is good when the area is small, insertion when it is large.
    """
    area = {
        way: {who: np.asarray(np.trapezoid(each, STEPS, axis=1)) for who, each in by_map.items()}
        for way, by_map in curves.items()
    }
    found = {f"{way}_{who}": values for way, by_map in area.items() for who, values in by_map.items()}
    for other in ("random", "centre"):
        found[f"deletion_gain_over_{other}"] = area["deletion"][other] - area["deletion"]["map"]
        found[f"insertion_gain_over_{other}"] = area["insertion"]["map"] - area["insertion"][other]
    return found


def place(maps: Floats) -> dict[str, NDArray[np.float64]]:
    """Return the share of each map (n, h, w) that lies on the thorax; NaN for an empty map."""
    totals = maps.sum(axis=(1, 2))
    within = (maps * thorax_mask(maps.shape[1:])).sum(axis=(1, 2))
    shares = np.divide(within, totals, out=np.full(len(maps), np.nan), where=totals > 0)
    return {"thorax": shares.astype(np.float64)}


def thorax_mask(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the part of each cell (h, w), in [0, 1], that lies on the thorax."""

    def within(cells: int) -> NDArray[np.float64]:
        cell = np.arange(cells)
        upper, lower = np.minimum(cell + 1, THORAX[1] * cells), np.maximum(cell, THORAX[0] * cells)
        return np.asarray((upper - lower).clip(min=0))

    return np.outer(within(shape[0]), within(shape[1]))


def agree(by_network: Floats) -> dict[str, NDArray[np.float64]]:
    """Return, by film, how far the networks' maps (networks, n, h, w) lie over each other.

    Beside it stands the overlap with the next film's map of the other network: maps like the middle.
    """
    others = np.stack([by_network[0], *(np.roll(each, 1, axis=0) for each in by_network[1:])])
    return {
        "agreement": np.array([overlap(list(maps)) for maps in by_network.swapaxes(0, 1)]),
        "agreement_by_chance": np.array([overlap(list(maps)) for maps in others.swapaxes(0, 1)]),
    }


def survive(ensemble: Ensemble, taught: Floats, untaught: Floats) -> dict[str, NDArray[np.float64]]:
    """Return each network's rank correlation, by film, of its map and that of untaught weights.

    Beside it stands the correlation of its maps of two different films. Maps are (networks, n, h, w).
    """
    found = {}
    for network, own, empty in zip(ensemble.card.networks, taught, untaught, strict=True):
        found[f"untaught_{network.architecture}"] = _correlations(own, empty)
        found[f"other_film_{network.architecture}"] = _correlations(own, np.roll(own, 1, axis=0))
    return found


def untaught_maps(ensemble: Ensemble, films: list[Film], answers: list[int]) -> Floats:
    """Return the maps (networks, n, h, w), for the same answers, of the architectures before any teaching.

    ConvNeXt's layer scales begin at 1e-6 and let films pass almost unread; they are set to 0.5.
    """
    torch.manual_seed(SEED)
    with tempfile.TemporaryDirectory(prefix="untaught-") as name:
        folder, cards = Path(name), []
        for card in ensemble.card.networks:
            network = Network(card.architecture, len(ensemble.card.classes))
            for layer, value in network.named_parameters():
                if layer.endswith("layer_scale"):
                    torch.nn.init.constant_(value, 0.5)
            file = folder / f"{card.architecture}.safetensors"
            save_file(network.state_dict(), file)
            cards.append(replace(card, file=file.name, sha256=sha256_of(file.read_bytes())))
        replace(ensemble.card, networks=tuple(cards), gate=None).write(folder)
        empty = Ensemble.load(folder, "torch")
        found = [
            [each[0] for each in network_maps(_vote(empty, film), np.array([answer]))]
            for film, answer in zip(tqdm(films, desc="untaught", mininterval=5), answers, strict=True)
        ]
    return np.array(found, np.float32).swapaxes(0, 1)


def _vote(ensemble: Ensemble, film: Film) -> list[Vote]:
    return ensemble.vote(preprocess(film, ensemble.card.input))


def _probability(ensemble: Ensemble, film: Film, answer: int) -> float:
    return float(combine(_vote(ensemble, film))[0, answer])


def _blur(film: Film) -> Film:
    return cast(Film, cv2.GaussianBlur(film, (0, 0), BLUR * len(film)))


def _blob(shape: tuple[int, ...]) -> Floats:
    """Return a map that says nothing but that lungs are in the middle."""
    rows, columns = (np.linspace(-1, 1, side) for side in shape)
    return np.asarray(np.exp(-2 * (rows[:, None] ** 2 + columns**2)), np.float32)


def _correlations(one: Floats, other: Floats) -> NDArray[np.float64]:
    """Return Spearman's rank correlation of each pair of maps; NaN where a map is flat."""

    def pairs() -> Iterator[float]:
        for left, right in zip(one, other, strict=True):
            flat = np.ptp(left) == 0 or np.ptp(right) == 0
            yield float("nan") if flat else float(spearmanr(left.ravel(), right.ravel()).statistic)

    return np.array(list(pairs()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/")
    parser.add_argument("--weights", type=Path, default=Path("backend/weights"), help="default: %(default)s")
    parser.add_argument("--split", choices=SPLITS, default="held-out", help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("docs/evaluation"), help="default: %(default)s")
    parser.add_argument(
        "--engine", choices=ENGINES, default="auto", help="what runs the networks (default: as serving does)"
    )
    arguments = parser.parse_args()
    try:
        report = measure_explanations(
            arguments.data, arguments.weights, arguments.split, arguments.out, engine=arguments.engine
        )
    except (DataError, WeightsRefused) as error:
        parser.error(str(error))
    print(explanation_as_markdown(report))


if __name__ == "__main__":
    main()
