"""Every engine answers as torch does in float32, however many ask, and says so when it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from backend.inference import exports
from backend.inference.card import Card, read_card
from backend.inference.channels_second import keep_channels_second
from backend.inference.cpu import STOOD_BACK
from backend.inference.engine import Engine, open_engine
from backend.inference.ensemble import Ensemble, Vote, combine
from backend.inference.errors import EngineRefused
from backend.inference.exports import export_of
from backend.inference.gate import Gate
from backend.inference.gate_features import describe
from backend.inference.gradcam import explain
from backend.inference.images import Film
from backend.inference.openvino_engine import AGREEMENT, OpenVinoEngine
from backend.inference.openvino_runtime import ov
from backend.inference.preprocess import levels_of, preprocess
from backend.inference.synthetic import draw_chest_film
from backend.inference.torch_engine import TorchEngine
from backend.training.data import find_records, read_film

ROOT = Path(__file__).parent.parent
Inputs = np.ndarray


@pytest.fixture(scope="module")
def drawn(committed: Path) -> Inputs:
    """Forty drawn films that differ in exposure, crop and side."""
    card = read_card(committed)
    films: list[Film] = []
    for seed in range(5):
        film = draw_chest_film(448, 640, opacity=bool(seed % 2), seed=seed)
        for gamma in (0.5, 0.8, 1.25, 2.0):
            exposed = (255 * (film / 255) ** gamma).astype(np.uint8)
            films += [exposed, exposed[20:-40, 60:-30, ...][:, ::-1]]
    return np.concatenate([preprocess(film, card.input) for film in films])


def check_agreement(weights: Path, inputs: Inputs) -> None:
    """Hold the CPU's engine to the reference as docs/performance.md promises."""
    reference, fast = (Ensemble.load(weights, engine) for engine in ("torch", "openvino"))
    batches = np.array_split(inputs, max(1, len(inputs) // 16))
    gate = Gate.load(weights, reference.card)
    assert gate is not None
    expected, found, maps = [], [], []
    for batch in batches:
        votes = [ensemble.vote(batch) for ensemble in (reference, fast)]
        check_witnesses(gate, reference.card, batch, votes)
        answers = [combine(each) for each in votes]
        expected.append(answers[0])
        found.append(answers[1])
        chosen = answers[0].argmax(axis=1)
        maps.append([explain(each, chosen).reshape(len(batch), -1) for each in votes])
    wanted, given = np.concatenate(expected), np.concatenate(found)
    difference = np.abs(wanted - given).max(axis=1)
    assert (wanted.argmax(axis=1) == given.argmax(axis=1)).mean() >= 0.995
    assert difference.max() <= AGREEMENT
    assert np.median(difference) <= 0.002

    border = reference.card.indeterminate_below
    clear = np.abs(wanted.max(axis=1) - border) > 0.005
    assert ((wanted.max(axis=1) < border) == (given.max(axis=1) < border))[clear].all()

    for mine, theirs in zip(*(np.concatenate(each) for each in zip(*maps, strict=True)), strict=True):
        if mine.std() > 0:
            assert np.corrcoef(mine, theirs)[0, 1] >= 0.99


def check_witnesses(gate: Gate, card: Card, batch: Inputs, votes: list[list[Vote]]) -> None:
    """Hold what the gate sees of both engines, and so what it says, to one another."""
    stages = [np.concatenate([vote.stages for vote in each], axis=1) for each in votes]
    assert stages[0].shape == (len(batch), len(gate.space.mean))
    assert (np.abs(stages[0] - stages[1]) / gate.space.scale).max() <= 0.3
    described = np.stack([describe(levels_of(film[None], card.input)) for film in batch])
    mine, theirs = (gate.score(described, each) for each in stages)
    assert np.abs(mine - theirs).max() <= 0.3


def test_openvino_agrees_with_torch_on_drawn_films(committed: Path, drawn: Inputs) -> None:
    assert len(drawn) == 40
    check_agreement(committed, drawn)


def test_openvino_agrees_with_torch_on_real_films(data: Path, committed: Path) -> None:
    records = [*find_records(data, "validation"), *find_records(data, "held-out")][::2]
    assert len(records) >= 500
    card = read_card(committed)
    check_agreement(
        committed, np.concatenate([preprocess(read_film(record.path), card.input) for record in records])
    )


def test_the_rewritten_networks_compute_the_same(weights: Path, drawn: Inputs) -> None:
    reference = Ensemble.load(weights, "torch").engine
    assert isinstance(reference, TorchEngine)
    films = torch.from_numpy(drawn[:2])
    for network in reference.networks:
        with torch.inference_mode():
            for mine, theirs in zip(keep_channels_second(network)(films), network(films), strict=True):
                torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4 * float(theirs.abs().max()))


@pytest.fixture(scope="module")
def card(weights: Path) -> Card:
    return read_card(weights)


@pytest.fixture(scope="module", params=["torch", "openvino"])
def engine(request: pytest.FixtureRequest, weights: Path, card: Card) -> Engine:
    return open_engine(request.param, weights, card, threads=2)


def test_a_film_is_answered_alike_alone_in_a_batch_and_under_load(engine: Engine, drawn: Inputs) -> None:
    films = drawn[:8]
    alone = [engine.run(film[None]) for film in films]
    together = engine.run(films)
    with ThreadPoolExecutor(16) as clients:
        loaded = list(clients.map(lambda place: engine.run(films[place % 8][None]), range(64)))
    for place, outputs in enumerate(alone):
        others = [loaded[place + 8 * turn] for turn in range(8)]
        for network, output in enumerate(outputs):
            assert output.logits.shape == (1, 3)
            assert output.feature_map.shape[2:] == (7, 7)
            for other in (*(each[network].logits[0] for each in others), together[network].logits[place]):
                np.testing.assert_allclose(softmax(other), softmax(output.logits[0]), atol=0.0005)


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max())
    return np.asarray(shifted / shifted.sum())


