"""Sixty-four clients, most of whom leave at random, and slow senders beside them, before the real nginx.

Who behaves gets an answer to everything: a reading, or a refusal that says when to come again.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

from tests.e2e.container import Container, container
from tests.soak.corpus import seeds
from tests.soak.marked import form, post
from tests.soak.slow import PACE_SECONDS, SlowSenders
from tests.soak.wire import abandon, send, status

WELL_BEHAVED, LEAVING, SLOW = 16, 48, 200
SECONDS = 120
_AT_LEAST = 3  # requests of each, however slow the machine is
_LEAVE_LATE = 0.3
_READ = 0.9
"""What share of the requests of those who behave has to be read, and not refused."""


def load(
    up: Container,
    well_behaved: int,
    leaving: int,
    slow: int,
    seconds: float,
    pace_seconds: float = PACE_SECONDS,
) -> dict[str, Any]:
    """Load the service for a while; return what the well-behaved got."""
    seeds()  # drawn now: they are not to take of the time
    until = time.monotonic() + seconds
    statuses: Counter[int] = Counter()
    counts: Counter[str] = Counter()
    lock = threading.Lock()

    def behave(number: int) -> None:
        dice = random.Random(number)
        films = [seeds()[name] for name in sorted(seeds()) if "1" not in name]
        for turn in count():
            if turn >= _AT_LEAST and time.monotonic() > until:
                return
            film = dice.choice(films) + dice.randbytes(8)  # none that the cache knows
            request = post(film, "/predict?cam=map") if dice.random() < 0.5 else form(film, FILE)
            said = _said(up.port, request, False, f"127.1.0.{number + 1}")
            with lock:
                statuses[said] += 1

    def leave(number: int) -> None:
        dice = random.Random(1000 + number)
        for turn in count():
            if turn >= _AT_LEAST and time.monotonic() > until:
                return
            source = f"127.2.0.{number + 1}"
            request = post(dice.choice(list(seeds().values())))
            # In the middle of a film, which nginx keeps to itself; or behind it, when gunicorn has it.
            how = "left late" if dice.random() < _LEAVE_LATE else "left early"
            try:
                if how == "left late":
                    abandon(up.port, request, source)
                else:
                    send(up.port, request, True, source)
            except OSError:
                how = "not let in"
            with lock:
                counts[how] += 1
            time.sleep(dice.random() / 5)

    threads = [threading.Thread(target=behave, args=(each,)) for each in range(well_behaved)]
    threads += [threading.Thread(target=leave, args=(each,)) for each in range(leaving)]
    slow_senders = SlowSenders(up.port, slow, pace_seconds)
    with slow_senders.sending():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lost = sum(count for said, count in statuses.items() if said not in {200, 422, 429, 503})
    return {
        "well_behaved": well_behaved,
        "leaving": leaving,
        "slow_senders": slow,
        "seconds": seconds,
        "answers": sum(statuses.values()) - lost,
        "given_up": counts["left early"] + counts["left late"],
        "given_up_after_the_whole_film": counts["left late"],
        "fragments": slow_senders.fragments,
        "slow_senders_sent_away": slow_senders.sent_away,
        "statuses": {str(said): count for said, count in sorted(statuses.items())},
        "lost_answers": lost,
        "passed": lost == 0
        and statuses[200] >= _READ * sum(statuses.values())
        and slow_senders.fragments > slow,
    }


FILE = 'name="file"; filename="film.png"'


def _said(port: int, request: bytes, leaves: bool, source: str) -> int:
    try:
        answer = send(port, request, leaves, source)
    except OSError:
        return 0
    said = status(answer)
    when = b"\r\nretry-after: " in answer.partition(b"\r\n\r\n")[0].lower()
    return said if when or said not in {429, 503} else 0  # who is not told when to come again is lost


def run() -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as folder,
        container(Path(folder), WARM_UP="1", CLIENT_RATE="1000", CLIENT_BURST="1000") as up,
    ):
        return load(up, WELL_BEHAVED, LEAVING, SLOW, SECONDS)
