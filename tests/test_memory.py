"""Memory is flat, and a leak is seen; `python -m tests.soak memory` is the long form, with the networks."""

from __future__ import annotations

from tests.soak.apps import LEAKED_BYTES
from tests.soak.memory import growth, service

MOST_MIB = 8
WARM_UP, REQUESTS = 600, 900
# The allocator gives back at once what was freed, so that a short run shows what is still held.
GIVEN_BACK = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "65536"}
SETTINGS = {**GIVEN_BACK, "THREADS": "8", "LOG_LEVEL": "ERROR"}


def test_mixed_requests_leave_nothing_behind() -> None:
    with service("tests.soak.apps:fast()", **SETTINGS) as up:
        assert growth(up, WARM_UP, REQUESTS) < MOST_MIB
    assert up.lost == 0
    assert all(200 <= said < 500 for said in up.statuses), up.statuses
    assert {200, 400, 404, 415, 422} <= set(up.statuses)


def test_a_planted_leak_is_seen() -> None:
    with service("tests.soak.apps:leaking()", **SETTINGS) as up:
        grown = growth(up, WARM_UP, REQUESTS)
    assert grown > max(MOST_MIB, 0.9 * REQUESTS * LEAKED_BYTES / 2**20)
