"""The networks load once, when first needed, and answer alike however many ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from backend.app import create_app
from backend.app.settings import Settings
from backend.inference.errors import EngineRefused, ModelsUnavailable
from backend.inference.images import Film
from backend.inference.lazy import LazyPredictor
from backend.inference.overlay import encode_png
from backend.inference.predictor import Predictor
from tests.fakes import FixedPredictor, FixedReader

MakeClient = Callable[..., FlaskClient]


def test_nothing_is_loaded_before_the_first_film(weights: Path, film: Film) -> None:
    predictor = LazyPredictor.from_weights(weights)
    assert not predictor.loaded
    predictor.predict(film)
    assert predictor.loaded


def test_eight_threads_racing_on_the_first_film_load_once(weights: Path, film: Film) -> None:
    loads: list[Predictor] = []

    def load() -> Predictor:
        loads.append(Predictor(weights))
        time.sleep(0.2)  # leaves the others time to get in, if they could
        return loads[-1]

    predictor, barrier = LazyPredictor(load), threading.Barrier(8)

    def race(_: int) -> dict[str, float]:
        barrier.wait()
        return predictor.predict(film).probabilities

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(race, range(8)))
    assert len(loads) == 1
    assert all(answer == pytest.approx(answers[0], abs=1e-6) for answer in answers)


def one_after_the_other(outcomes: list[Any]) -> Callable[[], FixedReader]:
    """Return what loads a reader, or fails, with each attempt as it stands in the list."""

    def load() -> FixedReader:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, FixedReader)
        return outcome

    return load


def test_an_unforeseen_failure_to_load_is_told_and_tried_again(film: Film) -> None:
    outcomes: list[Any] = [MemoryError("secret"), FixedReader((1.0, 0.0, 0.0), lambda: None)]
    predictor = LazyPredictor(one_after_the_other(outcomes))
    with pytest.raises(ModelsUnavailable):
        predictor.predict(film)
    assert predictor.failure == "loading the networks failed: MemoryError"
    assert predictor.predict(film).confidence == 1.0
    assert predictor.failure is None


def test_why_there_is_no_engine_is_told_the_log_alone(film: Film) -> None:
    def load() -> FixedReader:
        raise EngineRefused("[Errno 28] No space left on device: '/srv/secret'")

    predictor = LazyPredictor(load)
    with pytest.raises(ModelsUnavailable, match="/srv/secret"):  # which is logged
        predictor.predict(film)
    assert predictor.failure == "the engine that is asked for cannot be had"


def test_who_wants_to_know_is_told_once_the_networks_are_there(film: Film) -> None:
    outcomes: list[Any] = [ModelsUnavailable("not yet"), FixedReader((1.0, 0.0, 0.0), lambda: None)]
    told = []
    predictor = LazyPredictor(one_after_the_other(outcomes))
    predictor.after_load = lambda: told.append(predictor.loaded)
    with pytest.raises(ModelsUnavailable):
        predictor.predict(film)
    assert told == []
    for _ in range(2):
        predictor.predict(film)
    assert told == [True]


def test_two_hundred_requests_from_sixteen_clients_answer_as_one_by_one(
    make_client: MakeClient, film: Film
) -> None:
    films = [encode_png(np.roll(film[::2, ::2], 37 * shift, axis=shift % 2)) for shift in range(10)]
    app = make_client().application

    def ask(number: int) -> dict[str, Any]:
        response = app.test_client().post("/predict", data=films[number % len(films)])
        assert response.status_code == 200
        answer: dict[str, Any] = response.get_json()
        return answer

    alone = [ask(number) for number in range(len(films))]
    assert len({answer["heatmap_image"] for answer in alone}) == len(films)
    with ThreadPoolExecutor(16) as clients:
        together = list(clients.map(ask, range(200)))
    for number, answer in enumerate(together):
        expected = alone[number % len(films)]
        assert answer["prediction"] == expected["prediction"]
        assert answer["probabilities"] == pytest.approx(expected["probabilities"], abs=0.0005)
        assert answer["gradcam_image"] is not None
    assert len({answer["request_id"] for answer in together}) == 200


def test_warm_up_loads_without_a_film() -> None:
    predictor = FixedPredictor()
    create_app(Settings(warm_up=True), predictor)
    deadline = time.monotonic() + 10
    while not predictor.loaded and time.monotonic() < deadline:
        time.sleep(0.01)
    assert predictor.loaded


def test_without_warm_up_nothing_loads() -> None:
    predictor = FixedPredictor()
    client = create_app(Settings(), predictor).test_client()
    client.get("/health")
    assert not predictor.loaded
