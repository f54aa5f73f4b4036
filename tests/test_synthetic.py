"""The drawn film: repeatable, of any size, laid out like a chest, and never without its caption."""

from functools import cache

import cv2
import numpy as np
import pytest

from backend.inference import synthetic
from backend.inference.images import Film
from backend.inference.synthetic import CAPTION, draw_chest_film

SIZES = [(64, 64), (65, 131), (131, 67), (299, 299), (64, 400), (400, 64), (1400, 1000)]

# Windows (top, bottom, left, right) in shares of the film; the patient's right is the picture's left.
RIGHT_LUNG, LEFT_LUNG = (0.30, 0.42, 0.26, 0.38), (0.30, 0.42, 0.63, 0.74)
MEDIASTINUM = (0.30, 0.42, 0.46, 0.54)
HEART, OPPOSITE_HEART = (0.58, 0.66, 0.60, 0.66), (0.58, 0.66, 0.34, 0.40)
LIVER, BESIDE_BODY = (0.70, 0.74, 0.33, 0.39), (0.60, 0.90, 0.00, 0.06)
RIGHT_LOWER_ZONE = (0.54, 0.64, 0.27, 0.36)


@cache
def drawn(height: int = 876, width: int = 1280, opacity: bool = False, seed: int = 0) -> Film:
    film = draw_chest_film(height, width, opacity=opacity, seed=seed)
    film.setflags(write=False)
    return film


def level(film: Film, window: tuple[float, float, float, float]) -> float:
    height, width = film.shape
    top, bottom, left, right = np.rint(np.array(window) * (height, height, width, width)).astype(int)
    return float(film[top:bottom, left:right].mean())


@pytest.mark.parametrize("opacity", [False, True])
def test_same_arguments_give_the_same_film(opacity: bool) -> None:
    np.testing.assert_array_equal(draw_chest_film(opacity=opacity, seed=0), drawn(opacity=opacity))


def test_another_seed_gives_another_film_of_the_same_build() -> None:
    one, other = drawn(), drawn(seed=1)
    assert np.mean(one != other) > 0.5
    assert np.mean(np.abs(one.astype(int) - other)) < 6


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_any_size_is_a_full_grey_film(height: int, width: int) -> None:
    film = drawn(height, width)
    assert film.shape == (height, width)
    assert film.dtype == np.uint8
    assert film.min() < 15
    assert film.max() > 210


@pytest.mark.parametrize(("height", "width"), [(876, 1280), *SIZES])
def test_the_picture_is_laid_out_like_a_chest(height: int, width: int) -> None:
    film = drawn(height, width)
    for lung in (RIGHT_LUNG, LEFT_LUNG):
        assert level(film, lung) + 60 < level(film, MEDIASTINUM)
        assert level(film, lung) + 50 < level(film, LIVER)
        assert level(film, lung) - 30 > level(film, BESIDE_BODY)
    assert level(film, HEART) - 50 > level(film, OPPOSITE_HEART)


@pytest.mark.parametrize("seed", range(2))
def test_opacity_brightens_the_right_lower_zone_and_nothing_else(seed: int) -> None:
    clear, opaque = drawn(seed=seed), drawn(opacity=True, seed=seed)
    assert np.all(opaque >= clear)
    assert level(opaque, RIGHT_LOWER_ZONE) - level(clear, RIGHT_LOWER_ZONE) > 25

    rows, columns = np.nonzero(opaque != clear)
    height, width = clear.shape
    assert rows.min() > 0.38 * height
    assert rows.max() < 0.85 * height
    assert columns.max() < 0.48 * width
    assert level(opaque, RIGHT_LUNG) - level(clear, RIGHT_LUNG) < 3


@pytest.mark.parametrize(("height", "width"), [(876, 1280), (192, 192), (1400, 1000)])
def test_the_caption_can_be_read(height: int, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    marked = drawn(height, width)
    monkeypatch.setattr(synthetic, "_mark", lambda film: film)
    bare = draw_chest_film(height, width)

    below = int(0.85 * height)
    rows, columns = np.nonzero(marked[below:] != bare[below:])
    caption = marked[below:][rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    letters = cv2.connectedComponents((caption > 128).astype(np.uint8))[0] - 1
    assert letters == len(CAPTION.replace(" ", ""))  # none of these capitals falls into two pieces
    assert caption.shape[0] >= 14
    assert caption.shape[1] > 0.35 * width
    assert np.array_equal(marked[below // 2 : below], bare[below // 2 : below])


def test_the_caption_says_what_the_film_is() -> None:
    assert "SYNTHETIC" in CAPTION
    assert "NOT A PATIENT" in CAPTION


def test_the_side_marker_stands_top_left(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = drawn()
    monkeypatch.setattr(synthetic, "_mark", lambda film: film)
    height, width = marked.shape
    rows, columns = np.nonzero((marked > 200) & (draw_chest_film() < 60))
    upper = rows < height // 2
    assert upper.sum() > 100
    assert rows[upper].max() < 0.3 * height
    assert columns[upper].max() < 0.1 * width


@pytest.mark.parametrize(("height", "width"), [(63, 64), (64, 63), (0, 0), (-876, 1280)])
def test_too_small_a_film_is_refused(height: int, width: int) -> None:
    with pytest.raises(ValueError, match=rf"^A film of {height} x {width} is too small: .* 64 pixels\.$"):
        draw_chest_film(height, width)
