"""Set the gate's report in tables, as the model card shows them."""

from __future__ import annotations

from typing import Any


def as_markdown(report: dict[str, Any]) -> str:
    time = report["milliseconds"]
    parts = [
        "# The intake gate",
        f"`{report['command']}` with model {report['model_version']}, {report['engine']}, on "
        f"{report['processor']}. In brackets: 95% intervals (Wilson), images. It takes {time['gate']:.1f} "
        f"ms a film, the networks {time['networks']:.0f} ms.",
        _table("held-out films", "refused", report["films"]),
        _table("no frontal chest radiographs", "refused", report["others"]),
        _table("chest radiographs unlike those it knows", "refused", report["unseen"]),
        _table("held-out films made worse", "warned of", report["warnings"]),
        _table("warnings on held-out films as they are", "given", report["false_warnings"]),
    ]
    return "\n\n".join(parts) + "\n"


def _table(what: str, verb: str, rows: dict[str, Any]) -> str:
    lines = [f"| {what} | {verb} |", "| --- | --- |"]
    return "\n".join(lines + [f"| {name} | {_cell(found)} |" for name, found in rows.items()])


def _cell(found: dict[str, Any]) -> str:
    of = f" of {found['pictures']} pictures" if found.get("pictures") else ""
    return f"{found['share']:.1%} ({found['low']:.1%} to {found['high']:.1%}; {found['images']}{of})"
