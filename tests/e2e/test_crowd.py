"""Clients that leave and senders that never end cost nobody else an answer.

`python -m tests.soak clients` is the long form, with 64.
"""

from __future__ import annotations

from pathlib import Path

from tests.e2e.container import container, needs_nginx
from tests.soak.clients import load

pytestmark = needs_nginx


def test_who_behaves_gets_every_answer_beside_those_who_do_not(tmp_path: Path) -> None:
    with container(tmp_path, WARM_UP="1", CLIENT_RATE="1000", CLIENT_BURST="1000") as up:
        found = load(up, well_behaved=4, leaving=12, slow=50, seconds=1, pace_seconds=0.2)
    assert found["lost_answers"] == 0, found["statuses"]
    assert found["answers"] >= 12
    assert found["given_up"] >= 36
    assert found["fragments"] > 50
    assert found["passed"], found
