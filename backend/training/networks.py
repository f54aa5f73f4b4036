"""Make a network ready to be taught."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from backend.inference.architectures import ARCHITECTURES
from backend.inference.models import Network, channels_last
from backend.training.data import CLASSES, INPUT, DataError, Films, as_input

from torchvision.ops import StochasticDepth  # isort: skip  (after backend.inference.models)

Tensors = tuple[torch.Tensor, ...] | list[torch.Tensor]

TEACHERS = {"efficientnet_lite2": "EfficientNet-Lite2"}
"""What can be taught to teach others, beside the architectures that are served."""


def build_network(architecture: str) -> nn.Module:
    """Return a network that gives (logits, feature map) and has a `classifier`, laid out to learn fast."""
    if architecture in ARCHITECTURES:
        return channels_last(Network(architecture, len(CLASSES)))
    from backend.training.lite import LiteNetwork

    network = LiteNetwork(len(CLASSES))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def choose_device(name: str) -> torch.device:
    """Return the named device; `auto` is CUDA where there is any, else the CPU."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


def autocast(device: torch.device) -> torch.autocast:
    """Compute in bfloat16 where the device can: a CPU that must imitate it takes many times as long."""
    capabilities = torch.cpu.get_capabilities() if device.type == "cpu" else {"bf16": True}
    can = any(has for name, has in capabilities.items() if "bf16" in name)
    return torch.autocast(device.type, torch.bfloat16, enabled=can)


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Decay matrices and kernels, but no norm, bias or layer scale."""
    parameters = dict(network.named_parameters())
    plain = {name for name, value in parameters.items() if value.ndim < 2 or name.endswith("layer_scale")}
    return [
        {"params": [v for n, v in parameters.items() if n not in plain], "weight_decay": weight_decay},
        {"params": [v for n, v in parameters.items() if n in plain], "weight_decay": 0.0},
    ]


def run_depthwise_in_float32(network: nn.Module, least_side: int = 5) -> None:
    """Keep depthwise kernels of at least this side out of bfloat16.

    On a CPU their backward pass takes half the time so; EfficientNet-Lite's gains by its smaller ones too.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1 and module.kernel_size[0] >= least_side:
            kind = type(module)
            module.__class__ = type(f"Float32{kind.__name__}", (_InFloat32, kind), {})


class _InFloat32(nn.Module):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        with torch.autocast(inputs.device.type, enabled=False):
            outputs: torch.Tensor = super().forward(inputs.float())
        return outputs


def quiet_head(network: nn.Module) -> None:
    """Let the first logits be near zero.

    torchvision draws EfficientNet's head from ±1/√classes, meant for a thousand classes: with three, the
    first gradients are in the hundreds, and clipping them leaves nothing to learn from.
    """
    linear = cast(nn.Linear, cast(nn.Sequential, network.classifier)[-1])
    nn.init.normal_(linear.weight, std=0.01)
    nn.init.zeros_(linear.bias)


def set_stochastic_depth(network: nn.Module, most: float) -> None:
    """Leave each residual block out of a step with a probability that grows with depth, up to `most`.

    (Huang et al., arXiv 1603.09382; 0 keeps every block in every step.)
    """
    blocks = [module for module in network.modules() if isinstance(module, StochasticDepth)]
    for place, block in enumerate(blocks):
        block.p = most * place / len(blocks)


def load_initial(network: nn.Module, path: Path) -> None:
    """Start from given weights (torchvision's names); a head for another number of classes is left out."""
    wanted = network.state_dict()
    given = (
        load_file(path)
        if path.suffix == ".safetensors"
        else torch.load(path, map_location="cpu", weights_only=True)
    )
    fitting = {n: v for n, v in given.items() if n in wanted and v.shape == wanted[n].shape}
    if not fitting:
        raise DataError(f"{path} holds no weights of this architecture")
    network.load_state_dict({**wanted, **fitting})
    print(f"initialised {len(fitting)} of {len(wanted)} tensors from {path}")


def load_finished(run: Path, device: torch.device) -> nn.Module:
    """Return a finished run's network, frozen."""
    try:
        record = json.loads((run / "run.json").read_text())
    except OSError as error:
        raise DataError(f"{run} is not a finished run") from error
    network = build_network(record["config"]["arch"]).to(device)
    network.load_state_dict(load_file(run / "model.safetensors"))
    return network.eval().requires_grad_(False)


def load_teacher(run: Path, device: torch.device) -> nn.Module:
    """Return a finished run's network as a teacher of films that are augmented and of all sizes."""
    teacher = load_finished(run, device)
    for norm in batch_norms(teacher):
        # The running statistics are of films as they are served: here a batch's own fit best.
        norm.running_mean = norm.running_var = None
    return teacher


def average_of(network: nn.Module, decay: float) -> AveragedModel:
    """Return a running average of weights and buffers; it forgets fast at first, then by the decay."""

    def average(old: Tensors, new: Tensors, steps: torch.Tensor | int) -> None:
        warm = (1 + int(steps)) / (10 + int(steps))
        get_ema_multi_avg_fn(min(decay, warm))(old, new, steps)

    return AveragedModel(network, multi_avg_fn=average, use_buffers=True)


@torch.no_grad()
def measure_batch_statistics(network: nn.Module, films: Films, batch: int, most: int = 1024) -> None:
    """Measure means and variances of the batch norms on films as they are served: whole, unvaried, in place.

    Augmentation darkens films and frames them in black: its statistics do not fit the films of a hospital.
    """
    network.eval()
    norms = batch_norms(network)
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
        norm.train()
    order = torch.randperm(len(films), generator=torch.Generator().manual_seed(0))[:most]
    for chosen in order.split(batch) if norms else []:
        inputs = as_input(films.pixels[chosen.to(films.pixels.device)], INPUT)
        with autocast(inputs.device):
            network(inputs.contiguous(memory_format=torch.channels_last))
    network.eval()


def batch_norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
