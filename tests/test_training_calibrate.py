"""Proves backend/training/{export,calibrate,evaluate}.py: from finished runs to weights, card and report."""

import argparse
import hashlib
import json
import math
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from backend.inference.card import Card, read_card
from backend.inference.ensemble import Ensemble, combine
from backend.inference.errors import WeightsRefused
from backend.inference.images import read_film
from backend.inference.models import Network
from backend.inference.preprocess import preprocess, squeeze
from backend.training import calibrate, evaluate, export, robustness
from backend.training.calibrate import Member, build_weights, calibrate_weights, parse_member
from backend.training.data import CLASSES, INPUT, DataError, find_records
from backend.training.perturbations import PERTURBATIONS
from backend.training.temperatures import (
    SERVED,
    TEMPERATURES,
    fit_temperature,
    fit_temperatures,
    fit_with_bias,
    mix_answers,
)
from backend.training.voting import split_seed

PRIOR = torch.tensor([0.5, 0.2, 0.3])
SHARES = {"convnext_tiny": 0.4, "efficientnet_v2_s": 0.6}

pytestmark = pytest.mark.usefixtures("one_thread")


def config(arch: str, **changes: Any) -> dict[str, Any]:
    return {
        "arch": arch,
        "schedule": "1e-3:2x96",
        "seed": 0,
        "split_seed": 2018,
        "batch": 32,
        "teacher": None,
        "init": None,
        **changes,
    }


def write_record(run: Path, **changes: Any) -> Path:
    """Write a run's record; its architecture is its folder's name."""
    run.mkdir(parents=True, exist_ok=True)
    record = {"config": config(run.name, **changes), "history": [{"loss": 1.0}] * 2, "torch": "2.13.0"}
    (run / "run.json").write_text(json.dumps(record))
    return run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Member]:
    """Both networks untaught, but louder than they are built: their answers differ from film to film."""
    folder = tmp_path_factory.mktemp("runs")
    torch.manual_seed(0)
    members = []
    for arch, share in SHARES.items():
        teacher = "a/folder/elsewhere/efficientnet_v2_s" if arch == "convnext_tiny" else None
        run = write_record(folder / arch, teacher=teacher)
        weights = Network(arch, len(CLASSES)).state_dict()
        head = max(name for name in weights if name.startswith("classifier") and name.endswith("weight"))
        weights[head] = torch.randn_like(weights[head])
        for name in weights:
            if name.endswith("layer_scale"):
                weights[name].fill_(0.5)
        save_file(weights, run / "model.safetensors")
        members.append(Member(run, share))
    return members


