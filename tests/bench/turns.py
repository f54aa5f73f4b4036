"""Measure reference, engine and service by turns, so that all of them see the same machine."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.child import Child
from tests.bench.load import Load, drive
from tests.bench.plan import MANY_CLIENTS, Plan, say
from tests.bench.service import Service

Times = dict[str, list[float]]
"""Seconds of each round, by what was done in them."""


@dataclass
class Turns:
    """What was found; every list is of seconds."""

    about: dict[str, str]
    """Of the engine: its name, device and precision."""
    reference: Times = field(default_factory=lambda: {"forward": [], "request": []})
    engine: list[float] = field(default_factory=list)
    one: Load = field(default_factory=lambda: Load(1))
    many: Load = field(default_factory=lambda: Load(MANY_CLIENTS))
    batches: dict[int, list[float]] = field(default_factory=dict)
    calls: Times = field(default_factory=dict)
    channels_last: Times = field(default_factory=dict)
    """The reference again, its kernels laid out as torch's convolutions read them fastest."""


def take_turns(plan: Plan, service: Service, film: bytes) -> Turns:
    """Return what was found; the reference has the first turn and the last."""
    with ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "film.jpg"
        path.write_bytes(film)
        reference = stack.enter_context(Child("tests.bench.reference", str(path)))
        direct = stack.enter_context(Child("tests.bench.direct", str(path)))
        found = Turns(direct.ask("about"))
        reference.ask("measure", rounds=2, seconds=plan.patience)  # the first are slower
        for turn in range(plan.rounds):
            say(f"turn {turn + 1} of {plan.rounds}: reference, engine, one client, {MANY_CLIENTS} clients")
            _ask_reference(reference, plan, found.reference)
            found.engine += direct.ask("run", batch=1, rounds=plan.engine, seconds=plan.patience)
            found.one.add(drive(service.url, film, 1, 0, answers=plan.answers))
            found.many.add(drive(service.url, film, MANY_CLIENTS, plan.seconds))
        _ask_reference(reference, plan, found.reference)
        say("direct calls")
        found.calls = direct.ask("calls", rounds=plan.calls, seconds=plan.patience)
        for batch in plan.batches:
            rounds = max(3, plan.engine // batch)
            found.batches[batch] = direct.ask("run", batch=batch, rounds=rounds, seconds=plan.patience)
        if plan.channels_last:
            reference.ask("lay_out_channels_last")
            reference.ask("measure", rounds=2, seconds=plan.patience)
            found.channels_last = reference.ask("measure", rounds=plan.reference, seconds=plan.patience)
    return found


def _ask_reference(reference: Child, plan: Plan, found: Times) -> None:
    for name, seconds in reference.ask("measure", rounds=plan.reference, seconds=plan.patience).items():
        found[name] += seconds
