"""The very same film is answered from what was said before; anything else is read."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from cachetools import TTLCache
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from backend.app import pipeline, routes, stores
from backend.app.cache import ResultCache
from backend.app.settings import SettingError, Settings
from backend.app.stores import MemoryStore
from backend.inference import provenance
from backend.inference.card import read_card
from backend.inference.corrections import CORRECTIONS
from backend.inference.engine import FILMS_AT_ONCE
from backend.inference.images import Film, Limits
from backend.inference.overlay import draw_overlay
from backend.inference.predictor import _fingerprint
from tests.conftest import COMMITTED
from tests.fakes import FixedPredictor, NoEngine, reading
from tests.test_metrics import scrape, value
from tests.test_ready import eventually

MakeClient = Callable[..., FlaskClient]
KEY = b"a key of the tests"


class Counting(FixedPredictor):
    """Counts the films it reads; `holding` keeps it from ending any."""

    def __init__(self) -> None:
        self.films, self.entered, self.release = 0, 0, threading.Event()
        self._counting = threading.Lock()
        self.release.set()
        super().__init__(before=self._read)

    def _read(self) -> None:
        with self._counting:
            self.entered += 1
        assert self.release.wait(timeout=60)
        with self._counting:
            self.films += 1


@pytest.fixture
def predictor() -> Counting:
    return Counting()


@pytest.fixture
def client(make_client: MakeClient, predictor: Counting) -> FlaskClient:
    return make_client(predictor=predictor, cache_seconds=3600)


def other_film(seed: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (64, 64), np.uint8)).save(file, "PNG")
    return file.getvalue()


def cached(failures: list[str] | None = None, key: bytes = KEY) -> tuple[ResultCache, MemoryStore]:
    store = MemoryStore(10, 60)
    return ResultCache(store, key, (failures if failures is not None else []).append), store


def same(one: Any, other: Any) -> bool:
    return all(
        np.array_equal(getattr(one, each.name), getattr(other, each.name))
        if each.name == "heatmap" and one.heatmap is not None
        else getattr(one, each.name) == getattr(other, each.name)
        for each in fields(one)
    )


def said(client: FlaskClient, film: bytes) -> str:
    return client.post("/predict", data=film).headers["X-Cache"]


@pytest.mark.parametrize("cam", ["both", "map", "none"])
def test_the_same_film_is_answered_from_before(
    client: FlaskClient, predictor: Counting, png: bytes, cam: str
) -> None:
    client.post("/predict", data=other_film(0))  # the networks are loaded
    first, second = (client.post(f"/predict?cam={cam}", data=png) for _ in range(2))
    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("miss", "hit")
    assert predictor.films == 2
    one, other = first.get_json(), second.get_json()
    assert one.pop("request_id") != other.pop("request_id")
    assert one.pop("duration_ms") != other.pop("duration_ms")
    assert one == other
    assert (other["gradcam_image"] is None) == (cam != "both")


def test_the_first_film_of_all_is_kept_too(client: FlaskClient, png: bytes) -> None:
    assert [client.post("/predict", data=png).headers["X-Cache"] for _ in range(2)] == ["miss", "hit"]


def test_however_it_is_sent_it_is_the_same_film(client: FlaskClient, png: bytes) -> None:
    client.post("/predict", data=png)
    form = {"file": (io.BytesIO(png), "another name.png")}
    assert client.post("/predict", data=form).headers["X-Cache"] == "hit"
    assert client.post("/predict?cam=map", data=png).headers["X-Cache"] == "hit"


def test_other_bytes_are_read(client: FlaskClient, predictor: Counting, png: bytes) -> None:
    assert client.post("/predict", data=png).headers["X-Cache"] == "miss"
    assert client.post("/predict", data=other_film(0)).headers["X-Cache"] == "miss"
    assert predictor.films == 2


@pytest.mark.parametrize(
    "option", ["cam=none", "allow_unusual=true", "correction=invert", "correction=rotate_90"]
)
def test_another_option_is_read(client: FlaskClient, predictor: Counting, png: bytes, option: str) -> None:
    asked = ["/predict", f"/predict?{option}", f"/predict?{option}", "/predict"]
    said = [client.post(each, data=png).headers["X-Cache"] for each in asked]
    assert said == ["miss", "miss", "hit", "hit"]
    assert predictor.films == 2


def test_another_correction_is_read(client: FlaskClient, png: bytes) -> None:
    for correction in CORRECTIONS:
        assert client.post(f"/predict?correction={correction}", data=png).headers["X-Cache"] == "miss"


def test_who_asks_for_it_has_it_read(client: FlaskClient, predictor: Counting, png: bytes) -> None:
    client.post("/predict", data=png)
    response = client.post("/predict", data=png, headers={"Cache-Control": "no-cache"})
    assert (response.headers["X-Cache"], predictor.films) == ("miss", 2)


def test_switched_off_it_says_nothing(make_client: MakeClient, predictor: Counting, png: bytes) -> None:
    client = make_client(predictor=predictor, cache_seconds=0)
    assert not any("X-Cache" in client.post("/predict", data=png).headers for _ in range(2))
    assert predictor.films == 2


def test_it_holds_no_more_than_it_may(make_client: MakeClient, predictor: Counting) -> None:
    client = make_client(predictor=predictor, cache_seconds=3600, cache_entries=2)
    films = [other_film(seed) for seed in range(3)]
    assert [said(client, film) for film in films] == ["miss"] * 3
    assert [said(client, films[1]), said(client, films[2])] == ["hit", "hit"]
    assert said(client, films[0]) == "miss"  # two others had taken its place


def test_it_forgets_in_time(
    make_client: MakeClient, predictor: Counting, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(stores, "TTLCache", partial(TTLCache, timer=lambda: now[0]))
    client = make_client(predictor=predictor, cache_seconds=60)
    assert [said(client, png), said(client, png)] == ["miss", "hit"]
    now[0] = 59.0
    assert said(client, png) == "hit"
    now[0] = 61.0
    assert [said(client, png), said(client, png)] == ["miss", "hit"]


def test_errors_are_not_kept(make_client: MakeClient, png: bytes) -> None:
    failing = threading.Event()
    failing.set()

    def fail() -> None:
        if failing.is_set():
            raise RuntimeError("planted")

    client = make_client(predictor=FixedPredictor(before=fail), cache_seconds=3600)
    for _ in range(2):
        response = client.post("/predict", data=png)
        assert (response.status_code, response.headers.get("X-Cache")) == (500, None)
    failing.clear()
    response = client.post("/predict", data=png)
    assert (response.status_code, response.headers["X-Cache"]) == (200, "miss")
    for body in (b"no film", png[:-300]):
        assert {client.post("/predict", data=body).status_code for _ in range(2)} <= {415, 422}
    assert value(scrape(client), "cache_lookups_total", outcome="hit") == 0


def test_a_hit_takes_no_place_in_line(make_client: MakeClient, predictor: Counting, png: bytes) -> None:
    client = make_client(predictor=predictor, cache_seconds=3600, queue_limit=1)
    client.post("/predict", data=png)
    predictor.release.clear()
    answers: list[TestResponse] = []

    def send(seed: int) -> None:
        answers.append(client.post("/predict", data=other_film(seed)))

    threads = [threading.Thread(target=send, args=[seed]) for seed in range(FILMS_AT_ONCE + 1)]
    for thread in threads:
        thread.start()
    # Who has a turn at once is in line for a moment too: so the turns must be taken first.
    assert eventually(lambda: predictor.entered == 1 + FILMS_AT_ONCE, 60)
    assert eventually(lambda: value(scrape(client), "queue_depth", line="inference") == 1, 60)
    assert client.post("/predict", data=other_film(99)).status_code == 503
    hit = client.post("/predict", data=png)
    assert (hit.status_code, hit.headers["X-Cache"]) == (200, "hit")
    predictor.release.set()
    for thread in threads:
        thread.join(timeout=60)
    assert {answer.status_code for answer in answers} == {200}


def test_more_hits_than_have_places_of_their_own_take_those_of_the_queue_and_then_none(
    make_client: MakeClient, predictor: Counting, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(predictor=predictor, cache_seconds=3600, queue_limit=1)
    client.post("/predict", data=png)
    queue, decoders = (client.application.extensions[line] for line in ("queue", "decoders"))
    places = decoders._turns._places._value + queue._turns._places._value
    release, read_film = threading.Event(), pipeline.read_film

    def held(data: bytes, limits: Limits) -> Film:
        assert release.wait(timeout=60)
        return read_film(data, limits)

    monkeypatch.setattr(pipeline, "read_film", held)
    with ThreadPoolExecutor(places) as senders:
        sent = [senders.submit(client.post, "/predict", data=png) for _ in range(places)]
        assert eventually(lambda: decoders._turns._places._value + queue._turns._places._value == 0, 60)
        one_more = client.post("/predict", data=png)
        assert (one_more.status_code, one_more.get_json()["code"]) == (503, "overloaded")
        answer = client.post("/predict?cam=map", data=png)  # for which nothing is decoded
        assert (answer.status_code, answer.headers["X-Cache"]) == (200, "hit")
        release.set()
        answers = [each.result(timeout=60) for each in sent]
    assert {(each.status_code, each.headers["X-Cache"]) for each in answers} == {(200, "hit")}
    assert client.post("/predict", data=png).status_code == 200


def test_a_place_is_held_until_the_answer_is_drawn(
    make_client: MakeClient, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise those who have had their turn could take up all threads at drawing."""
    client = make_client(predictor=FixedPredictor(), cache_seconds=3600, queue_limit=1)
    places = [client.application.extensions[line]._turns._places for line in ("queue", "decoders")]
    free = [each._value for each in places]
    during: list[list[int]] = []

    def draw(film: Film, heatmap: Any) -> Any:
        during.append([each._value for each in places])
        return draw_overlay(film, heatmap)

    monkeypatch.setattr(routes, "draw_overlay", draw)
    assert [said(client, png), said(client, png)] == ["miss", "hit"]
    assert during == [[free[0] - 1, free[1]], [free[0], free[1] - 1]]
    assert [each._value for each in places] == free


