"""The reference: what a request costs in plain eager PyTorch, as the service was first built.

Two forward passes in float32 on all cores, then a third of one network with Grad-CAM by autograd. Neither
HTTP nor a film's decoding and pictures are counted.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import safetensors.torch
import torch

from backend.app.settings import Settings
from backend.inference.card import Card, read_card
from backend.inference.cpu import available_cores
from backend.inference.images import read_film
from backend.inference.models import Network
from backend.inference.preprocess import preprocess
from tests.bench.child import answer, repeat


def load(folder: Path, card: Card) -> list[Network]:
    """Return the networks as anyone would load them, the one with the larger share last."""
    networks = []
    for each in sorted(card.networks, key=lambda network: network.weight):
        network = Network(each.architecture, len(card.classes))
        network.load_state_dict(safetensors.torch.load_file(folder / each.file))
        networks.append(network.eval())
    return networks


def grad_cam(network: Network, film: torch.Tensor, chosen: int) -> torch.Tensor:
    """Return the map (h, w) of a forward pass of its own, by autograd's gradient at the last feature map.

    The parameters require gradients, as they do in a network that was just loaded, but theirs are not
    computed: `backward()` on the logit, which many use, would take longer still.
    """
    logits, feature_map = network(film)
    (gradient,) = torch.autograd.grad(logits[0, chosen], feature_map)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * feature_map.detach()).sum(dim=1)[0].relu()


def request(networks: list[Network], film: torch.Tensor) -> tuple[float, float]:
    """Return the seconds of the two forward passes, and of the whole request."""
    started = time.perf_counter()
    with torch.inference_mode():
        logits = [network(film)[0] for network in networks]
    predicted = time.perf_counter()
    grad_cam(networks[-1], film, int(logits[-1].argmax()))
    return predicted - started, time.perf_counter() - started


def main() -> None:
    torch.set_num_threads(available_cores())
    folder = Settings.from_environment().weights_dir
    card = read_card(folder)
    networks = load(folder, card)
    film = torch.as_tensor(preprocess(read_film(Path(sys.argv[1]).read_bytes()), card.input))

    def measure(rounds: int, seconds: float) -> dict[str, list[float]]:
        found = repeat(lambda: request(networks, film), rounds, seconds)
        return {"forward": [forward for forward, _ in found], "request": [whole for _, whole in found]}

    def lay_out_channels_last() -> None:
        nonlocal film
        film = film.contiguous(memory_format=torch.channels_last)
        for network in networks:
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    answer({"measure": measure, "lay_out_channels_last": lay_out_channels_last})


if __name__ == "__main__":
    main()
