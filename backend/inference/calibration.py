"""Turn logits into probabilities that mean what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def calibrate(logits: NDArray[np.floating[Any]], temperature: float) -> NDArray[Any]:
    """Return softmax(logits / temperature), (n, classes) (Guo et al., arXiv 1706.04599)."""
    scaled = logits / temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
