"""Films, weights and clients that the tests share."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from flask.testing import FlaskClient
from safetensors.torch import save_file
from whitenoise import compress

from backend.app import create_app
from backend.app.settings import Settings
from backend.inference.card import Card, InputSpec, NetworkCard, PredictionSets
from backend.inference.ensemble import Ensemble
from backend.inference.images import Film
from backend.inference.lazy import LazyPredictor
from backend.inference.models import Network
from backend.inference.overlay import encode_png
from backend.inference.synthetic import draw_chest_film

COMMITTED = Path(__file__).parent.parent / "backend" / "weights"
CLASSES = ("BACTERIAL_PNEUMONIA", "NORMAL", "VIRAL_PNEUMONIA")
PATIENT = {"deadline_seconds": 300.0, "queue_seconds": 300.0}
"""Networks load, and are translated, in seconds: but on a starved machine in minutes."""
UNCACHED = {"cache_seconds": 0}
SHARES = {"convnext_tiny": 0.4, "efficientnet_v2_s": 0.6}


@pytest.fixture(scope="session")
def film() -> Film:
    return draw_chest_film(600, 800)


@pytest.fixture(scope="session")
def png(film: Film) -> bytes:
    return encode_png(film)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder with seeded random networks, whose answers differ from film to film."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    cards = []
    for architecture, share in SHARES.items():
        network = Network(architecture, len(CLASSES))
        for name, value in network.named_parameters():
            if name.endswith("layer_scale"):  # at its start ConvNeXt passes films through almost unread
                torch.nn.init.constant_(value, 0.5)
        file = folder / f"{architecture}.safetensors"
        save_file(network.state_dict(), file)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        cards.append(NetworkCard(architecture, share, 1.5, file.name, digest, {}))
    spec = InputSpec(224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    sets = PredictionSets(0.95, "lac", (0.9, 0.5, 0.9))
    Card("0.0.0", CLASSES, spec, 0.7, "nobody", (0.2, 0.0, -0.1), sets, tuple(cards)).write(folder)
    return folder


@pytest.fixture
def copied(weights: Path, tmp_path: Path) -> Path:
    """A weights folder to be spoilt, but for its exports, which are the same ones."""
    folder = tmp_path / "weights"
    shutil.copytree(weights, folder, ignore=shutil.ignore_patterns("compiled"))
    (weights / "compiled").mkdir(exist_ok=True)
    (folder / "compiled").symlink_to(weights / "compiled")
    return folder


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Keep to one thread: for so few films a second costs more than it brings, most of all on busy cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def ensemble(weights: Path) -> Ensemble:
    return Ensemble.load(weights)


@pytest.fixture(scope="session")
def predictor(weights: Path) -> LazyPredictor:
    return LazyPredictor.from_weights(weights)


@pytest.fixture(scope="session")
def page_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up page as the Makefile leaves it: built and compressed; beside the folder lies a secret."""
    folder = tmp_path_factory.mktemp("frontend") / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder.parent / "secret.txt").write_text("secret")
    for name, text in {
        "index.html": "<!doctype html><title>PneumoNet</title>",
        "sw.js": "self.skipWaiting()",
        "manifest.webmanifest": "{}",
        "icon.svg": "<svg/>",
        "assets/app-1a2b3c4d.js": "console.log('a film');" * 100,
        "assets/plain.js": "console.log('no hash');",
        "assets/reader-Zz_-9x8Y.wasm": "\0asm",
        ".built": "",
    }.items():
        (folder / name).write_text(text)
    compress.main(["--quiet", str(folder)])
    return folder


@pytest.fixture
def make_client(predictor: LazyPredictor) -> Callable[..., FlaskClient]:
    """Return a fresh app's client; settings are overridden by name, and the predictor if one is given."""

    def make(predictor: LazyPredictor = predictor, **settings: object) -> FlaskClient:
        chosen: dict[str, Any] = {**PATIENT, **UNCACHED, **settings}
        app = create_app(Settings(**chosen), predictor)
        return app.test_client()

    return make


@pytest.fixture
def client(make_client: Callable[..., FlaskClient]) -> FlaskClient:
    return make_client()


@pytest.fixture(scope="session")
def committed() -> Path:
    """The committed networks' folder."""
    return COMMITTED


@pytest.fixture(scope="session")
def data() -> Path:
    """The real data set's folder; tests that want it are skipped where DATA is not set."""
    if not os.environ.get("DATA"):
        pytest.skip("DATA is not set: no real films to test with")
    return Path(os.environ["DATA"])


@pytest.fixture
def bright_data(tmp_path: Path) -> Path:
    """A data set whose films tell their class by brightness: see tests/patients.py."""
    from tests.patients import write_patients

    return write_patients(tmp_path / "data")


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What would have been taught: see tests/patients.py."""
    from tests.patients import Taught

    return Taught(monkeypatch)


@pytest.fixture(scope="session")
def drawn_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn data set of 12 films, four patients a class: one of each class falls to validation."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    for number in range(1, 5):
        for name in (
            f"NORMAL/IM-{number:04}-0001.jpeg",
            f"PNEUMONIA/person{number}_bacteria_1.jpeg",
            f"PNEUMONIA/person{number + 10}_virus_1.jpeg",
        ):
            path = folder / "train" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            coarse = random.integers(0, 256, (6, 8), np.uint8)
            cv2.imwrite(str(path), cv2.resize(coarse, (80, 60), interpolation=cv2.INTER_CUBIC))
    return folder
