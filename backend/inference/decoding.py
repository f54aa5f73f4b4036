"""Unpack an opened image into upright 8-bit grey, whatever it is stored as, and guess at no lost part."""

from __future__ import annotations

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageChops

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


def decode(image: Image.Image, data: bytes) -> NDArray[np.uint8]:
    """Return the grey levels (height, width) of an image that Pillow opened from these bytes.

    Raise whatever the decoders raise on damaged data.
    """
    orientation = _orientation(image)
    if image.format != "PNG" and image.mode in {"L", "RGB"}:
        grey = _decode_jpeg(data, *image.size)
    else:
        image.load()
        grey = Image.fromarray(_sixteen_bits(data)) if _is_deep(image, data) else _to_grey(image)
    if orientation in _TRANSPOSITIONS:
        grey = grey.transpose(_TRANSPOSITIONS[orientation])
    return np.array(grey)


def _decode_jpeg(data: bytes, width: int, height: int) -> Image.Image:
    """Decode strictly: Pillow drops libjpeg's warnings, and fills what is missing with grey.

    A film at least twice as large as anyone looks at it is decoded smaller, from fewer of its frequencies.
    """
    least_width, least_height = _ENOUGH if width >= height else _ENOUGH[::-1]
    levels = simplejpeg.decode_jpeg(
        data, "GRAY", min_width=least_width, min_height=least_height, min_factor=2, strict=True
    )
    return Image.fromarray(levels[:, :, 0])


def _to_grey(image: Image.Image) -> Image.Image:
    """Return luminance; what is transparent counts as black, as film outside the beam does."""
    grey = image.convert("L")
    if not image.has_transparency_data:
        return grey
    alpha = (image if "A" in image.getbands() else image.convert("RGBA")).getchannel("A")
    return ImageChops.multiply(grey, alpha)


def _is_deep(image: Image.Image, data: bytes) -> bool:
    """Say whether a PNG has 16 bits a channel: its header's bit depth, which Pillow cuts to 8 for colours."""
    return image.format == "PNG" and data[24] == 16


def _sixteen_bits(data: bytes) -> NDArray[np.uint8]:
    levels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if levels is None or levels.dtype != np.uint16:
        raise ValueError("not a PNG of 16 bits")
    if levels.ndim == 3:
        colours, alpha = levels[:, :, :3], levels[:, :, 3:]
        levels = cv2.cvtColor(np.ascontiguousarray(colours), cv2.COLOR_BGR2GRAY)
        if alpha.size:
            levels = (levels.astype(np.uint32) * alpha[:, :, 0] // 65535).astype(np.uint16)
    return _to_eight_bits(np.asarray(levels, dtype=np.uint16))


def _to_eight_bits(levels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Scale by the smallest usual bit depth that holds the brightest pixel.

    Detectors write 10 to 14 significant bits into a 16-bit file; Pillow's own conversion clips instead of
    scaling (Pillow issue 3011).
    """
    depth = next(bits for bits in _BIT_DEPTHS if int(levels.max()) < 2**bits)
    table = (np.arange(2**depth) * (255 / (2**depth - 1)) + 0.5).astype(np.uint8)
    return np.asarray(table[levels])


def _orientation(image: Image.Image) -> int | None:
    try:
        found: int | None = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # broken EXIF is no reason to refuse a film whose pixels are whole
        return None
    return found
