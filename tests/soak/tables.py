"""The rows of docs/reliability.md, made of the figures in docs/reliability: `python -m tests.soak.tables`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "docs" / "reliability"

Figures = dict[str, Any]

_SENTENCES: dict[str, list[tuple[str, Callable[[Figures], str]]]] = {
    "fuzz": [
        (
            "5: bad input does no harm",
            lambda f: (
                f"{f['inputs']:,} damaged files through the decoder: {len(f['faults'])} crashes, hangs or "
                f"other exceptions; at most {f['slowest_cpu_seconds']} s of CPU time and "
                f"{f['largest_mib']} MiB for one"
            ),
        )
    ],
    "memory": [
        (
            "4: memory is flat",
            lambda f: (
                f"{f['requests']:,} mixed requests after {f['warm_up']:,} to warm up: "
                f"{f['grown_mib']:+} MiB at most; {f['lost_answers']} lost answers"
            ),
        )
    ],
    "clients": [
        (
            "5: nobody pays for another client",
            lambda f: (
                f"{f['well_behaved']} clients that behave beside {f['leaving']} that leave at random and "
                f"{f['slow_senders']} senders that never end, for {f['seconds']} s: {f['answers']:,} "
                f"answers, {f['given_up']:,} requests given up ({f['given_up_after_the_whole_film']:,} of "
                f"them sent whole), {f['fragments']:,} fragments sent and {f['slow_senders_sent_away']:,} "
                f"slow senders sent away, {f['lost_answers']} lost answers; "
                f"{f['compared_with_the_film_alone']:,} answers held to that of the same film alone, "
                f"{f['answers_of_another']} of another"
            ),
        )
    ],
    "faults": [
        ("1: overload is refused early", lambda f: _overload(f["queue"])),
        ("2: a worker's end costs its own requests", lambda f: _ends(f["workers"])),
        ("3: stopping loses nothing", lambda f: _stops(f["stops"])),
        ("results: Redis costs nothing but the hit", lambda f: _redis(f["redis"])),
    ],
}


def _overload(f: Figures) -> str:
    probes = ", ".join(
        f"`{path}` {each['median']} ms (at most {each['max']})" for path, each in f["probes_ms"].items()
    )
    refused = f["refused_ms"]
    return (
        f"{f['clients']} clients at once where {f['limit']} may wait, for {f['seconds']} s: "
        f"{f['refused_as_full']:,} films refused, {refused['count']:,} of them timed: {refused['median']} ms "
        f"(median; 95% within {refused['p95']}, all within {refused['max']}); meanwhile {probes}; "
        f"{f['lost']} lost answers"
    )


def _ends(f: Figures) -> str:
    parts = []
    for reason, what in (("died", "killed"), ("silent", "stopped for good")):
        losses = [each for each in f["losses"] if each["reason"] == reason]
        heard, dead = (
            [each[name] for each in losses] for name in ("seconds_from_notice", "seconds_from_death")
        )
        parts.append(
            f"{len(losses)} workers {what}: whole again {median(heard)} s after the master noticed "
            f"(at most {max(heard)}), {median(dead)} s after it happened (at most {max(dead)})"
        )
    under_way, meanwhile = (
        sum(each[name] for each in f["losses"]) for name in ("under_way", "answered_meanwhile")
    )
    return (
        f"{'; '.join(parts)}; {f['lost']} requests lost, {under_way} were under way in them, "
        f"{meanwhile} answered by the other worker meanwhile"
    )


def _stops(stops: list[Figures]) -> str:
    under_way, answered, cut_off = (
        sum(each[name] for each in stops) for name in ("under_way", "answered", "late_cut_off")
    )
    late = sum(sum(each["late"].values()) for each in stops)
    return (
        f"{len(stops)} times SIGTERM with {stops[0]['under_way']} films under way: {answered} of {under_way} "
        f"answered, gone with status 0 within {max(each['seconds'] for each in stops)} s; of those who came "
        f"later {late:,} were told to come again, {cut_off} cut off as the door closed"
    )


def _redis(f: Figures) -> str:
    added = ", ".join(f"{stage} {ms:+} ms" for stage, ms in f["added_median_ms"].items())
    return (
        f"{f['answers']:,} films that no cache knows, with Redis, with it frozen and with it killed: "
        f"{f['lost']} lost answers; what that adds to the median of {f['median_ms']['well']} ms: {added}"
    )


def rows(folder: Path = FOLDER) -> list[str]:
    """Return the rows of each report: promise, figure, command."""
    found = []
    for file in sorted(folder.glob("*.json")):
        report = json.loads(file.read_text())
        for promise, sentence in _SENTENCES[report["scenario"]]:
            found.append(f"| {promise} | {sentence(report['figures'])} | `{report['command']}` |")
    return found


if __name__ == "__main__":
    print("\n".join(rows()))
