"""Read the time of each stage of a film out of /metrics, between two looks."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

_STAGES = "pneumonet_stage_duration_seconds"
_REQUESTS = "pneumonet_http_request_duration_seconds"
REST = "rest"
"""What belongs to no stage: reading the request, threads that wait, the log line."""


def mean_stages(before: str, after: str) -> dict[str, float]:
    """Return the mean milliseconds of each stage of the films in between, and of what is left of each."""
    earlier, later = _totals(before), _totals(after)
    films = later["", "count"] - earlier.get(("", "count"), 0)
    if not films:
        raise ValueError("no film was answered in between")
    means = {
        stage: (seconds - earlier.get((stage, what), 0)) / films * 1000
        for (stage, what), seconds in later.items()
        if what == "sum"
    }
    whole = means.pop("")
    return {**means, REST: whole - sum(means.values())}


def _totals(metrics: str) -> dict[tuple[str, str], float]:
    """Return sums and counts by stage; the whole request has no name."""
    totals = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            what = sample.name.rpartition("_")[2]
            if what not in {"sum", "count"}:
                continue
            if family.name == _STAGES:
                totals[sample.labels["stage"], what] = sample.value
            elif family.name == _REQUESTS and sample.labels["route"] == "/predict":
                totals["", what] = sample.value
    return totals
