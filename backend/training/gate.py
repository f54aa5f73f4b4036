"""Fit the intake gate to the networks in a weights folder; again whenever they are exchanged.

    python -m backend.training.gate --data DATA [--limits-only]

Films of the training split, as they are and changed in what must not matter, turned, inverted, and degraded
in what is warned of (degradations.py), stand against what is drawn (negatives.py) and what packages ship
(pictures.py, the side `fit`). Limits of warnings are quantiles over films of the validation split; the
threshold (see `threshold`) stands off from one. It writes WEIGHTS/gate.safetensors and names it in card.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from tqdm import tqdm

from backend.inference import gate_features as features
from backend.inference.card import Card, GateCard
from backend.inference.corrections import correct
from backend.inference.engine import ENGINES, FILMS_AT_ONCE, EngineName
from backend.inference.ensemble import Ensemble
from backend.inference.errors import WeightsRefused
from backend.inference.gate import (
    FARTHEST,
    WRONG_POSES,
    Gate,
    Space,
    check_description,
    check_networks,
    part_of,
)
from backend.inference.images import Film
from backend.inference.preprocess import levels_of_squeezed, preprocess, squeeze
from backend.inference.synthetic import draw_chest_film
from backend.inference.weights import check_file
from backend.training import perturbations as change
from backend.training.data import DataError, Record, find_records, read_film
from backend.training.degradations import DEGRADATIONS, cut_off, degrade
from backend.training.negatives import DRAWN, FROM_FILMS
from backend.training.perturbations import PERTURBATIONS
from backend.training.pictures import crops, find_pictures
from backend.training.voting import split_seed

FILE = "gate.safetensors"

Floats = NDArray[np.float32]
Random = np.random.Generator
Tensors = dict[str, Floats]

COMPONENTS = 64
_UNDO = {"rotate_90": "rotate_270", "rotate_180": "rotate_180", "rotate_270": "rotate_90", "invert": "invert"}
DEGRADED_AND_TURNED = "degraded, every second turned or inverted"
_LET_PASS = {"clean": 0.999, **dict.fromkeys(DEGRADATIONS, 0.98), DEGRADED_AND_TURNED: 0.95}
"""The share of films that the threshold is not below, by condition. It is lower for those that are degraded
far, and lower still for those that are turned as well: to pass more of them would pass photographs."""
_USUALLY_LET_PASS = 0.99
_FALSE_ALARMS = {"pose": 0.004, "pose of degraded": 0.01, "crop": 0.01, "one of two": 0.003, "one": 0.006}
_ROOM = 0.25
"""How far the threshold stands off from films towards what is none, where there is room between them."""


@dataclass(frozen=True)
class Plan:
    """How many images are used: a description costs less than a millisecond, the networks thirty."""

    films: int = 4000
    drawn: int = 4000
    spoilt: int = 1500
    samples: int = 600
    crops: int = 100
    seen_films: int = 500
    seen_poses: int = 60
    seen_samples: int = 120
    seen_degraded: int = 600
    seen_others: int = 1900
    kept_others: int = 400
    kept_samples: int = 40
    validation: int = 565
    validation_seen: int = 565
    validation_changed: int = 300


def fit(data: Path, weights: Path, engine: EngineName = "auto", plan: Plan = Plan(), seed: int = 0) -> Card:
    """Fit the gate of a weights folder, store it there, and return the card that names it."""
    ensemble = Ensemble.load(weights, engine)
    rng = np.random.default_rng(seed)
    side, of = ensemble.card.input.size, split_seed(ensemble.card)
    films = read_squeezed(find_records(data, "train", of), plan.films, side, rng)
    validation = read_squeezed(find_records(data, "validation", of), plan.validation, side, rng)
    others = draw_negatives(films, plan, rng)
    others, kept = others[: -plan.kept_others], others[-plan.kept_others :]

    upright = [vary(film, rng) for film in watch(films, "films")]
    samples = draw_samples(plan.samples, side, rng)
    turned = {pose: [pose_wrong(vary(film, rng), pose) for film in films] for pose in WRONG_POSES}
    degraded = degrade_all(films, rng.spawn(1)[0])
    tensors = fit_image_heads(films, [*upright, *samples], turned, degraded, others, rng)
    # Of other films than those before: fit_space asks how far films lie that had no part in it.
    apart = degraded[plan.seen_films :][: plan.seen_degraded]
    shown = [*upright[: plan.seen_films], *samples[: plan.seen_samples], *apart]
    for wrong in turned.values():
        shown += wrong[-plan.seen_poses :]
    tensors |= fit_depth(ensemble, shown, others[: plan.seen_others], rng)
    fitted = {"seed": seed, "films": len(films), "others": len(others)}
    return finish(ensemble, weights, halve(tensors), validation, kept, fitted, plan, rng)


def refit_limits(
    data: Path, weights: Path, engine: EngineName = "auto", plan: Plan = Plan(), seed: int = 1
) -> Card:
    """Fit the limits alone, of the heads that a weights folder has, with another seed than theirs."""
    ensemble = Ensemble.load(weights, engine)
    card = ensemble.card.gate
    if card is None:
        raise WeightsRefused("the card names no gate: run make gate")
    check_networks(ensemble.card, card)
    rng = np.random.default_rng(seed)
    records = find_records(data, "validation", split_seed(ensemble.card))
    validation = read_squeezed(records, plan.validation, ensemble.card.input.size, rng)
    part = plan.kept_others / (plan.drawn + plan.spoilt)
    few = replace(plan, drawn=round(part * plan.drawn), spoilt=round(part * plan.spoilt), crops=5)
    fresh = draw_negatives(validation, few, rng)
    tensors = read_heads(check_file(weights, card.file, card.sha256))
    fitted = {**card.fitted, "seed_of_limits": seed}
    return finish(ensemble, weights, tensors, validation, fresh, fitted, plan, rng)


def read_heads(path: Path) -> dict[str, NDArray[Any]]:
    """Return a stored gate's tensors; raise WeightsRefused if they were fitted to another description."""
    with safetensors.safe_open(path, framework="numpy") as stored:
        check_description(stored.metadata() or {})
        names = list(stored.keys())
        return {name: stored.get_tensor(name) for name in names}


