"""Pictures that measure the gate are none that it was fitted to."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from backend.inference.images import Film
from backend.training.pictures import find_pictures

OTHERS = Path(sys.prefix) / "pictures"
"""Where `make evaluate-gate` puts packages."""


def detail(levels: Film) -> np.ndarray:
    """Return what is fine in a picture, at mean 0 and length 1."""
    small = cv2.resize(levels, (128, 128), interpolation=cv2.INTER_AREA).astype(np.float32)
    fine = (small - cv2.GaussianBlur(small, (0, 0), 4)).ravel()
    fine -= fine.mean()
    return np.asarray(fine / max(float(np.linalg.norm(fine)), 1e-6))


def test_no_picture_is_on_both_sides() -> None:
    fit, test = (find_pictures(side, OTHERS if OTHERS.is_dir() else None) for side in ("fit", "test"))
    alike = (
        np.stack([detail(each.levels) for each in fit]) @ np.stack([detail(each.levels) for each in test]).T
    )
    found = [(fit[one].name, test[two].name) for one, two in np.argwhere(np.abs(alike) > 0.8)]
    assert found == []


def test_a_picture_of_another_size_would_be_noticed() -> None:
    levels = next(each.levels for each in find_pictures("fit") if each.name == "china.jpg")
    half = np.asarray(cv2.resize(levels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    assert detail(levels) @ detail(half) > 0.8
