"""Unpack a picture into upright 8-bit grey, whatever it is stored as, and guess at no lost part."""

from __future__ import annotations

import io

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageChops

from backend.inference.exif import read_orientation
from backend.inference.jpeg import Jpeg
from backend.inference.png import Png

# Of a film's long and short side: the overlay's, and twice what the networks see.
_ENOUGH = 768, 448
_BIT_DEPTHS = (8, 10, 12, 14, 16)
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(picture: Jpeg | Png) -> NDArray[np.uint8]:
    """Return the grey levels (height, width); raise whatever the decoders raise on damaged data."""
    grey = _decode_png(picture) if isinstance(picture, Png) else _decode_jpeg(picture)
    orientation = read_orientation(picture.exif())
    if orientation in _TRANSPOSITIONS:
        grey = grey.transpose(_TRANSPOSITIONS[orientation])
    return np.array(grey)


def _decode_png(png: Png) -> Image.Image:
    if png.is_deep:  # Pillow cuts colours to 8 bits
        return Image.fromarray(_sixteen_bits(png.bare()))
    png.check_rows()
    with Image.open(io.BytesIO(png.bare()), formats=["PNG"]) as image:
        if image.size != png.size:
            raise ValueError("Pillow finds another size than was checked")
        return _to_grey(image)


def _decode_jpeg(jpeg: Jpeg) -> Image.Image:
    """Decode strictly: Pillow drops libjpeg's warnings, and fills what is missing with grey.

    A film at least twice as large as anyone looks at it is decoded smaller, from fewer of its frequencies.
    """
    width, height = jpeg.size
    enough = _ENOUGH if width >= height else _ENOUGH[::-1]
    inks = jpeg.channels == 4
    levels = simplejpeg.decode_jpeg(
        jpeg.data,
        "CMYK" if inks else "GRAY",
        min_width=enough[0],
        min_height=enough[1],
        min_factor=2,
        strict=True,
    )
    if inks:  # stored as what is left white, as Adobe's programs do and Pillow takes it
        return Image.fromarray(255 - levels, "CMYK").convert("L")
    return Image.fromarray(levels[:, :, 0])


def _to_grey(image: Image.Image) -> Image.Image:
    """Return luminance; what is transparent counts as black, as film outside the beam does."""
    grey = image.convert("L")
    if not image.has_transparency_data:
        return grey
    alpha = (image if "A" in image.getbands() else image.convert("RGBA")).getchannel("A")
    return ImageChops.multiply(grey, alpha)


def _sixteen_bits(png: bytes) -> NDArray[np.uint8]:
    """Decode a PNG of 16 bits a channel; OpenCV is strict, and keeps all of them."""
    levels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if levels is None or levels.dtype != np.uint16:
        raise ValueError("not a PNG of 16 bits")
    if levels.ndim == 3:
        deep, channels = levels, levels.shape[2]
        levels = cv2.cvtColor(deep, cv2.COLOR_BGRA2GRAY if channels == 4 else cv2.COLOR_BGR2GRAY)
        if channels == 4:
            alpha = cv2.extractChannel(deep, 3)
            levels = cv2.multiply(levels, alpha, dst=alpha, scale=1 / 65535)
    return _to_eight_bits(np.asarray(levels, dtype=np.uint16))


def _to_eight_bits(levels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Scale by the smallest usual bit depth that holds the brightest pixel.

    Detectors write 10 to 14 significant bits into a 16-bit file; Pillow's own conversion clips instead of
    scaling (Pillow issue 3011).
    """
    depth = next(bits for bits in _BIT_DEPTHS if int(levels.max()) < 2**bits)
    table = (np.arange(2**depth) * (255 / (2**depth - 1)) + 0.5).astype(np.uint8)
    return np.asarray(table[levels])