def finish(
    ensemble: Ensemble,
    weights: Path,
    tensors: dict[str, NDArray[Any]],
    validation: Sequence[Film],
    others: Sequence[Film],
    fitted: dict[str, Any],
    plan: Plan,
    rng: Random,
) -> Card:
    """Fit limits to the tensors as they are stored, store both, and return the card that names them."""
    gate = Gate({name: np.asarray(value, np.float32) for name, value in tensors.items()}, {"distance": 0.0})
    limits = fit_limits(gate, ensemble, validation, others, plan, rng)
    samples = draw_samples(plan.kept_samples, ensemble.card.input.size, rng)
    refused = gate.score(describe(samples), see(ensemble, samples)) > limits["score"]

    metadata = {"limits": json.dumps(limits), "description": features.VERSION}
    stored = safetensors.numpy.save(tensors, metadata)
    unfinished = weights / f"{FILE}.tmp"
    unfinished.write_bytes(stored)
    os.replace(unfinished, weights / FILE)
    card = replace(
        ensemble.card,
        gate=GateCard(
            file=FILE,
            sha256=hashlib.sha256(stored).hexdigest(),
            networks=[network.sha256 for network in ensemble.card.networks],
            fitted={
                **fitted,
                "validation": len(validation),
                "others_kept_back": len(others),
                "drawn_samples_refused": round(float(refused.mean()), 4),
            },
        ),
    )
    card.write(weights)
    return card


def some(films: Sequence[Film], count: int, rng: Random) -> list[Film]:
    """Return at most so many of the films, at random."""
    return [films[place] for place in rng.permutation(len(films))[:count]]


def read_squeezed(records: Sequence[Record], count: int, side: int, rng: Random) -> list[Film]:
    """Return at most so many of the films, at random, in the networks' size."""
    chosen = rng.permutation(len(records))[:count]
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda place: squeeze(read_film(records[place].path), side), chosen))


def draw_negatives(films: Sequence[Film], plan: Plan, rng: Random) -> list[Film]:
    """Return what is to be refused, shuffled: drawn, spoilt films, and parts of packaged pictures."""
    drawings, spoilings = list(DRAWN.values()), list(FROM_FILMS.values())
    found = [drawings[place % len(drawings)](rng) for place in watch(range(plan.drawn), "drawn")]
    for place in range(plan.spoilt):
        one, two = rng.integers(len(films), size=2)
        found.append(spoilings[place % len(spoilings)](films[one], films[two], rng))
    for picture in find_pictures("fit"):
        for part in crops(picture, plan.crops, rng):
            part = squeeze(part, len(films[0]))
            found.append(255 - part if rng.random() < 0.15 else expose(part, rng))
    return [found[place] for place in rng.permutation(len(found))]


