"""The training loop learns, keeps what it learnt when it is killed, and starts from what it is given."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from backend.inference.models import Network
from backend.training import augment as augmentation
from backend.training import networks, train
from backend.training.augment import augment, mixup
from backend.training.data import CLASSES, INPUT, DataError, Films, as_input
from backend.training.recipe import Cycle, Stage, epochs, last_side, parse_schedule

from torchvision.ops import StochasticDepth  # isort: skip  (after backend.inference.models)

CPU = torch.device("cpu")

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def films() -> Films:
    """Twelve films whose class is their brightness."""
    labels = torch.arange(12) % len(CLASSES)
    noise = torch.randint(0, 40, (12, 1, 48, 48), generator=torch.Generator().manual_seed(0))
    return Films((noise + 90 * labels.view(-1, 1, 1, 1)).to(torch.uint8), labels)


def test_schedules_are_read_and_unrolled() -> None:
    cycles = parse_schedule("1e-3:2x96 6e-4:1x96,2x128")
    assert cycles == [Cycle(1e-3, (Stage(2, 96),)), Cycle(6e-4, (Stage(1, 96), Stage(2, 128)))]
    assert [(epoch.side, epoch.peak) for epoch in epochs(cycles)] == [
        (96, 1e-3),
        (96, 1e-3),
        (96, 6e-4),
        (128, 6e-4),
        (128, 6e-4),
    ]


def test_a_network_is_asked_at_the_size_of_its_last_epoch() -> None:
    assert last_side("1e-3:2x224 6e-4:1x96,2x128") == 128


@pytest.mark.parametrize("text", ["", "20x96", "1e-3:20", "1e-3:x96", "1e-3:2x96;3x96"])
def test_a_schedule_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cycle"):
        parse_schedule(text)


def test_the_rate_warms_up_peaks_once_and_falls_within_each_cycle() -> None:
    schedule = list(epochs(parse_schedule("1e-3:10x96 5e-4:10x96")))
    rates = [epoch.learning_rate(step / 100) for epoch in schedule for step in range(100)]
    first, second = rates[:1000], rates[1000:]
    assert first[0] == 0
    assert max(first) == pytest.approx(1e-3)
    assert max(second) == pytest.approx(5e-4)
    peak = first.index(max(first))
    assert first[:peak] == sorted(first[:peak])
    assert first[peak:] == sorted(first[peak:], reverse=True)
    assert first[-1] < 2e-5


def test_augmented_films_keep_shape_and_range_and_differ(films: Films) -> None:
    torch.manual_seed(0)
    one, two = augment(films.pixels), augment(films.pixels)
    assert one.shape == films.pixels.shape
    assert one.min() >= 0
    assert one.max() <= 1
    assert not torch.equal(one, two)


def test_moving_by_nothing_leaves_a_film_or_mirrors_it(films: Films, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_ROTATION_DEGREES", "_LOG_SCALE", "_LOG_ASPECT", "_SHIFT"):
        monkeypatch.setattr(augmentation, name, 0.0)
    torch.manual_seed(0)
    before = films.pixels.float() / 255
    after = augmentation._move(before)
    kept = [torch.allclose(one, two, atol=1e-4) for one, two in zip(before, after, strict=True)]
    mirrored = [torch.allclose(one.flip(-1), two, atol=1e-4) for one, two in zip(before, after, strict=True)]
    assert all(one != two for one, two in zip(kept, mirrored, strict=True))
    assert any(kept)
    assert any(mirrored)


def test_aspect_widens_what_it_does_not_heighten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bright square becomes a rectangle of the drawn aspect and the same area."""
    square = torch.zeros(1, 1, 96, 96)
    square[:, :, 32:64, 32:64] = 1
    for name in ("_ROTATION_DEGREES", "_LOG_SCALE", "_SHIFT"):
        monkeypatch.setattr(augmentation, name, 0.0)
    monkeypatch.setattr(augmentation, "_uniform", lambda films, low, high: torch.full((len(films),), high))
    moved = augmentation._move(square)[0, 0]
    width, height = moved.amax(0).gt(0.5).sum().item(), moved.amax(1).gt(0.5).sum().item()
    assert width / height == pytest.approx(math.exp(augmentation._LOG_ASPECT), rel=0.1)
    assert width * height == pytest.approx(32 * 32, rel=0.1)


