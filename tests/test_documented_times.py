"""How long the service waits is what its documents say."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.app import limits, readiness, stores, tokens
from backend.silent_workers import STOPPED_SECONDS
from backend.worker import HUNG_SECONDS

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("document", "words", "seconds", "said"),
    [
        ("README.md", "whenever `/ready` is asked, at most every five seconds", readiness.RETRY_SECONDS, 5),
        ("docs/access.md", "clocks may differ by 30 s", tokens._LEEWAY_SECONDS, 30),
        ("docs/access.md", "kept for ten minutes", tokens._KEPT_SECONDS, 600),
        ("docs/access.md", "While the provider does not answer (3 s)", tokens.FETCH_SECONDS, 3),
        ("docs/access.md", "0.25 s", limits.REDIS_SECONDS, 0.25),
        ("docs/design.md", "It has 50 ms to answer", stores.PATIENCE_SECONDS, 0.05),
        ("docs/design.md", "it is let alone for five seconds", stores.ASK_AGAIN_SECONDS, 5),
        ("docs/design.md", "more than 10 ms five times in a row", stores.SLOW_SECONDS, 0.01),
        ("docs/deployment.md", "longer than 10 ms to answer five times in a row", stores.SLOW_ANSWERS, 5),
        ("docs/design.md", "outlasted its deadline by three seconds", HUNG_SECONDS, 3),
        ("docs/deployment.md", "for 1.3 s if nothing in it wants to run", STOPPED_SECONDS, 1.3),
        ("docs/deployment.md", "load the networks within five minutes", readiness.LOADING_SECONDS, 300),
    ],
)
def test_a_time_is_the_one_that_is_said(document: str, words: str, seconds: float, said: float) -> None:
    assert words in (ROOT / document).read_text()
    assert seconds == said
