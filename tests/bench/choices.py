"""Measure what was chosen beside what was not: python -m tests.bench.choices.

Each row is the median of one way to do a step, on the cores at hand; the first row of a step is what serves.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
import torch
from PIL import Image

from backend.inference.calibration import calibrate
from backend.inference.card import read_card
from backend.inference.channels_second import keep_channels_second
from backend.inference.decoding import decode
from backend.inference.images import Film
from backend.inference.models import load_network
from backend.inference.openvino_export import translate
from backend.inference.openvino_runtime import ov
from backend.inference.overlay import LONGEST_SIDE, draw_overlay, encode_png
from backend.inference.preprocess import preprocess, squeeze
from backend.inference.synthetic import draw_chest_film
from tests.bench.cuda import flops_a_film, peak_flops

WEIGHTS = Path(__file__).parent.parent.parent / "backend" / "weights"
INPUT = np.random.default_rng(0).standard_normal((1, 3, 224, 224), np.float32)


def median_ms(work: Callable[[], object], times: int = 25) -> float:
    for _ in range(3):
        work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return 1000 * statistics.median(taken)


def show(step: str, way: str, work: Callable[[], object], each: int = 1) -> None:
    print(f"| {step} | {way} | {median_ms(work) / each:.1f} |", flush=True)


def floor() -> None:
    """What the networks' arithmetic would take at the speed of one large product of matrices."""
    flops, peak = flops_a_film(read_card(WEIGHTS)), peak_flops(torch.device("cpu"), 2048, 2.0)
    way = f"{flops / 1e9:.1f} GFLOP at the {peak / 1e9:.0f} GFLOP/s of 2048 × 2048 matrices, bf16"
    print(f"| floor of both networks, one film | {way} | {1000 * flops / peak:.1f} |", flush=True)


def networks() -> None:
    """Precisions, arrangements on two cores, batches, and ConvNeXt as it comes."""
    card = read_card(WEIGHTS)
    plain = [load_network(WEIGHTS, each, len(card.classes)) for each in card.networks]
    as_they_come = [translate(network, torch.from_numpy(INPUT)) for network in plain]
    rewritten = [translate(keep_channels_second(network), torch.from_numpy(INPUT)) for network in plain]
    step = "both networks, one film"
    for precision in ("bf16", "f32", "f16"):
        show(step, f"side by side, a core each, {precision}", side_by_side(rewritten, precision))
        show(step, f"one after the other, two cores, {precision}", in_turn(rewritten, precision))
    show(step, "ConvNeXt as torchvision has it, side by side, bf16", side_by_side(as_they_come, "bf16"))
    for films in (2, 8):
        batch = in_turn(rewritten, "bf16", films)
        show(f"both networks, each of {films} films", "a batch, two cores, bf16", batch, films)


def batches_change_answers() -> None:
    """How far a network's probabilities for eight drawn films move when they are read as one batch."""
    card = read_card(WEIGHTS)
    drawn = [draw_chest_film(448, 640, opacity=bool(seed % 2), seed=seed) for seed in range(8)]
    films = np.concatenate([preprocess(film, card.input) for film in drawn])
    for each in card.networks:
        network = keep_channels_second(load_network(WEIGHTS, each, len(card.classes)))
        model = translate(network, torch.from_numpy(INPUT))
        alone = request(model, "bf16", threads=1)
        single = np.concatenate([alone.infer([film[None]])[0].copy() for film in films])
        together = request(model, "bf16", threads=2, films=len(films)).infer([films])[0]
        answers = [calibrate(said, each.temperature, card.bias) for said in (single, together)]
        moved = np.abs(np.subtract(*answers)).max()
        print(
            f"| {each.architecture}, 8 films | most that a batch moves a probability | {moved:.4f} (no ms) |"
        )


def side_by_side(models: list[ov.Model], precision: str) -> Callable[[], object]:
    requests = [request(model, precision, threads=1) for model in models]

    def work() -> None:
        for each in requests:
            each.start_async([INPUT], share_inputs=True)
        for each in requests:
            each.wait()

    return work


def in_turn(models: list[ov.Model], precision: str, films: int = 1) -> Callable[[], object]:
    requests = [request(model, precision, threads=2, films=films) for model in models]
    batch = np.repeat(INPUT, films, axis=0)
    return lambda: [each.infer([batch], share_inputs=True) for each in requests]


def request(model: ov.Model, precision: str, threads: int, films: int = 1) -> ov.InferRequest:
    model = model.clone()
    model.reshape([films, *INPUT.shape[1:]])
    options = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
    }
    return ov.Core().compile_model(model, "CPU", options).create_infer_request()


def decoding() -> None:
    """A JPEG's way to what the networks see and to what the overlay is drawn on."""
    for height, width in ((1156, 1596), (4000, 6000)):
        film = draw_chest_film(height, width)
        jpeg = simplejpeg.encode_jpeg(film[:, :, None], quality=92, colorspace="GRAY")
        step = f"decoding and shrinking a JPEG of {height * width / 1e6:.0f} megapixels"
        show(step, "at the size that is looked at", lambda jpeg=jpeg: shrunk(served(jpeg)))
        show(step, "whole", lambda jpeg=jpeg: shrunk(whole(jpeg)))


def served(jpeg: bytes) -> Film:
    with Image.open(io.BytesIO(jpeg)) as image:
        return decode(image, jpeg)


def whole(jpeg: bytes) -> Film:
    return np.asarray(simplejpeg.decode_jpeg(jpeg, "GRAY", strict=True))[:, :, 0]


def shrunk(film: Film) -> tuple[Film, object]:
    height, width = film.shape
    size = (LONGEST_SIDE, round(height * LONGEST_SIDE / width))
    return squeeze(film, INPUT.shape[-1]), cv2.resize(film, size, interpolation=cv2.INTER_AREA)


def pictures() -> None:
    """The overlay of 768 px, blended and encoded."""
    film, heatmap = draw_chest_film(556, 768), np.random.default_rng(0).random((7, 7), np.float32)
    show("blending the overlay", "in integers", lambda: draw_overlay(film, heatmap))
    show("blending the overlay", "in floats", lambda: blended_in_floats(film, heatmap))
    overlay = draw_overlay(film, heatmap)
    show("encoding the overlay", "igzip, rows by difference", lambda: encode_png(overlay))
    plainly = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    huffman = [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
    show("encoding the overlay", "OpenCV, level 1", lambda: cv2.imencode(".png", overlay, plainly))
    filtered = [*plainly, *huffman, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG]
    show(
        "encoding the overlay", "OpenCV, Huffman codes alone", lambda: cv2.imencode(".png", overlay, filtered)
    )


def blended_in_floats(film: Film, heatmap: np.ndarray) -> np.ndarray:
    levels = cv2.resize(heatmap, film.shape[::-1], interpolation=cv2.INTER_LINEAR)
    colours = cv2.applyColorMap((levels * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    opacity = (levels * 0.45)[:, :, None]
    return np.asarray(film[:, :, None] * (1 - opacity) + colours * opacity, np.uint8)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    print("| step | way | median ms |\n|---|---|---|")
    floor()
    networks()
    batches_change_answers()
    decoding()
    pictures()
