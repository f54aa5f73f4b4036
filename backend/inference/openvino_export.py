"""Translate committed networks into OpenVINO's format, with the reference's answers to check it by.

    python -m backend.inference.openvino_export WEIGHTS OUT

It is a program of its own, so that the service that runs the networks never holds torch in its memory.
For each network it writes a folder (exports.py) with the model and a probe: `inputs`, two drawn films, and
`logits`, what torch makes of them in float32.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from backend.inference.card import Card, InputSpec, NetworkCard, read_card
from backend.inference.channels_second import keep_channels_second
from backend.inference.errors import WeightsRefused
from backend.inference.exports import Export, export_of
from backend.inference.models import Network, Staged, load_network
from backend.inference.openvino_runtime import ov
from backend.inference.preprocess import preprocess
from backend.inference.synthetic import draw_chest_film

from openvino import opset13 as ops  # isort: skip  (after openvino_runtime)
from openvino.frontend import FrontEndManager  # isort: skip
from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder  # isort: skip


def export(folder: Path, card: Card, out: Path) -> None:
    """Export each network of a weights folder that OUT lacks; raise WeightsRefused, OSError."""
    out.mkdir(parents=True, exist_ok=True)
    for each in card.networks:
        if not export_of(each, out).folder.is_dir():
            _export_network(load_network(folder, each, len(card.classes)), each, card.input, out)


def _export_network(network: Network, card: NetworkCard, spec: InputSpec, out: Path) -> None:
    """Write a network's folder whole or not at all, in place of those of other weights."""
    inputs = torch.from_numpy(np.concatenate([preprocess(film, spec) for film in _probes()]))
    with torch.inference_mode():
        logits, _ = network(inputs.contiguous(memory_format=torch.channels_last))
    staged = Staged(keep_channels_second(network), card.architecture).eval()
    model = translate(staged, inputs[:1])
    target = export_of(card, out).folder
    unfinished = Export(Path(tempfile.mkdtemp(dir=out, prefix="unfinished-")))
    try:
        ov.save_model(model, unfinished.model, compress_to_fp16=False)
        np.savez(unfinished.probe, inputs=inputs.numpy(), logits=logits.numpy())
        unfinished.folder.chmod(0o755)
        os.rename(unfinished.folder, target)
    except OSError:
        if not target.is_dir():  # another worker was faster
            raise
    finally:
        shutil.rmtree(unfinished.folder, ignore_errors=True)
    for other in set(out.glob(f"{card.architecture}-*")) - {target}:
        shutil.rmtree(other, ignore_errors=True)


def _probes() -> list[np.ndarray]:
    return [draw_chest_film(448, 640, opacity=opacity) for opacity in (False, True)]


def translate(network: torch.nn.Module, example: torch.Tensor) -> ov.Model:
    """Return the network as an OpenVINO model that reads one film at a time."""
    decoder = TorchScriptPythonDecoder(network, example_input=(example,))
    # Not through openvino.convert_model, which reports its use to the vendor.
    frontend = FrontEndManager().load_by_framework("pytorch")
    model = frontend.convert(frontend.load(decoder))
    model.reshape(list(example.shape))
    _halve(model)
    return model


def _halve(model: ov.Model) -> None:
    """Store in float16 what was stored so in the weights, which halves the files and loses nothing."""
    for node in model.get_ops():
        if node.get_type_name() != "Constant" or node.get_element_type() != ov.Type.f32:
            continue
        halved = node.data.astype(np.float16)
        if halved.size > 1 and np.array_equal(halved, node.data):
            widened = ops.convert(ops.constant(halved), "f32")
            for reader in node.output(0).get_target_inputs():
                reader.replace_source_output(widened.output(0))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path, metavar="WEIGHTS")
    parser.add_argument("out", type=Path, metavar="OUT")
    options = parser.parse_args()
    try:
        export(options.weights, read_card(options.weights), options.out)
    except (WeightsRefused, OSError) as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
