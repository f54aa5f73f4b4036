"""The intake gate: what it refuses, what it warns of, and what its caller may insist on."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import safetensors
import safetensors.numpy
from flask.testing import FlaskClient

from backend.app import create_app
from backend.app.settings import Settings
from backend.inference import gate_features as features
from backend.inference import preprocess as preprocessing
from backend.inference.card import read_card
from backend.inference.corrections import CORRECTIONS, Correction, correct
from backend.inference.ensemble import Ensemble
from backend.inference.errors import ModelsUnavailable, WeightsRefused
from backend.inference.gate import LIMITS, WRONG_POSES, Gate
from backend.inference.images import Film
from backend.inference.lazy import LazyPredictor
from backend.inference.overlay import encode_png
from backend.inference.preprocess import preprocess
from backend.inference.synthetic import draw_chest_film
from backend.training.gate import halve
from backend.training.perturbations import lose_resolution
from tests.conftest import PATIENT, UNCACHED
from tests.gates import gated, write_gate

MakeClient = Callable[..., FlaskClient]
OPTIONS = {"allow_unusual": "true"}


def loaded(folder: Path) -> LazyPredictor:
    """Return a predictor that has its networks already, so that no deadline passes while they load."""
    predictor = LazyPredictor.from_weights(folder, engine="torch")
    predictor.warm_up()
    return predictor


@pytest.fixture(scope="module")
def client(weights: Path) -> FlaskClient:
    """A service whose card names no gate."""
    return create_app(Settings(**PATIENT, **UNCACHED), loaded(weights)).test_client()


@pytest.fixture(scope="module")
def strict(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> LazyPredictor:
    """Refuses everything, and warns of everything that is a matter of degree."""
    folder = gated(
        weights,
        tmp_path_factory.mktemp("strict") / "weights",
        score=-math.inf,
        sharpness=math.inf,
        strokes=-1,
    )
    return loaded(folder)


@pytest.fixture(scope="module")
def lenient(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> LazyPredictor:
    return loaded(gated(weights, tmp_path_factory.mktemp("lenient") / "weights"))


def test_what_is_no_chest_radiograph_is_refused(
    make_client: MakeClient, strict: LazyPredictor, png: bytes
) -> None:
    response = make_client(predictor=strict).post("/predict", data=png)
    assert response.status_code == 422
    assert response.json is not None
    assert response.json["code"] == "not_a_chest_radiograph"
    assert "allow_unusual" in response.json["error"]


@pytest.mark.parametrize("place", ["form", "json", "query"])
def test_a_caller_may_insist(make_client: MakeClient, strict: LazyPredictor, png: bytes, place: str) -> None:
    import base64

    client = make_client(predictor=strict)
    if place == "form":
        response = client.post("/predict", data={"file": (io.BytesIO(png), "film"), **OPTIONS})
    elif place == "json":
        response = client.post(
            "/predict", json={"file_data": base64.b64encode(png).decode(), "allow_unusual": True}
        )
    else:
        response = client.post("/predict?allow_unusual=yes", data=png)
    assert response.status_code == 200
    assert response.json is not None
    assert response.json["prediction"] in response.json["probabilities"]
    codes = [warning["code"] for warning in response.json["warnings"]]
    assert codes == ["unusual", "low_resolution", "text_over_lungs"]
    assert all(set(warning) == {"code", "message"} for warning in response.json["warnings"])


def test_insisting_changes_no_answer(
    make_client: MakeClient, lenient: LazyPredictor, strict: LazyPredictor, png: bytes
) -> None:
    plain, insisted = (
        make_client(predictor=each).post(f"/predict?{query}", data=png).json
        for each, query in ((lenient, ""), (strict, "allow_unusual=1"))
    )
    assert plain is not None
    assert insisted is not None
    assert plain["warnings"] == []
    for field in ("prediction", "probabilities", "models", "gradcam_image"):
        assert plain[field] == insisted[field]


def test_a_card_without_a_gate_admits_everything(client: FlaskClient, png: bytes) -> None:
    response = client.post("/predict", data=png)
    assert response.status_code == 200
    assert response.json is not None
    assert response.json["warnings"] == []


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("allow_unusual=perhaps", "allow_unusual"),
        ("correction=rotate_45", "correction"),
        ("correction=", "correction"),
    ],
)
def test_an_option_that_means_nothing_is_refused(
    client: FlaskClient, png: bytes, query: str, named: str
) -> None:
    response = client.post(f"/predict?{query}", data=png)
    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == "bad_request"
    assert named in response.json["error"]


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_a_correction_reads_the_corrected_film(
    client: FlaskClient, film: Film, correction: Correction
) -> None:
    asked = client.post(f"/predict?correction={correction.upper()}", data=encode_png(film)).json
    sent = client.post("/predict", data=encode_png(correct(film, correction))).json
    plain = client.post("/predict", data=encode_png(film)).json
    assert asked is not None
    assert sent is not None
    assert plain is not None
    for field in ("prediction", "probabilities", "models", "gradcam_image", "heatmap_image"):
        assert asked[field] == sent[field]
    assert asked["gradcam_image"] != plain["gradcam_image"]


def test_corrections_turn_counter_clockwise_and_invert() -> None:
    film = np.array([[1, 2], [3, 4]], np.uint8)
    assert correct(film, "rotate_90").tolist() == [[2, 4], [1, 3]]
    assert correct(film, "rotate_180").tolist() == [[4, 3], [2, 1]]
    assert correct(film, "rotate_270").tolist() == [[3, 1], [4, 2]]
    assert correct(film, "invert").tolist() == [[254, 253], [252, 251]]
    assert correct(film, "invert").dtype == np.uint8


def test_levels_are_corrected_like_films(film: Film) -> None:
    small = np.asarray(cv2.resize(film, (224, 224)), np.uint8)
    for correction in CORRECTIONS:
        found = correct(levels_of(small), correction)
        np.testing.assert_allclose(found, levels_of(correct(small, correction)), atol=1e-6)
        assert found.dtype == np.float32


@pytest.mark.parametrize("pose", WRONG_POSES)
@pytest.mark.parametrize(
    ("margin", "cut_off_as_it_is", "cut_off_put_right", "said", "offered"),
    [
        (-1, False, True, [], False),
        (-1, True, False, ["cropped"], False),
        (3, True, False, ["pose"], True),
        (3, False, True, ["pose", "cropped"], True),
        (1, True, False, ["cropped"], False),
    ],
    ids=["right", "cut off", "wrong", "cut off and wrong", "cut off, perhaps wrong"],
)
def test_a_film_is_put_right_before_it_is_called_cut_off(
    weights: Path,
    tmp_path: Path,
    film: Film,
    pose: Correction,
    margin: float,
    cut_off_as_it_is: bool,
    cut_off_put_right: bool,
    said: list[str],
    offered: bool,
) -> None:
    folder = gated(weights, tmp_path / "weights", pose=2, crop=0)
    gate = Gate.load(folder, read_card(folder))
    assert gate is not None
    levels = levels_of(preprocessing.squeeze(film, 224))
    cut_off = {
        features.describe(levels).tobytes(): cut_off_as_it_is,
        features.describe(correct(levels, pose)).tobytes(): cut_off_put_right,
    }
    logits = np.array([0, *(margin if each == pose else -5 for each in WRONG_POSES)], np.float32)
    gate.pose = lambda _: logits  # type: ignore[assignment]
    gate.crop = lambda described: np.float32([1 if cut_off[described.tobytes()] else -1])  # type: ignore[assignment]
    votes: Any = [SimpleNamespace(stages=gate.space.mean[None])]
    warnings = gate.judge(film, levels, votes).warnings
    name = "inverted" if pose == "invert" else "rotated"
    assert [each.code for each in warnings] == [name if each == "pose" else each for each in said]
    assert [each.correction for each in warnings if each.correction] == [pose] * offered


def test_every_correction_is_a_pose() -> None:
    assert sorted(WRONG_POSES) == sorted(CORRECTIONS)


def test_a_gate_that_is_gone_damaged_or_of_other_networks_is_refused(weights: Path, tmp_path: Path) -> None:
    folder = gated(weights, tmp_path / "weights")
    card = read_card(folder)
    assert Gate.load(folder, card) is not None

    assert card.gate is not None
    of_others = replace(card, gate=replace(card.gate, networks=["0" * 64] * 2))
    with pytest.raises(WeightsRefused, match="other networks"):
        Gate.load(folder, of_others)

    file = folder / card.gate.file
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(WeightsRefused, match="checksum"):
        Gate.load(folder, card)
    file.unlink()
    with pytest.raises(WeightsRefused, match="cannot be read"):
        Gate.load(folder, card)


def test_a_gate_whose_content_is_no_gate_is_refused(weights: Path, tmp_path: Path) -> None:
    folder = gated(weights, tmp_path / "weights")
    card = read_card(folder)
    assert card.gate is not None
    (folder / card.gate.file).write_bytes(b"no tensors")
    digest = hashlib.sha256(b"no tensors").hexdigest()
    with pytest.raises(WeightsRefused, match="cannot be used"):
        Gate.load(folder, replace(card, gate=replace(card.gate, sha256=digest)))


@pytest.mark.parametrize("name", ["score", "strokes"])
@pytest.mark.parametrize("limit", [None, math.nan])
def test_a_gate_without_all_its_limits_is_refused(
    weights: Path, tmp_path: Path, name: str, limit: float | None
) -> None:
    folder = gated(weights, tmp_path / "weights")
    limits: dict[str, float] = {each: 0.0 for each in LIMITS if each != name}
    write_gate(folder, read_card(weights), limits if limit is None else {**limits, name: limit})
    with pytest.raises(WeightsRefused, match="cannot be used"):
        Gate.load(folder, read_card(folder))


def test_a_gate_of_another_description_of_films_is_refused(weights: Path, tmp_path: Path) -> None:
    folder = gated(weights, tmp_path / "weights")
    write_gate(folder, read_card(weights), dict.fromkeys(LIMITS, 0.0), description="1")
    with pytest.raises(WeightsRefused, match="another description"):
        Gate.load(folder, read_card(folder))


@pytest.mark.parametrize(
    ("tensor", "changed"),
    [
        ("image.hidden", lambda value: value[:-1]),
        ("pose.out", lambda value: value[:, :-1]),
        ("space.components", lambda value: value[:-1]),
        ("depth.out", lambda value: value * np.float32(np.nan)),
    ],
)
def test_a_gate_of_other_shapes_or_no_numbers_is_refused(
    weights: Path, tmp_path: Path, tensor: str, changed: Callable[[Any], Any]
) -> None:
    folder = gated(weights, tmp_path / "weights")
    card = read_card(folder)
    assert card.gate is not None
    path = folder / card.gate.file
    with safetensors.safe_open(path, framework="numpy") as stored:
        limits = stored.metadata()
    tensors = safetensors.numpy.load_file(path)
    tensors[tensor] = np.ascontiguousarray(changed(tensors[tensor]))
    safetensors.numpy.save_file(tensors, path, limits)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(WeightsRefused, match="cannot be used"):
        Gate.load(folder, replace(card, gate=replace(card.gate, sha256=digest)))


def test_a_score_that_is_no_number_is_refused(weights: Path, tmp_path: Path, film: Film) -> None:
    folder = gated(weights, tmp_path / "weights")
    ensemble = Ensemble.load(folder, "torch")
    gate = Gate.load(folder, ensemble.card)
    assert gate is not None
    inputs = preprocess(film, ensemble.card.input)
    votes = ensemble.vote(inputs)
    levels = preprocessing.levels_of(inputs, ensemble.card.input)
    assert not gate.judge(film, levels, votes).refused
    votes[0].stages[0, 0] = np.nan
    assert gate.judge(film, levels, votes).refused


def test_a_service_with_a_damaged_gate_does_not_answer(weights: Path, tmp_path: Path, png: bytes) -> None:
    folder = gated(weights, tmp_path / "weights")
    (folder / "gate.safetensors").write_bytes(b"")
    with pytest.raises(ModelsUnavailable):
        loaded(folder)


def test_a_gates_file_outside_the_folder_is_refused(weights: Path, tmp_path: Path) -> None:
    folder = gated(weights, tmp_path / "weights")
    card = json.loads((folder / "card.json").read_text())
    card["gate"]["file"] = "../gate.safetensors"
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(WeightsRefused, match="plain file name"):
        read_card(folder)


@pytest.mark.parametrize("shape", [(32, 32), (32, 4000), (4000, 33), (224, 224)])
def test_images_of_any_size_get_a_verdict(
    make_client: MakeClient, strict: LazyPredictor, shape: tuple[int, int]
) -> None:
    levels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    client = make_client(predictor=strict)
    assert client.post("/predict", data=encode_png(levels)).status_code == 422
    response = client.post("/predict?allow_unusual=true", data=encode_png(levels))
    assert response.status_code == 200
    assert response.json is not None
    assert response.json["warnings"][0]["code"] == "unusual"


def levels_of(film: Film) -> features.Levels:
    return preprocessing.levels_of_squeezed(film)


def test_levels_are_those_that_the_networks_read(weights: Path, film: Film) -> None:
    spec = read_card(weights).input
    small = np.asarray(cv2.resize(film, (224, 224), interpolation=cv2.INTER_AREA), np.uint8)
    found = preprocessing.levels_of(preprocess(small, spec), spec)
    np.testing.assert_allclose(found, levels_of(small), atol=1e-5)


def test_a_thumbnail_does_not_depend_on_exposure(film: Film) -> None:
    small = levels_of(np.asarray(cv2.resize(film, (224, 224)), np.uint8))
    np.testing.assert_allclose(
        features.thumbnail(0.5 * small + 0.1), features.thumbnail(small), rtol=0, atol=1e-3
    )
    assert features.describe(small).shape == (features.LENGTH,)
    assert np.isfinite(features.describe(np.zeros((224, 224), np.float32))).all()


def test_statistics_move_the_way_they_are_named(film: Film) -> None:
    small = np.asarray(cv2.resize(film, (224, 224), interpolation=cv2.INTER_AREA), np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(small, (0, 0), 3), np.uint8)
    written = small.copy()
    cv2.putText(written, "NOT FOR USE", (50, 110), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 2)
    assert features.sharpness(levels_of(blurred)) < features.sharpness(levels_of(small)) - 0.5
    coarser = [features.sharpness(levels_of(lose_resolution(small, share))) for share in (1, 0.5, 0.25)]
    coarser += [features.sharpness(levels_of(lose_resolution(small, share))) for share in (0.125, 1 / 16)]
    assert max(coarser[2:]) < coarser[1] < coarser[0]
    assert features.strokes(levels_of(written)) > features.strokes(levels_of(small)) + 0.005
    assert features.exposure(np.ones((224, 224), np.float32)) == (1.0, 0.0)
    assert features.exposure(np.zeros((224, 224), np.float32)) == (0.0, 1.0)


@pytest.mark.parametrize("shape", [(224, 223), (15, 15), (1, 1)])
def test_what_is_no_square_large_enough_is_not_described(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no square of at least 16 by 16"):
        features.describe(np.zeros(shape, np.float32))


def test_features_are_what_their_formulas_say(film: Film) -> None:
    """They are computed in fewer steps than these, some of them in place; the levels stay as they were."""
    levels = levels_of(preprocessing.squeeze(film, 224))
    before = levels.copy()
    half = levels.reshape(112, 2, 112, 2).mean(axis=(1, 3))
    along, down = (cv2.Sobel(half, cv2.CV_32F, *order, scale=0.125) for order in ((1, 0), (0, 1)))
    fine = cv2.Laplacian(levels, cv2.CV_32F, scale=0.25)
    cells = [
        np.abs(each).reshape(8, len(each) // 8, 8, len(each) // 8).mean(axis=(1, 3))
        for each in (along, down, (along + down) / 2, (along - down) / 2, fine)
    ]
    thumbnail, energy, histogram = np.split(
        features.describe(levels), [features.THUMBNAIL**2, features.LENGTH - features.BINS]
    )
    small = cv2.resize(half, (features.THUMBNAIL, features.THUMBNAIL), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(thumbnail, ((small - small.mean()) / small.std()).ravel(), atol=1e-4)
    np.testing.assert_allclose(energy, np.log(np.stack(cells) + 1e-3).ravel(), atol=1e-4)
    counts = np.bincount((half * (features.BINS / 1.0001)).astype(int).ravel(), minlength=features.BINS)
    np.testing.assert_allclose(histogram, np.sqrt(counts / half.size), atol=1e-4)
    smooth = cv2.GaussianBlur(half, (0, 0), 1.5)
    details = [cv2.Laplacian(each, cv2.CV_32F).std(dtype=np.float64) + 1e-4 for each in (levels, smooth)]
    assert features.sharpness(levels) == pytest.approx(math.log(details[0] / details[1]), abs=1e-4)
    middle, kernel = np.ascontiguousarray(levels[45:179, 45:179]), np.ones((7, 7), np.uint8)
    thin = [cv2.morphologyEx(middle, each, kernel) for each in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)]
    assert features.strokes(levels) == pytest.approx(float((np.maximum(*thin) > 0.3).mean()))
    np.testing.assert_array_equal(levels, before)


def test_what_is_stored_is_what_was_fitted() -> None:
    across = np.arange(12, dtype=np.float32).reshape(4, 3).T
    stored = safetensors.numpy.load(safetensors.numpy.save(halve({"across": across})))
    np.testing.assert_array_equal(stored["across"], across)


@pytest.fixture(scope="module")
def served(committed: Path) -> FlaskClient:
    predictor = LazyPredictor.from_weights(committed)
    predictor.warm_up()
    return create_app(Settings(**PATIENT, **UNCACHED), predictor).test_client()


class TestServed:
    """The committed gate behind the committed networks."""

    def ask(self, client: FlaskClient, image: Film, query: str = "") -> tuple[int, dict[str, Any]]:
        response = client.post(f"/predict?cam=none&{query}", data=encode_png(image))
        assert response.json is not None
        return response.status_code, response.json

    def test_there_is_one(self, committed: Path) -> None:
        card = read_card(committed)
        assert card.gate is not None
        assert (committed / card.gate.file).stat().st_size < 2**20
        assert Gate.load(committed, card) is not None

    @pytest.mark.parametrize("seed", range(3))
    def test_the_drawn_sample_is_answered(self, served: FlaskClient, seed: int) -> None:
        status, answer = self.ask(served, draw_chest_film(seed=seed))
        assert status == 200
        assert "unusual" not in [warning["code"] for warning in answer["warnings"]]

    @pytest.mark.parametrize("kind", ["noise", "ramp", "checks", "page", "photograph"])
    def test_what_is_no_radiograph_is_refused_unless_allowed(self, served: FlaskClient, kind: str) -> None:
        image = other(kind)
        status, answer = self.ask(served, image)
        assert (status, answer.get("code")) == (422, "not_a_chest_radiograph")
        status, answer = self.ask(served, image, "allow_unusual=true")
        assert status == 200
        assert answer["warnings"][0]["code"] == "unusual"

    def test_it_costs_little_beside_the_networks(self, committed: Path) -> None:
        import time

        ensemble = Ensemble.load(committed, "openvino")
        gate = Gate.load(committed, ensemble.card)
        assert gate is not None
        film = draw_chest_film()
        inputs = preprocess(film, ensemble.card.input)
        votes = ensemble.vote(inputs)
        spent = []
        for _ in range(11):
            started = time.thread_time()
            gate.judge(film, preprocessing.levels_of(inputs, ensemble.card.input), votes)
            spent.append(time.thread_time() - started)
        assert np.median(spent) < 0.02


def other(kind: str) -> Film:
    rng = np.random.default_rng(5)
    if kind == "noise":
        return rng.integers(0, 256, (300, 400)).astype(np.uint8)
    if kind == "ramp":
        return np.tile(np.arange(256, dtype=np.uint8), (200, 1))
    if kind == "checks":
        return np.kron(np.indices((8, 8)).sum(axis=0) % 2 * 255, np.ones((40, 40))).astype(np.uint8)
    if kind == "photograph":
        from skimage import data

        return np.asarray(data.camera(), np.uint8)
    page = np.full((800, 600), 250, np.uint8)
    for row in range(60, 760, 24):
        cv2.putText(page, "The quick brown fox jumps over the dog", (40, row), 0, 0.6, 20, 1, cv2.LINE_AA)
    return page