@pytest.fixture(scope="module")
def calibrated(runs: list[Member], drawn_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calibrated") / "weights"
    build_weights(drawn_data, runs, folder, "9.8.7")
    calibrate_weights(drawn_data, folder, folder.parent / "evaluation", engine="torch", draws=0)
    return folder


# Temperature


def sample(logits: np.ndarray, seed: int) -> np.ndarray:
    """Draw a label for each row, as its softmax says."""
    gumbel = np.random.default_rng(seed).gumbel(size=logits.shape)
    return np.asarray((logits + gumbel).argmax(axis=1))


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_fit_finds_the_temperature_that_was_put_in(temperature: float) -> None:
    honest = 2 * np.random.default_rng(0).standard_normal((30_000, 3))
    labels = sample(honest, seed=1)
    assert fit_temperature(temperature * honest, labels) == pytest.approx(temperature, rel=0.03)


def test_fit_is_where_the_likelihood_is_greatest() -> None:
    logits = 5 * np.random.default_rng(2).standard_normal((200, 3))
    labels = sample(logits / 4, seed=3)

    def nll(temperature: float) -> float:
        scaled = torch.from_numpy(logits / temperature)
        return float(torch.nn.functional.cross_entropy(scaled, torch.from_numpy(labels)))

    found = fit_temperature(logits, labels)
    assert nll(found) < min(nll(found * 1.01), nll(found / 1.01))


def test_fit_stays_within_bounds_when_every_answer_is_right_or_wrong() -> None:
    right, wrong = np.array([0, 1, 2]), np.array([1, 2, 0])
    assert fit_temperature(np.eye(3), right) == pytest.approx(TEMPERATURES[0])
    assert fit_temperature(np.eye(3), wrong) == pytest.approx(TEMPERATURES[1])


def test_together_the_temperatures_are_those_that_were_put_in() -> None:
    random = np.random.default_rng(4)
    honest = [2 * random.standard_normal((20_000, 3)) for _ in SHARES]
    shares = list(SHARES.values())
    mixed = mix_answers(honest, shares, [1.0, 1.0])
    labels = (random.random((len(mixed), 1)) > mixed.cumsum(axis=1)[:, :2]).sum(axis=1)
    found = fit_temperatures([0.5 * honest[0], 3 * honest[1]], shares, labels)
    assert found == pytest.approx([0.5, 3.0], rel=0.08)


def test_together_is_never_less_likely_than_each_by_itself() -> None:
    random = np.random.default_rng(5)
    shares = list(SHARES.values())
    for seed in range(3):
        logits = [3 * random.standard_normal((150, 3)) for _ in SHARES]
        labels = sample(sum(logits) / 4, seed=seed)

        def nll(temperatures: list[float], logits: list[np.ndarray] = logits, labels: Any = labels) -> float:
            shown = mix_answers(logits, shares, temperatures)[np.arange(len(labels)), labels]
            return float(-np.log(shown).mean())

        alone = [fit_temperature(each, labels) for each in logits]
        together = fit_temperatures(logits, shares, labels)
        assert nll(together) <= nll(alone) + 1e-9


def test_temperatures_and_bias_are_those_that_were_put_in() -> None:
    random = np.random.default_rng(6)
    honest = [2 * random.standard_normal((20_000, 3)) for _ in SHARES]
    shares, bias = list(SHARES.values()), [1.0, 0.0, -0.5]
    mixed = mix_answers(honest, shares, [1.0, 1.0], bias)
    labels = (random.random((len(mixed), 1)) > mixed.cumsum(axis=1)[:, :2]).sum(axis=1)
    temperatures, found = fit_with_bias([0.5 * honest[0], 3 * honest[1]], shares, labels)
    assert temperatures == pytest.approx([0.5, 3.0], rel=0.08)
    assert found == pytest.approx(bias, abs=0.1)
    assert found[CLASSES.index("NORMAL")] == 0


# Export


def test_half_precision_keeps_vectors_whole() -> None:
    given = {
        "kernel": torch.full((4, 3, 3, 3), 0.1),
        "depthwise": torch.full((4, 1, 7, 7), 0.1),
        "matrix": torch.full((4, 4), 0.1),
        "layer_scale": torch.full((4, 1, 1), 1e-6),
        "bias": torch.full((4,), 0.1),
        "running_var": torch.full((4,), 1e6),
        "num_batches_tracked": torch.tensor(70_000),
    }
    halved = export.halve(given)
    kinds = {name: value.dtype for name, value in halved.items()}
    assert kinds == {
        "kernel": torch.float16,
        "depthwise": torch.float16,
        "matrix": torch.float16,
        "layer_scale": torch.float32,
        "bias": torch.float32,
        "running_var": torch.float32,
        "num_batches_tracked": torch.int64,
    }
    for name in ("layer_scale", "bias", "running_var", "num_batches_tracked"):
        assert torch.equal(halved[name], given[name])
    assert given["kernel"].dtype == torch.float32


def test_what_half_precision_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="kernel"):
        export.halve({"kernel": torch.full((2, 2), 1e6)})
    with pytest.raises(ValueError, match="bias"):
        export.halve({"bias": torch.tensor([float("nan")])})


