"""Freeze and kill the Redis that the results lie in: nobody loses an answer, and what it costs in time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from tests.e2e.service import Answer, Senders, Service, until
from tests.redis_server import RedisServer
from tests.soak.films import Films

STAGES = ("well", "frozen", "well", "frozen", "well", "gone")


def lose_redis(
    service: Service,
    redis: RedisServer,
    films: Films,
    clients: int,
    seconds: float,
    pause_seconds: float,
    stages: Sequence[str] = STAGES,
) -> dict[str, Any]:
    """Load the service with films that no cache knows, by turns with Redis and without it."""
    at = {"well": redis.thaw, "frozen": redis.freeze, "gone": redis.kill}
    known = films(0)
    answers: dict[str, list[Answer]] = {stage: [] for stage in stages}
    hits = 0
    senders = Senders(service, clients, films)
    with senders.sending(pause_seconds):
        for stage in stages:
            at[stage]()
            if stage == "well":  # a Redis that failed is let alone for some seconds
                until(lambda: all(_hit(service, known) for _ in range(4)))
            so_far = len(senders.answers)
            time.sleep(seconds)
            until(lambda least=so_far + 5 * clients: len(senders.answers) >= least)
            answers[stage] += senders.answers[so_far:]
            hits += stage != "well" and _hit(service, known)
    seen = {stage: sorted(each.seconds for each in found) for stage, found in answers.items()}
    medians = {stage: round(median(found) * 1000, 1) for stage, found in seen.items()}
    return {
        "clients": clients,
        "answers": len(senders.answers),
        "statuses": {str(status): count for status, count in sorted(senders.statuses().items())},
        "lost": len(senders.lost),
        "hits_without_redis": hits,
        "median_ms": medians,
        "worst_ms": {stage: round(found[-1] * 1000, 1) for stage, found in seen.items()},
        "added_median_ms": {
            stage: round(found - medians["well"], 1) for stage, found in medians.items() if stage != "well"
        },
    }


def _hit(service: Service, film: bytes) -> bool:
    answer = service.post(film)
    assert answer.status == 200
    return answer.headers["X-Cache"] == "hit"
