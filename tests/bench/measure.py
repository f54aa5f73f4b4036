"""Measure the service, and put everything that was found into one report."""

from __future__ import annotations

import os
from dataclasses import asdict
from statistics import median
from typing import Any

from tests.bench import machine, rows
from tests.bench.films import jpeg
from tests.bench.goals import Measured, as_row, goals
from tests.bench.plan import FULL_RESOLUTION, MANY_CLIENTS, Plan, say
from tests.bench.samples import summarise
from tests.bench.service import SETTINGS, first_answer, serving
from tests.bench.turns import Turns, take_turns

Report = dict[str, Any]
CAMS = ("both", "map", "none")
_SET_BY_USERS = ("ENGINE", "ENGINE_THREADS", "WORKERS", "THREADS", "WARM_UP", "OMP_NUM_THREADS")


def measure(plan: Plan) -> Report:
    """Return the report; times are in milliseconds."""
    others = machine.Others()
    report: Report = {**machine.origin(), "machine": machine.describe(), "settings": _settings()}
    film = jpeg(*FULL_RESOLUTION)
    with serving() as service:
        first_answer(service, film)
        turns = take_turns(plan, service, film)
        say("stages of a film")
        report["stages"] = {cam: rows.stages_of(plan, service, film, cam) for cam in CAMS}
        say("numbers of clients")
        report["clients"] = [rows.of_clients(plan, service, film, number) for number in plan.clients]
        if plan.sizes:
            say("sizes of films")
            report["sizes"] = [rows.of_size(plan, service, megapixels) for megapixels in plan.sizes]
            report["after_sizes"] = rows.of_clients(plan, service, film, MANY_CLIENTS)
    say("cold starts")
    report["cold_starts"] = [rows.cold_start(film) for _ in range(plan.cold_starts)]
    if plan.workers:
        say("numbers of workers")
        report["workers"] = [rows.of_workers(plan, film, number) for number in plan.workers]
    report["busy_for_others"] = others.share()
    report |= _of_turns(turns, report["machine"]["cores"])
    report["goals"] = [as_row(goal) for goal in goals(_found(report))]
    return report


def _of_turns(turns: Turns, cores: int) -> Report:
    one, many = turns.one, turns.many
    return {
        **turns.about,
        "reference": {name: asdict(summarise(each)) for name, each in turns.reference.items()},
        "channels_last": {name: asdict(summarise(each)) for name, each in turns.channels_last.items()},
        "engine_alone": asdict(summarise(turns.engine)),
        "batches": [rows.of_batch(batch, seconds) for batch, seconds in turns.batches.items()],
        "calls": {name: summarise(each).median_ms for name, each in turns.calls.items()},
        "one_client": {
            **asdict(summarise(one.durations)),
            "failures": one.failures.total(),
            "reasons": dict(one.failures),
            "answers_ms": [round(seconds * 1000, 2) for seconds in one.durations],
        },
        "many_clients": {
            "clients": many.clients,
            **asdict(summarise(many.durations)),
            "films_a_second": many.films_a_second,
            "failures": many.failures.total(),
            "reasons": dict(many.failures),
            "share_of_cores": many.client_seconds / many.seconds / cores,
        },
    }


def _found(report: Report) -> Measured:
    one, many, calls = report["one_client"], report["many_clients"], report["calls"]
    return Measured(
        precision=report["precision"],
        reference=report["reference"]["request"]["median_ms"],
        forward=report["reference"]["forward"]["median_ms"],
        engine=report["engine_alone"]["median_ms"],
        predict=one["median_ms"],
        films_a_second=many["films_a_second"],
        many_p50=many["median_ms"],
        many_p99=many["p99_ms"],
        failures=one["failures"] + many["failures"] + sum(row["failures"] for row in report["clients"]),
        explain=calls["explain"],
        pictures=calls["pictures"],
        heatmap=calls["heatmap"],
        stages=report["stages"],
        cold_start=median(report["cold_starts"]),
        memory_mb=max(row["memory_mb"] for row in report["clients"]),
    )


def _settings() -> dict[str, str]:
    """Return what is not at its default: set here, or by whoever runs this."""
    return {**{name: os.environ[name] for name in _SET_BY_USERS if name in os.environ}, **SETTINGS}
