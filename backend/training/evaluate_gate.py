"""Measure the intake gate on held-out films, as they are and changed, and on what it was not fitted to.

    python -m backend.training.evaluate_gate --data DATA --pictures PICTURES

It writes OUT/gate.json (every share with its 95% interval) and sets it in tables as OUT/gate.md.
PICTURES is where `make evaluate-gate` puts packages that ship CT, MR, ultrasound and photographs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
from tqdm import tqdm

from backend.inference.corrections import Correction
from backend.inference.engine import ENGINES, FILMS_AT_ONCE, EngineName
from backend.inference.ensemble import Ensemble, Vote
from backend.inference.errors import WeightsRefused
from backend.inference.gate import WRONG_POSES, Gate, Verdict, WarningCode
from backend.inference.images import Film
from backend.inference.preprocess import levels_of, preprocess, squeeze
from backend.inference.synthetic import draw_chest_film
from backend.training.data import DataError, find_copies, find_records, read_film
from backend.training.degradations import DEGRADATIONS, cut_off
from backend.training.gate import pose_wrong, some
from backend.training.gate_tables import (
    CUT_OFF_FOR_DEGRADED,
    CUT_OFF_FOR_TURNED,
    TURNED_FOR_CUT_OFF,
    TURNED_FOR_DEGRADED,
    as_markdown,
    name_of,
    name_of_part,
    told,
)
from backend.training.negatives import DRAWN, FROM_FILMS
from backend.training.perturbations import PERTURBATIONS
from backend.training.pictures import adult_chest, chest_volume, crops, find_pictures, windowed
from backend.training.record import provenance, write_json
from backend.training.voting import split_seed

Random = np.random.Generator
Found = list[Verdict]

SEED = 1
"""Not the one of fitting, so that nothing drawn is drawn again."""

CODES = [code for code in get_args(WarningCode) if code != "unusual"]
CROPS = 30
_Z = 1.96
_WINDOWS = {"lung": (-600, 1500), "soft tissue": (40, 400), "bone": (400, 1800)}


@dataclass(frozen=True)
class Plan:
    """How many images of each kind are looked at."""

    films: int = 10_000
    changed: int = 10_000
    drawn: int = 20
    crops: int = CROPS
    slices: int = 40


class Judge:
    """The gate behind its networks, as serving has them."""

    def __init__(self, weights: Path, engine: EngineName) -> None:
        self.ensemble = Ensemble.load(weights, engine)
        gate = Gate.load(weights, self.ensemble.card)
        if gate is None:
            raise WeightsRefused("the card names no gate: run make gate")
        self.gate = gate
        cv2.setNumThreads(1)  # as serving does: small pictures take longer with more

    def __call__(self, film: Film) -> Verdict:
        inputs, votes = self.vote(film)
        return self.gate.judge(film, levels_of(inputs, self.ensemble.card.input), votes)

    def vote(self, film: Film) -> tuple[Any, list[Vote]]:
        inputs = preprocess(film, self.ensemble.card.input)
        return inputs, self.ensemble.vote(inputs)

    def all(self, films: Iterable[Film], what: str) -> Found:
        with ThreadPoolExecutor(FILMS_AT_ONCE) as pool:
            return list(tqdm(pool.map(self, films), desc=what, mininterval=5))


def evaluate(
    data: Path,
    weights: Path,
    out: Path,
    *,
    pictures: Path | None = None,
    copies: Path | None = None,
    engine: EngineName = "auto",
    plan: Plan = Plan(),
) -> dict[str, Any]:
    """Measure the gate, write its report, and return it."""
    judge = Judge(weights, engine)
    rng = np.random.default_rng(SEED)
    card = judge.ensemble.card
    records = find_records(data, "held-out", split_seed(card))
    chosen = [records[place] for place in np.sort(rng.permutation(len(records))[: plan.films])]
    films = [read_film(record.path) for record in chosen]
    squeezed = [squeeze(film, card.input.size) for film in films]

    clean = judge.all(films, "held-out")
    report: dict[str, Any] = {
        **described(judge, pictures, copies),
        "milliseconds": time_gate(judge, films[:50]),
        "films": {"as they are": refusals(clean)},
        "false_warnings": {code: share(warned(each, code) for each in clean) for code in CODES},
    }
    if copies:
        originals = find_copies(records, copies)
        seen = judge.all((read_film(record.path) for record in originals), "own aspect")
        report["films"]["in their own aspect"] = refusals(seen)
    for name, alter in PERTURBATIONS.items():
        part = some(squeezed, plan.changed, rng)
        report["films"][name] = refusals(judge.all(map(alter, part), name))
    turned = judge_turned(judge, squeezed, plan, rng)
    degraded = judge_degraded(judge, squeezed, plan, rng)
    report["films"] |= {name_of(pose): refusals(seen) for pose, seen in turned.items()}
    report["films"] |= {name: refusals(seen) for name, seen in degraded.items()}
    report["warnings"] = {
        **{name_of(pose): mended(seen, pose) for pose, seen in turned.items()},
        **{name: answered_with(seen, DEGRADATIONS[name].code) for name, seen in degraded.items()},
    }
    report["others"], report["unseen"] = measure_others(judge, squeezed, pictures, plan, rng)
    parts = [cut_off(film, rng) for film in some(squeezed, plan.changed, rng)]
    upright = judge.all(parts, "cut off")
    turned_parts = judge_turned(judge, parts, plan, rng)
    report["films"] |= {name_of_part(pose): refusals(seen) for pose, seen in turned_parts.items()}
    report["parts"] = measure_parts(turned, degraded, upright, turned_parts)
    out.mkdir(parents=True, exist_ok=True)
    report = write_json(out / "gate.json", report)
    (out / "gate.md").write_text(as_markdown(report))
    return report


def judge_turned(judge: Judge, films: Sequence[Film], plan: Plan, rng: Random) -> dict[Correction, Found]:
    """Return the verdicts on films that are turned or inverted, by what would mend that."""
    return {
        pose: judge.all((pose_wrong(film, pose) for film in some(films, plan.changed // 4, rng)), pose)
        for pose in WRONG_POSES
    }


def judge_degraded(judge: Judge, films: Sequence[Film], plan: Plan, rng: Random) -> dict[str, Found]:
    """Return the verdicts on films that are degraded, by name of the degradation."""
    return {
        name: judge.all((each.alter(film, rng) for film in some(films, plan.changed // 4, rng)), name)
        for name, each in DEGRADATIONS.items()
    }


def measure_parts(
    turned: dict[Correction, Found],
    degraded: dict[str, Found],
    parts: Found,
    turned_parts: dict[Correction, Found],
) -> dict[str, Any]:
    """Return what is said of how a film lies where it is degraded, and of a cut where there is none."""
    upright = [each for seen in degraded.values() for each in seen]
    whole = [each for name, seen in degraded.items() if DEGRADATIONS[name].code != "cropped" for each in seen]
    wrong = [each for seen in turned.values() for each in seen]
    return {
        CUT_OFF_FOR_TURNED: share(warned(each, "cropped") for each in wrong),
        CUT_OFF_FOR_DEGRADED: share(warned(each, "cropped") for each in whole),
        TURNED_FOR_CUT_OFF: share(called_turned(each) for each in parts),
        TURNED_FOR_DEGRADED: share(called_turned(each) for each in upright),
        **{told(name_of_part(pose)): mended(seen, pose) for pose, seen in turned_parts.items()},
    }


def measure_others(
    judge: Judge, films: Sequence[Film], pictures: Path | None, plan: Plan, rng: Random
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the shares refused, by kind, of what is no film; and of films of another kind than any seen."""
    kinds: dict[str, Found] = {}
    names: dict[str, set[str]] = {}
    for picture in find_pictures("test", pictures):
        parts = crops(picture, plan.crops if "photograph" in picture.kind else plan.crops // 3, rng)
        kinds.setdefault(picture.kind, []).extend(judge.all(parts, picture.name))
        names.setdefault(picture.kind, set()).add(picture.name.partition("#")[0])
    for name, draw in DRAWN.items():
        kinds[f"drawn: {name}"] = judge.all((draw(rng) for _ in range(plan.drawn)), name)
    for name, spoil in FROM_FILMS.items():
        pairs = [some(films, 2, rng) for _ in range(plan.drawn)]
        kinds[f"films spoilt: {name}"] = judge.all((spoil(one, two, rng) for one, two in pairs), name)

    unseen: dict[str, Found] = {"drawn films (python -m backend sample)": judge.all(samples(), "samples")}
    volume = chest_volume(pictures) if pictures else None
    if volume is not None:
        for plane, axis in (("axial", 2), ("coronal", 1), ("sagittal", 0)):
            slices = [np.rot90(cut) for cut in evenly(np.moveaxis(volume, axis, 0), plan.slices)]
            for window, (middle, width) in _WINDOWS.items():
                looked = judge.all((windowed(each, middle, width) for each in slices), f"{plane}, {window}")
                kind = "CT slice" if plane == "axial" else f"CT slice, {plane}"
                kinds.setdefault(kind, []).extend(looked)
        kinds["lateral view, projected from CT"] = judge.all(projections(volume, 0), "lateral")
        unseen["frontal view of an adult, projected from CT"] = judge.all(projections(volume, 1), "frontal")
    adult = adult_chest(pictures) if pictures else None
    if adult is not None:
        unseen["chest radiograph of an adult"] = judge.all([adult.levels], "adult")
    refused = {
        kind: {**refusals(found), "pictures": len(names.get(kind, ())) or None}
        for kind, found in kinds.items()
    }
    return refused, {kind: refusals(found) for kind, found in unseen.items()}


def samples() -> Iterable[Film]:
    return (draw_chest_film(opacity=opacity, seed=seed) for seed in range(5) for opacity in (False, True))


def projections(volume: Any, axis: int) -> Iterable[Film]:
    """Yield radiographs projected through a CT: from one side and the other, at several exposures."""
    thickness = np.clip(volume + 1000, 0, 2500).sum(axis=axis) / 1000
    shadow = np.rot90(thickness)
    for exponent in (0.004, 0.008, 0.016):
        levels = 1 - np.exp(-exponent * shadow)
        low, high = np.percentile(levels, [1, 99.5])
        film = np.asarray(255 * ((levels - low) / (high - low)).clip(0, 1), np.uint8)
        # The volume's voxels are longer from head to feet than across.
        film = np.asarray(cv2.resize(film, (600, 600)), np.uint8)
        yield film
        yield np.ascontiguousarray(film[:, ::-1])


def evenly(slices: Any, count: int) -> list[Any]:
    """Return so many slices, evenly spaced, but not the outermost tenth at either end."""
    places = np.linspace(0.1 * len(slices), 0.9 * (len(slices) - 1), count).astype(int)
    return [slices[place] for place in places]


def time_gate(judge: Judge, films: Sequence[Film]) -> dict[str, float]:
    """Return the median time of the networks and of the gate, in milliseconds a film."""
    networks, gate = [], []
    for film in films:
        started = time.perf_counter()
        inputs, votes = judge.vote(film)
        voted = time.perf_counter()
        judge.gate.judge(film, levels_of(inputs, judge.ensemble.card.input), votes)
        networks.append(voted - started)
        gate.append(time.perf_counter() - voted)
    return {"networks": 1000 * float(np.median(networks)), "gate": 1000 * float(np.median(gate))}


def refusals(found: Found) -> dict[str, Any]:
    return share(each.refused for each in found)


def mended(seen: Found, pose: Correction) -> dict[str, Any]:
    """Return how often an answer came with just that correction which a film needs."""
    return share(
        not each.refused and any(warning.correction == pose for warning in each.warnings) for each in seen
    )


def answered_with(seen: Found, code: str) -> dict[str, Any]:
    """Return how often an answer came with this warning."""
    return share(not each.refused and warned(each, code) for each in seen)


def called_turned(verdict: Verdict) -> bool:
    return warned(verdict, "rotated") or warned(verdict, "inverted")


def warned(verdict: Verdict, code: str) -> bool:
    return any(warning.code == code for warning in verdict.warnings)


def share(happened: Iterable[bool]) -> dict[str, Any]:
    """Return how often something happened, with Wilson's 95% interval."""
    outcomes = list(happened)
    count, hits = len(outcomes), sum(outcomes)
    p = hits / count
    middle = (p + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    reach = _Z / (1 + _Z**2 / count) * np.sqrt(p * (1 - p) / count + _Z**2 / (4 * count**2))
    return {"share": p, "low": max(0.0, middle - reach), "high": min(1.0, middle + reach), "images": count}


def described(judge: Judge, pictures: Path | None, copies: Path | None) -> dict[str, Any]:
    """Return what is measured, by which command, and on what."""
    gate = judge.ensemble.card.gate
    command = "python -m backend.training.evaluate_gate --data DATA"
    command += " --pictures PICTURES" if pictures else ""
    command += f" --copies {copies.name}" if copies else ""
    return {**provenance(judge.ensemble, command), "gate_sha256": gate.sha256 if gate else None}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/")
    parser.add_argument("--weights", type=Path, default=Path("backend/weights"), help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("docs/evaluation"), help="default: %(default)s")
    parser.add_argument("--pictures", type=Path, help="packages of pictures, in a folder of their own")
    parser.add_argument("--copies", type=Path, help="a folder of the films in their own aspect, read as well")
    parser.add_argument(
        "--engine", choices=ENGINES, default="auto", help="what runs the networks (default: as serving does)"
    )
    arguments = parser.parse_args()
    try:
        report = evaluate(
            arguments.data,
            arguments.weights,
            arguments.out,
            pictures=arguments.pictures,
            copies=arguments.copies,
            engine=arguments.engine,
        )
    except (DataError, WeightsRefused) as error:
        parser.error(str(error))
    print(as_markdown(report))


if __name__ == "__main__":
    main()
