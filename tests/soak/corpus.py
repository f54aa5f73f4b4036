"""Drawn films in every kind of file that is served, and files as dear to decode as the limits allow."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from itertools import product
from math import isqrt

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from backend.inference.images import MOST_BYTES_A_PIXEL, Limits
from backend.inference.jpeg import _MOST_SCANS
from backend.inference.png import _CHANNELS, _PASSES, SIGNATURE
from backend.inference.synthetic import draw_chest_film

CHANNELS = _CHANNELS


def chunk(name: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG: length, name, content, checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def raw_png(levels: np.ndarray, colours: int, depth: int, interlaced: bool, *more: bytes) -> bytes:
    """Return a PNG of whole bytes (depth 8 or 16), (height, width, channels), interlaced or not.

    No library here writes all of these kinds.
    """
    height, width = levels.shape[:2]
    kind = ">u2" if depth == 16 else "u1"
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    rows = b"".join(
        b"\0" + row.astype(kind).tobytes()
        for column, first, across, down in passes
        for row in levels[first::down, column::across]
        if row.size
    )
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, interlaced)
    return SIGNATURE + chunk(b"IHDR", header) + b"".join(more) + chunk(b"IDAT", zlib.compress(rows)) + END


END = chunk(b"IEND", b"")
PALETTE = chunk(b"PLTE", bytes(np.repeat(np.arange(256), 3).tolist()))


@cache
def seeds() -> dict[str, bytes]:
    """Return small films by the kind of their file."""
    film = draw_chest_film(96, 128)
    grey = Image.fromarray(film)
    large = Image.fromarray(draw_chest_film(1000, 1600))
    deep = film.astype(np.uint16) * 257
    found: dict[str, bytes] = {}
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = Image.fromarray(deep) if mode == "I;16" else grey.convert(mode)
        found[f"png {mode}"] = encoded(image, "PNG")
    for bits in (1, 2, 4):
        found[f"png palette {bits}"] = encoded(grey.convert("RGB").quantize(2**bits), "PNG", bits=bits)
    found["png palette transparent"] = encoded(grey.convert("P"), "PNG", transparency=bytes(range(256)))
    found["png RGB transparent"] = encoded(grey.convert("RGB"), "PNG", transparency=(9, 9, 9))
    for colours, depth, interlaced in product((0, 2, 4, 6), (8, 16), (False, True)):
        levels = np.dstack([deep if depth == 16 else film] * CHANNELS[colours])
        found[f"png {colours} {depth} {interlaced}"] = raw_png(levels, colours, depth, interlaced)
    found["png palette interlaced"] = raw_png(film[:, :, None], 3, 8, True, PALETTE)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a film"
    text = PngInfo()
    text.add_text("Title", "a film", zip=True)
    text.add_itxt("Author", "nobody", "en", "author", zip=True)
    found["png texts"] = encoded(
        grey, "PNG", pnginfo=text, exif=exif, icc_profile=b"\0" * 300, dpi=(300, 300)
    )
    found["png moving"] = encoded(grey, "PNG", save_all=True, append_images=[grey.rotate(90)], duration=50)
    for mode, progressive in product(("L", "RGB", "CMYK"), (False, True)):
        options: dict[str, object] = {"progressive": progressive, "quality": 85}
        found[f"jpeg {mode} {progressive}"] = encoded(grey.convert(mode), "JPEG", **options)
        found[f"jpeg {mode} {progressive} large"] = encoded(large.convert(mode), "JPEG", **options)
    found["jpeg 4:4:4"] = encoded(grey.convert("RGB"), "JPEG", subsampling=0, optimize=True)
    found["jpeg restarts"] = encoded(grey, "JPEG", restart_marker_blocks=2)
    found["jpeg tags"] = encoded(grey, "JPEG", exif=exif, icc_profile=b"\0" * 300, comment=b"a film")
    found["jpeg and jpeg"] = encoded(grey, "MPO", save_all=True, append_images=[grey])
    return found


@cache
def bombs() -> dict[str, bytes]:
    """Return files whose decoding costs as much as the limits allow, or would cost far more."""
    found: dict[str, bytes] = {}
    for colours, depth in product(CHANNELS, (8, 16)):
        if (colours, depth) == (3, 16):
            continue
        # 25 megapixels, and as many as are served where those have too many bytes.
        channels = 4 if colours in {4, 6} else CHANNELS[colours]
        for side in {5000, most_side(channels * depth // 8)}:
            found[f"bomb png {colours} {depth} {side}"] = bomb(side, colours, depth)
    found["bomb png palette transparent"] = bomb(most_side(4), 3, 8, chunk(b"tRNS", bytes(256)))
    found["bomb png RGB transparent"] = bomb(most_side(4), 2, 8, chunk(b"tRNS", bytes(6)))
    found["bomb png grey transparent"] = bomb(most_side(4), 0, 8, chunk(b"tRNS", bytes(2)))
    found["bomb png deep grey transparent"] = bomb(most_side(8), 0, 16, chunk(b"tRNS", bytes(2)))
    found["bomb png of 4 gigapixels"] = bomb(8, 0, 8)[:16] + struct.pack(">II", 65536, 65536) + END
    texts = chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 50_000_000, 9))
    small = seeds()["png L"]
    found["bomb png texts"] = small[:33] + texts * 20 + small[33:]
    profile = chunk(b"iCCP", b"a\0\0" + zlib.compress(b"\0" * 90_000_000, 9))
    found["bomb png profile"] = small[:33] + profile + small[33:]
    film = Image.fromarray(np.tile(draw_chest_film(1250, 1250), (4, 4)))
    noise = np.random.default_rng(0).integers(0, 256, (2400, 2400), dtype=np.uint8)
    noisy = Image.fromarray(np.tile(noise, (2, 2)))
    for mode, image in product(("L", "RGB", "CMYK"), (film, noisy)):
        options: dict[str, object] = {"progressive": True, "quality": 20, "subsampling": 0}
        side = most_side(4) if mode == "CMYK" else image.width
        whole = encoded(image.crop((0, 0, side, side)).convert(mode), "JPEG", **options)
        last = whole[whole.rindex(b"\xff\xda") : -2]
        scans = _MOST_SCANS - whole.count(b"\xff\xda")
        found[f"bomb jpeg {mode} {'noise' if image is noisy else 'film'}"] = whole
        found[f"bomb jpeg {mode} scans {'noise' if image is noisy else 'film'}"] = (
            whole[:-2] + last * scans + b"\xff\xd9"
        )[: 10 * 2**20]
    return found | {name: make() for name, make in floods().items()}


@cache
def floods() -> dict[str, Callable[[], bytes]]:
    """Return what makes files as large as is served, of as many parts, or as much fill, as go in."""
    grey = Image.fromarray(draw_chest_film(96, 128))
    jpeg, png, size = encoded(grey, "JPEG"), encoded(grey), 10 * 2**20

    def flooded(whole: bytes, place: int, piece: bytes) -> Callable[[], bytes]:
        return lambda: whole[:place] + piece * ((size - len(whole)) // len(piece)) + whole[place:]

    def holding(whole: bytes, place: int, wrap: Callable[[bytes], bytes], *tags: int) -> Callable[[], bytes]:
        return lambda: whole[:place] + wrap(large_tags(*tags)) + whole[place:]

    scan = jpeg.index(b"\xff\xda")
    found = {
        "flood jpeg application data": flooded(jpeg, 2, b"\xff\xe5\0\2"),
        "flood jpeg comments": flooded(jpeg, 2, b"\xff\xfe\0\2"),
        "flood jpeg tags": flooded(jpeg, 2, b"\xff\xe1\0\x08Exif\0\0"),
        "flood jpeg tables": flooded(jpeg, scan, b"\xff\xc4\0\2"),
        "flood jpeg restarts": flooded(jpeg, 2, b"\xff\xd0"),
        "flood jpeg fill": flooded(jpeg, 2, b"\xff"),
        "flood jpeg stuffed": flooded(jpeg, 2, b"\xff\0"),
        "flood jpeg fill within a scan": flooded(jpeg[:-2] + b"\0\xff\xd9", len(jpeg) - 2, b"\xff"),
        "flood jpeg stuffed within a scan": flooded(jpeg, len(jpeg) - 2, b"\xff\0"),
        "flood jpeg restarts within a scan": flooded(jpeg, len(jpeg) - 2, b"\xff\xd0"),
        "flood jpeg tables behind a scan": flooded(jpeg, len(jpeg) - 2, b"\xff\xc4\0\2"),
    }
    for name, content in ((b"prVt", b""), (b"tEXt", b"a\0b"), (b"IDAT", b""), (b"tRNS", b""), (b"eXIf", b"")):
        found[f"flood png {name.decode()}"] = flooded(png, 33, chunk(name, content))
    found["flood png headers"] = flooded(png, 33, png[8:33])
    found["flood jpeg large tags"] = holding(jpeg, 2, partial(segment, 0xE1, b"Exif\0\0"), 2000, 30_000)
    found["flood jpeg pictures"] = holding(jpeg, 2, partial(segment, 0xE2, b"MPF\0"), 2000, 30_000)
    found["flood png large tags"] = holding(png, 33, partial(chunk, b"eXIf"), 60_000, 9 * 2**20)
    return found


def segment(marker: int, name: bytes, content: bytes) -> bytes:
    """Return a part of a JPEG: marker, length, what it calls itself, content."""
    return struct.pack(">BBH", 0xFF, marker, len(name + content) + 2) + name + content


def large_tags(count: int, size: int) -> bytes:
    """Return a TIFF directory of so many tags, each of which claims the same bytes for its value."""
    tags = b"".join(struct.pack("<HHII", tag, 3, size // 2, 8) for tag in range(300, 300 + count))
    return b"II*\0" + struct.pack("<I", 8 + size) + bytes(size) + struct.pack("<H", count) + tags + bytes(4)


def most_side(bytes_a_pixel: int) -> int:
    """Return the side of the largest square that is served, of pixels of so many bytes."""
    pixels = Limits().max_pixels
    return isqrt(min(pixels, MOST_BYTES_A_PIXEL * pixels // bytes_a_pixel))


def bomb(side: int, colours: int, depth: int, *more: bytes) -> bytes:
    """Return a small PNG of side x side pixels, each row predicted from the one above (the dearest way)."""
    pattern = np.random.default_rng(0).integers(0, 256, 1000, dtype=np.uint8).tobytes()
    length = side * CHANNELS[colours] * depth // 8
    row = b"\4" + (pattern * (length // len(pattern) + 1))[:length]
    pack = zlib.compressobj(6)
    packed = b"".join([*(pack.compress(row) for _ in range(side)), pack.flush()])
    header = struct.pack(">IIBBBBB", side, side, depth, colours, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *([PALETTE] if colours == 3 else []), *more, chunk(b"IDAT", packed), END]
    return SIGNATURE + b"".join(parts)
