"""Set the gate's report in tables, as the model card shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.inference.corrections import Correction
from backend.inference.gate import WRONG_POSES
from backend.training.perturbations import PERTURBATIONS


def name_of(pose: Correction) -> str:
    """Return how a table calls films that this correction puts right."""
    return "inverted" if pose == "invert" else f"turned, {pose} mends it"


def name_of_part(pose: Correction) -> str:
    """Return how a table calls it that the correction is offered for parts of such films."""
    return f"cut off and {name_of(pose)}: told"


WARNED_OF = {
    **{name_of(pose): 0.95 for pose in WRONG_POSES},
    "a quarter of the resolution": 0.5,
    "an eighth of the resolution": 0.9,
    "a half to two thirds of the sides left": 0.8,
    "overexposed: levels doubled": 0.9,
    "overexposed: gamma 0.3": 0.9,
    "underexposed: levels quartered": 0.9,
    "underexposed: gamma 4": 0.9,
    "three lines of text over the lungs": 0.8,
}
"""How often each way to spoil a film should be warned of, at least."""

CALLED_CUT_OFF = "whole, turned or inverted: called cut off"
CALLED_TURNED = "cut off, upright: called turned or inverted"
FALSE_OF_PARTS = (CALLED_CUT_OFF, CALLED_TURNED)
TOLD_OF_PARTS = {name_of_part(pose): 0.9 for pose in WRONG_POSES}
"""How often the correction should be offered that a part of a film needs, at least."""


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
        ("held-out films refused, at most", 0.003, films["as they are"]["share"], False),
        *(
            (f"films refused, {name}, at most", 0.01, films[name]["share"], False)
            for name in PERTURBATIONS
            if name in films
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
            (f"warned of, {what}, at least", aim, report["warnings"][what]["share"], True)
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
        "held-out films made worse", "warned of, refused or not", report["warnings"]
    ),
    "false-warnings": lambda report: _table(
        "warnings on held-out films as they are", "given", report["false_warnings"]
    ),
    "parts": lambda report: _table(
        "held-out films, cut off or turned or both", "how often, refused or not", report["parts"]
    ),
}
