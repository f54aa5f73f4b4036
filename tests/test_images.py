"""The door for bytes: odd images are read rightly, the others are refused for what they are."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from backend.inference import errors
from backend.inference.exif import read_orientation
from backend.inference.images import Film, Limits, read_film
from backend.inference.jpeg import Jpeg
from backend.inference.png import Png
from backend.inference.preprocess import squeeze
from backend.inference.synthetic import draw_chest_film
from tests.soak.corpus import chunk, encoded, raw_png


@pytest.fixture
def grey() -> Film:
    """A film of 60 × 80 with a bright right half and a gradient downwards."""
    rows, columns = np.mgrid[:60, :80]
    return np.asarray(rows + np.where(columns >= 40, 150, 20), dtype=np.uint8)


def png_header(width: int, height: int) -> bytes:
    """The start of a PNG that claims a size and holds nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100))


def test_grey_png_is_read_unchanged(grey: Film) -> None:
    np.testing.assert_array_equal(read_film(encoded(Image.fromarray(grey))), grey)


@pytest.mark.parametrize(
    "convert",
    [
        pytest.param(lambda image: image.convert("RGB"), id="RGB"),
        pytest.param(lambda image: image.convert("RGBA"), id="RGBA, opaque"),
        pytest.param(lambda image: image.convert("LA"), id="grey with alpha, opaque"),
        pytest.param(lambda image: image.convert("P"), id="palette"),
        pytest.param(lambda image: image.convert("RGB").quantize(256), id="colour palette"),
    ],
)
def test_other_kinds_of_png_show_the_same_film(
    grey: Film, convert: Callable[[Image.Image], Image.Image]
) -> None:
    found = read_film(encoded(convert(Image.fromarray(grey))))
    np.testing.assert_allclose(found.astype(int), grey, atol=2)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_sixteen_bit_png_is_scaled_not_clipped(grey: Film, bits: int) -> None:
    full = grey.astype(np.float64) / grey.max()
    levels = (full * (2**bits - 1)).astype(np.uint16)
    found = read_film(encoded(Image.fromarray(levels)))
    np.testing.assert_allclose(found.astype(int), np.round(full * 255), atol=1)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_sixteen_bit_colours_keep_their_scale(grey: Film, channels: int) -> None:
    """Twelve significant bits in sixteen, with colours, alpha, or both."""
    full = grey.astype(np.float64) / grey.max()
    levels = (full * 4095).astype(np.uint16)
    opaque = np.full_like(levels, 65535)
    planes = {2: [levels, opaque], 3: [levels] * 3, 4: [levels] * 3 + [opaque]}[channels]
    found = read_film(deep_png(np.dstack(planes)))
    np.testing.assert_allclose(found.astype(int), np.round(full * 255), atol=1)


