"""Say of a JPEG what it would cost to decode it, before anyone does."""

from __future__ import annotations

# A progressive JPEG is decoded once a scan: cameras write about ten, an attacker as many as fit the file.
_MOST_SCANS = 64
_START_OF_SCAN = b"\xff\xda"
# Baseline, extended and progressive, each with Huffman's codes. Arithmetic ones cost ten times the time.
_SERVED_FRAMES = range(0xC0, 0xC3)
_NO_FRAMES = {0xC4, 0xC8, 0xCC}


def check_cost(jpeg: bytes) -> None:
    """Raise ValueError, with a sentence, for a JPEG that no camera writes and that is dear to decode."""
    if jpeg.count(_START_OF_SCAN) > _MOST_SCANS:
        raise ValueError(f"The JPEG is built of more than {_MOST_SCANS} scans, which no camera writes.")
    if _frame(jpeg) not in _SERVED_FRAMES:
        raise ValueError("The JPEG is coded in a way that no camera writes.")


def _frame(jpeg: bytes) -> int | None:
    """Return the marker of the frame, which tells how it is coded; None where there is none."""
    place = 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF:
        marker = jpeg[place + 1]
        if marker == 0xFF:  # fill
            place += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            return marker
        place += 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
    return None