def test_export_is_deterministic_and_leaves_nothing_else(runs: list[Member], tmp_path: Path) -> None:
    cards, files = [], []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        cards.append(export.export_run(runs[1].run, 0.6, folder, PRIOR))
        files.append((folder / "efficientnet_v2_s.safetensors").read_bytes())
        assert [path.name for path in folder.iterdir()] == ["efficientnet_v2_s.safetensors"]
    assert files[0] == files[1]
    assert cards[0] == cards[1]
    assert cards[0].sha256 == hashlib.sha256(files[0]).hexdigest()
    assert len(files[0]) < 0.55 * (runs[1].run / "model.safetensors").stat().st_size


def test_a_teacher_on_another_split_is_refused(tmp_path: Path) -> None:
    write_record(tmp_path / "efficientnet_v2_s", split_seed=1)
    run = write_record(tmp_path / "convnext_tiny", teacher="runs/efficientnet_v2_s")
    with pytest.raises(DataError, match="another split"):
        export.training_facts(run, export.read_record(run))


def test_what_another_run_began_is_told_if_it_saw_the_same_films(tmp_path: Path) -> None:
    write_record(tmp_path / "first", schedule="1e-3:3x96")
    run = write_record(tmp_path / "convnext_tiny", init="elsewhere/first/model.safetensors", mixup_alpha=0.0)
    facts = export.training_facts(run, export.read_record(run))
    assert facts["mixup_alpha"] == 0
    assert facts["started_from"]["schedule"] == "1e-3:3x96"

    write_record(tmp_path / "first", split_seed=1)
    with pytest.raises(DataError, match="another split"):
        export.training_facts(run, export.read_record(run))

    run = write_record(tmp_path / "convnext_tiny", init="imagenet/weights.pth")
    assert export.training_facts(run, export.read_record(run))["started_from"] == "given weights"


def test_the_prior_is_added_to_the_logits_alone() -> None:
    torch.manual_seed(0)
    for arch in SHARES:
        network = Network(arch, len(CLASSES)).eval()
        bare = network.state_dict()
        film = torch.rand(1, 3, 64, 64)
        with torch.inference_mode():
            before, feature_map = network(film)
            network.load_state_dict(export.with_prior(bare, PRIOR))
            after, same_map = network(film)
        torch.testing.assert_close(after, before + PRIOR.log())
        assert torch.equal(same_map, feature_map)


# Members


def test_a_member_is_a_folder_and_a_share() -> None:
    assert parse_member("runs/convnext_tiny:0.4") == Member(Path("runs/convnext_tiny"), 0.4)
    assert parse_member("c:/runs/convnext_tiny:1") == Member(Path("c:/runs/convnext_tiny"), 1.0)


@pytest.mark.parametrize(
    "text", ["runs/convnext_tiny", "runs:half", ":0.4", "runs:0", "runs:-0.4", "runs:nan"]
)
def test_a_member_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="FOLDER:SHARE"):
        parse_member(text)


def test_shares_that_do_not_sum_to_one_are_refused_before_anything_is_written(
    runs: list[Member], drawn_data: Path, tmp_path: Path
) -> None:
    members = [Member(runs[0].run, 0.4), Member(runs[1].run, 0.5)]
    with pytest.raises(DataError, match=r"sum to 1, not to 0\.9"):
        build_weights(drawn_data, members, tmp_path / "weights", "1.0.0")
    assert not (tmp_path / "weights").exists()


def test_runs_of_one_architecture_or_of_two_splits_are_refused(tmp_path: Path) -> None:
    one = write_record(tmp_path / "a" / "convnext_tiny")
    same = write_record(tmp_path / "b" / "convnext_tiny")
    other = write_record(tmp_path / "efficientnet_v2_s", split_seed=1)
    with pytest.raises(DataError, match="same architecture"):
        calibrate.check_members([Member(one, 0.5), Member(same, 0.5)])
    with pytest.raises(DataError, match="different splits"):
        calibrate.check_members([Member(one, 0.5), Member(other, 0.5)])
    with pytest.raises(DataError, match="not a finished run"):
        calibrate.check_members([Member(tmp_path / "nothing", 1.0)])


