"""GET /metrics: what is counted, in how many series, and that none of them knows a film or its sender."""

from __future__ import annotations

import importlib.metadata
import io
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable

import psutil
import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from backend import __version__
from backend.app.metrics import Metrics
from backend.app.stages import STAGES
from backend.inference.card import read_card
from tests.conftest import COMMITTED
from tests.fakes import FixedPredictor, HeldPredictor
from tests.test_ready import Mendable, SlowToLoad, eventually

MakeClient = Callable[..., FlaskClient]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parse(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(client: FlaskClient) -> Samples:
    response = client.get("/metrics")
    assert response.status_code == 200
    return parse(response.text)


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((f"pneumonet_{name}", frozenset(labels.items())))


def total(samples: Samples, name: str, **labels: str) -> float:
    wanted = set(labels.items())
    return sum(
        found for (each, has), found in samples.items() if each == f"pneumonet_{name}" and wanted <= has
    )


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(predictor=FixedPredictor())


def test_requests_are_counted_by_route_method_and_status(client: FlaskClient, png: bytes) -> None:
    for _ in range(3):
        client.get("/health")
    client.head("/health")
    client.get("/api/health")
    client.post("/predict", data=png)
    client.post("/predict", data=b"no film")
    found = scrape(client)
    requests, seconds = "http_requests_total", "http_request_duration_seconds_count"
    assert value(found, requests, route="/health", method="GET", status="200") == 3
    assert value(found, requests, route="/health", method="HEAD", status="200") == 1
    assert value(found, requests, route="/api/health", method="GET", status="200") == 1
    assert value(found, requests, route="/predict", method="POST", status="200") == 1
    assert value(found, requests, route="/predict", method="POST", status="415") == 1
    assert value(found, seconds, route="/predict", method="POST") == 2


def test_senders_cannot_make_series(client: FlaskClient, png: bytes) -> None:
    def stir(word: str) -> None:
        client.get(f"/MARKED-{word}", headers={"X-Request-ID": f"MARKED-{word}"})
        client.open(f"/MARKED-{word}", method=f"MARKED{word}")
        client.open("/health", method=f"MARKED{word}")
        client.post("/predict?patient=MARKED", data={"file": (io.BytesIO(png), f"MARKED-{word}.png")})

    stir("first")
    before = scrape(client)
    for number in range(20):
        stir(str(number))
    text = client.get("/metrics").text
    assert "MARKED" not in text
    assert parse(text).keys() == before.keys() | {
        key for key in parse(text) if ("route", "/metrics") in key[1]
    }
    after = parse(text)
    assert value(after, "http_requests_total", route="unmatched", method="GET", status="404") == 21
    assert total(after, "http_requests_total", method="other") == 42


@pytest.mark.parametrize(
    ("probabilities", "predicted_class", "risk_code"),
    [
        ((0.8, 0.15, 0.05), "BACTERIAL PNEUMONIA", "high"),
        ((0.05, 0.9, 0.05), "NORMAL", "none"),
        ((0.2, 0.2, 0.6), "VIRAL PNEUMONIA", "indeterminate"),
    ],
)
def test_predictions_are_counted_by_class_and_risk_with_their_confidence(
    make_client: MakeClient,
    png: bytes,
    probabilities: tuple[float, float, float],
    predicted_class: str,
    risk_code: str,
) -> None:
    client = make_client(predictor=FixedPredictor(probabilities))
    assert total(scrape(client), "predictions_total") == 0
    for _ in range(4):
        answer = client.post("/predict", data=png).get_json()
    assert (answer["prediction"], answer["risk_code"]) == (predicted_class, risk_code)
    found = scrape(client)
    assert value(found, "predictions_total", predicted_class=predicted_class, risk_code=risk_code) == 4
    assert total(found, "predictions_total") == 4
    confidence = max(probabilities)
    counted = value(found, "prediction_confidence_ratio_sum", predicted_class=predicted_class)
    assert counted == pytest.approx(4 * confidence)
    assert total(found, "prediction_confidence_ratio_count") == 4


def test_refused_films_are_no_predictions(client: FlaskClient) -> None:
    client.post("/predict", data=b"no film")
    found = scrape(client)
    assert total(found, "predictions_total") == total(found, "prediction_confidence_ratio_count") == 0


def test_each_series_stands_at_zero_before_its_first_event(client: FlaskClient) -> None:
    found = scrape(client)
    assert len([key for key in found if key[0] == "pneumonet_predictions_total"]) == 6
    for stage in STAGES:
        assert value(found, "stage_duration_seconds_count", stage=stage) == 0
    for outcome in ("success", "failure"):
        assert value(found, "model_loads_total", outcome=outcome) == 0


@pytest.mark.parametrize(("cam", "explained"), [("both", 1), ("map", 1), ("none", 0)])
def test_each_stage_is_timed_once_a_film(client: FlaskClient, png: bytes, cam: str, explained: int) -> None:
    client.post(f"/predict?cam={cam}", data=png)
    found = scrape(client)
    for stage in STAGES:
        expected = explained if stage == "explain" else 1
        assert value(found, "stage_duration_seconds_count", stage=stage) == expected
    # What the predictor itself measured, and no other clock's reading.
    assert value(found, "stage_duration_seconds_sum", stage="inference") == pytest.approx(0.02)


def test_a_whole_real_reading_is_the_sum_of_its_stages(make_client: MakeClient, png: bytes) -> None:
    client = make_client()
    client.post("/predict", data=png)  # loads
    before = scrape(client)
    answer = client.post("/predict", data=png).get_json()
    after = scrape(client)
    stages = {
        stage: total(after, "stage_duration_seconds_sum", stage=stage)
        - total(before, "stage_duration_seconds_sum", stage=stage)
        for stage in STAGES
    }
    assert all(seconds > 0 for seconds in stages.values())
    assert stages["inference"] > stages["explain"]
    assert sum(stages.values()) < answer["duration_ms"] / 1000 + stages["encode"]
    assert sum(stages.values()) > 0.2 * answer["duration_ms"] / 1000


def test_the_log_line_and_the_histogram_say_the_same(
    make_client: MakeClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_client(predictor=FixedPredictor())
    client.get("/health")
    logged = json.loads(capsys.readouterr().err.splitlines()[-1])["duration_ms"]
    counted = value(scrape(client), "http_request_duration_seconds_sum", route="/health", method="GET")
    assert counted is not None
    assert round(counted * 1000, 1) == logged


def test_what_is_under_way_and_what_waits(make_client: MakeClient, png: bytes) -> None:
    predictor = HeldPredictor()
    client = make_client(predictor=predictor)
    films = [threading.Thread(target=client.post, args=["/predict"], kwargs={"data": png}) for _ in range(4)]
    for film in films:
        film.start()
    assert predictor.entered.wait(timeout=30)
    assert eventually(lambda: value(scrape(client), "queue_depth", line="inference") == 2)
    found = scrape(client)
    assert value(found, "http_requests_in_flight") == 4
    assert value(found, "queue_depth", line="decoding") == 0
    time.sleep(0.2)
    predictor.release.set()
    for film in films:
        film.join(timeout=30)
    found = scrape(client)
    assert value(found, "http_requests_in_flight") == value(found, "queue_depth", line="inference") == 0
    # Two of the four waited for as long as the others were held.
    waited = value(found, "stage_duration_seconds_sum", stage="queue")
    assert waited is not None
    assert waited > 0.4


def test_a_request_that_fails_is_no_longer_in_flight(make_client: MakeClient, png: bytes) -> None:
    def fail() -> None:
        raise RuntimeError

    client = make_client(predictor=FixedPredictor(before=fail))
    assert client.post("/predict", data=png).status_code == 500
    found = scrape(client)
    assert value(found, "http_requests_in_flight") == 0
    assert value(found, "http_requests_total", route="/predict", method="POST", status="500") == 1


def test_loads_are_counted_and_timed(make_client: MakeClient, png: bytes) -> None:
    predictor = Mendable()
    client = make_client(predictor=predictor)
    assert value(scrape(client), "ready") == 1
    client.post("/predict", data=png)
    found = scrape(client)
    assert (value(found, "ready"), value(found, "model_load_seconds")) == (0, 0)
    predictor.mended = True
    assert eventually(lambda: client.post("/predict", data=png).status_code == 200)
    found = scrape(client)
    assert value(found, "ready") == value(found, "model_loads_total", outcome="success") == 1
    assert (value(found, "model_loads_total", outcome="failure") or 0) >= 1


def test_a_load_takes_as_long_as_it_takes(make_client: MakeClient) -> None:
    predictor = SlowToLoad()
    client = make_client(predictor=predictor, warm_up=True)
    assert value(scrape(client), "ready") == 0
    time.sleep(0.2)
    predictor.let.set()
    assert eventually(lambda: value(scrape(client), "ready") == 1)
    assert 0.2 <= (value(scrape(client), "model_load_seconds") or 0) < 30


def test_memory_and_versions(client: FlaskClient) -> None:
    found = scrape(client)
    resident = psutil.Process().memory_info().rss
    assert value(found, "resident_memory_bytes") == pytest.approx(resident, rel=0.2)
    versions = {
        "version": __version__,
        "model_version": read_card(COMMITTED).version,
        "torch_version": importlib.metadata.version("torch"),
    }
    assert value(found, "build_info", **versions) == 1


def test_it_is_the_operators_alone_and_never_cached(client: FlaskClient) -> None:
    assert client.get("/api/metrics").status_code == 404
    assert "/metrics" not in client.get("/", headers={"Accept": "*/*"}).text
    response = client.get("/metrics")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert client.head("/metrics").status_code == 200
    assert client.post("/metrics").status_code == 405


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_nothing_to_say(client: FlaskClient, png: bytes) -> None:
    client.post("/predict", data=png)
    text = client.get("/metrics").data
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=120)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_counting_a_film_costs_next_to_nothing() -> None:
    """The figure itself: python -m tests.bench.metrics."""
    metrics, rounds = Metrics(), 200
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        for _ in range(rounds):
            metrics.answered("/predict", "POST", 200, 0.1, dict.fromkeys(STAGES, 0.01))
        best = min(best, (time.process_time() - started) / rounds)
    assert best < 0.001  # of the hundred milliseconds that a film takes
