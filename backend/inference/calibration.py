"""Turn logits into probabilities that mean what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def calibrate(
    logits: NDArray[np.floating[Any]], temperature: float, bias: Sequence[float] | float = 0.0
) -> NDArray[Any]:
    """Return softmax(logits / temperature + bias), (n, classes), with a bias for each class or none.

    Temperature scaling (Guo et al., arXiv 1706.04599), bias-corrected (Alexandari, Kundaje and Shrikumar,
    arXiv 1901.06852).
    """
    scaled = logits / temperature + np.asarray(bias, logits.dtype)
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
