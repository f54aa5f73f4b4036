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

import numpy as np
from numpy.typing import NDArray

from backend.inference.ensemble import Vote
from backend.inference.weights import Head

Floats = NDArray[np.float32]

_EPSILON = 1e-6
"""What torchvision's ConvNeXt adds to the variance in its LayerNorms."""


def explain(votes: list[Vote], chosen: NDArray[np.intp]) -> Floats:
    """Return the ensemble's maps (n, h, w) in [0, 1] for the chosen class (n,) of each film.

    Each network's map is scaled to its own maximum, then mixed by the networks' shares. A network that
    sees nothing for the class adds nothing.
    """
    return mix(votes, network_maps(votes, chosen))


def network_maps(votes: list[Vote], chosen: NDArray[np.intp]) -> list[Floats]:
    """Return each network's map (n, h, w) for the chosen class (n,), scaled to its own maximum."""
    return [scale(grad_cam(vote.head, vote.feature_map, chosen)) for vote in votes]


def mix(votes: list[Vote], maps: list[Floats]) -> Floats:
    """Return the ensemble's map (n, h, w): the networks' own, each (n, h, w), by their shares."""
    shares = [vote.card.weight * each for vote, each in zip(votes, maps, strict=True)]
    return np.asarray(np.sum(shares, axis=0), np.float32)


def grad_cam(head: Head, feature_map: Floats, chosen: NDArray[np.intp]) -> Floats:
    """Return one network's Grad-CAM (n, h, w), unscaled, for feature maps (n, channels, h, w)."""
    weights = channel_weights(head, feature_map, chosen)
    return np.asarray(np.einsum("nk,nkhw->nhw", weights, feature_map).clip(min=0))


def channel_weights(head: Head, feature_map: Floats, chosen: NDArray[np.intp]) -> Floats:
    """Return α (n, channels): the mean gradient of the chosen class's logit in each channel."""
    gradient = head.linear[chosen]
    if head.gain is not None:
        gradient = _through_layer_norm(head.gain, feature_map.mean(axis=(2, 3)), gradient)
    return np.asarray(gradient / (feature_map.shape[2] * feature_map.shape[3]))


def scale(maps: Floats) -> Floats:
    """Divide each map (n, h, w) by its maximum; an empty map stays empty."""
    return np.asarray(maps / maps.max(axis=(1, 2), keepdims=True).clip(min=1e-12))


def _through_layer_norm(gain: Floats, pooled: Floats, gradient: Floats) -> Floats:
    centred = pooled - _mean(pooled)
    sigma = np.sqrt(_mean(np.square(centred)) + _EPSILON)
    normed = centred / sigma
    scaled = gain * gradient
    return np.asarray((scaled - _mean(scaled) - normed * _mean(normed * scaled)) / sigma)


def _mean(values: Floats) -> Floats:
    return np.asarray(values.mean(axis=1, keepdims=True))
