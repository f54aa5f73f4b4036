"""Turn a film into the networks' input: the only transform, for serving, calibration and evaluation."""

import numpy as np
import torch
from PIL import Image

from backend.inference.card import InputSpec
from backend.inference.images import Film


def preprocess(film: Film, spec: InputSpec) -> torch.Tensor:
    """Return the network's input for one film: float32, shape (1, 3, size, size)."""
    return normalise(torch.from_numpy(squeeze(film, spec.size))[None, None], spec)


def squeeze(film: Film, size: int) -> Film:
    """Resample the whole film to (size, size), antialiased, without crop or letterbox."""
    if film.shape == (size, size):
        return film.copy()
    return np.array(Image.fromarray(film).resize((size, size), Image.Resampling.BILINEAR))


def normalise(grey: torch.Tensor, spec: InputSpec) -> torch.Tensor:
    """Return the RGB input, float32 (n, 3, h, w), for grey films (n, 1, h, w): uint8, or float in [0, 1]."""
    levels = grey.float() / 255 if grey.dtype == torch.uint8 else grey
    mean = torch.tensor(spec.mean, device=grey.device).view(1, 3, 1, 1)
    std = torch.tensor(spec.std, device=grey.device).view(1, 3, 1, 1)
    return (levels - mean) / std