def test_mixup_mixes_films_and_targets_alike() -> None:
    torch.manual_seed(0)
    targets = torch.eye(3).repeat(4, 1)
    films = targets.argmax(1).float().view(-1, 1, 1, 1).expand(-1, 1, 2, 2)
    mixed, mixed_targets = mixup(films, targets)
    torch.testing.assert_close(mixed_targets.sum(1), torch.ones(12))
    # A film's level is its class's number, so that a mixed film shows its mixed target's mean.
    torch.testing.assert_close(mixed[:, 0, 0, 0], mixed_targets @ torch.tensor([0.0, 1.0, 2.0]))
    assert mixup(films, targets, 0) == (films, targets)


def test_stochastic_depth_grows_from_block_to_block_and_can_be_turned_off() -> None:
    for architecture in ("convnext_tiny", "efficientnet_v2_s"):
        network = Network(architecture, len(CLASSES))
        blocks = [module for module in network.modules() if isinstance(module, StochasticDepth)]
        networks.set_stochastic_depth(network, 0.4)
        chances = [block.p for block in blocks]
        assert chances == sorted(chances)
        assert (chances[0], max(chances)) == (0, pytest.approx(0.4, rel=0.1))
        networks.set_stochastic_depth(network, 0)
        assert {block.p for block in blocks} == {0}


def test_norms_and_biases_do_not_decay() -> None:
    for architecture in ("convnext_tiny", "efficientnet_v2_s"):
        network = Network(architecture, len(CLASSES))
        decayed, plain = networks.parameter_groups(network, 0.05)
        assert (decayed["weight_decay"], plain["weight_decay"]) == (0.05, 0.0)
        assert all(value.ndim >= 2 for value in decayed["params"])
        norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d | nn.LayerNorm)]
        found = {id(value) for value in plain["params"]}
        assert norms
        assert all(id(norm.weight) in found and id(norm.bias) in found for norm in norms)
        assert len(decayed["params"]) + len(plain["params"]) == len(list(network.parameters()))


def run(config: train.Config, out: Path, films: Films, *, resumable: bool = False) -> train.Run:
    out.mkdir(exist_ok=True)
    made = train.Run(config, films.class_prior(), out, CPU)
    made.resume()
    if not resumable:
        made._save_checkpoint = lambda: None  # type: ignore[method-assign]
    return made


def test_a_killed_run_goes_on_to_the_same_weights(films: Films, tmp_path: Path) -> None:
    config = train.Config("efficientnet_v2_s", "1e-3:2x32 1e-3:1x48", batch=4, ema=0.5)
    whole = run(config, tmp_path / "whole", films)
    whole.train(films, films)
    assert int(whole.average.n_averaged) == len(films) // 4  # each cycle is averaged by itself
    whole.finish(films, films)

    class KilledError(Exception):
        pass

    killed = run(config, tmp_path / "killed", films, resumable=True)
    save = killed._save_checkpoint

    def save_and_die() -> None:
        save()
        if len(killed.history) == 2:
            raise KilledError

    killed._save_checkpoint = save_and_die  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        killed.train(films, films)
    again = run(config, tmp_path / "killed", films)
    assert len(again.history) == 2
    again.train(films, films)
    again.finish(films, films)

    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "killed"))
    assert all(torch.equal(one[name], two[name]) for name in one)
    record = json.loads((tmp_path / "killed" / "run.json").read_text())
    assert record["config"]["schedule"] == config.schedule
    assert [epoch["side"] for epoch in record["history"]] == [32, 32, 48]


