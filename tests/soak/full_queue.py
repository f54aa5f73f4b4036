"""Send more at once than may wait: how soon who is too many is refused, and how soon probes are answered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median, quantiles
from typing import Any

from tests.e2e.service import Answer, Senders, Service
from tests.soak.films import Films

PROBES = ("/health", "/ready", "/metrics")


def fill_queue(
    service: Service, films: Films, clients: int, seconds: float, pause_seconds: float
) -> dict[str, Any]:
    """Have so many clients come at once, and again after a pause, and probe the service meanwhile."""
    senders = Senders(service, clients, films)
    probes: dict[str, list[Answer]] = {path: [] for path in PROBES}
    until = time.monotonic() + seconds
    with senders.sending(pause_seconds):
        while time.monotonic() < until:
            for path in PROBES:
                probes[path].append(service.ask(path))
            time.sleep(0.05)
    refused = [each for each in senders.answers if each.status == 503]
    return {
        "clients": clients,
        "seconds": seconds,
        "statuses": {str(status): count for status, count in sorted(senders.statuses().items())},
        "lost": len(senders.lost),
        "refused_as_full": int(service.value("films_turned_away_total", reason="full") or 0),
        "told_when_to_come_again": all(int(each.headers["Retry-After"]) > 0 for each in refused),
        "refused_ms": spread(refused),
        "probes_ms": {path: spread(found) for path, found in probes.items()},
        "probes_answered": all(each.status == 200 for found in probes.values() for each in found),
    }


def spread(answers: Sequence[Answer]) -> dict[str, float]:
    """Return how long answers took, in milliseconds."""
    taken = [each.seconds * 1000 for each in answers]
    if len(taken) < 2:
        return {"count": len(taken)}
    found = {"median": median(taken), "p95": quantiles(taken, n=20)[-1], "max": max(taken)}
    return {"count": len(taken), **{name: round(value, 1) for name, value in found.items()}}
