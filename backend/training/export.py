"""Take a finished run into the weights folder: its weights in half precision, and how they came about."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save

from backend.inference.card import NetworkCard
from backend.training.data import DataError


def export_run(run: Path, weight: float, folder: Path, prior: torch.Tensor) -> NetworkCard:
    """Write FOLDER/<architecture>.safetensors and return the network's card, its temperature still 1.

    `prior` (classes,) is each class's share of the films that taught it. Raise DataError when the run's
    record is missing or when its teacher or what it started from has seen another split.
    """
    record = read_record(run)
    config = record["config"]
    file = f"{config['arch']}.safetensors"
    stored = save(halve(with_prior(load_file(run / "model.safetensors"), prior)))
    unfinished = folder / f"{file}.tmp"
    unfinished.write_bytes(stored)
    os.replace(unfinished, folder / file)
    return NetworkCard(
        architecture=config["arch"],
        weight=weight,
        temperature=1.0,
        file=file,
        sha256=hashlib.sha256(stored).hexdigest(),
        trained={**training_facts(run, record), "class_prior": [round(float(share), 4) for share in prior]},
    )


def with_prior(weights: dict[str, torch.Tensor], prior: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the weights with the log of the prior (classes,) in the head's bias.

    In training the prior stands beside the logits, which therefore favour no class (Menon et al., arXiv
    2007.07314). A confidence means what it says only where the classes are as frequent as it takes them to
    be; subtract the prior again, and add another, for a hospital with another mix.
    """
    head = max(name for name in weights if name.startswith("classifier") and name.endswith("bias"))
    return {**weights, head: weights[head] + prior.log()}


def halve(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the weights with matrices and kernels in float16; vectors and whole numbers stay as they are.

    Norms, biases, batch statistics and layer scales, which are vectors whatever their shape, weigh nothing in
    the file, and the last two span more than float16's range. Raise ValueError when a kernel does not fit it.
    """
    halved = {name: weights[name] for name in sorted(weights)}
    for name, value in halved.items():
        if value.is_floating_point() and sum(side > 1 for side in value.shape) >= 2:
            halved[name] = value.half()
        if not bool(torch.isfinite(halved[name]).all()):
            raise ValueError(f"{name} holds a value that half precision cannot")
    return halved


def read_record(run: Path) -> dict[str, Any]:
    """Return a finished run's record: `config`, `history`, `torch`; raise DataError if it has none."""
    try:
        record: dict[str, Any] = json.loads((run / "run.json").read_text())
    except OSError as error:
        raise DataError(f"{run} is not a finished run: its run.json cannot be read") from error
    return record


def training_facts(run: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Return what the card says of a run: what a reader needs to teach the network again."""
    config = record["config"]
    told = ("schedule", "seed", "split_seed", "batch", "mixup_alpha", "stochastic_depth")
    facts = {key: config[key] for key in told if config.get(key) is not None}
    if config.get("teacher"):
        teacher = _beside(run, Path(config["teacher"]))
        facts["teacher"] = _read_of_split(teacher, config["split_seed"])["config"]["arch"]
    if config.get("init"):
        start = _beside(run, Path(config["init"]).parent)
        facts["started_from"] = (
            training_facts(start, _read_of_split(start, config["split_seed"]))
            if (start / "run.json").is_file()
            else "given weights"
        )
    return {**facts, "epochs": len(record["history"]), "torch": record["torch"]}


def _beside(run: Path, earlier: Path) -> Path:
    """Return where an earlier run is: runs are often moved together."""
    beside = run.parent / earlier.name
    return beside if not earlier.is_dir() and beside.is_dir() else earlier


def _read_of_split(run: Path, split_seed: int) -> dict[str, Any]:
    record = read_record(run)
    if record["config"]["split_seed"] != split_seed:
        raise DataError(f"{run.name} has seen another split than its pupil, so validation tells nothing")
    return record
