"""Run the networks with torch: the reference in float32 on the CPU, and in bfloat16 on an accelerator."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from backend.inference.card import Card
from backend.inference.engine import Output
from backend.inference.models import Staged, load_network


class TorchEngine:
    """The reference, which every other engine has to agree with."""

    name = "torch"

    def __init__(self, folder: Path, card: Card, threads: int, device: str = "auto") -> None:
        """Load the networks; `auto` is CUDA where there is any. Raise WeightsRefused."""
        torch.set_num_threads(threads)
        self.device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self.precision = "bfloat16" if self.device == "cuda" else "float32"
        self.networks = [
            load_network(folder, each, len(card.classes)).to(self.device) for each in card.networks
        ]
        named = zip(self.networks, card.networks, strict=True)
        self._staged = [Staged(network, each.architecture).eval() for network, each in named]
        # A film uses all cores, so a second one at the same time would only slow both.
        self._turn = threading.Lock()

    @torch.inference_mode()
    def run(self, inputs: NDArray[np.float32]) -> list[Output]:
        """Return each network's output; see Engine."""
        films = torch.from_numpy(inputs).to(self.device).contiguous(memory_format=torch.channels_last)
        halved = torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bfloat16")
        with self._turn, halved:
            found = [staged(films) for staged in self._staged]
        return [Output(*(each.float().cpu().numpy() for each in outputs)) for outputs in found]
