"""Stop the service under load: what is under way is answered, and how soon it is gone."""

from __future__ import annotations

import http.client
import select
import signal
import time
from collections import Counter
from typing import Any

from tests.e2e.service import PATIENCE, Senders, Sent, Service, until
from tests.soak.films import Films


def stop(service: Service, films: Films, under_way: int, comers: int) -> dict[str, Any]:
    """Tell the service to stop while it has so many films, and while others go on to come."""
    until(lambda: service.value("ready") == 1)
    sent = [Sent(service.url, films(number)) for number in range(under_way)]
    until(lambda: _taken(service, sent) >= under_way)
    senders = Senders(service, comers, films)
    with senders.sending():
        service.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        statuses = Counter(map(_status, sent))
        code = service.process.wait(timeout=PATIENCE)
        seconds = time.monotonic() - began
    turned_away = sum(error == "ConnectionRefusedError" for _, error in senders.lost)
    return {
        "under_way": under_way,
        "answered": statuses[200],
        "lost": statuses[0],
        "seconds": round(seconds, 2),
        "exit_status": code,
        "late": {str(status): count for status, count in sorted(senders.statuses().items())},
        "late_cut_off": len(senders.lost) - turned_away,
    }


def _taken(service: Service, sent: list[Sent]) -> int:
    """Return how many of the films are answered or under way; asked in this order none counts twice."""
    answered, _, _ = select.select([each.socket for each in sent], [], [], 0)
    return len(answered) + int(service.value("http_requests_in_flight") or 0)


def _status(sent: Sent) -> int:
    """Return the status that a film was answered with; 0 for none."""
    try:
        return sent.answer().status
    except (OSError, http.client.HTTPException):
        return 0
