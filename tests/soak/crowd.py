"""Clients in a process of their own: `python -m tests.soak.crowd URL CLIENTS PAUSE_SECONDS HEIGHT`.

They send films until their standard input ends, and then say what came back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.e2e.conftest import ROOT
from tests.e2e.service import Client, Senders
from tests.soak.films import ordinary


@dataclass
class Crowd:
    """What came back to all of them, once they have gone."""

    statuses: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    told_when_to_come_again: bool = False


@contextmanager
def crowd(url: str, clients: int, pause_seconds: float, height: int) -> Iterator[Crowd]:
    """Have so many clients send films of such a height, each again after a pause."""
    command = [sys.executable, "-m", "tests.soak.crowd", url, *map(str, (clients, pause_seconds, height))]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    found = Crowd()
    try:
        yield found
    finally:
        said, _ = process.communicate()
    found.__dict__.update(json.loads(said))


def _come(url: str, clients: int, pause_seconds: float, height: int) -> Crowd:
    # They stand for clients on other machines, who take nothing of the service's cores.
    os.nice(19)
    senders = Senders(Client(url), clients, ordinary(height))
    with senders.sending(pause_seconds):
        sys.stdin.read()
    refused = [each for each in senders.answers if each.status == 503]
    return Crowd(
        {str(status): count for status, count in sorted(senders.statuses().items())},
        len(senders.lost),
        all(int(each.headers["Retry-After"]) > 0 for each in refused),
    )


if __name__ == "__main__":
    _url, _clients, _pause, _height = sys.argv[1:]
    print(json.dumps(_come(_url, int(_clients), float(_pause), int(_height)).__dict__))