def draw_samples(count: int, side: int, rng: Random) -> list[Film]:
    """Return the project's own drawn films, varied: whoever tries the service with one gets an answer."""
    seeds = rng.integers(1000, 2**31, max(1, count // 3))
    drawn = [
        squeeze(
            draw_chest_film(448, int(rng.uniform(448, 680)), opacity=bool(place % 2), seed=int(seed)), side
        )
        for place, seed in enumerate(seeds)
    ]
    return [vary(drawn[place % len(drawn)], rng) for place in range(count)]


def vary(film: Film, rng: Random) -> Film:
    """Change a film at random in what must not matter; a third stay as they are."""
    if rng.random() < 0.33:
        return film
    changes: list[Callable[[Film], Film]] = [
        partial(change.scale_width, factor=rng.uniform(0.75, 1.33)),
        partial(change.lose_resolution, factor=rng.uniform(0.35, 0.9)),
        partial(change.scale_contrast, factor=rng.uniform(0.6, 1.3)),
        change.mirror,
        partial(change.compress, quality=int(rng.uniform(25, 90))),
        partial(change.pad, share=rng.uniform(0.02, 0.25)),
        partial(change.crop, share=rng.uniform(0.02, 0.2)),
        partial(change.cover_corners, share=rng.uniform(0.05, 0.2)),
        partial(expose, rng=rng),
        partial(tilt, degrees=rng.uniform(-12, 12)),
    ]
    for place in rng.permutation(len(changes))[: rng.integers(1, 4)]:
        film = changes[place](film)
    return film


def expose(film: Film, rng: Random) -> Film:
    return change.apply_gamma(film, float(np.exp(rng.uniform(-0.6, 0.6))))


def tilt(film: Film, degrees: float) -> Film:
    side = len(film)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(film, turn, (side, side)), np.uint8)


def pose_wrong(film: Film, correction: str) -> Film:
    """Return the film as it is where this correction puts it right."""
    return correct(film, _UNDO[correction])  # type: ignore[arg-type]


def degrade_all(films: Sequence[Film], rng: Random) -> list[Film]:
    """Return films that are degraded as far as should still be answered; half of them lie wrong as well."""
    degraded = [degrade(vary(film, rng), rng) for film in films]
    for place in range(0, len(degraded), 2):
        degraded[place] = pose_wrong(degraded[place], WRONG_POSES[rng.integers(len(WRONG_POSES))])
    return degraded


def fit_image_heads(
    films: Sequence[Film],
    upright: Sequence[Film],
    turned: dict[Any, list[Film]],
    degraded: Sequence[Film],
    others: Sequence[Film],
    rng: Random,
) -> Tensors:
    """Fit what looks at the image alone: is it a film, how does it lie, is it cut off."""
    plain = describe(watch(upright, "describe"))
    poses = {pose: describe(watch(each, str(pose))) for pose, each in turned.items()}
    refused = describe(watch(others, "others"))
    few = [each[:: len(poses)] for each in poses.values()]
    accepted = np.concatenate([plain, *few, describe(watch(degraded, "degraded"))])
    tensors = fit_head(
        "image",
        np.concatenate([accepted, refused]),
        np.repeat([0, 1], [len(accepted), len(refused)]),
        hidden=48,
        networks=2,
    )
    # A generator of its own, so that it changes nothing in what the heads after it are fitted to.
    tensors |= fit_pose([plain, *poses.values()], films, rng.spawn(1)[0])
    parts = describe(cut_off(film, rng) for film in films)
    return tensors | fit_head(
        "crop", np.concatenate([plain, parts]), np.repeat([0, 1], [len(plain), len(parts)]), hidden=24
    )


def fit_pose(whole: Sequence[Floats], films: Sequence[Film], rng: Random) -> Tensors:
    """Fit how a film lies, to descriptions of films by pose, and to each film degraded in each pose.

    The right pose comes first, then WRONG_POSES in their order.
    """
    upright = describe(degrade(vary(film, rng), rng) for film in watch(films, "degraded"))
    wrong = [
        describe(
            pose_wrong(degrade(vary(film, rng), rng), pose) for film in watch(films, f"degraded, {pose}")
        )
        for pose in WRONG_POSES
    ]
    kinds = [*whole, upright, *wrong]
    labels = np.repeat([*range(len(whole))] * 2, [len(each) for each in kinds])
    return fit_head("pose", np.concatenate(kinds), labels, hidden=48)


def fit_depth(ensemble: Ensemble, films: Sequence[Film], others: Sequence[Film], rng: Random) -> Tensors:
    """Fit what looks at the networks' stages: their space over films, and a head in it."""
    accepted = see(ensemble, watch(films, "networks, films"))
    refused = see(ensemble, watch(others, "networks, others"))
    accepted = accepted[rng.permutation(len(accepted))]
    tensors = fit_space(accepted[len(accepted) // 5 :], accepted[: len(accepted) // 5])
    gate_space = space_of(tensors)
    inputs = [np.concatenate(gate_space.place(each), axis=1) for each in (accepted, refused)]
    return tensors | fit_head(
        "depth",
        np.concatenate(inputs),
        np.repeat([0, 1], [len(each) for each in inputs]),
        hidden=16,
        networks=8,
        decay=1.0,
    )


def fit_space(stages: Floats, fresh: Floats) -> Tensors:
    """Return the principal components of films' stages, and what distances films not used for them have."""
    mean, scale = stages.mean(axis=0), stages.std(axis=0) + 1e-4
    spread = ((stages - mean) / scale).clip(-FARTHEST, FARTHEST)
    _, singular, directions = np.linalg.svd(spread, full_matrices=False)
    kept = min(COMPONENTS, len(singular) - 1)
    tensors = {
        "space.mean": mean,
        "space.scale": scale,
        "space.components": directions[:kept].T.astype(np.float16).astype(np.float32),
        "space.variances": np.square(singular[:kept]) / len(stages),
        "space.residual": np.array([[0, 0], [1, 1]], np.float32),
    }
    _, distances = space_of(tensors).place(fresh)
    tensors["space.residual"] = np.stack([distances.mean(axis=0), distances.std(axis=0)])
    return tensors


def conditions_of(films: Sequence[Film], plan: Plan, rng: Random) -> dict[str, list[Film]]:
    """Return films as they are, and some of them changed, turned and degraded in every way."""
    # A generator of its own, so that how films are degraded changes nothing in what is drawn after it.
    apart, count = rng.spawn(1)[0], plan.validation_changed
    return {
        "clean": list(films[: plan.validation_seen]),
        **{name: [alter(film) for film in some(films, count, rng)] for name, alter in PERTURBATIONS.items()},
        **{pose: [pose_wrong(film, pose) for film in some(films, count, rng)] for pose in WRONG_POSES},
        **{
            name: [each.alter(film, apart) for film in some(films, count, apart)]
            for name, each in DEGRADATIONS.items()
        },
        DEGRADED_AND_TURNED: degrade_all(some(films, count, apart), apart),
    }


def fit_limits(
    gate: Gate,
    ensemble: Ensemble,
    films: Sequence[Film],
    others: Sequence[Film],
    plan: Plan,
    rng: Random,
) -> dict[str, float]:
    """Return every limit, by films of the validation split and others that no head was fitted to."""
    conditions = conditions_of(films, plan, rng)
    described = {name: describe(each) for name, each in conditions.items()}
    stages = {name: see(ensemble, watch(each, f"validation, {name}")) for name, each in conditions.items()}

    distances = np.concatenate([gate.space.place(each)[1] for each in stages.values()])
    gate.limits["distance"] = float(np.quantile(distances.max(axis=1), 0.999))
    scores = {name: gate.score(described[name], stages[name]) for name in conditions}
    of_others = gate.score(describe(others), see(ensemble, watch(others, "others kept back")))

    clean, degraded = describe(films), describe(degrade(film, rng) for film in films)
    levels = [levels_of_squeezed(film) for film in films]
    white, black = np.array([features.exposure(each) for each in levels]).T
    bright = [features.brightness(each) for each in levels]
    rare, pair = _FALSE_ALARMS["one"], _FALSE_ALARMS["one of two"]
    return {
        "score": threshold(scores, of_others),
        "distance": gate.limits["distance"],
        "pose": limit_of_poses(gate, clean, degraded),
        "crop": max(0.0, quantile(gate.crop(clean)[:, 0], 1 - _FALSE_ALARMS["crop"])),
        "sharpness": quantile([features.sharpness(each) for each in levels], rare),
        "white": max(0.02, quantile(white, 1 - pair)),
        "black": max(0.02, quantile(black, 1 - pair)),
        "bright": quantile(bright, 1 - pair),
        "dark": quantile(bright, pair),
        "strokes": quantile([features.strokes(each) for each in levels], 1 - rare),
    }


def limit_of_poses(gate: Gate, clean: Floats, degraded: Floats) -> float:
    """Return the margin that but few films exceed of those that lie right, of clean as of degraded ones."""
    exceeded = (
        quantile(gate.margins(described).max(axis=1), 1 - _FALSE_ALARMS[alarm])
        for described, alarm in ((clean, "pose"), (degraded, "pose of degraded"))
    )
    return max(0.0, *exceeded)


def threshold(films: dict[str, Floats], others: Floats) -> float:
    """Return the score above which an image is refused.

    It begins at the highest of the films' quantiles, by condition, and goes a part of the way from there to
    the score that all but one in a hundred others exceed.
    """
    most = max(quantile(each, _LET_PASS.get(name, _USUALLY_LET_PASS)) for name, each in films.items())
    return most + _ROOM * max(0.0, quantile(others, 0.01) - most)


def quantile(values: Any, share: float) -> float:
    return float(np.quantile(np.asarray(values), share))


def describe(films: Iterable[Film]) -> Floats:
    """Return the films' descriptions (n, features)."""
    return np.stack([features.describe(levels_of_squeezed(film)) for film in films])


def see(ensemble: Ensemble, films: Iterable[Film]) -> Floats:
    """Return what the networks' stages hold of the films (n, channels)."""

    def look(film: Film) -> Floats:
        votes = ensemble.vote(preprocess(film, ensemble.card.input))
        return np.concatenate([vote.stages[0] for vote in votes])

    with ThreadPoolExecutor(FILMS_AT_ONCE) as pool:
        return np.stack(list(pool.map(look, films)))


def fit_head(
    name: str, inputs: Floats, labels: NDArray[np.int64], hidden: int, networks: int = 1, decay: float = 1e-3
) -> Tensors:
    """Return a Head's tensors: the mean of so many networks, as one, fitted by cross-entropy, stopped early.

    They begin with other weights and stop by other parts of the inputs, so that they err differently.
    """
    from sklearn.neural_network import MLPClassifier

    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
    spread = ((inputs - mean) / scale).clip(-FARTHEST, FARTHEST)
    fitted = [
        MLPClassifier((hidden,), alpha=decay, early_stopping=True, max_iter=40, random_state=seed).fit(
            spread, labels
        )
        for seed in range(networks)
    ]
    first, second = zip(*(network.coefs_ for network in fitted), strict=True)
    bias, out_bias = zip(*(network.intercepts_ for network in fitted), strict=True)
    return {
        f"{name}.{key}": np.asarray(value, np.float32)
        for key, value in {
            "mean": mean,
            "scale": scale,
            "hidden": np.concatenate(first, axis=1),
            "hidden_bias": np.concatenate(bias),
            "out": np.concatenate(second) / networks,
            "out_bias": np.mean(out_bias, axis=0),
        }.items()
    }


def space_of(tensors: Tensors) -> Space:
    return Space(**part_of(tensors, "space"))


def halve(tensors: Tensors) -> dict[str, NDArray[Any]]:
    """Return the tensors with matrices in half precision, all in C order: safetensors writes raw memory."""
    return {
        name: np.ascontiguousarray(
            value, np.float16 if min(value.shape) > 2 and value.ndim == 2 else np.float32
        )
        for name, value in sorted(tensors.items())
    }


def watch(films: Iterable[Any], what: str) -> Iterable[Any]:
    return tqdm(films, desc=what, mininterval=5)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/")
    parser.add_argument("--weights", type=Path, default=Path("backend/weights"), help="default: %(default)s")
    parser.add_argument("--limits-only", action="store_true", help="keep the heads, fit the limits anew")
    parser.add_argument(
        "--engine", choices=ENGINES, default="auto", help="what runs the networks (default: as serving does)"
    )
    arguments = parser.parse_args()
    make = refit_limits if arguments.limits_only else fit
    try:
        card = make(arguments.data, arguments.weights, arguments.engine)
    except (DataError, WeightsRefused) as error:
        parser.error(str(error))
    print(card.gate)


if __name__ == "__main__":
    main()
