"""Sixty-four clients, most of whom leave at random, and slow senders beside them, before the real nginx.

Who behaves gets an answer to everything: a reading, or a refusal that says when to come again. Each has a
film of its own, whose reading it knows from when it was alone, so that another's would be noticed.
"""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
import threading
import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

from PIL import Image

from backend.inference.synthetic import draw_chest_film
from tests.e2e.container import Container, container
from tests.soak.corpus import encoded, seeds
from tests.soak.marked import form, post
from tests.soak.slow import PACE_SECONDS, SlowSenders
from tests.soak.wire import abandon, send, status

WELL_BEHAVED, LEAVING, SLOW = 16, 48, 200
SECONDS = 120
_AT_LEAST = 3  # requests of each, however slow the machine is
_LEAVE_LATE = 0.3
OK = 200
SAME = 0.001
"""How far a probability may be from that of the same film alone."""
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
    own = [own_film(number) for number in range(well_behaved)]
    alone = [probabilities(send(up.port, post(film, "/predict?cam=none"))) for film in own]
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
            is_own = dice.random() < 0.5
            film = (own[number] if is_own else dice.choice(films)) + dice.randbytes(8)  # unknown to the cache
            request = post(film, "/predict?cam=map") if dice.random() < 0.5 else form(film, FILE)
            said, answer = _said(up.port, request, False, f"127.1.0.{number + 1}")
            with lock:
                statuses[said] += 1
                if said == OK:
                    counts["compared"] += is_own
                    counts["mixed up"] += not belongs(answer, film, alone[number] if is_own else None)

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
        "compared_with_the_film_alone": counts["compared"],
        "readings_that_differ": len({tuple(each.values()) for each in alone}),
        "answers_of_another": counts["mixed up"],
        "passed": lost == counts["mixed up"] == 0
        and counts["compared"] > 0
        and statuses[200] >= _READ * sum(statuses.values())
        and slow_senders.fragments > slow,
    }


FILE = 'name="file"; filename="film.png"'


def own_film(number: int) -> bytes:
    """Return a client's film, which is like no other's."""
    film = Image.fromarray(draw_chest_film(448, 512, opacity=number % 2 == 0, seed=number))
    return encoded(film, "JPEG" if number % 3 else "PNG")


def probabilities(answer: bytes) -> dict[str, float]:
    found: dict[str, float] = json.loads(answer.partition(b"\r\n\r\n")[2])["probabilities"]
    return found


def belongs(answer: bytes, film: bytes, alone: dict[str, float] | None) -> bool:
    """Say whether an answer is of this film, and, where it is known, what is said of it alone."""
    body = json.loads(answer.partition(b"\r\n\r\n")[2])
    if body["provenance"]["image_sha256"] != hashlib.sha256(film).hexdigest():
        return False
    return alone is None or all(abs(body["probabilities"][each] - p) < SAME for each, p in alone.items())


def _said(port: int, request: bytes, leaves: bool, source: str) -> tuple[int, bytes]:
    try:
        answer = send(port, request, leaves, source)
    except OSError:
        return 0, b""
    said = status(answer)
    when = b"\r\nretry-after: " in answer.partition(b"\r\n\r\n")[0].lower()
    # Who is not told when to come again is lost.
    return (said if when or said not in {429, 503} else 0), answer


def run() -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as folder,
        container(Path(folder), WARM_UP="1", CLIENT_RATE="1000", CLIENT_BURST="1000") as up,
    ):
        return load(up, WELL_BEHAVED, LEAVING, SLOW, SECONDS)
