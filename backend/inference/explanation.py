"""Say where the map points, and how far the networks agree in it.

The film is cut into sixths: two sides, which are the patient's (the patient's right is on the left of the
film), and three zones, thirds of its height. They are parts of the film, not of lungs: nothing is segmented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from backend.inference.gradcam import Floats

Side = Literal["right", "left"]
Zone = Literal["upper", "middle", "lower"]
SIDES: tuple[Side, ...] = get_args(Side)
ZONES: tuple[Zone, ...] = get_args(Zone)


@dataclass(frozen=True)
class Region:
    """A sixth of the film, and its share of the map's weight in [0, 1]."""

    side: Side
    zone: Zone
    share: float


@dataclass(frozen=True)
class Explanation:
    """The sixths, whose shares sum to 1 (all 0 for an empty map), and the overlap of the networks' maps."""

    agreement: float
    regions: tuple[Region, ...]


def describe(ensemble_map: Floats, network_maps: Sequence[Floats]) -> Explanation:
    """Return what the ensemble's map (h, w) says in words; the networks' own maps have its shape."""
    shares = _sixths(ensemble_map)
    return Explanation(
        agreement=overlap(network_maps),
        regions=tuple(
            Region(side, zone, float(shares[row, column]))
            for column, side in enumerate(SIDES)
            for row, zone in enumerate(ZONES)
        ),
    )


def overlap(maps: Sequence[Floats]) -> float:
    """Return the weight that all maps share cell by cell, each (h, w) and scaled to sum 1: from 0 to 1.

    For two maps that is 1 less their total variation distance. An empty map overlaps with nothing.
    """
    return float(min(1.0, np.min([_to_sum_one(each) for each in maps], axis=0).sum()))


def _sixths(weights: Floats) -> NDArray[np.float64]:
    """Return the sixths' shares (zones, sides); a cell on a border counts with the part that is within."""
    height, width = weights.shape
    shares = _cuts(height, len(ZONES)) @ _to_sum_one(weights) @ _cuts(width, len(SIDES)).T
    return np.asarray(shares.clip(0, 1))


def _cuts(cells: int, parts: int) -> NDArray[np.float64]:
    """Return the part, in [0, 1], of each of equal cells that lies in each of equal parts: (parts, cells)."""
    begins = np.arange(parts)[:, None] * cells / parts
    cell = np.arange(cells)[None]
    within = np.minimum(cell + 1, begins + cells / parts) - np.maximum(cell, begins)
    return np.asarray(within.clip(min=0))


def _to_sum_one(weights: Floats) -> NDArray[np.float64]:
    total = weights.sum(dtype=np.float64)
    return np.asarray(weights / total if total > 0 else np.zeros_like(weights), np.float64)
