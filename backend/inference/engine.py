"""Run the networks: one interface for torch, a CPU's runtime and an accelerator."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from backend.inference.card import Card
from backend.inference.errors import EngineRefused

EngineName = Literal["auto", "torch", "openvino"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)

FILMS_AT_ONCE = 2
"""Films given to an engine at once: while one network reads the second, the other still reads the first."""

_NVIDIA = Path("/dev/nvidiactl")

log = logging.getLogger("pneumonet")


@dataclass(frozen=True)
class Output:
    """One network on n films: logits (n, classes), last feature map (n, channels, h, w), both float32.

    `stages`, float32 (n, k), are the means and deviations of its stages' channels.
    """

    logits: NDArray[np.float32]
    feature_map: NDArray[np.float32]
    stages: NDArray[np.float32]


class Engine(Protocol):
    """The networks of a card, ready to run. Any number of threads may run it at once."""

    name: str
    device: str
    precision: str

    def run(self, inputs: NDArray[np.float32]) -> list[Output]:
        """Return each network's output, in the card's order, for films float32 (n, 3, size, size)."""


def open_engine(choice: EngineName, folder: Path, card: Card, threads: int) -> Engine:
    """Return the chosen engine with the networks of a folder, on so many cores.

    `auto` is torch where there is an accelerator, else OpenVINO, and torch again where that cannot be had.
    Raise ModelsUnavailable.
    """
    if choice == "torch" or (choice == "auto" and _is_accelerated()):
        return _torch(folder, card, threads)
    try:
        from backend.inference.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(folder, card, threads)
    except (ImportError, EngineRefused) as error:
        if choice != "auto":
            raise EngineRefused(f"the OpenVINO engine cannot be had: {error}") from error
        log.warning("torch reads the films", extra={"fields": {"reason": str(error)}})
        return _torch(folder, card, threads)


def _is_accelerated() -> bool:
    """Say whether torch has an accelerator; it is imported only where there is a driver for one."""
    if not _NVIDIA.exists():
        return False
    import torch

    return torch.cuda.is_available()


def _torch(folder: Path, card: Card, threads: int) -> Engine:
    from backend.inference.torch_engine import TorchEngine

    return TorchEngine(folder, card, threads)
