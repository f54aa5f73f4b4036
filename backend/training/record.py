"""Write what was measured, with what it was measured on; without a path of this machine."""

from __future__ import annotations

import json
import math
import platform
from pathlib import Path
from typing import Any

import torch

from backend.inference.ensemble import Ensemble

_CPU_INFO = Path("/proc/cpuinfo")


def provenance(ensemble: Ensemble, command: str) -> dict[str, Any]:
    """Return the networks, how they were calibrated, the command, and what it ran on."""
    return {
        "model_version": ensemble.card.version,
        "weights_sha256": {network.architecture: network.sha256 for network in ensemble.card.networks},
        "temperatures": {network.architecture: network.temperature for network in ensemble.card.networks},
        "bias": list(ensemble.card.bias),
        "command": command,
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


def write_json(path: Path, report: dict[str, Any]) -> dict[str, Any]:
    """Write a report with four decimals, null for what is not defined, and return it as written."""
    rounded: dict[str, Any] = _rounded(report)
    path.write_text(json.dumps(rounded, indent=2, allow_nan=False) + "\n")
    return rounded


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(each) for each in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value
