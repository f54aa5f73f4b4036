"""Proves backend/training/perturbations.py: what each change keeps, and what it changes."""

import numpy as np
import pytest

from backend.inference.images import Film
from backend.training import perturbations
from backend.training.perturbations import NARROWER, PERTURBATIONS, WIDER

SIDE = 224


@pytest.fixture
def film() -> Film:
    """A smooth film, brighter to the right and to the bottom, with a grain."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    grain = np.random.default_rng(0).normal(0, 4, (SIDE, SIDE))
    return np.clip(30 + 0.5 * columns + 0.3 * rows + grain, 0, 255).astype(np.uint8)


def distance(one: Film, other: Film) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_all_changes_that_are_promised_are_there() -> None:
    assert list(PERTURBATIONS) == [
        "width x1.25",
        "width x0.8",
        "half resolution",
        "gamma 0.7",
        "gamma 1.4",
        "contrast 0.7",
        "mirrored",
        "JPEG quality 40",
        "padded by 10%",
        "cropped by 10%",
        "corners covered",
    ]


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_a_change_returns_another_film_of_the_same_kind(name: str, film: Film) -> None:
    kept = film.copy()
    changed = PERTURBATIONS[name](film)
    assert changed.shape == (SIDE, SIDE)
    assert changed.dtype == np.uint8
    assert changed.flags["C_CONTIGUOUS"]
    assert np.array_equal(film, kept), "the film itself was changed"
    assert not np.shares_memory(changed, film)
    assert distance(changed, film) > 0.5


def test_no_two_changes_are_the_same(film: Film) -> None:
    assert len({change(film).tobytes() for change in PERTURBATIONS.values()}) == len(PERTURBATIONS)


def test_mirrored_twice_is_the_film(film: Film) -> None:
    mirrored = PERTURBATIONS["mirrored"](film)
    assert np.array_equal(mirrored[:, 0], film[:, -1])
    assert np.array_equal(PERTURBATIONS["mirrored"](mirrored), film)


@pytest.mark.parametrize(("name", "factor"), [(WIDER, 1.25), (NARROWER, 0.8)])
def test_width_scales_about_the_centre(name: str, factor: float) -> None:
    film = np.zeros((SIDE, SIDE), np.uint8)
    middle = SIDE // 2
    film[:, middle - 2 : middle + 2] = 200
    film[:, middle + 38 : middle + 42] = 100
    levels = PERTURBATIONS[name](film)[middle].astype(float)
    columns = np.arange(SIDE) + 0.5
    assert levels[middle] > 120, "the centre column's content moved"
    near = np.abs(columns - middle) < 20
    assert np.average(columns[near], weights=levels[near]) == pytest.approx(middle, abs=0.6)
    assert np.average(columns[~near], weights=levels[~near]) == pytest.approx(middle + 40 * factor, abs=0.6)


def test_width_repeats_the_edges(film: Film) -> None:
    narrower = PERTURBATIONS[NARROWER](film)
    assert distance(narrower[:, :1], film[:, :1]) < 4
    assert distance(narrower[:, -1:], film[:, -1:]) < 4
    assert (narrower[:, :22] == narrower[:, :1]).all()
    assert (narrower[:, -22:] == narrower[:, -1:]).all()
    assert not (narrower[:, :60] == narrower[:, :1]).all()


def test_width_by_one_is_the_film(film: Film) -> None:
    assert np.array_equal(perturbations.scale_width(film, 1.0), film)


def test_half_resolution_loses_grain_and_keeps_levels(film: Film) -> None:
    halved = PERTURBATIONS["half resolution"](film)
    assert np.diff(halved.astype(int), axis=1).std() < 0.5 * np.diff(film.astype(int), axis=1).std()
    assert halved.mean() == pytest.approx(film.mean(), abs=0.5)


def test_gamma_moves_grey_and_keeps_black_and_white() -> None:
    levels = np.array([[0, 128, 255]], np.uint8)
    assert perturbations.apply_gamma(levels, 0.7).tolist() == [[0, 157, 255]]  # 255 · (128/255)^0.7 = 157.4
    assert perturbations.apply_gamma(levels, 1.4).tolist() == [[0, 97, 255]]  # 255 · (128/255)^1.4 = 97.2
    assert perturbations.apply_gamma(levels, 1.0).tolist() == levels.tolist()


def test_contrast_shrinks_about_the_mean(film: Film) -> None:
    flatter = PERTURBATIONS["contrast 0.7"](film)
    assert flatter.mean() == pytest.approx(film.mean(), abs=0.5)
    assert flatter.std() == pytest.approx(0.7 * film.std(), rel=0.01)


def test_jpeg_is_near_the_film(film: Film) -> None:
    coarse, fine = perturbations.compress(film, 40), perturbations.compress(film, 95)
    assert distance(fine, film) < distance(coarse, film) < 5


def test_padding_is_black_and_shrinks_the_film() -> None:
    white = np.full((SIDE, SIDE), 255, np.uint8)
    padded = PERTURBATIONS["padded by 10%"](white)
    # 11 of 246 pixels at either end are black: 10 of 224.
    assert (padded[:9] == 0).all()
    assert (padded[:, -9:] == 0).all()
    assert (padded[11:-11, 11:-11] == 255).all()


def test_cropping_takes_the_frame_off() -> None:
    framed = np.zeros((SIDE, SIDE), np.uint8)
    framed[11:-11, 11:-11] = 255
    assert (PERTURBATIONS["cropped by 10%"](framed) == 255).all()
    framed[20, 20] = 0
    assert (PERTURBATIONS["cropped by 10%"](framed) < 255).any()


def test_corners_are_black_and_nothing_else_changes(film: Film) -> None:
    film = np.maximum(film, 1)
    covered = PERTURBATIONS["corners covered"](film)
    black = covered == 0
    assert black.sum() == 4 * 34 * 34
    assert all(black[row, column] for row in (0, 33, -34, -1) for column in (0, 33, -34, -1))
    assert np.array_equal(covered[~black], film[~black])
