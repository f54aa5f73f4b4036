"""Damage files as a fuzzer does: at random, so that it reaches the decoders, and alike for a number."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable

from backend.inference.png import SIGNATURE
from tests.soak.corpus import bombs, chunk, seeds

_INTERESTING = [
    b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0",
    b"\xff\xd8", b"\xff\xd9", b"\xff\xda", b"\xff\xc4", b"\xff\xdd\0\4\0\1", b"\xff\xd0", b"IDAT", b"IEND",
]  # fmt: skip
_MARKERS = bytes([0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC9, 0xCA, 0xCC, 0xD9, 0xDA, 0xDB, 0xDD, 0xE1, 0xEE])
_SEGMENT = re.compile(rb"\xff[\xc0-\xcf\xda-\xdd\xe0-\xee\xfe](..)", re.DOTALL)
_STRANGERS = [
    b"%PDF-1.7\n", b"<html><script>1</script>", b"PK\3\4" + b"\0" * 26, b"GIF89a", b"II*\0", b"BM", b"RIFF",
    b"\0" * 128 + b"DICM", b"{", b"\x1f\x8b\x08", b"#!/bin/sh\n",
]  # fmt: skip

Damage = Callable[[random.Random, bytes], bytes]


def mutant(number: int) -> bytes:
    """Return the input of a number: one in five hundred is as dear as the limits allow."""
    dice = random.Random(number)
    if dice.random() < 0.002:
        name = dice.choice(sorted(bombs()))
        data = bombs()[name]
        return data if dice.random() < 0.5 else _damage_bytes(dice, data)
    return _small(dice)


def small_mutant(number: int) -> bytes:
    """Return the input of a number, none of which takes long."""
    return _small(random.Random(number))


def _small(dice: random.Random) -> bytes:
    if dice.random() < 0.03:
        return dice.choice(_STRANGERS) + dice.randbytes(dice.randint(0, 2000))
    data = seeds()[dice.choice(sorted(seeds()))]
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        data = _damage(dice, data)
    return data


def _damage(dice: random.Random, data: bytes) -> bytes:
    ways: list[Damage] = [_damage_bytes, _cut, _move, _splice, _wrap, _flood]
    if data.startswith(SIGNATURE):
        ways += [_png_chunk] * 4 + [_png_header] * 2 + [_png_pixels] * 2
    else:
        ways += [_jpeg_segment] * 6
    return dice.choice(ways)(dice, data)


def _place(dice: random.Random, data: bytes) -> int:
    """Return a place, half of the time near the start, where the headers are."""
    return dice.randrange(min(len(data), 200) if dice.random() < 0.5 else len(data)) if data else 0


def _damage_bytes(dice: random.Random, data: bytes) -> bytes:
    damaged = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        place = _place(dice, data)
        if dice.random() < 0.5 and place < len(damaged):
            damaged[place] ^= 1 << dice.randrange(8)
        else:
            junk = dice.choice([*_INTERESTING, dice.randbytes(dice.randint(1, 8))])
            damaged[place : place + (len(junk) if dice.random() < 0.8 else 0)] = junk
    return bytes(damaged)


def _cut(dice: random.Random, data: bytes) -> bytes:
    return data[: _place(dice, data)] + (dice.choice((b"", b"\xff\xd9", chunk(b"IEND", b""))))


def _move(dice: random.Random, data: bytes) -> bytes:
    """Leave a piece out, or have it again somewhere else."""
    start, target = _place(dice, data), _place(dice, data)
    piece = data[start : start + dice.choice((1, 4, 64, 1000, 50_000))]
    if dice.random() < 0.5:
        return data[:start] + data[start + len(piece) :]
    return data[:target] + piece + data[target:]


def _splice(dice: random.Random, data: bytes) -> bytes:
    other = seeds()[dice.choice(sorted(seeds()))]
    return data[: _place(dice, data)] + other[_place(dice, other) :]


def _wrap(dice: random.Random, data: bytes) -> bytes:
    """Make a polyglot: something else before or behind."""
    stranger = dice.choice(_STRANGERS) + dice.randbytes(dice.randint(0, 500))
    return stranger + data if dice.random() < 0.3 else data + stranger * dice.randint(1, 50)


def _flood(dice: random.Random, data: bytes) -> bytes:
    """Have a small piece again and again: what grows with the square of a size shows itself."""
    place = _place(dice, data)
    piece = dice.choice([data[place : place + dice.randint(1, 16)], *_INTERESTING]) or b"\xff"
    return data[:place] + piece * (dice.choice((1000, 100_000)) // len(piece)) + data[place:]


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, place = [], len(SIGNATURE)
    while place + 12 <= len(png):
        length = int.from_bytes(png[place : place + 4], "big")
        found.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def _joined(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Return a PNG whose checksums are right, so that damage reaches the decoder behind them."""
    return SIGNATURE + b"".join(chunk(*each) for each in chunks)


def _png_chunk(dice: random.Random, data: bytes) -> bytes:
    chunks = _chunks(data)
    if not chunks:
        return data
    place = dice.randrange(len(chunks))
    name, content = chunks[place]
    way = dice.randrange(5)
    if way == 0:
        chunks.insert(dice.randrange(len(chunks) + 1), chunks[place])
    elif way == 1:
        chunks.pop(place)
    elif way == 2:
        chunks[place] = (
            dice.choice([b"IDAT", b"tRNS", b"PLTE", b"eXIf", b"iCCP", b"acTL", b"fdAT"]),
            content,
        )
    elif way == 3:
        chunks.insert(dice.randrange(len(chunks)), (b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 2_000_000)))
    else:
        chunks[place] = (name, _damage_bytes(dice, content))
    return _joined(chunks)


def _png_header(dice: random.Random, data: bytes) -> bytes:
    header = bytearray(data[16:29])
    if len(header) < 13:
        return data
    field = dice.choice([*range(8), 8, 9, 9, 10, 11, 12])
    header[field] = dice.choice([0, 1, 2, 3, 4, 6, 8, 16, 255, dice.randrange(256)])
    return data[:8] + chunk(b"IHDR", bytes(header)) + data[33:]


def _png_pixels(dice: random.Random, data: bytes) -> bytes:
    """Damage the rows themselves (filters, length), packed properly again."""
    chunks = _chunks(data)
    try:
        rows = zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT"))
    except zlib.error:
        return data
    rows = (_cut if dice.random() < 0.3 else _damage_bytes)(dice, rows)
    kept = [each for each in chunks if each[0] != b"IDAT"]
    return _joined([*kept[:-1], (b"IDAT", zlib.compress(rows, 1)), *kept[-1:]])


def _jpeg_segment(dice: random.Random, data: bytes) -> bytes:
    segments = list(_SEGMENT.finditer(data))[:60]
    if not segments:
        return data
    start = dice.choice(segments).start()
    length = int.from_bytes(data[start + 2 : start + 4], "big")
    segment, rest = data[start : start + 2 + length], data[start + 2 + length :]
    way = dice.randrange(5)
    if way == 0:
        return data[:start] + segment * dice.choice((0, 2, 3, 20)) + rest
    if way == 1:
        return data[: start + 1] + bytes([dice.choice(_MARKERS)]) + data[start + 2 :]
    if way == 2:
        return data[: start + 2] + dice.randint(0, 65535).to_bytes(2, "big") + data[start + 4 :]
    if way == 3:
        target = dice.choice(segments).start()
        return data[:target] + segment + data[target:]
    return data[:start] + segment[:4] + _damage_bytes(dice, segment[4:]) + rest
