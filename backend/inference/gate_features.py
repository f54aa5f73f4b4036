"""Describe a film in numbers without a network: its thumbnail, its edges by place, its levels.

All of it is taken from the networks' input, grey levels float32 (side, side) in [0, 1], so that one squeeze
serves both.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.float32]
Vector = NDArray[np.float32]

VERSION = "2"
"""Of the description: another when its numbers change, so that no gate hears what it was not fitted to."""

THUMBNAIL = 32
CELLS = 8
BINS = 16
LENGTH = THUMBNAIL**2 + 5 * CELLS**2 + BINS

_FLAT = 1e-3
_LUNGS = (0.2, 0.8)
"""The middle of a film, as shares of its side: what stands there stands over the lungs or the heart."""


def describe(levels: Levels) -> Vector:
    """Return a film's description, float32 (LENGTH,); all but its finest detail is taken at half the size.

    Raise ValueError for levels that are no square, or too small a one.
    """
    if len(set(levels.shape)) > 1 or len(levels) < 2 * CELLS:
        raise ValueError(f"no square of at least {2 * CELLS} by {2 * CELLS} levels: {levels.shape}")
    half = _halve(levels)
    return np.concatenate([thumbnail(half).ravel(), _edges(half, levels), _histogram(half)])


def thumbnail(levels: Levels) -> NDArray[np.float32]:
    """Return the film small, with mean 0 and deviation 1, so that exposure and contrast do not count."""
    small = cv2.resize(levels, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    mean, deviation = (float(each[0, 0]) for each in cv2.meanStdDev(small))
    return np.asarray((small - mean) / max(deviation, _FLAT), np.float32)


def _halve(levels: Levels) -> Levels:
    side = len(levels) // 2
    return np.asarray(cv2.resize(levels, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _edges(half: Levels, levels: Levels) -> Vector:
    """Return, for each cell, the logarithms of the energy of edges across four directions and of detail."""
    along, down = (cv2.Sobel(half, cv2.CV_32F, *order, scale=0.125) for order in ((1, 0), (0, 1)))
    # First, for `_energy` overwrites what these are made of.
    slanting = [_energy(along + down) / 2, _energy(along - down) / 2]
    fine = cv2.Laplacian(levels, cv2.CV_32F, scale=0.25)
    cells: list[NDArray[Any]] = [_energy(along), _energy(down), *slanting, _energy(fine)]
    return np.asarray(np.log(np.stack(cells) + _FLAT).ravel(), np.float32)


def _energy(edges: NDArray[Any]) -> NDArray[np.float32]:
    """Return each cell's mean magnitude, (CELLS, CELLS); overwrite the edges, for a copy takes its time."""
    magnitude = np.abs(edges, out=edges)
    return np.asarray(cv2.resize(magnitude, (CELLS, CELLS), interpolation=cv2.INTER_AREA))


def _histogram(levels: Levels) -> Vector:
    bins = (levels * (BINS / 1.0001)).astype(np.uint8)  # OpenCV counts bytes five times as fast as floats
    counts = cv2.calcHist([bins], [0], None, [BINS], [0, BINS]).ravel()
    return np.asarray(np.sqrt(counts / levels.size), np.float32)


def sharpness(levels: Levels) -> float:
    """Return the logarithm of how much of the film's detail is fine."""
    # Blurred as well as halved: what is coarser than that would count as no less sharp the coarser it is.
    smooth = cv2.GaussianBlur(_halve(levels), (0, 0), 1.5)
    fine, coarse = (_deviation(cv2.Laplacian(each, cv2.CV_32F)) for each in (levels, smooth))
    return float(np.log((fine + _FLAT / 10) / (coarse + _FLAT / 10)))


def _deviation(detail: NDArray[Any]) -> float:
    """Return the standard deviation of values whose mean is near 0, several times as fast as numpy does."""
    flat = detail.ravel()
    return math.sqrt(max(float(flat @ flat) / flat.size - float(flat.mean()) ** 2, 0))


def exposure(levels: Levels) -> tuple[float, float]:
    """Return the middle's share of nearly white pixels and of nearly black ones."""
    middle = _middle(levels)
    white, black = np.count_nonzero(middle > 0.96), np.count_nonzero(middle < 0.04)
    return white / middle.size, black / middle.size


def brightness(levels: Levels) -> float:
    """Return the middle's mean level."""
    return float(_middle(levels).mean())


def strokes(levels: Levels) -> float:
    """Return the share of the middle that is thin and stands out sharply, as writing does."""
    middle = np.ascontiguousarray(_middle(levels))
    kernel = np.ones((7, 7), np.uint8)
    raised = cv2.morphologyEx(middle, cv2.MORPH_TOPHAT, kernel)
    sunk = cv2.morphologyEx(middle, cv2.MORPH_BLACKHAT, kernel)
    return np.count_nonzero(np.maximum(raised, sunk, out=raised) > 0.3) / middle.size


def _middle(levels: Levels) -> Levels:
    side = len(levels)
    low, high = (round(share * side) for share in _LUNGS)
    return levels[low:high, low:high]
