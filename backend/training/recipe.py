"""Say how a network is taught: cycles of a cosine learning rate over stages of growing image size."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

_CYCLE = re.compile(r"(?P<rate>[0-9.eE+-]+):(?P<stages>\d+x\d+(,\d+x\d+)*)")


@dataclass(frozen=True)
class Stage:
    """So many epochs at one image size (pixels a side)."""

    epochs: int
    side: int


@dataclass(frozen=True)
class Cycle:
    """Stages under one cosine: the learning rate warms up to its peak once and falls to nothing."""

    peak: float
    stages: tuple[Stage, ...]

    @property
    def epochs(self) -> int:
        return sum(stage.epochs for stage in self.stages)


@dataclass(frozen=True)
class Epoch:
    """One epoch's place in a schedule: image size, the cycle's peak rate, and progress through the cycle."""

    side: int
    peak: float
    begin: float
    end: float

    def learning_rate(self, share: float, warm_up: float = 0.03, floor: float = 0.01) -> float:
        """Return the rate after this share (0 to 1) of the epoch; the first 3% of a cycle warm up."""
        done = self.begin + share * (self.end - self.begin)
        if done < warm_up:
            return self.peak * done / warm_up
        cosine = 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))
        return self.peak * (floor + (1 - floor) * cosine)


def parse_schedule(text: str) -> list[Cycle]:
    """Read "1e-3:20x96 6e-4:6x96,8x128": peak rate, then epochs x side, cycle after cycle."""
    cycles = []
    for word in text.split():
        match = _CYCLE.fullmatch(word)
        if match is None:
            raise ValueError(f"a cycle is written PEAK:EPOCHSxSIDE[,EPOCHSxSIDE…], not {word!r}")
        pairs = (pair.split("x") for pair in match["stages"].split(","))
        cycles.append(
            Cycle(float(match["rate"]), tuple(Stage(int(epochs), int(side)) for epochs, side in pairs))
        )
    if not cycles:
        raise ValueError("a schedule has at least one cycle")
    return cycles


def epochs(cycles: list[Cycle]) -> Iterator[Epoch]:
    """Yield every epoch of a schedule in order."""
    for cycle in cycles:
        done = 0
        for stage in cycle.stages:
            for _ in range(stage.epochs):
                yield Epoch(stage.side, cycle.peak, done / cycle.epochs, (done + 1) / cycle.epochs)
                done += 1


def lengthen(schedule: str, times: int) -> str:
    """Return a schedule with so many times the epochs."""
    parse_schedule(schedule)
    return re.sub(r"(\d+)x", lambda match: f"{int(match[1]) * times}x", schedule)


def last_side(schedule: str) -> int:
    """Return the image size (pixels a side) at which a schedule ends, and at which its network is asked."""
    return list(epochs(parse_schedule(schedule)))[-1].side
