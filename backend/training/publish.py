"""Write the figures of docs/evaluation/*.json into the documents that show them.

    python -m backend.training.publish

In MODEL_CARD.md and README.md what stands between ``<!-- figures: NAME -->`` and ``<!-- /figures -->`` is
written anew; so are the tables beside the reports. Run twice it changes nothing, which a test holds.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from backend.inference.architectures import ARCHITECTURES
from backend.training import gate_tables, tables
from backend.training.data import CLASSES, NORMAL
from backend.training.networks import TEACHERS
from backend.training.temperatures import SERVED
from backend.training.voting import ENSEMBLE

DOCUMENTS = ("MODEL_CARD.md", "README.md")
EVALUATION = Path("docs/evaluation")
REPORTS = ("held-out", "held-out-explanation", "calibration", "gate", "cross-validation", "learning-curve")
NOT_MEASURED = "Not measured yet: `make evaluate` does."
_COMMANDS = {"gate": "make evaluate-gate", "folds": "make cross-validate", "shares": "make learning-curve"}

_BLOCK = re.compile(r"(<!-- figures: (?P<name>[a-z-]+) -->\n).*?(<!-- /figures -->)", re.DOTALL)
_NAMES = {**ARCHITECTURES, **TEACHERS}
_IN_SHORT = (
    "accuracy",
    "balanced_accuracy",
    "auc_normal_vs_pneumonia",
    *(f"sensitivity_{name}" for name in CLASSES),
    "ece",
)

Reports = Mapping[str, dict[str, Any]]


def read_reports(root: Path) -> dict[str, dict[str, Any]]:
    """Return the reports that there are, by name."""
    paths = {name: root / EVALUATION / f"{name}.json" for name in REPORTS}
    return {name: json.loads(path.read_text()) for name, path in paths.items() if path.is_file()}


def publish(root: Path) -> list[Path]:
    """Write the documents below a folder anew, and return those that changed."""
    reports = read_reports(root)
    texts = {root / name: fill((root / name).read_text(), reports) for name in DOCUMENTS}
    beside = {
        "held-out": tables.as_markdown,
        "held-out-explanation": tables.explanation_as_markdown,
        "gate": gate_tables.as_markdown,
    }
    for name, as_markdown in beside.items():
        if name in reports:
            texts[root / EVALUATION / f"{name}.md"] = as_markdown(reports[name])
    changed = [path for path, text in texts.items() if not path.is_file() or path.read_text() != text]
    for path in changed:
        path.write_text(texts[path])
    return changed


def fill(text: str, reports: Reports) -> str:
    """Return a document with each block written anew; raise KeyError for a block of an unknown name."""

    def write(match: re.Match[str]) -> str:
        try:
            block = BLOCKS[match["name"]]
        except KeyError:
            raise KeyError(f"there are no figures called {match['name']}") from None
        try:
            written = block(reports)
        except KeyError:  # a report, or a part of it, is not there
            command = _COMMANDS.get(match["name"].partition("-")[0], "make evaluate")
            written = NOT_MEASURED.replace("make evaluate", command)
        return f"{match[1]}{written}\n{match[3]}"

    return _BLOCK.sub(write, text)


def _measured(reports: Reports) -> str:
    report = reports["held-out"]
    served = f"{report['engine']}, on {report['processor']}"
    return (
        f"Measured on {report['films']} films of {report['patients']} patients that neither network had "
        f"seen, with model {report['model_version']} as served ({served}); "
        "95% intervals by bootstrap over patients (`make evaluate DATA=path/to/chest_xray`; all of it in "
        "[docs/evaluation/held-out.md](docs/evaluation/held-out.md))."
        f"{_outdated(reports)}"
    )


def _outdated(reports: Reports) -> str:
    """Return a warning where the answers that were measured were calibrated otherwise than is served now."""
    fitted, measured = reports["calibration"], reports["held-out"]
    same_bias = measured.get("bias") == list(fitted["bias"].values())
    if same_bias and measured.get("temperatures") == fitted["temperatures"][SERVED]:
        return ""
    return " **They were measured before the present calibration; `make evaluate` is to be run again.**"


def _missed(reports: Reports) -> str:
    confusion = reports["held-out"][ENSEMBLE]["confusion"]
    ill = [row for index, row in enumerate(confusion) if index != NORMAL]
    missed, films = sum(row[NORMAL] for row in ill), sum(map(sum, ill))
    false_alarms, normal = sum(confusion[NORMAL]) - confusion[NORMAL][NORMAL], sum(confusion[NORMAL])
    return (
        f"Of {films} films with pneumonia {missed} ({missed / films:.0%}) were called normal; of {normal} "
        f"normal ones {false_alarms} ({false_alarms / normal:.0%}) were called pneumonia."
    )


def _folds(reports: Reports) -> str:
    report = reports["cross-validation"]
    return (
        f"{_NAMES[report['architecture']]}, taught {len(report['folds'])} times by the schedule "
        f"`{report['schedule']}`, each time without one fold of the patients: {report['films']} films of "
        f"{report['patients']} patients (`make cross-validate DATA=path/to/chest_xray`, on "
        f"{report['processor']}).\n\n{tables.folds_table(report, _IN_SHORT[:-1])}"
    )


def _shares(reports: Reports) -> str:
    report = reports["learning-curve"]
    return (
        f"{_NAMES[report['architecture']]}, `{report['schedule']}` on all films of four folds, about as "
        f"many steps on fewer, asked of the {report['films']} films of {report['patients']} patients of the "
        f"fifth (`make learning-curve DATA=path/to/chest_xray`, on {report['processor']}).\n\n"
        f"{tables.shares_table(report)}\n\n{tables.mended_sentence(report)}"
    )


def _explained(reports: Reports) -> str:
    report = reports["held-out-explanation"]
    return (
        f"On {report['films']} of the held-out films (chosen by seed {report['seed']}), on "
        f"{report['processor']}, {report['engine']}:"
    )


def _curves(reports: Reports) -> str:
    picture = "![Deletion and insertion](docs/evaluation/held-out-explanation.png)"
    return f"{tables.curves_table(reports['held-out-explanation']['measures'])}\n\n{picture}"


def _fit(reports: Reports) -> str:
    report = reports["calibration"]
    return (
        f"On the {report['films']} films of {report['patients']} patients of validation "
        f"(`make calibrate`):\n\n{tables.fit_table(report)}"
    )


def _rules(reports: Reports) -> str:
    report = reports["calibration"]
    sets = report["prediction_sets"]
    fitted = ", ".join(
        f"{value:.4f} ({tables.spoken(name)})"
        for name, value in zip(CLASSES, sets["thresholds"], strict=True)
    )
    return (
        f"Thresholds of 1 − p: {fitted}. On average of {sets['draws']} draws of half the patients of "
        f"validation, rules fitted to one half covered of the other (served: {sets['chosen']}):\n\n"
        f"{tables.rules_table(report)}"
    )


def _of_gate(write: Callable[[dict[str, Any]], str]) -> Callable[[Reports], str]:
    return lambda reports: write(reports["gate"])


BLOCKS: dict[str, Callable[[Reports], str]] = {
    "gate-measured": _of_gate(gate_tables.measured),
    "gate-aims": _of_gate(gate_tables.aims),
    **{f"gate-{name}": _of_gate(write) for name, write in gate_tables.TABLES.items()},
    "measured": _measured,
    "in-short": lambda reports: tables.measures_table(reports["held-out"], _IN_SHORT),
    "missed": _missed,
    "measures": lambda reports: tables.measures_table(reports["held-out"]),
    "folds": _folds,
    "shares": _shares,
    "confusion": lambda reports: tables.confusion_table(reports["held-out"][ENSEMBLE]["confusion"]),
    "flips": lambda reports: tables.flips_table(reports["held-out"]["perturbations"]),
    "worst-flips": lambda reports: tables.worst_sentence(reports["held-out"]["worst_flips"]),
    "calibration": lambda reports: tables.calibration_sentence(reports["held-out"]["calibration"]),
    "temperatures": _fit,
    "rules": _rules,
    "sets": lambda reports: tables.sets_table(reports["held-out"]["prediction_sets"]),
    "decisions": lambda reports: tables.decisions_table(reports["held-out"]["decisions"]),
    "subgroups": lambda reports: tables.subgroups_table(reports["held-out"]["subgroups"]),
    "explained": _explained,
    "curves": _curves,
    "maps": lambda reports: tables.explanation_table(reports["held-out-explanation"]),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--root", type=Path, default=Path(), help="the project's folder (default: the present one)"
    )
    for path in publish(parser.parse_args().root):
        print(f"{path} has new figures")


if __name__ == "__main__":
    main()
