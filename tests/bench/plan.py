"""How much is measured: thoroughly by hand, shortly in every test run."""

from __future__ import annotations

import sys
from dataclasses import dataclass

FULL_RESOLUTION = (1156, 1596)
"""Height and width in pixels of the film of every figure that names no other."""

MANY_CLIENTS = 16


@dataclass(frozen=True)
class Plan:
    """How often and how long each thing is measured; an empty tuple leaves a table out."""

    rounds: int
    """Turns of reference, engine, one client and many clients, so that all see the same machine."""
    reference: int
    """Reference requests a turn."""
    engine: int
    """Films through the engine alone a turn."""
    answers: int
    """Answers to one client a turn, at least; also those of each size and each choice of pictures."""
    seconds: float
    """How long many clients send, each time."""
    calls: int
    """Direct calls of each step."""
    patience: float
    """Seconds after which a turn of reference or engine ends with fewer, where something else is busy."""
    sizes: tuple[float, ...]
    """Films in megapixels."""
    clients: tuple[int, ...]
    batches: tuple[int, ...]
    workers: tuple[int, ...]
    cold_starts: int
    channels_last: bool
    """Whether the reference is measured once more, in the layout that suits torch's convolutions."""


FULL = Plan(
    rounds=5,
    reference=12,
    engine=30,
    answers=40,
    seconds=10,
    calls=100,
    patience=60,
    sizes=(0.3, 1, 2, 6, 12, 24),
    clients=(1, 2, 4, 8, 16, 32, 64),
    batches=(1, 2, 4, 8, 16, 32),
    workers=(1, 2, 4),
    cold_starts=5,
    channels_last=True,
)
SHORT = Plan(
    rounds=2,
    reference=5,
    engine=8,
    answers=12,
    seconds=2.5,
    calls=20,
    patience=4,
    sizes=(),
    clients=(MANY_CLIENTS,),
    batches=(),
    workers=(),
    cold_starts=1,
    channels_last=False,
)


def say(what: str) -> None:
    """Tell whoever waits what is being measured."""
    print(f"measuring {what}", file=sys.stderr, flush=True)
