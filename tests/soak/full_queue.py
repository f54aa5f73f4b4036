"""Send more at once than may wait: how soon who is too many is refused, and how soon probes are answered.

The crowd has a process of its own and the lowest priority; here are a few clients more, with a clock.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median, quantiles
from typing import Any

from tests.e2e.service import Answer, Senders, Service, until
from tests.soak.crowd import crowd
from tests.soak.films import ordinary

PROBES = ("/health", "/ready", "/metrics")
_TIMED = 8
_BETWEEN_SECONDS = 0.05


def fill_queue(
    service: Service, clients: int, seconds: float, pause_seconds: float, height: int = 512
) -> dict[str, Any]:
    """Have so many clients come at once, and again after a pause; send a few more films, and probes."""
    timed = Senders(service, _TIMED, ordinary(height))
    probes: dict[str, list[Answer]] = {path: [] for path in PROBES}
    with crowd(service.url, clients, pause_seconds, height) as many:
        until(lambda: refused_as_full(service))
        with _uncollected(), timed.sending(_BETWEEN_SECONDS):
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for path in PROBES:
                    probes[path].append(service.ask(path))
                    time.sleep(_BETWEEN_SECONDS)
    refused = [each for each in timed.answers if each.status == 503]
    statuses = Counter(many.statuses) + Counter(
        {str(status): count for status, count in timed.statuses().items()}
    )
    return {
        "clients": clients + _TIMED,
        "seconds": seconds,
        "statuses": dict(sorted(statuses.items())),
        "lost": many.lost + len(timed.lost),
        "refused_as_full": refused_as_full(service),
        "told_when_to_come_again": many.told_when_to_come_again
        and all(int(each.headers["Retry-After"]) > 0 for each in refused),
        "refused_ms": spread(refused),
        "probes_ms": {path: spread(found) for path, found in probes.items()},
        "probes_answered": all(each.status == 200 for found in probes.values() for each in found),
    }


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python's collector from all that the tests have imported: the clock would count its 0.3 s."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def refused_as_full(service: Service) -> int:
    return int(service.value("films_turned_away_total", reason="full") or 0)


def spread(answers: Sequence[Answer]) -> dict[str, float]:
    """Return how long answers took, in milliseconds."""
    taken = [each.seconds * 1000 for each in answers]
    if len(taken) < 2:
        return {"count": len(taken)}
    found = {"median": median(taken), "p95": quantiles(taken, n=20)[-1], "max": max(taken)}
    return {"count": len(taken), **{name: round(value, 1) for name, value in found.items()}}
