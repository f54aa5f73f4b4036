"""Build a network, load its weights, and run it so that its last feature map comes out with its logits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import safetensors
import safetensors.torch
import torch
from torch import nn
from torch.nn import functional as F

from backend.inference import torchvision_ops  # noqa: F401  (must precede torchvision)
from backend.inference.card import NetworkCard
from backend.inference.weights import check_weights, misfit

from torchvision.models import convnext_tiny, efficientnet_v2_s  # isort: skip


_BUILDERS: Mapping[str, Callable[..., nn.Module]] = {
    "convnext_tiny": convnext_tiny,
    "efficientnet_v2_s": efficientnet_v2_s,
}


STAGES: Mapping[str, tuple[int, ...]] = {
    "convnext_tiny": (2, 4, 6),
    "efficientnet_v2_s": (1, 2, 3, 5, 6),
}
"""Where in `features` the intake gate looks at the channels: convolutions whose outputs lie in memory anyway.

Behind ConvNeXt's stages stands a norm that OpenVINO computes together with the sum before it; to look between
them rounds the sum to bfloat16 and doubles the answers' distance from the reference.
"""


class Network(nn.Module):
    """A torchvision classifier that returns its last feature map beside its logits.

    Both architectures are `features`, a global average pool, then `classifier`; parameters keep
    torchvision's names, so its checkpoints load (apart from a head for another number of classes).
    """

    def __init__(self, architecture: str, classes: int) -> None:
        super().__init__()
        backbone = _BUILDERS[architecture](num_classes=classes)
        self.features = cast(nn.Sequential, backbone.features)
        self.classifier = cast(nn.Sequential, backbone.classifier)
        self._head_is_spatial = architecture == "convnext_tiny"

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (n, classes) and the feature map (n, channels, h, w) for input (n, 3, H, W)."""
        feature_map: torch.Tensor = self.features(pixels)
        return self.head(feature_map), feature_map

    def head(self, feature_map: torch.Tensor) -> torch.Tensor:
        """Return the logits (n, classes) of a feature map (n, channels, h, w)."""
        pooled = F.adaptive_avg_pool2d(feature_map, 1)
        logits: torch.Tensor = self.classifier(pooled if self._head_is_spatial else pooled.flatten(1))
        return logits


class Staged(nn.Module):
    """A network that also tells what its stages hold, pooled: what the intake gate looks at."""

    def __init__(self, network: Network, architecture: str) -> None:
        super().__init__()
        self.network = network
        self._stages = STAGES[architecture]

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return logits, the feature map, and each stage's means and deviations by channel (n, k)."""
        pooled = []
        for place, layer in enumerate(self.network.features):
            pixels = layer(pixels)
            if place in self._stages:
                mean = pixels.mean(dim=(2, 3), keepdim=True)
                pooled += [mean.flatten(1), (pixels - mean).square().mean(dim=(2, 3)).sqrt()]
        return self.network.head(pixels), pixels, torch.cat(pooled, dim=1)


def load_network(folder: Path, card: NetworkCard, classes: int) -> Network:
    """Return a network with its committed weights, in float32 and evaluation mode.

    Raise WeightsRefused when the file is not the card's, or its tensors do not fit the architecture.
    """
    path = check_weights(folder, card)
    network = Network(card.architecture, classes)
    try:
        network.load_state_dict(safetensors.torch.load_file(path))
    except (safetensors.SafetensorError, RuntimeError) as error:
        raise misfit(card) from error
    return channels_last(network.eval().requires_grad_(False))


def channels_last(network: Network) -> Network:
    """Lay the kernels out as the CPU's and the accelerator's convolutions read them fastest."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
