"""Clients that leave and senders that never end cost nobody else an answer.

`python -m tests.soak clients` is the long form, with 64.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tests.e2e.container import container, needs_nginx
from tests.soak.clients import belongs, load


@needs_nginx
def test_who_behaves_gets_every_answer_beside_those_who_do_not(tmp_path: Path) -> None:
    with container(tmp_path, WARM_UP="1", CLIENT_RATE="1000", CLIENT_BURST="1000") as up:
        found = load(up, well_behaved=4, leaving=12, slow=50, seconds=1, pace_seconds=0.2)
    assert found["lost_answers"] == 0, found["statuses"]
    assert found["answers"] >= 12
    assert found["given_up"] >= 36
    assert found["fragments"] > 50
    assert found["compared_with_the_film_alone"] > 0
    assert found["readings_that_differ"] == 4
    assert found["answers_of_another"] == 0
    assert found["passed"], found


def test_an_answer_of_another_is_noticed() -> None:
    said = {"NORMAL": 0.25, "VIRAL PNEUMONIA": 0.75}
    answer = (
        b"HTTP/1.1 200 OK\r\n\r\n"
        + json.dumps(
            {"probabilities": said, "provenance": {"image_sha256": hashlib.sha256(b"mine").hexdigest()}}
        ).encode()
    )
    assert belongs(answer, b"mine", None)
    assert belongs(answer, b"mine", said)
    assert not belongs(answer, b"another's", None)
    assert not belongs(answer, b"mine", {"NORMAL": 0.26, "VIRAL PNEUMONIA": 0.74})
