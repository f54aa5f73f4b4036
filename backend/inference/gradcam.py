"""Explain the class that the ensemble chose: Grad-CAM in closed form, from the prediction's own forward pass.

Grad-CAM (Selvaraju et al., arXiv 1610.02391) weighs each channel k of the last feature map A by the mean
gradient α_k of the class score, and shows ReLU(Σ_k α_k A_k). Behind A both networks have only a global
average pool v = mean(A) and a head, whose gradient can be written down:

- EfficientNetV2-S, linear head:             α = W_c / (H·W)
- ConvNeXt-Tiny, LayerNorm then linear:      α = (g − mean(g) − x̂·mean(g ⊙ x̂)) / (σ·H·W)
  with x̂ = (v − μ)/σ and g = γ ⊙ W_c

So no backward pass and no hook is needed, and simultaneous requests share nothing.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from backend.inference.ensemble import Vote
from backend.inference.models import Network


@torch.inference_mode()
def explain(votes: list[Vote], chosen: torch.Tensor) -> torch.Tensor:
    """Return the ensemble's maps (n, h, w) in [0, 1] for the chosen class (n,) of each film.

    Each network's map is scaled to its own maximum, then mixed by the networks' shares. A network that
    sees nothing for the class adds nothing.
    """
    maps = [vote.card.weight * scale(grad_cam(vote.network, vote.feature_map, chosen)) for vote in votes]
    return torch.stack(maps).sum(dim=0)


def grad_cam(network: Network, feature_map: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Return one network's Grad-CAM (n, h, w), unscaled, for feature maps (n, channels, h, w)."""
    weights = channel_weights(network, feature_map, chosen)
    return torch.einsum("nk,nkhw->nhw", weights, feature_map).relu()


def channel_weights(network: Network, feature_map: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Return α (n, channels): the mean gradient of the chosen class's logit in each channel."""
    head = network.classifier
    class_weights = cast(nn.Linear, head[-1]).weight[chosen]
    area = feature_map.shape[2] * feature_map.shape[3]
    if isinstance(head[0], nn.LayerNorm):
        class_weights = _through_layer_norm(head[0], feature_map.mean(dim=(2, 3)), class_weights)
    return class_weights / area


def scale(maps: torch.Tensor) -> torch.Tensor:
    """Divide each map (n, h, w) by its maximum; an empty map stays empty."""
    return maps / maps.amax(dim=(1, 2), keepdim=True).clamp_min(1e-12)


def _through_layer_norm(norm: nn.LayerNorm, pooled: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    centred = pooled - pooled.mean(dim=1, keepdim=True)
    sigma = (centred.square().mean(dim=1, keepdim=True) + norm.eps).sqrt()
    normed = centred / sigma
    scaled = norm.weight * gradient
    return (
        scaled - scaled.mean(dim=1, keepdim=True) - normed * (normed * scaled).mean(dim=1, keepdim=True)
    ) / sigma
