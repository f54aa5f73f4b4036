"""What `python -m tests.soak faults` counts as a broken promise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.soak.faults import missing

Figures = dict[str, Any]


@pytest.fixture
def figures() -> Figures:
    """Return figures that keep every promise, as the parts of the scenario give them."""
    loss = {"lost": 2, "under_way": 3, "counted": True, "seconds_from_death": 4.9}
    probe = {"count": 9, "median": 9.0, "p95": 90.0, "max": 99.9}
    return {
        "workers": {"lost": 4, "statuses": {"200": 100}, "losses": [dict(loss), dict(loss)]},
        "redis": {"lost": 0, "statuses": {"200": 100}, "hits_without_redis": 0},
        "queue": {
            "lost": 0,
            "statuses": {"200": 100, "503": 50},
            "refused_as_full": 50,
            "told_when_to_come_again": True,
            "refused_ms": {**probe, "max": 49.9},
            "probes_ms": {path: dict(probe) for path in ("/health", "/ready", "/metrics")},
            "probes_answered": True,
        },
        "stops": [{"under_way": 24, "answered": 24, "seconds": 29.9, "exit_status": 0} for _ in range(2)],
    }


def test_figures_within_every_limit_break_none(figures: Figures) -> None:
    assert list(missing(figures)) == []


def one_more_lost(figures: Figures) -> None:
    loss = figures["workers"]["losses"][0]
    loss["lost"] = loss["under_way"] + 1
    figures["workers"]["lost"] = sum(each["lost"] for each in figures["workers"]["losses"])


def lost_between(figures: Figures) -> None:
    figures["workers"]["lost"] += 1


def uncounted(figures: Figures) -> None:
    figures["workers"]["losses"][-1]["counted"] = False


def slow_to_be_whole(figures: Figures) -> None:
    figures["workers"]["losses"][-1]["seconds_from_death"] = 5.1


def lost_with_redis(figures: Figures) -> None:
    figures["redis"]["lost"] = 1


def another_status_with_redis(figures: Figures) -> None:
    figures["redis"]["statuses"]["503"] = 1


def a_redis_that_was_there(figures: Figures) -> None:
    figures["redis"]["hits_without_redis"] = 1


def lost_in_the_crowd(figures: Figures) -> None:
    figures["queue"]["lost"] = 1


def nobody_refused(figures: Figures) -> None:
    del figures["queue"]["statuses"]["503"]


def refused_for_another_reason(figures: Figures) -> None:
    figures["queue"]["refused_as_full"] -= 1


def not_told_when_to_come_again(figures: Figures) -> None:
    figures["queue"]["told_when_to_come_again"] = False


def a_probe_unanswered(figures: Figures) -> None:
    figures["queue"]["probes_answered"] = False


def refused_late(figures: Figures) -> None:
    figures["queue"]["refused_ms"]["max"] = 50.0


def probed_late(figures: Figures) -> None:
    figures["queue"]["probes_ms"]["/ready"]["max"] = 100.0


def unanswered_at_the_end(figures: Figures) -> None:
    figures["stops"][0]["answered"] -= 1


def slow_to_go(figures: Figures) -> None:
    figures["stops"][-1]["seconds"] = 30.1


def gone_badly(figures: Figures) -> None:
    figures["stops"][-1]["exit_status"] = 1


@pytest.mark.parametrize(
    "harm",
    [
        one_more_lost,
        lost_between,
        uncounted,
        slow_to_be_whole,
        lost_with_redis,
        another_status_with_redis,
        a_redis_that_was_there,
        lost_in_the_crowd,
        nobody_refused,
        refused_for_another_reason,
        not_told_when_to_come_again,
        a_probe_unanswered,
        refused_late,
        probed_late,
        unanswered_at_the_end,
        slow_to_go,
        gone_badly,
    ],
    ids=lambda harm: harm.__name__,
)
def test_a_figure_past_its_limit_is_seen(figures: Figures, harm: Callable[[Figures], None]) -> None:
    harm(figures)
    assert list(missing(figures))