def test_a_hit_is_an_answer_but_no_inference(client: FlaskClient, png: bytes) -> None:
    for _ in range(3):
        client.post("/predict", data=png)
    found = scrape(client)
    assert value(found, "predictions_total", predicted_class="BACTERIAL PNEUMONIA", risk_code="high") == 3
    assert value(found, "stage_duration_seconds_count", stage="inference") == 1
    assert value(found, "cache_lookups_total", outcome="hit") == 2
    assert value(found, "cache_lookups_total", outcome="miss") == 1


@pytest.mark.parametrize("explained", [True, False])
def test_a_reading_comes_back_as_it_was(explained: bool) -> None:
    cache, _ = cached()
    kept = reading((0.8, 0.15, 0.05), explained)
    cache.keep(b"film", {"explained": explained}, "model", kept)
    found = cache.find(b"film", {"explained": explained}, "model")
    assert found is not None
    assert same(kept, found)
    if explained:
        assert found.heatmap is not None
        assert found.heatmap.dtype == np.float32


def test_another_film_option_model_or_key_finds_nothing() -> None:
    cache, store = cached()
    cache.keep(b"film", {"explained": True}, "model", reading((0.8, 0.15, 0.05), True))
    assert cache.find(b"film", {"explained": True}, "model")
    assert not cache.find(b"other", {"explained": True}, "model")
    assert not cache.find(b"film", {"explained": False}, "model")
    assert not cache.find(b"film", {"explained": True}, "other")
    assert not ResultCache(store, b"another key", lambda _: None).find(b"film", {"explained": True}, "model")


