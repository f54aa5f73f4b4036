"""Set a report in tables, as the model card shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from backend.inference.architectures import ARCHITECTURES
from backend.training.data import CLASSES
from backend.training.temperatures import SERVED
from backend.training.voting import ENSEMBLE

_TITLES = {
    "accuracy": "accuracy, three classes",
    "balanced_accuracy": "balanced accuracy",
    "auc_normal_vs_pneumonia": "AUC, normal against pneumonia",
    "ece": "expected calibration error",
    "nll": "negative log-likelihood",
    "auc": "AUC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}


def as_markdown(report: dict[str, Any]) -> str:
    """Return all of a split's report."""
    parts = [
        f"# {report['split']}: {report['films']} films of {report['patients']} patients",
        f"`{report['command']}` with model {report['model_version']}, {report['engine']}, "
        f"on {report['processor']}; 95% intervals by bootstrap over patients.",
        measures_table(report),
        confusion_table(report[ENSEMBLE]["confusion"]),
    ]
    for part, (title, table) in _SECTIONS.items():
        if part in report:
            parts += [f"## {title}", table(report[part])]
    if "worst_flips" in report:
        parts.append(worst_sentence(report["worst_flips"]))
    return "\n\n".join(parts) + "\n"


def explanation_as_markdown(report: dict[str, Any]) -> str:
    """Return all of a report on the maps."""
    return (
        "\n\n".join(
            [
                f"# {report['split']}: the maps of {report['films']} films of {report['patients']} patients",
                f"`{report['command']}` with model {report['model_version']}, {report['engine']}, "
                f"on {report['processor']}; 95% intervals by bootstrap over patients.",
                curves_table(report["measures"]),
                explanation_table(report),
            ]
        )
        + "\n"
    )


def measures_table(report: dict[str, Any], chosen: Sequence[str] = ()) -> str:
    """Return the measures of all who answer, or the chosen ones."""
    who = [ENSEMBLE, *report["weights_sha256"]]
    names = ["ensemble", *(ARCHITECTURES[each] for each in who[1:])]
    rows = [
        [_title(measure), *(_interval(report[each]["measures"][measure]) for each in who)]
        for measure in chosen or report[ENSEMBLE]["measures"]
    ]
    return _table(["measure", *names], rows)


def confusion_table(counts: list[list[int]]) -> str:
    names = [spoken(name) for name in CLASSES]
    rows = [[name, *map(str, row)] for name, row in zip(names, counts, strict=True)]
    return _table(["film shows \\ ensemble answers", *names], rows)


def calibration_sentence(found: dict[str, Any]) -> str:
    chance = found["by_chance"]
    within = "within" if found["within_chance"] else "beyond"
    return (
        f"Expected calibration error {found['ece']:.3f}. Answers that mean exactly what they say would show "
        f"{chance['mean']:.3f} on average on so many films, and up to {chance['p95']:.3f} in 95 of 100 draws "
        f"of labels from these probabilities: it is {within} that."
    )


def sets_table(found: dict[str, Any]) -> str:
    titles = {
        "coverage": f"films whose set holds what they show (stated: {found['stated']:.2f})",
        **{f"coverage_{name}": f"of these, {spoken(name)}" for name in CLASSES},
        "size": "classes in a set, on average",
        "single": "sets of one class",
        "mixed": "sets with both normal and a pneumonia",
    }
    return _table(["prediction sets", "measured"], [[titles[key], _interval(found[key])] for key in titles])


def decisions_table(found: dict[str, Any]) -> str:
    titles = {
        "indeterminate": "films called indeterminate",
        "accuracy_decided": "accuracy on the others, three classes",
        "missed": "pneumonia among films called normal and not indeterminate",
        "disagreement": "mean disagreement of the networks",
        "disagreement_auc": "AUC of disagreement, wrong answers against right ones",
    }
    return _table(["decisions", "measured"], [[titles[key], _interval(found[key])] for key in titles])


def subgroups_table(groups: dict[str, Any]) -> str:
    rows = [
        [
            name,
            f"{group['films']} of {group['patients']}",
            " / ".join(map(str, group["by_class"])),
            *(
                _interval(group["measures"][each])
                for each in ("accuracy", "balanced_accuracy", "auc_normal_vs_pneumonia")
            ),
        ]
        for name, group in groups.items()
    ]
    head = ["group", "films of patients", "bacterial / normal / viral", "accuracy", "balanced accuracy"]
    return _table([*head, "AUC, normal against pneumonia"], rows)


def flips_table(perturbations: dict[str, dict[str, dict[str, Any]]]) -> str:
    def share(found: dict[str, Any], kind: str) -> str:
        if "intervals" not in found:
            return f"{found[kind]:.1%}"
        low, high = found["intervals"][kind]
        return f"{found[kind]:.1%} ({low:.1%} to {high:.1%})"

    rows = [
        [
            name,
            share(said[ENSEMBLE], "flips"),
            share(said[ENSEMBLE], "flips_normal_vs_pneumonia"),
            f"{said[ENSEMBLE]['accuracy']:.3f}",
        ]
        for name, said in perturbations.items()
    ]
    return _table(["film changed", "answers flipped", "between normal and pneumonia", "accuracy then"], rows)


def worst_sentence(worst: dict[str, dict[str, Any]]) -> str:
    every, crossing = worst["flips"], worst["flips_normal_vs_pneumonia"]
    return (
        f"The worst: {every['share']:.1%} of the answers flip ({every['change']}), and "
        f"{crossing['share']:.1%} between normal and pneumonia ({crossing['change']})."
    )


