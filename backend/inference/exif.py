"""Read how a film lies from its EXIF tags, and nothing else of them.

A general reader copies each tag's value, and a small file can name a large value thousands of times.
"""

from __future__ import annotations

import struct

PREFIX = b"Exif\0\0"
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_ORIENTATION = 0x0112
_SHORT = 3


def read_orientation(tags: bytes) -> int | None:
    """Return the orientation (1 to 8) that EXIF tags name; broken ones are no reason to refuse a film: None.

    (CIPA DC-008: tag 274 of the first directory. The layout is that of TIFF 6.0.)
    """
    tags = tags.removeprefix(PREFIX)
    order = _BYTE_ORDERS.get(tags[:4])
    if order is None or len(tags) < 8:
        return None
    (place,) = struct.unpack_from(f"{order}I", tags, 4)
    (entries,) = struct.unpack(f"{order}H", tags[place : place + 2].rjust(2, b"\0"))
    directory = tags[place + 2 : place + 2 + 12 * entries]
    whole = len(directory) // 12 * 12
    for tag, kind, count, value in struct.iter_unpack(f"{order}HHIH2x", directory[:whole]):
        if tag == _ORIENTATION and kind == _SHORT and count == 1:
            return int(value) if 1 <= value <= 8 else None
    return None