def test_the_average_forgets_fast_at_first_and_by_the_decay_then() -> None:
    weight = nn.Linear(1, 1, bias=False)
    average = networks.average_of(weight, decay=0.5)
    seen = []
    for step in range(6):
        nn.init.constant_(weight.weight, float(step))
        average.update_parameters(weight)
        seen.append(average.module.weight.item())
    by_hand = [0.0]
    for step in range(1, 6):
        kept = min(0.5, (1 + step) / (10 + step))
        by_hand.append(kept * by_hand[-1] + (1 - kept) * step)
    assert seen == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("capabilities", "halved"),
    [
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": False}, False),
        ({"avx512_bf16": True, "amx_bf16": False}, True),
        ({"architecture": "aarch64", "bf16": True}, True),
        ({}, False),
    ],
)
def test_a_cpu_that_would_have_to_imitate_bfloat16_computes_in_float32(
    capabilities: dict[str, object], halved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    with networks.autocast(CPU):
        product = torch.ones(4, 4) @ torch.ones(4, 4)
    assert product.dtype == (torch.bfloat16 if halved else torch.float32)


def test_batch_statistics_are_those_of_the_films_as_they_are(films: Films) -> None:
    torch.manual_seed(0)
    network = Network("efficientnet_v2_s", len(CLASSES))
    networks.measure_batch_statistics(network, films, batch=12)
    assert not any(module.training for module in network.modules())
    stem, norm = network.features[0][0], network.features[0][1]
    with torch.no_grad(), networks.autocast(CPU):
        before_norm = stem(as_input(films.pixels, INPUT)).float()
    torch.testing.assert_close(norm.running_mean, before_norm.mean((0, 2, 3)), rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(norm.running_var, before_norm.var((0, 2, 3)), rtol=2e-2, atol=1e-2)


def test_a_checkpoint_of_another_configuration_is_not_resumed(films: Films, tmp_path: Path) -> None:
    first = run(train.Config("efficientnet_v2_s", "1e-3:1x32", batch=4), tmp_path, films, resumable=True)
    first._save_checkpoint()
    with pytest.raises(DataError, match="another configuration"):
        run(train.Config("efficientnet_v2_s", "2e-3:1x32", batch=4), tmp_path, films)


def test_it_learns_what_can_be_learnt_and_teaches_it(films: Films, tmp_path: Path) -> None:
    """A few epochs on films told apart by brightness; then a pupil listens to the teacher alone."""
    torch.manual_seed(0)
    config = train.Config(
        "efficientnet_v2_s", "2e-3:12x32", batch=6, ema=0.5, mixup_alpha=0, stochastic_depth=0
    )
    teacher = run(config, tmp_path / "teacher", films)
    teacher.train(films, films)
    teacher.finish(films, films)
    losses = [epoch["loss"] for epoch in teacher.history]
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])

    pupil = run(
        train.Config(
            "convnext_tiny", "1e-3:1x32", batch=6, teacher=str(tmp_path / "teacher"), teacher_share=1.0
        ),
        tmp_path / "pupil",
        films,
    )
    assert pupil.teacher is not None
    assert not any(value.requires_grad for value in pupil.teacher.parameters())
    pupil.train(films, films)
    assert math.isfinite(pupil.history[0]["loss"])

    # A pupil that says what its teacher says has nothing left to learn.
    told_apart = float(pupil._loss(films.pixels, films.labels).detach())
    pupil.network = copy.deepcopy(pupil.teacher)
    assert abs(float(pupil._loss(films.pixels, films.labels))) < 1e-4 < told_apart


def test_init_takes_what_fits_and_refuses_what_does_not(tmp_path: Path) -> None:
    given = Network("convnext_tiny", 7)
    save_file(given.state_dict(), tmp_path / "given.safetensors")
    network = Network("convnext_tiny", len(CLASSES))
    head = network.classifier[-1].weight.clone()
    networks.load_initial(network, tmp_path / "given.safetensors")
    assert torch.equal(network.features[0][0].weight, given.features[0][0].weight)
    assert torch.equal(network.classifier[-1].weight, head)  # seven classes do not fit three

    save_file({"something.else": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(DataError, match="no weights of this architecture"):
        networks.load_initial(network, tmp_path / "other.safetensors")


def test_a_network_that_knows_imagenet_teaches(films: Films, tmp_path: Path) -> None:
    config = train.Config("efficientnet_lite2", "1e-3:1x32", batch=6)
    teacher = run(config, tmp_path / "lite", films)
    stem = teacher.network.backbone._conv_stem.weight  # type: ignore[union-attr]
    assert float(stem.detach().abs().max()) > 0.5  # nothing drawn at random has such kernels
    teacher.train(films, films)
    teacher.finish(films, films)
    pupil = run(
        train.Config("convnext_tiny", "1e-3:1x32", batch=6, teacher=str(tmp_path / "lite")),
        tmp_path / "pupil",
        films,
    )
    assert math.isfinite(float(pupil._loss(films.pixels, films.labels).detach()))


def test_bars_at_the_edges_are_black_and_leave_the_film_whole(
    films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(augmentation, "_happens", lambda probability: True)
    torch.manual_seed(0)
    framed = augmentation._frame(torch.ones(2, 1, 100, 100))
    assert framed.shape == (2, 1, 100, 100)
    assert framed[:, :, 30:70, 30:70].min() > 0.99
    for line in (framed[0, 0, 50], framed[0, 0, :, 50]):
        black = float((line < 0.5).float().mean())
        assert 0 < black <= 2 * augmentation._FRAME
        assert min(float(line[0]), float(line[-1])) < 0.5


def test_depthwise_kernels_give_the_same_in_float32() -> None:
    torch.manual_seed(0)
    network = Network("convnext_tiny", len(CLASSES)).eval()
    inputs = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        before = network(inputs)[0]
        networks.run_depthwise_in_float32(network)
        after = network(inputs)[0]
    torch.testing.assert_close(before, after)