def test_outputs_are_copies(engine: Engine, drawn: Inputs) -> None:
    first = engine.run(drawn[:1])
    kept = [output.logits.copy() for output in first]
    engine.run(drawn[1:2])
    for output, logits in zip(first, kept, strict=True):
        np.testing.assert_array_equal(output.logits, logits)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_any_number_of_cores_will_do(weights: Path, card: Card, drawn: Inputs, threads: int) -> None:
    outputs = open_engine("openvino", weights, card, threads).run(drawn[:1])
    expected = open_engine("torch", weights, card, threads).run(drawn[:1])
    for mine, theirs in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(softmax(mine.logits[0]), softmax(theirs.logits[0]), atol=AGREEMENT)


@pytest.fixture
def copy(weights: Path, card: Card, tmp_path: Path) -> Path:
    """The weights folder again, its exports copied, to be tampered with."""
    OpenVinoEngine(weights, card, 2)
    folder = tmp_path / "weights"
    folder.mkdir()
    for path in weights.iterdir():
        if path.is_file():
            (folder / path.name).symlink_to(path)
    for network in card.networks:
        made = export_of(network, weights / exports.FOLDER).folder
        mine = export_of(network, folder / exports.FOLDER).folder
        mine.mkdir(parents=True)
        for path in set(made.iterdir()) - set(made.glob("prepared*")):
            (mine / path.name).symlink_to(path)
    return folder


@pytest.fixture
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("exported again")

    monkeypatch.setattr(exports, "make_exports", refuse)


@pytest.mark.usefixtures("no_export")
def test_networks_are_exported_once(copy: Path, card: Card) -> None:
    assert OpenVinoEngine(copy, card, 2).precision in {"bfloat16", "float32"}


def test_a_folder_that_cannot_be_written_to_will_do(weights: Path, card: Card, tmp_path: Path) -> None:
    for path in weights.iterdir():
        if path.is_file():
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / exports.FOLDER).write_text("in the way, even of root")
    engine = OpenVinoEngine(tmp_path, card, 2)
    assert len(engine.run(np.zeros((1, 3, 224, 224), np.float32))) == 2


def tamper(folder: Path, card: Card, change: Callable[[np.ndarray], np.ndarray]) -> None:
    probe = export_of(card.networks[1], folder / exports.FOLDER).probe
    found = np.load(probe)
    inputs, logits = found["inputs"], change(found["logits"])
    probe.unlink()
    np.savez(probe, inputs=inputs, logits=logits)


@pytest.mark.parametrize(
    "wrong", [lambda logits: logits + np.float32([2, 0, 0]), lambda logits: logits * np.nan]
)
def test_an_engine_that_disagrees_is_not_served(
    copy: Path, card: Card, wrong: Callable[[np.ndarray], np.ndarray]
) -> None:
    tamper(copy, card, wrong)
    with pytest.raises(EngineRefused, match="not those of torch"):
        open_engine("openvino", copy, card, 2)
    assert open_engine("auto", copy, card, 2).name == "torch"


def test_a_precision_that_disagrees_gives_way_to_the_next(
    copy: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenVinoEngine, "_precisions", lambda _: ["bfloat16", "float32"])
    monkeypatch.setattr(OpenVinoEngine, "_agrees", lambda self, *_: self.precision == "float32")
    assert OpenVinoEngine(copy, card, 2).precision == "float32"


def kept(folder: Path, card: Card) -> list[Path]:
    """Where the networks of a weights folder are kept as they were prepared."""
    exported = [export_of(network, folder / exports.FOLDER).folder for network in card.networks]
    return [path for each in exported for path in each.glob("prepared*")]


