"""Say of a JPEG what it would cost to decode it, before anyone does."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A progressive JPEG is decoded once a scan: cameras write about ten, an attacker as many as fit the file.
_MOST_SCANS = 64
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
# Baseline, extended and progressive, each with Huffman's codes. Arithmetic ones cost ten times the time, and
# lossless ones must not come through: scaled, they make libjpeg-turbo before 3.1.4 write behind its buffer.
_SERVED_FRAMES = {0xC0, 0xC1, 0xC2}
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Not stuffed zeros, nor restarts within a scan: a decoder takes both for a part of the scan.
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
_WITHOUT_LENGTH = {0x01, 0xD8}


def check_cost(jpeg: bytes) -> None:
    """Raise ValueError, with a sentence, for a JPEG that no camera writes and that is dear to decode."""
    scans = framed = 0
    for marker in _markers(jpeg):
        scans += marker == _START_OF_SCAN
        if scans > _MOST_SCANS:
            raise ValueError(f"The JPEG is built of more than {_MOST_SCANS} scans, which no camera writes.")
        if marker in _FRAMES:
            framed += 1
            if marker not in _SERVED_FRAMES:
                raise ValueError("The JPEG is coded in a way that no camera writes.")
    if not framed:
        raise ValueError("The JPEG is coded in a way that no camera writes.")


def _markers(jpeg: bytes) -> Iterator[int]:
    """Yield the markers up to the end of the image, as libjpeg comes by them."""
    place = 2
    while (found := _MARKER.search(jpeg, place)) and (marker := found[1][0]) != _END_OF_IMAGE:
        yield marker
        place = found.end()
        if marker not in _WITHOUT_LENGTH:
            length = int.from_bytes(jpeg[place : place + 2], "big")
            if length < 2:  # decoders go on behind it, each from where it likes
                raise ValueError("The JPEG is damaged: a part of it has no length.")
            if place + length > len(jpeg):
                return
            place += length