@pytest.mark.parametrize(
    ("version", "words"), [(["--version", "2.0.0"], "shares must sum to 1"), ([], "are another version")]
)
def test_the_command_says_what_is_wrong(
    runs: list[Member],
    version: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["--data", "none", "--run", f"{runs[0].run}:0.4", *version]
    monkeypatch.setattr(sys, "argv", ["calibrate", *given])
    with pytest.raises(SystemExit):
        calibrate.main()
    assert words in capsys.readouterr().err


# From runs to a report


def test_the_card_says_what_serving_needs(calibrated: Path) -> None:
    card = read_card(calibrated)
    assert card.version == "9.8.7"
    assert card.classes == CLASSES
    assert card.input == INPUT
    assert card.indeterminate_below == 0.70
    assert "1 to 5 years" in card.population
    assert {network.architecture: network.weight for network in card.networks} == SHARES
    for network in card.networks:
        assert network.sha256 == hashlib.sha256((calibrated / network.file).read_bytes()).hexdigest()
        assert network.temperature == round(network.temperature, 4)
    assert any(network.temperature != 1 for network in card.networks)
    assert card.networks[0].trained == {
        "schedule": "1e-3:2x96",
        "seed": 0,
        "split_seed": 2018,
        "batch": 32,
        "teacher": "efficientnet_v2_s",
        "epochs": 2,
        "torch": "2.13.0",
        "class_prior": [0.3333, 0.3333, 0.3333],
    }
    assert "teacher" not in card.networks[1].trained
    assert "elsewhere" not in (calibrated / "card.json").read_text()


def test_temperatures_are_fitted_on_validation_through_the_serving_path(
    calibrated: Path, drawn_data: Path
) -> None:
    ensemble = Ensemble.load(calibrated)
    records = find_records(drawn_data, "validation")
    films = np.concatenate([preprocess(read_film(record.path.read_bytes()), INPUT) for record in records])
    labels = np.array([record.label for record in records])
    votes = ensemble.vote(films)
    logits = [vote.logits.astype(np.float64) for vote in votes]
    temperatures, bias = fit_with_bias(logits, list(SHARES.values()), labels)
    assert [vote.card.temperature for vote in votes] == pytest.approx(temperatures, rel=0.02)
    assert ensemble.card.bias == pytest.approx(bias, abs=0.02)


def test_a_class_with_too_few_films_is_in_every_set(calibrated: Path) -> None:
    sets = read_card(calibrated).prediction_sets
    assert (sets.coverage, sets.score, sets.thresholds) == (0.95, "lac", (1.0, 1.0, 1.0))


def test_calibration_is_reported(calibrated: Path) -> None:
    card = read_card(calibrated)
    found = json.loads((calibrated.parent / "evaluation" / "calibration.json").read_text())
    assert (found["films"], found["patients"], found["engine"]) == (3, 3, "torch in float32")
    assert found["weights_sha256"] == {each.architecture: each.sha256 for each in card.networks}
    assert found["temperatures"][SERVED] == {each.architecture: each.temperature for each in card.networks}
    assert found["bias"] == dict(zip(card.classes, card.bias, strict=True))
    nll = {stage: each["nll"] for stage, each in found["ensemble"].items()}
    assert nll[SERVED] <= nll["together"] + 1e-4
    assert nll["together"] <= nll["each by itself"] + 1e-4
    assert found["prediction_sets"]["thresholds"] == list(card.prediction_sets.thresholds)


def test_weights_that_lie_there_are_calibrated_anew(
    calibrated: Path, drawn_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = read_card(calibrated)
    for network in card.networks:
        (tmp_path / network.file).symlink_to(calibrated / network.file)
    calibrate.replace_temperatures(card, [9.0, 9.0]).write(tmp_path)
    argv = [
        "calibrate",
        "--data",
        str(drawn_data),
        "--weights",
        str(tmp_path),
        "--out",
        str(tmp_path / "out"),
    ]
    monkeypatch.setattr(sys, "argv", [*argv, "--engine", "torch"])
    monkeypatch.setattr(calibrate, "calibrate_weights", partial(calibrate_weights, draws=0))
    calibrate.main()
    assert read_card(tmp_path) == card


def test_half_precision_answers_as_the_run_does(runs: list[Member], calibrated: Path) -> None:
    films = np.random.default_rng(0).standard_normal((2, 3, 224, 224), np.float32)
    for member, vote in zip(runs, Ensemble.load(calibrated).vote(films), strict=True):
        network = Network(member.run.name, len(CLASSES)).eval()
        network.load_state_dict(load_file(member.run / "model.safetensors"))
        with torch.inference_mode():
            logits = network(torch.from_numpy(films))[0].numpy()
        logits = logits + math.log(1 / 3)  # each class is a third of the drawn films
        np.testing.assert_allclose(vote.logits, logits, rtol=0.02, atol=0.02 * np.abs(logits).max())


@pytest.fixture(scope="module")
def report(
    calibrated: Path, drawn_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    out = tmp_path_factory.mktemp("evaluation") / "new"
    return evaluate.evaluate(drawn_data, calibrated, "validation", out, engine="torch", resamples=20), out


def test_evaluate_writes_a_report_and_plots(report: tuple[dict[str, Any], Path]) -> None:
    found, out = report
    assert json.loads((out / "validation.json").read_text()) == found
    plots = [f"validation-{name}.png" for name in ("confusion", "reliability", "roc")]
    assert sorted(path.name for path in out.iterdir()) == [*plots, "validation.json", "validation.md"]
    for name in plots:
        image = cv2.imread(str(out / name))
        assert image is not None
        assert min(image.shape[:2]) > 300
        assert (out / name).stat().st_size < 100_000


def test_the_report_says_what_was_measured(report: tuple[dict[str, Any], Path], calibrated: Path) -> None:
    found, out = report
    card = read_card(calibrated)
    assert (found["split"], found["films"], found["patients"]) == ("validation", 3, 3)
    assert found["model_version"] == "9.8.7"
    assert found["weights_sha256"] == {each.architecture: each.sha256 for each in card.networks}
    assert found["command"] == "python -m backend.training.evaluate --data DATA --split validation"
    assert found["engine"] == "torch in float32"
    assert found["torch"] == torch.__version__
    assert found["processor"]
    assert str(out.parent) not in json.dumps(found)


def test_the_report_measures_what_serving_answers(
    report: tuple[dict[str, Any], Path], calibrated: Path, drawn_data: Path
) -> None:
    found, _ = report
    ensemble = Ensemble.load(calibrated)
    records = find_records(drawn_data, "validation")
    right = dict.fromkeys(("ensemble", *SHARES), 0)
    for record in records:
        votes = ensemble.vote(preprocess(read_film(record.path.read_bytes()), INPUT))
        right["ensemble"] += int(combine(votes).argmax()) == record.label
        for vote in votes:
            right[vote.card.architecture] += int(vote.probabilities.argmax()) == record.label
    for who, count in right.items():
        assert found[who]["measures"]["accuracy"]["value"] == round(count / len(records), 4)
        assert sum(map(sum, found[who]["confusion"])) == len(records)


def test_the_report_counts_flips(report: tuple[dict[str, Any], Path]) -> None:
    found, _ = report
    assert list(found["perturbations"]) == list(PERTURBATIONS)
    for shares in found["perturbations"].values():
        assert shares.keys() == {"ensemble", *SHARES}
        for each in shares.values():
            assert 0 <= each["flips_normal_vs_pneumonia"] <= each["flips"] <= 1
    wider, narrower = (found["perturbations"][f"width x{by}"]["ensemble"]["flips"] for by in ("1.25", "0.8"))
    width = found["width_flips"]
    assert (width["width x1.25"], width["width x0.8"]) == (wider, narrower)
    assert width["mean"] == pytest.approx((wider + narrower) / 2, abs=1e-4)
    assert width["max"] == max(wider, narrower)


def test_flips_compare_the_answers_to_changed_films_with_those_before(
    calibrated: Path, drawn_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensemble = Ensemble.load(calibrated)
    films = [
        squeeze(read_film(path.read_bytes()), INPUT.size) for path in sorted(drawn_data.glob("train/*/*"))[:2]
    ]
    votes = ensemble.vote(np.concatenate([preprocess(film[:, ::-1].copy(), INPUT) for film in films]))
    answers = {"ensemble": combine(votes).argmax(axis=1)}
    answers |= {vote.card.architecture: vote.probabilities.argmax(axis=1) for vote in votes}
    before = {who: np.eye(3)[said] for who, said in answers.items()}
    before["ensemble"][0] = np.roll(before["ensemble"][0], 1)
    labels = answers["ensemble"].copy()
    labels[1] = (labels[1] + 1) % 3

    monkeypatch.setattr(robustness, "PERTURBATIONS", {"mirrored": PERTURBATIONS["mirrored"]})
    found = robustness.measure_flips(ensemble, films, labels, before, ["a", "b"], 20)["mirrored"]
    assert (found["ensemble"]["flips"], found["ensemble"]["accuracy"]) == (0.5, 0.5)
    assert all(found[arch]["flips"] == 0 for arch in SHARES)


def test_evaluate_command_prints_a_table_and_can_skip_perturbations(
    calibrated: Path,
    drawn_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = ["evaluate", "--data", str(drawn_data), "--weights", str(calibrated), "--split", "validation"]
    argv += ["--engine", "torch"]
    monkeypatch.setattr(sys, "argv", [*argv, "--out", str(tmp_path), "--skip-perturbations"])
    monkeypatch.setattr(evaluate, "evaluate", partial(evaluate.evaluate, resamples=10))
    evaluate.main()
    printed = capsys.readouterr().out
    assert "validation: 3 films of 3 patients" in printed
    assert "EfficientNetV2-S" in printed
    assert "AUC, normal against pneumonia" in printed
    assert "width" not in printed
    assert "perturbations" not in json.loads((tmp_path / "validation.json").read_text())


def test_a_split_without_films_is_refused(calibrated: Path, drawn_data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no films"):
        evaluate.evaluate(drawn_data, calibrated, "held-out", tmp_path, engine="torch")


def test_networks_of_two_splits_are_refused(calibrated: Path) -> None:
    card = read_card(calibrated)
    networks = [card.networks[0], replace(card.networks[1], trained={"split_seed": 1})]
    with pytest.raises(DataError, match="different splits"):
        split_seed(replace(card, networks=tuple(networks)))


def test_a_card_with_classes_in_another_order_is_refused(
    calibrated: Path, drawn_data: Path, tmp_path: Path
) -> None:
    card: Card = replace(read_card(calibrated), classes=CLASSES[::-1])
    card.write(tmp_path)
    for network in card.networks:
        (tmp_path / network.file).symlink_to(calibrated / network.file)
    with pytest.raises(DataError, match="classes"):
        evaluate.evaluate(drawn_data, tmp_path, "validation", tmp_path / "out", engine="torch")


def test_damaged_weights_are_refused(calibrated: Path, drawn_data: Path, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_bytes((calibrated / "card.json").read_bytes())
    with pytest.raises(WeightsRefused):
        evaluate.evaluate(drawn_data, tmp_path, "validation", tmp_path / "out", engine="torch")
