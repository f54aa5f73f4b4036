"""Turn untrusted bytes into a checked film, or raise: the only door for bytes.

Size is checked before anything is decoded, the number of pixels before they are unpacked; the bytes alone
decide the type. Nothing is written to disk, and no error names a file or quotes its content.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from backend.inference.errors import (
    DamagedImage,
    EmptyFile,
    ImageTooLarge,
    NotARadiograph,
    UnsupportedType,
)

Film = NDArray[np.uint8]
"""A radiograph: grey levels, shape (height, width), 0 black to 255 white."""

SERVED_FORMATS = ("JPEG", "PNG")
MIN_SIDE = 32
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_BIT_DEPTHS = (8, 10, 12, 14, 16)
_LEAST_CONTRAST = 2.0

# Pillow's own bomb warning is replaced by the limit below, which is stricter and raises.
Image.MAX_IMAGE_PIXELS = None
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\..*")


@dataclass(frozen=True)
class Limits:
    """What is served at most: bytes of a file and pixels of an image."""

    max_bytes: int = 10 * 1024 * 1024
    max_pixels: int = 25_000_000


def read_film(data: bytes, limits: Limits = Limits()) -> Film:
    """Return the film in a JPEG or PNG file's bytes, upright and in 8-bit grey, or raise an ImageError."""
    if not data:
        raise EmptyFile("The file is empty.")
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(f"The file is larger than {limits.max_bytes / 2**20:.0f} MiB.")
    with _open(data) as image:
        width, height = image.size
        if width * height > limits.max_pixels:
            raise ImageTooLarge(f"The image has more than {limits.max_pixels / 1e6:.0f} megapixels.")
        if min(width, height) < MIN_SIDE:
            raise NotARadiograph(f"The image is smaller than {MIN_SIDE} pixels on a side.")
        film = _decode(image)
    if film.std() < _LEAST_CONTRAST:
        raise NotARadiograph("The image is blank: all its pixels are nearly the same.")
    return film


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=SERVED_FORMATS)
    except Exception as error:  # decoders fail in every way there is on hostile bytes
        if data.startswith(_SIGNATURES):
            raise DamagedImage("The image is damaged and cannot be read.") from error
        raise UnsupportedType("The file is neither a JPEG nor a PNG image.") from error


def _decode(image: Image.Image) -> Film:
    try:
        image.load()
        return _to_grey(ImageOps.exif_transpose(image))
    except Exception as error:  # as above
        raise DamagedImage("The image is damaged or cut short and cannot be read whole.") from error


def _to_grey(image: Image.Image) -> Film:
    """Return luminance; what is transparent counts as black, as film outside the beam does."""
    if image.mode.startswith("I"):
        return _to_eight_bits(np.asarray(image))
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), colours)
    return np.array(image.convert("L"))


def _to_eight_bits(levels: NDArray[np.generic]) -> Film:
    """Scale by the smallest usual bit depth that holds the brightest pixel.

    Detectors write 10 to 14 significant bits into a 16-bit file; Pillow's own conversion clips instead of
    scaling (Pillow issue 3011).
    """
    brightest = int(levels.max())
    depth = next((bits for bits in _BIT_DEPTHS if brightest < 2**bits), 16)
    return np.asarray(levels.astype(np.float32) * (255 / (2**depth - 1)) + 0.5).clip(0, 255).astype(np.uint8)
