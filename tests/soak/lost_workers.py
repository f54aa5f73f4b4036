"""Kill workers and stop them for good under load: what each costs, and when the service is whole again."""

from __future__ import annotations

import signal
import time
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from tests.e2e.service import Senders, Service, until
from tests.soak.films import Films
from tests.test_metrics import total, value

REASONS = {signal.SIGKILL: "died", signal.SIGSTOP: "silent"}


@dataclass(frozen=True)
class Loss:
    """A worker that went: what it had under way, what was lost of that, and how it was made good."""

    reason: str
    under_way: int
    lost: int
    counted: bool
    answered_meanwhile: int
    seconds_until_noticed: float
    seconds_from_notice: float
    """Until as many workers as before live, all with their networks, and films are answered."""

    @property
    def seconds_from_death(self) -> float:
        return round(self.seconds_until_noticed + self.seconds_from_notice, 2)


def lose_workers(
    service: Service, films: Films, signals: list[signal.Signals], clients: int, pause_seconds: float
) -> dict[str, Any]:
    """Send each signal to a busy worker, one after the other, under the load of some clients."""
    senders = Senders(service, clients, films)
    with senders.sending(pause_seconds):
        losses = []
        for number in signals:
            so_far = senders.statuses()[200]
            until(lambda least=so_far + 5 * clients: senders.statuses()[200] >= least)
            losses.append(_lose_one(service, senders, number))
        so_far = senders.statuses()[200]
        until(lambda: senders.statuses()[200] >= so_far + 5 * clients)
    return {
        "clients": clients,
        "answers": len(senders.answers),
        "statuses": {str(status): count for status, count in sorted(senders.statuses().items())},
        "lost": len(senders.lost),
        "losses": [{**asdict(each), "seconds_from_death": each.seconds_from_death} for each in losses],
    }


def _lose_one(service: Service, senders: Senders, number: signal.Signals) -> Loss:
    workers, before = len(service.workers()), service.metrics()
    lost_before, reason = len(senders.lost), REASONS[number]
    victim = until(lambda: _busy(service))
    victim.send_signal(signal.SIGSTOP)  # the dead one too, for a moment: what it has is counted, exactly
    under_way = len(connections(victim))
    began, answered_before = time.monotonic(), senders.statuses()[200]
    victim.send_signal(number)
    until(lambda: not psutil.pid_exists(victim.pid))  # the master has buried it; a silent one, killed it too
    heard = time.monotonic()
    loads = total(before, "model_loads_total", outcome="success") + 1
    until(lambda: whole(service, senders.film(0), workers, loads))
    ended, answered = time.monotonic(), senders.statuses()[200]
    restarts = {each: (value(before, "worker_restarts_total", reason=each) or 0) for each in REASONS.values()}
    restarts[reason] += 1
    after = service.metrics()
    return Loss(
        reason=reason,
        under_way=under_way,
        lost=len(senders.lost) - lost_before,
        counted=all(value(after, "worker_restarts_total", reason=each) == n for each, n in restarts.items()),
        answered_meanwhile=answered - answered_before,
        seconds_until_noticed=round(heard - began, 2),
        seconds_from_notice=round(ended - heard, 2),
    )


def whole(service: Service, film: bytes, workers: int, loads: float) -> bool:
    """Return whether as many workers as before live, all with their networks, and films are answered."""
    if len(service.workers()) != workers:
        return False
    samples = service.metrics()
    return (
        value(samples, "workers") == workers
        and total(samples, "model_loads_total", outcome="success") >= loads
        and service.ask("/ready").status == 200
        and service.post(film).status == 200
    )


def connections(worker: psutil.Process) -> list[Any]:
    """Return the connections that a worker has accepted, and whose clients still hold them."""
    return [each for each in worker.net_connections("tcp") if each.status == psutil.CONN_ESTABLISHED]


def _busy(service: Service) -> psutil.Process | None:
    """Return the worker that has most under way, if any has."""
    numbers = {worker: len(connections(worker)) for worker in service.workers()}
    busiest = max(numbers, key=numbers.__getitem__)
    return busiest if numbers[busiest] else None
