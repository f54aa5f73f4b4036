"""Measure the engine on an accelerator: films a second by batch, and the share of what the card can do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from backend.app.settings import Settings
from backend.inference.card import Card, read_card
from backend.inference.cpu import available_cores
from backend.inference.engine import Engine, open_engine
from backend.inference.models import Network
from tests.bench import machine
from tests.bench.plan import say
from tests.bench.samples import summarise
from tests.bench.tables import number, table

BATCHES = tuple(2**power for power in range(11))
_LEAST_SECONDS, _LEAST_ROUNDS = 2.0, 5
_PEAK_SIDE = 8192


def measure(batches: Sequence[int] = BATCHES) -> dict[str, Any]:
    """Return the report of this machine's accelerator."""
    settings = Settings.from_environment()
    card = read_card(settings.weights_dir)
    engine = open_engine("torch", settings.weights_dir, card, available_cores())
    say("the card's peak")
    peak = peak_flops(torch.device(engine.device))
    flops = flops_a_film(card)
    say("batches")
    return {
        **machine.origin(),
        "machine": machine.describe(),
        "card": torch.cuda.get_device_name() if engine.device == "cuda" else engine.device,
        "engine": engine.name,
        "device": engine.device,
        "precision": engine.precision,
        "peak_tflops": peak / 1e12,
        "gflop_a_film": flops / 1e9,
        "batches": list(of_batches(engine, card.input.size, batches, flops / peak)),
    }


def of_batches(
    engine: Engine, side: int, batches: Sequence[int], ideal: float, least_seconds: float = _LEAST_SECONDS
) -> Iterator[dict[str, Any]]:
    """Give a row for each batch that fits; `ideal` is the seconds that a film would take at the peak."""
    for batch in batches:
        films = np.random.default_rng(0).standard_normal((batch, 3, side, side), np.float32)
        try:
            took = summarise(times(partial(engine.run, films), least_seconds))
        except torch.OutOfMemoryError:
            say(f"batches of {batch} do not fit")
            return
        speed = 1000 * batch / took.median_ms
        yield {
            "batch": batch,
            "ms": took.median_ms,
            "films_a_second": speed,
            "share_of_peak": speed * ideal,
            "rounds": took.count,
        }


def times(call: Callable[[], Any], least_seconds: float = _LEAST_SECONDS) -> list[float]:
    """Return the seconds of each call, for a while, after three that are not counted."""
    for _ in range(3):
        call()
    found: list[float] = []
    end = time.perf_counter() + least_seconds
    while (started := time.perf_counter()) < end or len(found) < _LEAST_ROUNDS:
        call()
        found.append(time.perf_counter() - started)
    return found


def peak_flops(device: torch.device, side: int = _PEAK_SIDE, least_seconds: float = _LEAST_SECONDS) -> float:
    """Return the operations a second of a large matrix product in bfloat16: the card's peak in practice."""
    left, right = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))

    def multiply() -> None:
        torch.mm(left, right)
        if device.type == "cuda":
            torch.cuda.synchronize()

    return 2 * side**3 / (summarise(times(multiply, least_seconds)).median_ms / 1000)


def flops_a_film(card: Card) -> int:
    """Return the operations of both networks on one film, a multiplication and an addition counted each."""
    film = torch.empty(1, 3, card.input.size, card.input.size, device="meta")
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        for each in card.networks:
            Network(each.architecture, len(card.classes)).to("meta").eval()(film)
    return counter.get_total_flops()


def as_markdown(report: Mapping[str, Any]) -> str:
    """Return the report as text for a terminal and as Markdown."""
    versions = ", ".join(f"{name} {version}" for name, version in report["machine"]["versions"].items())
    rows = [
        [
            str(row["batch"]),
            *(number(row[name]) for name in ("ms", "films_a_second")),
            f"{row['share_of_peak']:.1%}",
        ]
        for row in report["batches"]
    ]
    lines = [
        "# Benchmark on an accelerator",
        f"\n`{report['command']}`, {report['date']}",
        f"\n- {report['card']}; {report['machine']['cpu']}, {report['machine']['cores']} cores; {versions}",
        f"- Engine: {report['engine']} on {report['device']} in {report['precision']}",
        f"- Peak: {number(report['peak_tflops'])} TFLOP/s, of a product of two bfloat16 matrices "
        f"{_PEAK_SIDE} on a side; both networks take {number(report['gflop_a_film'])} GFLOP a film.",
        "- Films start and outputs end in the machine's own memory.\n",
        *table(["films at once", "ms", "films/s", "share of peak"], rows),
    ]
    return "\n".join(lines) + "\n"
