"""Turn a film into the networks' input: the only transform, for serving, calibration and evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.inference.card import InputSpec
from backend.inference.images import Film

if TYPE_CHECKING:
    import torch

Levels = TypeVar("Levels", NDArray[np.float32], "torch.Tensor")
"""Grey levels in [0, 1], float32 (n, 1, h, w), of numpy in serving and of torch in training."""


def preprocess(film: Film, spec: InputSpec) -> NDArray[np.float32]:
    """Return the networks' input for one film: float32 (1, 3, size, size)."""
    levels = levels_of_squeezed(squeeze(film, spec.size))
    return np.concatenate(normalise(levels[None, None], spec), axis=1)


def squeeze(film: Film, size: int) -> Film:
    """Resample the whole film to (size, size), antialiased, without crop or letterbox."""
    if film.shape == (size, size):
        return film.copy()
    return np.array(Image.fromarray(film).resize((size, size), Image.Resampling.BILINEAR))


def levels_of_squeezed(film: Film) -> NDArray[np.float32]:
    """Return a film's grey levels in [0, 1], of its own shape."""
    return np.divide(film, 255, dtype=np.float32)


def normalise(levels: Levels, spec: InputSpec) -> list[Levels]:
    """Return red, green and blue of the input, each (n, 1, h, w), for the levels of grey films."""
    return [(levels - mean) / std for mean, std in zip(spec.mean, spec.std, strict=True)]


def levels_of(inputs: NDArray[np.float32], spec: InputSpec) -> NDArray[np.float32]:
    """Return the grey levels in [0, 1], (size, size), of which an input (1, 3, size, size) was made."""
    return np.asarray(inputs[0, 0] * np.float32(spec.std[0]) + np.float32(spec.mean[0]))
