"""Take a PNG apart: how much it unpacks to, whether it is whole, its tags, and its bare picture."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property

from isal import isal_zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PICTURE = {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}
# Adam7's passes: first column and row, and the steps to the next.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_PIECE = 2**20
# The largest film in pieces of a kilobyte. Each costs some microseconds, an attacker's file holds millions.
_MOST_CHUNKS = 10_000


@dataclass(frozen=True)
class Png:
    """A PNG file's bytes; raise ValueError, with a sentence, for one that has no header or endless chunks."""

    data: bytes

    def __post_init__(self) -> None:
        names = [name for name, _, _ in self._chunks]
        if names[:1] != [b"IHDR"] or names.count(b"IHDR") > 1:  # of two headers, decoders take either
            raise ValueError("The PNG is damaged: it has no header, or several.")
        _, _, _, colours, interlaced = self._header
        if colours not in _CHANNELS or interlaced > 1:
            raise ValueError("The PNG is damaged: its header is of no kind that there is.")

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height."""
        return self._header[:2]

    @property
    def is_deep(self) -> bool:
        """Say whether it has 16 bits a channel."""
        return self._header[2] == 16

    @property
    def decoded_bytes(self) -> int:
        """Return the size of its pixels as decoders hold them: transparent ones have four channels."""
        width, height, depth, colours, _ = self._header
        transparent = colours in {4, 6} or any(name == b"tRNS" for name, _, _ in self._chunks)
        channels = 4 if transparent else _CHANNELS[colours]
        return width * height * channels * max(1, depth // 8)

    def bare(self) -> bytes:
        """Return the picture alone.

        Of texts, profiles and times a decoder might speak, or they might break it (CVE-2026-46675 of libpng).
        """
        parts = [self.data[start:end] for name, start, end in self._chunks if name in _PICTURE]
        return b"".join([SIGNATURE, *parts, b"\0\0\0\0IEND\xaeB`\x82"])

    def exif(self) -> bytes:
        """Return its EXIF tags, if it has any."""
        return next((self.data[a + 8 : b - 4] for name, a, b in self._chunks if name == b"eXIf"), b"")

    def check_rows(self) -> None:
        """Raise ValueError where rows are missing: Pillow shows those as black, if the file ends properly."""
        missing = self._packed_rows()
        inflate = isal_zlib.decompressobj()
        for name, start, end in self._chunks:
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

    @cached_property
    def _header(self) -> tuple[int, int, int, int, int]:
        """Return width, height, bit depth, colour type and interlacing."""
        _, start, end = self._chunks[0]
        width, height, depth, colours, interlaced = struct.unpack(
            ">IIBB2xB", self.data[start + 8 : end - 4][:13].ljust(13, b"\0")
        )
        return width, height, depth, colours, interlaced

    @cached_property
    def _chunks(self) -> list[tuple[bytes, int, int]]:
        """Return each chunk's name, start and end, up to IEND or to where the file is cut."""
        chunks: list[tuple[bytes, int, int]] = []
        place = len(SIGNATURE)
        while place + 12 <= len(self.data):
            length, name = struct.unpack(">I4s", self.data[place : place + 8])
            end = place + 12 + length
            if name == b"IEND" or end > len(self.data):
                break
            if len(chunks) == _MOST_CHUNKS:
                raise ValueError(f"The PNG has more than {_MOST_CHUNKS:,} chunks, which no program writes.")
            chunks.append((name, place, end))
            place = end
        return chunks
