"""The closed form is Grad-CAM, and explains the class that the ensemble chose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from backend.inference.ensemble import Ensemble, combine
from backend.inference.gradcam import channel_weights, explain, grad_cam, scale
from backend.inference.images import Film
from backend.inference.models import Network
from backend.inference.predictor import Predictor
from backend.inference.preprocess import preprocess
from backend.inference.torch_engine import TorchEngine
from backend.inference.weights import Head
from tests.conftest import CLASSES, SHARES

ARCHITECTURES = sorted(SHARES)


def random_inputs(films: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((films, 3, 224, 224), np.float32)


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return torch.from_numpy(random_inputs(2, seed=1))


def network_of(ensemble: Ensemble, architecture: str) -> tuple[Network, Head]:
    place = [card.architecture for card in ensemble.card.networks].index(architecture)
    assert isinstance(ensemble.engine, TorchEngine)
    return ensemble.engine.networks[place], ensemble.heads[place]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("chosen", range(len(CLASSES)))
def test_closed_form_equals_autograd(
    ensemble: Ensemble, inputs: torch.Tensor, architecture: str, chosen: int
) -> None:
    network, head = network_of(ensemble, architecture)
    with torch.no_grad():
        feature_map = network(inputs)[1]
    feature_map.requires_grad_()
    network.head(feature_map)[:, chosen].sum().backward()
    expected_weights = feature_map.grad.mean(dim=(2, 3))
    expected = (expected_weights[:, :, None, None] * feature_map).sum(dim=1).relu().detach().numpy()

    classes = np.full(2, chosen)
    weights = channel_weights(head, feature_map.detach().numpy(), classes)
    found = grad_cam(head, feature_map.detach().numpy(), classes)

    largest = np.abs(weights).max()
    assert largest > 0
    np.testing.assert_allclose(weights, expected_weights.numpy(), rtol=1e-4, atol=1e-4 * largest)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * expected.max())


class LogitsOnly(torch.nn.Module):
    """What the grad-cam package expects: a module that returns logits."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.network(pixels)[0]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("chosen", range(len(CLASSES)))
def test_closed_form_equals_the_grad_cam_package(
    ensemble: Ensemble, inputs: torch.Tensor, architecture: str, chosen: int
) -> None:
    network, head = network_of(ensemble, architecture)
    with GradCAM(LogitsOnly(network), [network.features]) as package:
        expected = package(inputs.clone().requires_grad_(), [ClassifierOutputTarget(chosen)] * len(inputs))
    with torch.no_grad():
        found = grad_cam(head, network(inputs)[1].numpy(), np.full(2, chosen))

    for mine, theirs in zip(found, expected, strict=True):
        as_shown = stretched(cv2.resize(stretched(mine), (224, 224)))
        np.testing.assert_allclose(as_shown, theirs, atol=1e-4)


def stretched(cam: np.ndarray) -> np.ndarray:
    """Scale from minimum to maximum, which the package does before and after it enlarges a map."""
    cam = cam - cam.min()
    return cam / (1e-7 + cam.max())


def test_the_map_explains_the_ensembles_class_when_the_networks_disagree(ensemble: Ensemble) -> None:
    """Votes are made to disagree; the map must be that of the class with the larger mixed probability."""
    inputs = random_inputs(1, seed=2)
    certain = np.float32([[[0.90, 0.05, 0.05]], [[0.20, 0.75, 0.05]]])
    votes = [
        replace(vote, probabilities=probabilities)
        for vote, probabilities in zip(ensemble.vote(inputs), certain, strict=True)
    ]
    assert votes[0].probabilities.argmax() != votes[1].probabilities.argmax()
    chosen = combine(votes).argmax(axis=1)
    assert chosen.item() == 0  # 0.4·0.90 + 0.6·0.20 = 0.48 against 0.4·0.05 + 0.6·0.75 = 0.47

    by_hand = sum(
        vote.card.weight * scale(grad_cam(vote.head, vote.feature_map, np.array([0]))) for vote in votes
    )
    np.testing.assert_allclose(explain(votes, chosen), by_hand, rtol=1e-6)
    assert not np.allclose(explain(votes, chosen), explain(votes, np.array([1])))


def test_the_served_map_is_of_the_answered_class(
    weights: Path, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The networks are made to disagree inside the predictor; its map must be that of its answer."""
    predictor = Predictor(weights)
    votes = predictor._ensemble.vote(preprocess(film, predictor._card.input))
    for shift in range(len(CLASSES)):
        mine, theirs = (np.roll(np.float32([row]), shift) for row in ([0.9, 0.05, 0.05], [0.2, 0.75, 0.05]))
        disagreeing = [
            replace(vote, probabilities=probabilities)
            for vote, probabilities in zip(votes, (mine, theirs), strict=True)
        ]
        monkeypatch.setattr(predictor._ensemble, "vote", lambda _, votes=disagreeing: votes)
        reading = predictor.predict(film)
        assert reading.predicted_class == CLASSES[shift]
        assert reading.heatmap is not None
        expected = explain(disagreeing, np.array([shift]))[0]
        np.testing.assert_allclose(reading.heatmap, expected, atol=1e-5)


def test_maps_lie_between_zero_and_one_on_the_networks_own_grid(ensemble: Ensemble) -> None:
    votes = ensemble.vote(random_inputs(3, seed=3))
    maps = explain(votes, combine(votes).argmax(axis=1))
    assert maps.shape == (3, 7, 7)
    assert maps.min() >= 0
    assert maps.max() <= 1 + 1e-6


def test_an_empty_map_stays_empty() -> None:
    maps = np.stack([np.zeros((7, 7)), np.full((7, 7), 4.0)]).astype(np.float32)
    assert (scale(maps)[0] == 0).all()
    assert (scale(maps)[1] == 1).all()
