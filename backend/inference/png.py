"""Take a PNG apart: how much it unpacks to, whether it is whole, and its bare picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from isal import isal_zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PICTURE = {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}
# Adam7's passes: first column and row, and the steps to the next.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_PIECE = 2**20


@dataclass(frozen=True)
class Png:
    """A PNG file's bytes; whatever is asked of them raises ValueError where they are no PNG."""

    data: bytes

    @cached_property
    def _header(self) -> tuple[int, int, int, int, int]:
        """Return width, height, bit depth, colour type and interlacing."""
        if not self.data.startswith(SIGNATURE) or self.data[12:16] != b"IHDR" or len(self.data) < 33:
            raise ValueError("no PNG")
        width, height, depth, colours, interlaced = struct.unpack(">IIBB2xB", self.data[16:29])
        if colours not in _CHANNELS or interlaced > 1:
            raise ValueError("no such PNG")
        return width, height, depth, colours, interlaced

    @property
    def is_deep(self) -> bool:
        """Say whether it has 16 bits a channel."""
        return self._header[2] == 16

    @property
    def decoded_bytes(self) -> int:
        """Return the size of its pixels as OpenCV holds them: transparent ones have four channels."""
        width, height, depth, colours, _ = self._header
        transparent = colours in {4, 6} or any(name == b"tRNS" for name, _, _ in self._chunks())
        channels = 4 if transparent else _CHANNELS[colours]
        return width * height * channels * max(1, depth // 8)

    def bare(self) -> bytes:
        """Return the picture alone, without text, profiles or times, of which a decoder might speak."""
        parts = [self.data[start:end] for name, start, end in self._chunks() if name in _PICTURE]
        return b"".join([SIGNATURE, *parts, b"\0\0\0\0IEND\xaeB`\x82"])

    def exif(self) -> bytes | None:
        """Return its EXIF tags, if it has any."""
        return next((self.data[a + 8 : b - 4] for name, a, b in self._chunks() if name == b"eXIf"), None)

    def check_rows(self) -> None:
        """Raise ValueError where rows are missing: Pillow shows those as black, if the file ends properly."""
        missing = self._packed_rows()
        inflate = isal_zlib.decompressobj()
        for name, start, end in self._chunks():
            left = self.data[start + 8 : end - 4] if name == b"IDAT" else b""
            while left and missing > 0 and not inflate.eof:
                missing -= len(inflate.decompress(left, _PIECE))
                left = inflate.unconsumed_tail
        # What is still in the decompressor after the last byte.
        while missing > 0 and not inflate.eof and (piece := inflate.decompress(b"", _PIECE)):
            missing -= len(piece)
        if missing > 0:
            raise ValueError("rows are missing")

    def _packed_rows(self) -> int:
        """Return how many bytes its rows have, each with the byte that names its filter."""
        width, height, depth, colours, interlaced = self._header
        bits = _CHANNELS[colours] * depth
        total = 0
        for column, row, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
            wide, high = -(-(width - column) // across), -(-(height - row) // down)
            if wide > 0 and high > 0:
                total += high * (1 + (wide * bits + 7) // 8)
        return total

    def _chunks(self) -> Iterator[tuple[bytes, int, int]]:
        """Yield each chunk's name, start and end, up to IEND or to where the file is cut."""
        place = len(SIGNATURE)
        while place + 12 <= len(self.data):
            length, name = struct.unpack(">I4s", self.data[place : place + 8])
            end = place + 12 + length
            if name == b"IEND" or end > len(self.data):
                return
            yield name, place, end
            place = end
