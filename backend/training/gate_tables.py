"""Set the gate's report in tables, as the model card shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.inference.corrections import Correction
from backend.inference.gate import WRONG_POSES
from backend.training.degradations import DEGRADATIONS
from backend.training.perturbations import PERTURBATIONS


def name_of(pose: Correction) -> str:
    """Return how a table calls films that this correction puts right."""
    return "inverted" if pose == "invert" else f"turned, {pose} mends it"


def name_of_part(pose: Correction) -> str:
    """Return how a table calls parts of such films."""
    return f"cut off and {name_of(pose)}"


def told(films: str) -> str:
    """Return how a table calls it that such films are answered with the correction they need."""
    return f"{films}: told"


WARNED_OF = {
    **{name_of(pose): 0.95 for pose in WRONG_POSES},
    **{name: each.told_at_least for name, each in DEGRADATIONS.items()},
}
"""How often films that are turned, inverted or degraded should be answered with the warning, at least."""

CUT_OFF_FOR_TURNED = "whole, turned or inverted: called cut off"
CUT_OFF_FOR_DEGRADED = "whole, degraded: called cut off"
TURNED_FOR_CUT_OFF = "cut off, upright: called turned or inverted"
TURNED_FOR_DEGRADED = "degraded, cut off among them, upright: called turned or inverted"
FALSE_OF_PARTS = (CUT_OFF_FOR_TURNED, CUT_OFF_FOR_DEGRADED, TURNED_FOR_CUT_OFF, TURNED_FOR_DEGRADED)
TOLD_OF_PARTS = {told(name_of_part(pose)): 0.9 for pose in WRONG_POSES}
"""How often a part of a film should be answered with the correction it needs, at least."""

REFUSED_OF = {"as they are": 0.003, **dict.fromkeys([*PERTURBATIONS, *WARNED_OF], 0.01)}
"""How many held-out films should be refused, at most, by what was done to them."""


def as_markdown(report: dict[str, Any]) -> str:
    parts = ["# The intake gate", measured(report), aims(report), *(part(report) for part in TABLES.values())]
    return "\n\n".join(parts) + "\n"


def measured(report: dict[str, Any]) -> str:
    """Return what was measured with, and what the brackets are."""
    time = report["milliseconds"]
    return (
        f"`{report['command']}` with model {report['model_version']}, {report['engine']}, on "
        f"{report['processor']}. In brackets: 95% intervals (Wilson), images. They take images for "
        "independent, which parts of one picture and films of one patient are not: for other pictures and "
        f"patients they are too narrow. The gate takes {time['gate']:.1f} ms a film, the networks "
        f"{time['networks']:.0f} ms."
    )


def aims(report: dict[str, Any]) -> str:
    """Return which of the shares that were aimed at were reached, and which were not."""
    films, others, false = report["films"], report["others"], report["false_warnings"]
    found = [
        *(
            (f"films refused, {name}, at most", most, films[name]["share"], False)
            for name, most in REFUSED_OF.items()
        ),
        (
            "photographs and documents refused, at least",
            0.99,
            others["photograph or document"]["share"],
            True,
        ),
        ("CT slices refused, at least", 0.90, others["CT slice"]["share"], True),
        *((f"false `{code}`, at most", 0.02, each["share"], False) for code, each in false.items()),
        *((f"{what}, at most", 0.02, report["parts"][what]["share"], False) for what in FALSE_OF_PARTS),
        *(
            (f"answered with the warning, {what}, at least", aim, report["warnings"][what]["share"], True)
            for what, aim in WARNED_OF.items()
        ),
        *(
            (f"{what}, at least", aim, report["parts"][what]["share"], True)
            for what, aim in TOLD_OF_PARTS.items()
        ),
    ]
    missed = [
        f"{what} {aim:.1%}: {share:.1%}"
        for what, aim, share, at_least in found
        if (share < aim if at_least else share > aim)
    ]
    if not missed:
        return f"All {len(found)} shares that were aimed at were reached."
    return f"Of {len(found)} shares that were aimed at these were missed: {'; '.join(missed)}."


def _table(what: str, verb: str, rows: dict[str, Any]) -> str:
    lines = [f"| {what} | {verb} |", "| --- | --- |"]
    return "\n".join(lines + [f"| {name} | {_cell(found)} |" for name, found in rows.items()])


def _cell(found: dict[str, Any]) -> str:
    of = f" of {found['pictures']} pictures" if found.get("pictures") else ""
    return f"{found['share']:.1%} ({found['low']:.1%} to {found['high']:.1%}; {found['images']}{of})"


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "films": lambda report: _table("held-out films", "refused", report["films"]),
    "others": lambda report: _table("no frontal chest radiographs", "refused", report["others"]),
    "unseen": lambda report: _table("chest radiographs unlike those it knows", "refused", report["unseen"]),
    "warnings": lambda report: _table(
        "held-out films made worse", "answered with the warning", report["warnings"]
    ),
    "false-warnings": lambda report: _table(
        "warnings on held-out films as they are", "given", report["false_warnings"]
    ),
    "parts": lambda report: _table(
        "held-out films, degraded or turned or both", "how often", report["parts"]
    ),
}