def curves_table(measures: dict[str, Any]) -> str:
    """Return the areas under the curves of deletion and insertion, and the map's gain over others."""
    names = {"map": "the ensemble's map", "random": "a random map", "centre": "a blob in the middle"}
    rows = [
        [title, _interval(measures[f"deletion_{who}"]), _interval(measures[f"insertion_{who}"])]
        for who, title in names.items()
    ]
    rows += [
        [
            f"the map is better than {names[who]} by",
            _interval(measures[f"deletion_gain_over_{who}"]),
            _interval(measures[f"insertion_gain_over_{who}"]),
        ]
        for who in ("random", "centre")
    ]
    head = ["order in which the film goes or comes", "deletion (lower is better)"]
    return _table([*head, "insertion (higher is better)"], rows)


def explanation_table(report: dict[str, Any]) -> str:
    """Return where the maps lie, how far they agree, and what is left of them without the weights."""
    found = report["measures"]
    rows = [
        [
            "share of the map on the thorax",
            _interval(found["thorax"]),
            f"{report['thorax']['share_of_film']:.3f}",
        ],
        [
            "overlap of the networks' maps",
            _interval(found["agreement"]),
            _interval(found["agreement_by_chance"]),
        ],
        *(
            [
                f"rank correlation with the map of untaught weights, {ARCHITECTURES[each]}",
                _interval(found[f"untaught_{each}"]),
                _interval(found[f"other_film_{each}"]),
            ]
            for each in report["weights_sha256"]
        ),
    ]
    return _table(["measure", "the maps", "by chance"], rows)


def fit_table(report: dict[str, Any]) -> str:
    """Return what temperatures do for the ensemble on validation."""
    titles = {
        "without": "none",
        "each by itself": "each network's by itself",
        "together": "together",
        SERVED: "together with a bias of the classes, as served",
    }
    rows = [
        [
            title,
            *(f"{value:.3f}" for value in report["temperatures"][stage].values()),
            *(f"{report['ensemble'][stage][each]:.3f}" for each in ("nll", "ece")),
        ]
        for stage, title in titles.items()
    ]
    networks = [ARCHITECTURES[each] for each in report["weights_sha256"]]
    return _table(["temperatures", *networks, "negative log-likelihood", "ECE"], rows)


def rules_table(report: dict[str, Any]) -> str:
    """Return how rules for prediction sets do on patients that they were not fitted on."""
    keys = ["coverage", *(f"coverage_{name}" for name in CLASSES), "size", "mixed"]
    rows = [
        [name, *(f"{found[key]:.3f}" for key in keys)]
        for name, found in report["prediction_sets"]["on_other_patients"].items()
    ]
    head = ["rule", "coverage", *(spoken(name) for name in CLASSES), "classes in a set"]
    return _table([*head, "normal with a pneumonia"], rows)


def folds_table(report: dict[str, Any], chosen: Sequence[str]) -> str:
    """Return how a recipe does on films that it did not learn from, in all and by fold."""
    rows = []
    for each in chosen:
        by_fold = [fold["measures"][each] for fold in report["folds"]]
        rows.append(
            [
                _title(each),
                _interval(report["measures"][each]),
                f"{min(by_fold):.3f} to {max(by_fold):.3f}",
                _interval(report["splits"]["held-out"]["measures"][each]),
            ]
        )
    head = ["measure", "all films, each left out once", f"from fold to fold ({len(report['folds'])})"]
    return _table([*head, "the held-out films among them"], rows)


def shares_table(report: dict[str, Any]) -> str:
    """Return how a recipe does, taught on each share of the patients, and how its networks err together."""
    rows = []
    for share, found in report["shares"].items():
        films = " and ".join(str(each["learnt_from"]["films"]) for each in found["networks"])
        keys = ("accuracy", "gain", "wrong_both", "wrong_one", "accuracy_of_mean")
        measures = found["measures"]
        rows.append([share, films, *(_interval(measures[key]) if key in measures else "–" for key in keys)])
    errors = ["both wrong", "one wrong", "accuracy of their mean"]
    return _table(["learnt from", "films", _TITLES["accuracy"], "gained by doubling", *errors], rows)


def mended_sentence(report: dict[str, Any]) -> str:
    """Return how much of what the networks of half had wrong the one of all names rightly."""
    found = report["shares"]["all"]["measures"]
    return (
        "Of the films that both networks of half had wrong the one of all names "
        f"{_interval(found['mended_of_wrong_both'])} rightly, of those that one of them had wrong "
        f"{_interval(found['mended_of_wrong_one'])}."
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _title(measure: str) -> str:
    for name in CLASSES:
        if measure.endswith("_" + name):
            return f"{_TITLES[measure.removesuffix('_' + name)]}, {spoken(name)}"
    return _TITLES[measure]


def spoken(class_name: str) -> str:
    """Return a class as people read it, in small letters."""
    return class_name.replace("_", " ").lower()


def _interval(measure: dict[str, float | None]) -> str:
    value, low, high = ("–" if each is None else f"{each:.3f}" for each in measure.values())
    return f"{value} ({low} to {high})"


_SECTIONS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "calibration": ("Calibration", calibration_sentence),
    "prediction_sets": ("Prediction sets", sets_table),
    "decisions": ("What stays undecided", decisions_table),
    "subgroups": ("Subgroups", subgroups_table),
    "perturbations": ("Films changed in what must not matter", flips_table),
}
"""The parts of a split's report that not every run measures, with their titles."""
