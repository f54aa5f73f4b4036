"""Measuring the gate: a warning that should come counts where the film was answered with it."""

from __future__ import annotations

from backend.inference.gate import Verdict, warn
from backend.training.degradations import DEGRADATIONS
from backend.training.evaluate_gate import answered_with, measure_parts, mended
from backend.training.gate_tables import FALSE_OF_PARTS, TOLD_OF_PARTS, name_of_part, told

CUT = warn("cropped")
TURNED = warn("rotated", "rotate_90")
SILENT, WARNED, REFUSED = (
    Verdict(-1, False, ()),
    Verdict(-1, False, (CUT, TURNED)),
    Verdict(9, True, (CUT, TURNED)),
)


def test_a_warning_of_a_refused_film_does_not_count() -> None:
    found = [SILENT, WARNED, REFUSED, REFUSED]
    assert answered_with(found, "cropped")["share"] == 1 / 4
    assert answered_with(found, "rotated")["share"] == 1 / 4
    assert answered_with(found, "overexposed")["share"] == 0
    assert mended(found, "rotate_90")["share"] == 1 / 4


def test_a_correction_counts_if_it_is_the_one_that_is_needed() -> None:
    assert mended([WARNED, SILENT], "rotate_90")["share"] == 1 / 2
    assert mended([WARNED, SILENT], "rotate_270")["share"] == 0


def test_a_false_warning_counts_whether_or_not_the_film_was_refused() -> None:
    degraded = {
        name: [REFUSED, WARNED] if each.code == "cropped" else [REFUSED, SILENT]
        for name, each in DEGRADATIONS.items()
    }
    found = measure_parts(
        {"rotate_90": [REFUSED, SILENT]}, degraded, [REFUSED, SILENT, SILENT, SILENT], {"rotate_90": [WARNED]}
    )
    cut_of_turned, cut_of_degraded, turned_of_cut, turned_of_degraded = (
        found[name] for name in FALSE_OF_PARTS
    )
    assert cut_of_turned["share"] == 1 / 2
    assert (cut_of_degraded["share"], cut_of_degraded["images"]) == (1 / 2, 14)
    assert turned_of_cut["share"] == 1 / 4
    assert (turned_of_degraded["share"], turned_of_degraded["images"]) == (9 / 16, 16)
    assert found[told(name_of_part("rotate_90"))]["share"] == 1
    assert told(name_of_part("rotate_90")) in TOLD_OF_PARTS
