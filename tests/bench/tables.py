"""Write a report as text that reads well on a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.bench.stages import REST

Report = Mapping[str, Any]
_BUSY = 0.05


def as_markdown(report: Report) -> str:
    """Return the whole report; tables that were not measured are left out."""
    return "\n".join([*_head(report), *_goals(report), *_tables(report)]) + "\n"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table whose columns are aligned, the first to the left."""
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(len(headings))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return "| " + " | ".join([first[0].ljust(first[1]), *(c.rjust(w) for c, w in others)]) + " |"

    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return [line(headings), line(ruler), *map(line, rows)]


def number(value: float) -> str:
    """Return three digits that count, and never an exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _head(report: Report) -> Iterator[str]:
    machine = report["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    settings = ", ".join(f"{name}={value}" for name, value in report["settings"].items())
    yield "# Benchmark"
    yield ""
    yield f"`{report['command']}`, {report['date']}"
    yield ""
    yield f"- {machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}"
    yield f"- Python {machine['python']}, {versions}"
    yield f"- Engine: {report['engine']} on the {report['device']} in {report['precision']}; {settings}"
    yield f"- Meanwhile other programs used {report['busy_for_others']:.1%} of the cores."
    if report["busy_for_others"] > _BUSY:
        yield "- **The machine was busy: these figures are not those of an idle one.**"


def _goals(report: Report) -> Iterator[str]:
    yield "\n## Goals\n"
    rows = [
        [
            goal["name"],
            f"{number(goal['measured'])} {goal['unit']}".strip(),
            f"{'≥' if goal['at_least'] else '≤'} {number(goal['goal'])} {goal['unit']}".strip(),
            "" if goal["ratio"] is None else number(goal["ratio"]),
            "yes" if goal["met"] else "**no**",
        ]
        for goal in report["goals"]
    ]
    yield from table(["", "measured", "goal", "ratio", "met"], rows)


def _tables(report: Report) -> Iterator[str]:
    yield "\n## One film\n"
    yield from table(["", "median ms", "p90 ms", "p99 ms", "times"], list(_one_film(report)))
    yield (
        "\nThe reference request is two forward passes and a third with Grad-CAM by autograd, in eager torch "
        "and float32 on all cores, without HTTP, decoding or pictures; its turns lie between the service's."
    )
    many = report["many_clients"]
    yield (
        f"\n{many['clients']} clients between those turns: {number(many['films_a_second'])} films/s, "
        f"p50 {number(many['median_ms'])} ms, p99 {number(many['p99_ms'])} ms, {many['failures']} failures. "
        f"They took {many['share_of_cores']:.1%} of the cores themselves."
    )
    yield "\n## Stages of a film, mean ms\n"
    yield from table(["cam", *_stage_names(report), "sum"], list(_stages(report)))
    yield "\nOf one client, by the service's own `/metrics`.\n"
    calls = report["calls"]
    yield from table(
        ["direct call", "median ms"], [[name, number(took)] for name, took in sorted(calls.items())]
    )
    yield "\nAll but `explain` in CPU time of one core."
    yield "\n## Clients\n"
    yield from table(["clients", *_SPEED], [[str(row["clients"]), *_speed(row)] for row in report["clients"]])
    kind = "PSS" if report["clients"][0]["is_pss"] else "RSS"
    yield f"\nMemory: {kind} of all processes of the service together, the most that was seen."
    if "sizes" in report:
        yield from _sizes(report)
    if report["batches"]:
        yield from _batches(report)
    if "workers" in report:
        yield "\n## Workers, 16 clients\n"
        rows = [[str(row["workers"]), *_speed(row)] for row in report["workers"]]
        yield from table(["workers", *_SPEED], rows)
    starts = ", ".join(f"{ms / 1000:.2f}" for ms in report["cold_starts"])
    yield (
        f"\n## Cold start\n\nFrom the start of gunicorn to the first answer: {starts} s. "
        "The exported networks lay on disk and the files in the page cache, as after any earlier start."
    )


_SPEED = ("films/s", "p50 ms", "p99 ms", "failures", "memory MB")


def _speed(row: Report) -> list[str]:
    times = [number(row[name]) for name in ("films_a_second", "median_ms", "p99_ms")]
    return [*times, str(row["failures"]), f"{row['memory_mb']:.0f}"]


def _one_film(report: Report) -> Iterator[list[str]]:
    found = {
        "reference request": report["reference"]["request"],
        "of it, two forward passes": report["reference"]["forward"],
    }
    if report["channels_last"]:
        found["reference request, channels last"] = report["channels_last"]["request"]
        found["of it, two forward passes, channels last"] = report["channels_last"]["forward"]
    found["engine alone"] = report["engine_alone"]
    found["POST /predict, one client"] = report["one_client"]
    for name, took in found.items():
        times = [number(took[each]) for each in ("median_ms", "p90_ms", "p99_ms")]
        yield [name, *times, str(took["count"])]


def _stage_names(report: Report) -> list[str]:
    return [name for name in report["stages"]["both"] if name != REST] + [REST]


def _stages(report: Report) -> Iterator[list[str]]:
    names = _stage_names(report)
    for cam, stages in report["stages"].items():
        found = [stages.get(name, 0.0) for name in names]
        yield [cam, *map(number, found), number(sum(found))]


def _sizes(report: Report) -> Iterator[str]:
    yield "\n## Size of the film, one client\n"
    rows = [
        [
            f"{row['megapixels']:g}",
            row["pixels"],
            number(row["kib"]),
            *(number(row[name]) for name in ("median_ms", "p90_ms")),
            str(row["failures"]),
        ]
        for row in report["sizes"]
    ]
    yield from table(["megapixels", "pixels", "KiB", "median ms", "p90 ms", "failures"], rows)
    yield f"\nMemory under 16 clients after these: {report['after_sizes']['memory_mb']:.0f} MB."


def _batches(report: Report) -> Iterator[str]:
    yield "\n## Films handed over together, the engine alone\n"
    rows = [
        [str(row["batch"]), *(number(row[name]) for name in ("ms", "ms_a_film", "films_a_second"))]
        for row in report["batches"]
    ]
    yield from table(["films at once", "ms", "ms a film", "films/s"], rows)