def deep_png(levels: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, (height, width, channels); no library here writes all of these kinds."""
    height, width, channels = levels.shape
    kind = {2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name, content)
        for name, content in [
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        ]
    )


def test_what_is_transparent_is_black(grey: Film) -> None:
    alpha = np.full(grey.shape, 255, dtype=np.uint8)
    alpha[:, :10] = 0
    image = Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)])
    found = read_film(encoded(image))
    assert (found[:, :10] == 0).all()
    np.testing.assert_array_equal(found[:, 10:], grey[:, 10:])


def test_cmyk_jpeg_is_not_inverted(grey: Film) -> None:
    found = read_film(encoded(Image.fromarray(grey).convert("CMYK"), "JPEG", quality=95))
    np.testing.assert_allclose(found.astype(int), grey, atol=12)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_exif_orientation_turns_the_film_upright(grey: Film, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    found = read_film(
        encoded(Image.fromarray(grey), kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {}))
    )
    assert found.shape == (80, 60)
    np.testing.assert_allclose(found.astype(int), np.rot90(grey, -1), atol=12)


def test_a_broken_tag_does_not_spoil_a_film_nor_its_orientation(grey: Film) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    raw = exif.tobytes()  # one entry of 12 bytes behind an 8-byte header: add one that points nowhere
    start = raw.index(b"\x12\x01") if b"\x12\x01" in raw else raw.index(b"\x01\x12")
    order = "<" if b"II" in raw[:8] else ">"
    nonsense = struct.pack(f"{order}HHII", 0x011A, 5, 1000, 0xFFFFFF00)
    broken = raw[: start - 2] + struct.pack(f"{order}H", 2) + raw[start : start + 12] + nonsense + b"\0" * 4
    found = read_film(encoded(Image.fromarray(grey), "JPEG", quality=95, exif=broken))
    np.testing.assert_allclose(found.astype(int), np.rot90(grey, 2), atol=12)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_that_which_pillow_reads(order: str, orientation: int) -> None:
    entries = [(0x010F, 2, 4, b"a\0\0\0"), (0x0112, 3, 1, struct.pack(f"{order}HH", orientation, 0))]
    directory = struct.pack(f"{order}H", 2) + b"".join(
        struct.pack(f"{order}HHI4s", *entry) for entry in entries
    )
    start = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    tags = b"Exif\0\0" + start + directory + bytes(4)
    pillows = Image.Exif()
    pillows.load(tags)
    assert read_orientation(tags) == read_orientation(tags[6:]) == pillows[0x0112] == orientation


@pytest.mark.parametrize(
    ("kind", "count", "value"), [(3, 1, 9), (3, 1, 0), (3, 2, 6), (4, 1, 6), (2, 1, 6)], ids=str
)
def test_an_orientation_that_means_nothing_is_none(kind: int, count: int, value: int) -> None:
    entry = struct.pack("<HHIHH", 0x0112, kind, count, value, 0)
    assert read_orientation(b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)) is None


@given(st.binary(max_size=80), st.integers(0, 2**32 - 1), st.sampled_from([b"II*\0", b"MM\0*"]))
def test_any_tags_have_an_orientation_or_none(tags: bytes, place: int, start: bytes) -> None:
    for each in (
        tags,
        start + tags,
        start + struct.pack("<I", place % 40) + tags,
        start + struct.pack(">I", place),
    ):
        assert read_orientation(each) in {None, *range(1, 9)}


def test_broken_exif_does_not_spoil_a_film(grey: Film) -> None:
    jpeg = encoded(Image.fromarray(grey), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40)
    assert read_film(jpeg).shape == grey.shape


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8))


def zip_of_zeros() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("film.png", b"\0" * 1_000_000)
    return buffer.getvalue()


def half_a_jpeg(mode: str = "L") -> bytes:
    whole = encoded(NOISE.convert(mode), "JPEG")
    return whole[: len(whole) * 3 // 4] + b"\xff\xd9"


def behind_a_false_frame(jpeg: bytes) -> bytes:
    """A JPEG with a restart, which has no length, before a long comment that holds a harmless frame's marker.

    Who takes the next two bytes for the restart's length leaps to just there.
    """
    comment = b"\0" * 65530 + b"\xff\xc2\0"
    return jpeg[:2] + b"\xff\xd0" + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + jpeg[2:]


def lossless() -> bytes:
    """A JPEG whose frame claims to be lossless."""
    return encoded(NOISE, "JPEG").replace(b"\xff\xc0", b"\xff\xc3", 1)


def a_part_without_length() -> bytes:
    """A JPEG with a part that claims to be shorter than the claim: some decoders go on behind it."""
    whole = encoded(NOISE, "JPEG")
    end_of_frame = whole.index(b"\xff\xc4")
    return whole[:end_of_frame] + b"\xff\xee\0\0" + whole[end_of_frame:]


def between_parts(junk: bytes) -> bytes:
    whole = encoded(NOISE, "JPEG")
    return whole[:20] + junk + whole[20:]


def two_headers() -> bytes:
    """A PNG of 64 x 64 whose second header claims 25 gigapixels: decoders take the one or the other."""
    whole = encoded(NOISE)
    return whole[:33] + chunk(b"IHDR", struct.pack(">II", 160_000, 160_000) + whole[24:29]) + whole[33:]


def ten_thousand_chunks() -> bytes:
    whole = encoded(NOISE)
    return whole[:33] + chunk(b"prVt", b"") * 10_000 + whole[33:]


def a_thousand_scans() -> bytes:
    """A progressive JPEG whose last scan comes again and again: each costs a pass over all pixels."""
    whole = encoded(NOISE, "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * 1000 + b"\xff\xd9"


def rows_missing(depth: int, interlaced: bool) -> bytes:
    """A PNG whose header claims twice the rows that follow, every checksum being right."""
    whole = raw_png(np.asarray(NOISE)[:, :, None], 0, depth, interlaced)
    return whole[:8] + chunk(b"IHDR", struct.pack(">II", 64, 128) + whole[24:29]) + whole[33:]


# Written by libjpeg-turbo's cjpeg -arithmetic -quality 10: a drawn film of 40 x 32.
ARITHMETIC_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wCDEABQADcAPABGADwAMgBQAEYAQQBGAFoAVQBQAF8AeADIAIIAeABuAG4AeAD1AK8A"
    "uQCRAMgBIgD/ATEBLAEdAP8BGAETAUABaAHMAYYBQAFUAbMBWQETARgBkAIhAZUBswHbAeoCAwIIAgMBNgGBAjUCXQIwAfQC"
    "WAHMAfkCAwHv/8kACwgAIAAoAQERAP/MAAYAEBAF/9oACAEBAAA/AN0IEDrdZmnuT14AkaIpJVInUWIo+A56Uc21nMY6y+Uy"
    "EdVVcnXD/unr9pZyoyPYqtAvSBncz8QlMzMfV3AbdvRdyJ8M2XE4h8w4nXqk/wA4mDVhIsvlqQjiUleGqf/Z"
)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        pytest.param(b"", errors.EmptyFile, id="nothing"),
        pytest.param(b"hello", errors.UnsupportedType, id="text"),
        pytest.param(zip_of_zeros(), errors.UnsupportedType, id="zip of zeros"),
        pytest.param(encoded(NOISE, "GIF"), errors.UnsupportedType, id="GIF, whatever it is named"),
        pytest.param(encoded(NOISE, "TIFF"), errors.UnsupportedType, id="TIFF"),
        pytest.param(encoded(NOISE, "JPEG")[:-400], errors.DamagedImage, id="JPEG cut short"),
        pytest.param(half_a_jpeg(), errors.DamagedImage, id="half a JPEG, properly ended"),
        pytest.param(half_a_jpeg("CMYK"), errors.DamagedImage, id="half a CMYK JPEG"),
        pytest.param(a_thousand_scans(), errors.DamagedImage, id="progressive JPEG of a thousand scans"),
        pytest.param(encoded(NOISE)[:-400], errors.DamagedImage, id="PNG cut short"),
        pytest.param(rows_missing(8, False), errors.DamagedImage, id="half a PNG, properly ended"),
        pytest.param(rows_missing(8, True), errors.DamagedImage, id="half an interlaced PNG"),
        pytest.param(rows_missing(16, False), errors.DamagedImage, id="half a PNG of 16 bits"),
        pytest.param(ARITHMETIC_JPEG, errors.DamagedImage, id="JPEG in arithmetic code"),
        pytest.param(
            behind_a_false_frame(ARITHMETIC_JPEG), errors.DamagedImage, id="JPEG in arithmetic code, hidden"
        ),
        pytest.param(lossless(), errors.DamagedImage, id="lossless JPEG"),
        pytest.param(a_part_without_length(), errors.DamagedImage, id="JPEG with a part without length"),
        pytest.param(encoded(NOISE)[:20], errors.DamagedImage, id="nothing but a signature"),
        pytest.param(two_headers(), errors.DamagedImage, id="a PNG that says twice how large it is"),
        pytest.param(between_parts(b"\0"), errors.DamagedImage, id="a byte between a JPEG's parts"),
        pytest.param(
            between_parts(b"\xff" * 100), errors.DamagedImage, id="much fill between a JPEG's parts"
        ),
        pytest.param(between_parts(b"\xff\xfe\0\2" * 1000), errors.DamagedImage, id="a thousand comments"),
        pytest.param(ten_thousand_chunks(), errors.DamagedImage, id="ten thousand chunks"),
        pytest.param(b"\xff\xd8\xff" + b"\0" * 100, errors.DamagedImage, id="a JPEG's first bytes"),
        pytest.param(png_header(20_000, 20_000), errors.ImageTooLarge, id="a header of 400 megapixels"),
        pytest.param(
            png_header(2**31 - 1, 2**31 - 1), errors.ImageTooLarge, id="the largest header there is"
        ),
        pytest.param(png_header(5_000, 4_000), errors.DamagedImage, id="a header without its pixels"),
        pytest.param(encoded(Image.new("L", (1, 1))), errors.NotARadiograph, id="one pixel"),
        pytest.param(encoded(Image.new("L", (300, 300), 90)), errors.NotARadiograph, id="a blank"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, error: type[errors.ImageError]) -> None:
    with pytest.raises(error) as caught:
        read_film(data)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "add",
    [
        pytest.param(lambda jpeg: jpeg + b"\xff\xda" * 100, id="a film behind it, as telephones write"),
        pytest.param(
            lambda jpeg: jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 402) + b"\xff\xda" * 200 + jpeg[2:],
            id="pictures among what is said of it",
        ),
        pytest.param(lambda jpeg: jpeg[:2] + b"\xff" * 5 + jpeg[2:], id="fill"),
    ],
)
def test_what_stands_beside_a_jpegs_scans_is_none(add: Callable[[bytes], bytes]) -> None:
    plain = encoded(NOISE, "JPEG")
    np.testing.assert_array_equal(read_film(add(plain)), read_film(plain))


def test_limits_hold_to_the_byte_and_the_pixel(grey: Film) -> None:
    data = encoded(Image.fromarray(grey))
    assert read_film(data, Limits(len(data), grey.size)).shape == grey.shape
    with pytest.raises(errors.ImageTooLarge):
        read_film(data, Limits(len(data) - 1, grey.size))
    with pytest.raises(errors.ImageTooLarge):
        read_film(data, Limits(len(data), grey.size - 1))


SEEDS = [
    encoded(NOISE),
    encoded(NOISE.convert("P")),
    encoded(NOISE.convert("LA")),
    encoded(Image.fromarray(np.asarray(NOISE).astype(np.uint16) * 257)),
    deep_png(np.dstack([np.asarray(NOISE).astype(np.uint16)] * 4)),
    encoded(NOISE, "JPEG"),
    encoded(NOISE, "JPEG", progressive=True),
    encoded(NOISE.convert("CMYK"), "JPEG"),
]


def with_right_checksums(png: bytes) -> bytes:
    """Mend the chunks' checksums, so that damage reaches the decoder behind them."""
    parts, place = [png[:8]], 8
    while place + 12 <= len(png):
        length = int.from_bytes(png[place : place + 4], "big")
        name, content = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        parts.append(chunk(name, content))
        place += 12 + length
    return b"".join(parts)


def answers_or_refuses(data: bytes) -> None:
    try:
        film = read_film(data, Limits(max_pixels=1_000_000))
    except errors.ImageError:
        return
    assert film.dtype == np.uint8
    assert film.ndim == 2


@given(st.binary(max_size=2000))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_film_or_an_image_error(data: bytes) -> None:
    answers_or_refuses(data)


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 4000), st.binary(min_size=1, max_size=6)), min_size=1, max_size=8),
)
@settings(max_examples=300, deadline=None)
def test_any_damage_gives_a_film_or_an_image_error(data: bytes, damage: list[tuple[int, bytes]]) -> None:
    for place, junk in damage:
        place %= len(data)
        data = data[:place] + junk + data[place + len(junk) :]
    answers_or_refuses(data)
    if data.startswith(b"\x89PNG"):
        answers_or_refuses(with_right_checksums(data))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        pytest.param((1156, 1596), (578, 798), id="twice what is looked at"),
        pytest.param((1596, 1156), (798, 578), id="upright"),
        pytest.param((4000, 6000), (1000, 1500), id="24 megapixels"),
        pytest.param((1100, 1400), (1100, 1400), id="less than twice"),
        pytest.param((500, 4000), (500, 4000), id="long and low"),
    ],
)
def test_large_jpegs_are_decoded_smaller(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    film = draw_chest_film(*shape)
    found = read_film(encoded(Image.fromarray(film), "JPEG", quality=92))
    assert found.shape == expected
    seen = squeeze(film, 224).astype(int)
    assert np.abs(squeeze(found, 224) - seen).mean() < 1  # grey level: what the networks see stays as it was


@pytest.mark.parametrize("at_the_end", [False, True])
def test_exif_turns_a_deep_film_upright_wherever_it_stands(grey: Film, at_the_end: bool) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    tagged = chunk(b"eXIf", tags.tobytes().removeprefix(b"Exif\0\0"))
    deep = raw_png(np.dstack([grey.astype(np.uint16) * 257] * 3), 2, 16, False)
    place = len(deep) - 12 if at_the_end else 33
    found = read_film(deep[:place] + tagged + deep[place:])
    np.testing.assert_allclose(found.astype(int), np.rot90(read_film(deep), -1), atol=1)


def test_a_jpeg_in_colour_may_have_all_the_pixels_that_are_promised() -> None:
    film = Image.fromarray(np.tile(draw_chest_film(1000, 1250), (5, 4)))
    assert read_film(encoded(film.convert("RGB"), "JPEG", quality=50)).shape == (1250, 1250)
    with pytest.raises(errors.ImageTooLarge, match="plain grey"):
        read_film(encoded(film.convert("CMYK"), "JPEG", quality=50))


def test_a_jpeg_may_have_as_many_scans_as_a_program_writes() -> None:
    whole = encoded(NOISE, "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    scans = 24 - whole.count(b"\xff\xda")
    Jpeg(whole[:-2] + last * scans + b"\xff\xd9")
    with pytest.raises(ValueError, match="more than 24 scans"):
        Jpeg(whole[:-2] + last * (scans + 1) + b"\xff\xd9")


def test_a_large_cmyk_jpeg_is_decoded_smaller_as_well() -> None:
    film = draw_chest_film(1156, 1596)
    found = read_film(encoded(Image.fromarray(film).convert("CMYK"), "JPEG", quality=92))
    assert found.shape == (578, 798)
    assert np.abs(squeeze(found, 224).astype(int) - squeeze(film, 224)).mean() < 1


def test_decoders_that_complain_are_not_given_what_a_file_says_beside_its_picture() -> None:
    said = chunk(b"tEXt", b"Patient\0a name") + chunk(b"iCCP", b"a name\0\0" + zlib.compress(b"\0" * 200))
    whole = raw_png(np.asarray(NOISE)[:, :, None], 0, 16, False)
    assert Png(whole[:33] + said + whole[33:]).bare() == whole


def ask_opencv_for_too_much(*_: object, **__: object) -> None:
    cv2.resize(np.ones((4, 4), np.uint8), (2**25, 2**25))  # more than any machine can address


def ask_numpy_for_too_much(*_: object, **__: object) -> None:
    np.ones(2**50, np.uint8)


@pytest.mark.parametrize(
    ("step", "ask"),
    [
        ("images.decode", ask_opencv_for_too_much),
        ("images.decode", ask_numpy_for_too_much),
        ("decoding.Image.open", ask_numpy_for_too_much),
        ("decoding.read_orientation", ask_numpy_for_too_much),
    ],
)
def test_a_film_is_not_called_damaged_nor_left_on_its_side_where_there_is_no_memory_for_it(
    step: str, ask: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    film = encoded(NOISE)
    monkeypatch.setattr(f"backend.inference.{step}", ask)
    with pytest.raises(MemoryError):
        read_film(film)