def test_networks_are_prepared_once(
    copy: Path, card: Card, drawn: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = OpenVinoEngine(copy, card, 2).run(drawn[:1])
    assert len(kept(copy, card)) == 2
    monkeypatch.setattr(ov.Core, "compile_model", None)  # what is not there cannot be called
    for mine, theirs in zip(OpenVinoEngine(copy, card, 1).run(drawn[:1]), expected, strict=True):
        np.testing.assert_array_equal(mine.logits, theirs.logits)


def test_prepared_networks_that_disagree_are_prepared_anew(copy: Path, card: Card) -> None:
    """Here each lies where the other belongs, whole."""
    OpenVinoEngine(copy, card, 2)
    paths = kept(copy, card)
    swapped = [path.read_bytes() for path in reversed(paths)]
    for path, content in zip(paths, swapped, strict=True):
        path.write_bytes(content)
    OpenVinoEngine(copy, card, 2)
    assert all(path.read_bytes() != content for path, content in zip(paths, swapped, strict=True))


def test_what_does_not_agree_is_not_kept(copy: Path, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenVinoEngine, "_agrees", lambda *_: False)
    with pytest.raises(EngineRefused):
        OpenVinoEngine(copy, card, 2)
    assert kept(copy, card) == []


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_the_networks_threads_stand_back_and_no_others_do(weights: Path, card: Card) -> None:
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    before = set(os.listdir("/proc/self/task"))
    engine = OpenVinoEngine(weights, card, 4)
    engine.run(np.zeros((4, 3, 224, 224), np.float32))
    new = [int(each) for each in set(os.listdir("/proc/self/task")) - before]
    busy = [each for each in new if cpu_seconds(each) > 0.1]
    assert len(busy) >= 2
    assert {os.getpriority(os.PRIO_PROCESS, each) for each in busy} == {min(19, mine + STOOD_BACK)}
    assert {os.sched_getscheduler(each) for each in busy} == {os.SCHED_BATCH}
    assert os.getpriority(os.PRIO_PROCESS, 0) == mine


def cpu_seconds(thread: int) -> float:
    """How long a thread of this process has had a core."""
    told = Path(f"/proc/self/task/{thread}/stat").read_text().rpartition(") ")[2].split()
    return int(told[11]) / os.sysconf("SC_CLK_TCK")


def test_a_damaged_export_is_not_served(copy: Path, card: Card) -> None:
    model = export_of(card.networks[0], copy / exports.FOLDER).model
    model.unlink()
    model.write_text("<net/>")
    with pytest.raises(EngineRefused):
        open_engine("openvino", copy, card, 2)
    assert open_engine("auto", copy, card, 2).name == "torch"


def test_weights_that_cannot_be_exported_are_refused_with_the_reason(
    weights: Path, card: Card, tmp_path: Path
) -> None:
    (tmp_path / "card.json").symlink_to(weights / "card.json")
    with pytest.raises(EngineRefused, match="cannot be read"):
        open_engine("openvino", tmp_path, card, 2)


def test_auto_does_without_openvino(weights: Path, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "backend.inference.openvino_engine", None)
    assert open_engine("auto", weights, card, 2).name == "torch"
    with pytest.raises(EngineRefused, match="cannot be had"):
        open_engine("openvino", weights, card, 2)


@pytest.mark.parametrize(("usable", "expected"), [(True, "torch"), (False, "openvino")])
def test_auto_takes_torch_where_it_has_an_accelerator(
    weights: Path,
    card: Card,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    usable: bool,
    expected: str,
) -> None:
    driver = tmp_path / "nvidiactl"
    driver.touch()
    monkeypatch.setattr("backend.inference.engine._NVIDIA", driver)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: usable)
    monkeypatch.setattr("backend.inference.torch_engine.TorchEngine.__init__", lambda *_: None)
    assert open_engine("auto", weights, card, 2).name == expected


def test_serving_needs_no_torch_and_tells_nobody(weights: Path, card: Card, tmp_path: Path) -> None:
    """OpenVINO brings a package that reports its use: no name is looked up, and no identifier stored."""
    OpenVinoEngine(weights, card, 2)
    program = (
        "import socket, sys, numpy as np; from pathlib import Path\n"
        "def refuse(*_, **__): print('reached for the network'); sys.stdout.flush(); raise OSError\n"
        "socket.getaddrinfo = socket.socket.connect = socket.create_connection = refuse\n"
        "from backend.inference.predictor import Predictor\n"
        "predictor = Predictor(Path(sys.argv[1]), 2, 'openvino')\n"
        "predictor.predict(np.arange(90000, dtype=np.uint8).reshape(300, 300))\n"
        "print(sorted({'torch', 'torchvision'} & set(sys.modules)))"
    )
    assert run_at_home(tmp_path, "-c", program, str(weights)) == "[]"
    assert list(tmp_path.iterdir()) == []


def test_exporting_tells_nobody_and_bears_company(weights: Path, card: Card, tmp_path: Path) -> None:
    """Two workers that start at once on new weights export them both."""
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    (out / "convnext_tiny-of-other-weights").mkdir(parents=True)
    command = ["-m", "backend.inference.openvino_export", str(weights), str(out)]
    with ThreadPoolExecutor(2) as workers:
        assert list(workers.map(lambda _: run_at_home(home, *command), range(2))) == ["", ""]
    assert set(out.iterdir()) == {export_of(each, out).folder for each in card.networks}
    assert list(home.iterdir()) == []


def run_at_home(home: Path, *arguments: str) -> str:
    environment = {**os.environ, "HOME": str(home)}
    command = [sys.executable, *arguments]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return ran.stdout.strip()