def test_what_was_altered_or_is_no_reading_is_not_believed() -> None:
    failures: list[str] = []
    cache, store = cached(failures)
    cache.keep(b"film", {}, "model", reading((0.8, 0.15, 0.05), True))
    [(name, sealed)] = store._kept.items()
    for wrong in (b"", b"short", sealed[:-1], sealed[:-1] + b"\0", bytes(32) + sealed[32:]):
        store.put(name, wrong)
        assert cache.find(b"film", {}, "model") is None
    packed = b"\x93\x01\x02\x03"
    store.put(name, cache._mac(b"seal", name.encode(), packed) + packed)
    assert cache.find(b"film", {}, "model") is None
    assert failures == ["unreadable"] * 6
    store.put(name, sealed)
    assert cache.find(b"film", {}, "model")


def test_one_films_result_cannot_be_passed_off_as_anothers() -> None:
    cache, store = cached()
    for film in (b"one", b"other"):
        cache.keep(film, {}, "model", reading((0.8, 0.15, 0.05), film == b"one"))
    names = list(store._kept)
    store.put(names[0], store.get(names[1]) or b"")
    assert cache.find(b"one", {}, "model") is None


def test_nothing_of_the_film_is_kept(client: FlaskClient, png: bytes) -> None:
    form = {"file": (io.BytesIO(png), "MARKED.png")}
    client.post("/predict?patient=MARKED", data=form, headers={"X-Request-ID": "MARKED"})
    cache: ResultCache = client.application.extensions["cache"]
    store = cache._store
    assert isinstance(store, MemoryStore)
    [(name, value)] = store._kept.items()
    assert len(name) == 64
    assert int(name, 16)
    assert len(value) < 2000
    assert b"MARKED" not in value
    assert b"PNG" not in value


def test_other_networks_or_another_way_to_run_them_have_another_fingerprint() -> None:
    card, engine = read_card(COMMITTED), NoEngine()
    float16 = NoEngine()
    float16.precision = "float16"
    others = [
        _fingerprint(
            replace(card, networks=(replace(card.networks[0], sha256="0"), *card.networks[1:])), engine
        ),
        _fingerprint(replace(card, indeterminate_below=0.6), engine),
        _fingerprint(card, float16),
    ]
    assert len({_fingerprint(card, engine), *others}) == 4
    assert _fingerprint(card, engine) == _fingerprint(read_card(COMMITTED), NoEngine())


@pytest.mark.parametrize("package", ["none", "pillow", "simplejpeg", "opencv-python-headless", "numpy"])
def test_another_version_of_a_package_that_shapes_answers_has_another_fingerprint(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    card, installed = read_card(COMMITTED), provenance.version
    before = _fingerprint(card, NoEngine())
    monkeypatch.setattr(
        provenance, "version", lambda name: "upgraded" if name == package else installed(name)
    )
    assert _fingerprint(card, NoEngine()) != before


def test_a_secret_that_is_refused_is_not_told() -> None:
    for name, secret in (("CACHE_KEY", "hunter2"), ("REDIS_URL", "http://:hunter2@redis")):
        with pytest.raises(SettingError, match=f"{name} must be") as told:
            Settings.from_environment({name: secret})
        assert "hunter2" not in str(told.value)
