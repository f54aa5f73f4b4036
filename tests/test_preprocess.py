"""Serving and evaluation prepare a film by the same function, to the bit."""

from __future__ import annotations

import inspect
from pathlib import Path

import cv2
import numpy as np

from backend.inference import predictor
from backend.inference.images import Film, read_film
from backend.inference.preprocess import preprocess, squeeze
from backend.training import data as training_data
from backend.training import voting


def test_the_input_is_the_whole_film_squeezed_and_normalised() -> None:
    film = np.zeros((300, 500), dtype=np.uint8)
    film[:150, 250:] = 200  # one quarter is bright, and stays a quarter
    found = preprocess(film, training_data.INPUT)
    assert found.shape == (1, 3, 224, 224)
    assert found.dtype == np.float32
    for channel, (mean, std) in enumerate(
        zip(training_data.INPUT.mean, training_data.INPUT.std, strict=True)
    ):
        levels = found[0, channel] * std + mean
        np.testing.assert_allclose(levels[5:105, 119:219], 200 / 255, atol=1e-3)
        np.testing.assert_allclose(levels[119:219, :], 0, atol=1e-3)


def test_a_film_of_the_right_size_is_not_resampled() -> None:
    film = np.random.default_rng(0).integers(0, 255, (224, 224), dtype=np.uint8)
    squeezed = squeeze(film, 224)
    np.testing.assert_array_equal(squeezed, film)
    squeezed[0, 0] ^= 255
    assert squeezed[0, 0] != film[0, 0]  # a copy: nobody else's film is changed


def test_evaluation_and_serving_use_the_same_function() -> None:
    assert predictor.preprocess is voting.preprocess is preprocess
    assert training_data.squeeze is squeeze


def test_training_and_serving_see_the_same_bits(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "IM-0001-0001.png"
    cv2.imwrite(str(path), film)
    record = training_data.Record(path, training_data.NORMAL, "IM-0001")

    served = preprocess(read_film(path.read_bytes()), training_data.INPUT)
    films = training_data.load_films([record])
    taught = training_data.as_input(films.pixels, training_data.INPUT)
    assert np.array_equal(served, taught.numpy())


def test_evaluation_reads_real_films_as_serving_does(data: Path) -> None:
    records = training_data.find_records(data, "held-out")[::25]
    taught = training_data.as_input(training_data.load_films(records).pixels, training_data.INPUT)
    for record, expected in zip(records, taught, strict=True):
        served = preprocess(read_film(record.path.read_bytes()), training_data.INPUT)
        assert np.array_equal(served[0], expected.numpy())


def test_no_second_transform_exists() -> None:
    """Nothing but preprocess.py divides by the card's standard deviations."""
    backend = Path(inspect.getfile(predictor)).parent.parent
    users = {path.name for path in backend.rglob("*.py") if "spec.std" in path.read_text()}
    assert users == {"preprocess.py"}
