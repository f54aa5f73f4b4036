"""Take a JPEG apart: its size, its tags, and what it would cost to decode it, before anyone does."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import cached_property

from backend.inference.exif import PREFIX

SIGNATURE = b"\xff\xd8\xff"
# Of a few dozen, if a camera wrote it. Each costs some microseconds here, an attacker's file holds millions.
_MOST_PARTS = 1000
# A progressive JPEG is decoded once a scan: cameras write about ten, an attacker as many as fit the file.
_MOST_SCANS = 24
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_TAGS = 0xE1
# Baseline, extended and progressive, each with Huffman's codes. Arithmetic ones cost ten times the time, and
# lossless ones must not come through: scaled, they make libjpeg-turbo before 3.1.4 write behind its buffer.
_SERVED_FRAMES = {0xC0, 0xC1, 0xC2}
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_CHANNELS = {1, 3, 4}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
# Between two parts stands nothing but fill.
_NEXT_PART = re.compile(rb"\xff{1,64}([^\x00\xff])", re.DOTALL)
# Not stuffed zeros, nor fill, nor restarts within a scan: a decoder takes them for a part of the scan.
_END_OF_SCAN = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])", re.DOTALL)


@dataclass(frozen=True)
class Jpeg:
    """A JPEG file's bytes; raise ValueError, with a sentence, for one that no camera writes."""

    data: bytes

    def __post_init__(self) -> None:
        kinds = [marker for marker, _, _ in self._parts]
        if kinds.count(_START_OF_SCAN) > _MOST_SCANS:
            raise ValueError(f"The JPEG is built of more than {_MOST_SCANS} scans, which no camera writes.")
        frames = [marker for marker in kinds if marker in _FRAMES]
        if len(frames) != 1 or frames[0] not in _SERVED_FRAMES or self.channels not in _CHANNELS:
            raise ValueError("The JPEG is coded in a way that no camera writes.")

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height."""
        return self._frame[:2]

    @property
    def channels(self) -> int:
        """Return 1 for grey, 3 for colours, 4 for inks."""
        return self._frame[2]

    @property
    def decoded_bytes(self) -> int:
        """Return the size of its pixels as the decoder hands them over, unscaled: four inks, or else grey."""
        width, height = self.size
        return width * height * (4 if self.channels == 4 else 1)

    def exif(self) -> bytes:
        """Return its EXIF tags, if it has any."""
        found = (self.data[start:end] for marker, start, end in self._parts if marker == _TAGS)
        return next((tags for tags in found if tags.startswith(PREFIX)), b"")

    @cached_property
    def _frame(self) -> tuple[int, int, int]:
        """Return width, height, and the number of channels."""
        start = next(start for marker, start, _ in self._parts if marker in _FRAMES)
        height, width, channels = struct.unpack(">xHHB", self.data[start : start + 6].ljust(6, b"\0"))
        return width, height, channels

    @cached_property
    def _parts(self) -> list[tuple[int, int, int]]:
        """Return each part's marker, and where its content starts and ends, up to the end of the image.

        It goes as libjpeg does, but for what libjpeg only warns of: that is damage here.
        """
        parts: list[tuple[int, int, int]] = []
        place, in_scan = 2, False
        while found := (
            _END_OF_SCAN.search(self.data, place) if in_scan else _NEXT_PART.match(self.data, place)
        ):
            marker, start = found[1][0], found.end()
            if marker == _END_OF_IMAGE:
                return parts
            if len(parts) == _MOST_PARTS:
                raise ValueError(f"The JPEG has more than {_MOST_PARTS} parts, which no camera writes.")
            end = start
            if marker not in _WITHOUT_LENGTH:
                end += int.from_bytes(self.data[start : start + 2], "big")
                start += 2
                if not start <= end <= len(self.data):  # decoders go on behind it, each from where it likes
                    raise ValueError("The JPEG is damaged: a part of it has no length, or is cut short.")
            parts.append((marker, start, end))
            place, in_scan = end, marker == _START_OF_SCAN
        raise ValueError("The JPEG is damaged: it is cut short, or its parts do not follow each other.")
