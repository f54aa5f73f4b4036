"""The overlay shows the film in its own aspect, and colour only where the map points."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from backend.inference.images import Film
from backend.inference.overlay import draw_overlay, encode_png, heatmap_levels


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((600, 800), (576, 768)),
        ((1200, 400), (768, 256)),
        ((300, 200), (300, 200)),
        ((32, 4000), (6, 768)),
    ],
)
def test_the_overlay_has_the_films_aspect_and_at_most_768_pixels(
    shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    film = np.zeros(shape, dtype=np.uint8)
    assert draw_overlay(film, np.ones((7, 7), np.float32)).shape == (*expected, 3)


def test_where_the_map_is_empty_the_film_stays_as_it_is(film: Film) -> None:
    film = film[:350, :350]
    heatmap = np.zeros((7, 7), np.float32)
    heatmap[6, 6] = 1
    drawn = draw_overlay(film, heatmap).astype(int)
    untouched = np.repeat(film[:200, :200, None], 3, axis=2)
    np.testing.assert_array_equal(drawn[:200, :200], untouched)
    spread = np.ptp(drawn[310:, 310:], axis=2)
    assert spread.min() > 20  # colour, not grey


def test_png_files_hold_the_pixels(film: Film) -> None:
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encode_png(film)))), film)
    colours = np.dstack([film, film // 2, film // 3])
    shown = np.asarray(Image.open(io.BytesIO(encode_png(colours))))
    np.testing.assert_array_equal(shown, colours[:, :, ::-1])  # BGR in, RGB shown


def test_the_grid_spans_black_to_white() -> None:
    heatmap = np.linspace(0, 1, 49, dtype=np.float32).reshape(7, 7)
    levels = heatmap_levels(heatmap)
    assert (levels[0, 0], levels[6, 6]) == (0, 255)
    assert levels.shape == (7, 7)
