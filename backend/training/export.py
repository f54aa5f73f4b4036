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


def export_run(run: Path, weight: float, folder: Path) -> NetworkCard:
    """Write FOLDER/<architecture>.safetensors and return the network's card, its temperature still 1.

    Raise DataError when the run's record is missing or when the split of its teacher was another.
    """
    record = read_record(run)
    config = record["config"]
    file = f"{config['arch']}.safetensors"
    stored = save(halve(load_file(run / "model.safetensors")))
    unfinished = folder / f"{file}.tmp"
    unfinished.write_bytes(stored)
    os.replace(unfinished, folder / file)
    return NetworkCard(
        architecture=config["arch"],
        weight=weight,
        temperature=1.0,
        file=file,
        sha256=hashlib.sha256(stored).hexdigest(),
        trained=training_facts(run, record),
    )


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
    facts = {key: config[key] for key in ("schedule", "seed", "split_seed", "batch")}
    if config.get("teacher"):
        facts["teacher"] = _teacher(run, Path(config["teacher"]), config["split_seed"])
    if config.get("init"):
        facts["started_from_given_weights"] = True
    return {**facts, "epochs": len(record["history"]), "torch": record["torch"]}


def _teacher(run: Path, teacher: Path, split_seed: int) -> str:
    """Return the teacher's architecture; look beside the run too, for runs are often moved together."""
    beside = run.parent / teacher.name
    config = read_record(beside if not teacher.is_dir() and beside.is_dir() else teacher)["config"]
    if config["split_seed"] != split_seed:
        raise DataError(f"the teacher of {run} has seen another split, so validation tells nothing")
    return str(config["arch"])
