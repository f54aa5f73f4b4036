"""Turn untrusted bytes into a checked film, or raise: the only door for bytes.

Size is checked before anything is decoded, the number of pixels before they are unpacked; the bytes alone
decide the type. Nothing is written to disk, and no error names a file or quotes its content.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.inference import jpeg, png
from backend.inference.decoding import decode
from backend.inference.errors import (
    DamagedImage,
    EmptyFile,
    ImageTooLarge,
    NotARadiograph,
    UnsupportedType,
)

Film = NDArray[np.uint8]
"""A radiograph: grey levels, shape (height, width), 0 black to 255 white."""

MIN_SIDE = 32
_LEAST_CONTRAST = 2.0
# Grey of 16 bits. One megabyte can hold 25 megapixels of four times 16: seconds of work.
MOST_BYTES_A_PIXEL = 2

# Pillow's own bomb warning is replaced by the limit below, which is stricter and raises.
Image.MAX_IMAGE_PIXELS = None
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\..*")


@dataclass(frozen=True)
class Limits:
    """What is served at most: bytes of a file and pixels of an image."""

    max_bytes: int = 10 * 1024 * 1024
    max_pixels: int = 25_000_000


def read_film(data: bytes, limits: Limits = Limits()) -> Film:
    """Return the film in a JPEG or PNG file's bytes, upright and in 8-bit grey, or raise an ImageError.

    Raise MemoryError where there is none left to decode it: the film is not to blame.
    """
    if not data:
        raise EmptyFile("The file is empty.")
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(f"The file is larger than {limits.max_bytes / 2**20:.0f} MiB.")
    picture = _take_apart(data)
    width, height = picture.size
    if width * height > limits.max_pixels:
        raise ImageTooLarge(f"The image has more than {limits.max_pixels / 1e6:.0f} megapixels.")
    if picture.decoded_bytes > MOST_BYTES_A_PIXEL * limits.max_pixels:
        raise ImageTooLarge("The image is too large for its depth and channels: send it in plain grey.")
    if min(width, height) < MIN_SIDE:
        raise NotARadiograph(f"The image is smaller than {MIN_SIDE} pixels on a side.")
    film = _decode(picture)
    if cv2.meanStdDev(film)[1].item() < _LEAST_CONTRAST:
        raise NotARadiograph("The image is blank: all its pixels are nearly the same.")
    return film


def _take_apart(data: bytes) -> jpeg.Jpeg | png.Png:
    kinds: dict[bytes, type[jpeg.Jpeg | png.Png]] = {jpeg.SIGNATURE: jpeg.Jpeg, png.SIGNATURE: png.Png}
    for signature, kind in kinds.items():
        if data.startswith(signature):
            try:
                return kind(data)
            except ValueError as error:
                raise DamagedImage(str(error)) from error
    raise UnsupportedType("The file is neither a JPEG nor a PNG image.")


def _decode(picture: jpeg.Jpeg | png.Png) -> Film:
    try:
        return decode(picture)
    except MemoryError:
        raise
    except Exception as error:  # decoders fail in every way there is on hostile bytes
        if isinstance(error, cv2.error) and getattr(error, "code", 0) == cv2.Error.STS_NO_MEM:
            raise MemoryError from error
        raise DamagedImage("The image is damaged or cut short and cannot be read whole.") from error
