"""Say of many durations what counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Summary:
    """Durations in milliseconds: how many, and their percentiles."""

    count: int
    median_ms: float
    p90_ms: float
    p99_ms: float


def summarise(seconds: Sequence[float]) -> Summary:
    """Return the summary of durations in seconds; raise ValueError where there is none."""
    if not seconds:
        raise ValueError("nothing was measured")
    median, p90, p99 = (float(each) * 1000 for each in np.percentile(seconds, [50, 90, 99]))
    return Summary(len(seconds), median, p90, p99)
