"""Name the architectures that can be served, without importing what builds them."""

from collections.abc import Mapping

ARCHITECTURES: Mapping[str, str] = {
    "convnext_tiny": "ConvNeXt-Tiny",
    "efficientnet_v2_s": "EfficientNetV2-S",
}
"""torchvision's name for each, and the name that people know."""
