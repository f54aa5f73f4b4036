"""Proves backend/training/metrics.py against numbers worked out by hand."""

import json

import numpy as np
import pytest

from backend.training import metrics
from backend.training.data import CLASSES

BACTERIAL, NORMAL, VIRAL = range(3)

# Six films: two of each class; one bacterial film is called viral, one viral film normal.
LABELS = np.array([BACTERIAL, BACTERIAL, NORMAL, NORMAL, VIRAL, VIRAL])
PROBABILITIES = np.array(
    [
        [0.8, 0.1, 0.1],
        [0.3, 0.1, 0.6],
        [0.1, 0.7, 0.2],
        [0.2, 0.5, 0.3],
        [0.1, 0.2, 0.7],
        [0.0, 0.6, 0.4],
    ]
)
PATIENTS = ["person1", "person1", "IM-1", "IM-2", "person2", "person3"]


def draw(films: int, seed: int) -> tuple[metrics.Labels, metrics.Probabilities]:
    """Return answers that are right as often as they are sure of it."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet([0.6, 0.6, 0.6], films)
    labels = (probabilities.cumsum(axis=1) < random.random((films, 1))).sum(axis=1).clip(0, 2)
    return labels, probabilities


def test_confusion_has_labels_in_rows_and_answers_in_columns() -> None:
    found = metrics.confusion_matrix(LABELS, PROBABILITIES)
    assert found.tolist() == [[1, 0, 1], [0, 2, 0], [0, 1, 1]]


def test_shares_by_hand() -> None:
    assert metrics.accuracy(LABELS, PROBABILITIES) == pytest.approx(4 / 6)
    assert metrics.sensitivities(LABELS, PROBABILITIES) == pytest.approx([1 / 2, 1, 1 / 2])
    assert metrics.specificities(LABELS, PROBABILITIES) == pytest.approx([1, 3 / 4, 3 / 4])


def test_balanced_accuracy_weighs_classes_not_films() -> None:
    labels, probabilities = LABELS[:5], PROBABILITIES[:5]  # 1/2, 2/2 and 1/1 right
    assert metrics.balanced_accuracy(labels, probabilities) == pytest.approx((0.5 + 1 + 1) / 3)
    assert metrics.accuracy(labels, probabilities) == pytest.approx(4 / 5)


def test_auc_normal_vs_pneumonia_counts_pairs() -> None:
    # Scores 1 - p(normal): pneumonia .9 .9 .8 .4 against normal .3 .5: seven pairs of eight in order.
    assert metrics.auc_normal_vs_pneumonia(LABELS, PROBABILITIES) == pytest.approx(7 / 8)


def test_auc_one_vs_rest_counts_pairs() -> None:
    # Bacterial .8 .3 against .1 .2 .1 0: all 8. Normal .7 .5 against .1 .1 .2 .6: 7. Viral .7 .4 against
    # .1 .6 .2 .3: 4 + 3.
    assert metrics.aucs_one_vs_rest(LABELS, PROBABILITIES) == pytest.approx([1, 7 / 8, 7 / 8])


def test_perfect_answers() -> None:
    found = metrics.measure(LABELS, np.eye(3)[LABELS])
    assert {name: value for name, value in found.items() if name not in ("ece", "nll")} == {
        name: 1.0 for name in found if name not in ("ece", "nll")
    }
    assert found["ece"] == 0
    assert found["nll"] == 0


def test_negative_log_likelihood_by_hand() -> None:
    shown = [0.8, 0.3, 0.7, 0.5, 0.7, 0.4]
    assert metrics.negative_log_likelihood(LABELS, PROBABILITIES) == pytest.approx(-np.log(shown).mean())


def test_a_certain_error_costs_much_but_not_everything() -> None:
    certain = np.array([[1.0, 0.0, 0.0]])
    assert metrics.negative_log_likelihood(np.array([NORMAL]), certain) == pytest.approx(-np.log(1e-12))


def test_calibration_error_of_overconfident_answers_by_hand() -> None:
    # Ten films at 0.95, six right; ten at 0.55, five right: (10·|0.6 - 0.95| + 10·|0.5 - 0.55|) / 20 = 0.2.
    sure, unsure = [0.95, 0.03, 0.02], [0.55, 0.25, 0.2]
    probabilities = np.array([sure] * 10 + [unsure] * 10)
    labels = np.array([0] * 6 + [1] * 4 + [0] * 5 + [2] * 5)
    assert metrics.calibration_error(labels, probabilities) == pytest.approx(0.2)


def test_calibration_error_keeps_bins_apart() -> None:
    # One bin would let the overconfident and the underconfident half cancel out.
    probabilities = np.array([[0.9, 0.05, 0.05]] * 10 + [[0.5, 0.3, 0.2]] * 10)
    labels = np.array([0] * 7 + [1] * 3 + [0] * 7 + [1] * 3)
    assert metrics.calibration_error(labels, probabilities) == pytest.approx(0.2)
    assert metrics.calibration_error(labels, probabilities, bins=1) == pytest.approx(0)


def test_calibration_error_of_calibrated_answers_is_near_zero() -> None:
    labels, probabilities = draw(50_000, seed=1)
    assert metrics.calibration_error(labels, probabilities) < 0.01
    sharper = probabilities**2 / (probabilities**2).sum(axis=1, keepdims=True)
    assert metrics.calibration_error(labels, sharper) > 0.05


def test_reliability_bins_hold_their_upper_edge() -> None:
    probabilities = np.array([[1.0, 0.0, 0.0], [0.6, 0.4, 0.0], [0.61, 0.39, 0.0]])
    found = metrics.reliability(np.zeros(3, np.int64), probabilities, bins=5)
    assert found.count.tolist() == [0, 0, 1, 1, 1]
    assert found.confidence[2:] == pytest.approx([0.6, 0.61, 1.0])
    assert np.isnan(found.accuracy[:2]).all()


def test_flips_by_hand() -> None:
    before = np.eye(3)[[BACTERIAL, BACTERIAL, NORMAL, VIRAL]]
    after = np.eye(3)[[VIRAL, BACTERIAL, VIRAL, VIRAL]]
    assert metrics.flips(before, after) == {"flips": 0.5, "flips_normal_vs_pneumonia": 0.25}


def test_a_class_without_films_leaves_its_measures_undefined() -> None:
    labels = np.array([BACTERIAL, BACTERIAL, NORMAL])
    found = metrics.summarise(labels, PROBABILITIES[:3], ["a", "b", "c"], resamples=50)["measures"]
    nothing = {"value": None, "low": None, "high": None}
    assert found["sensitivity_VIRAL_PNEUMONIA"] == nothing
    assert found["auc_VIRAL_PNEUMONIA"] == nothing
    assert found["balanced_accuracy"] == nothing
    assert found["accuracy"]["value"] == pytest.approx(2 / 3)
    assert found["specificity_VIRAL_PNEUMONIA"]["value"] == pytest.approx(2 / 3)


def intervals(
    labels: np.ndarray, probabilities: np.ndarray, patients: list[str], resamples: int, seed: int = 0
) -> dict[str, tuple[float, float]]:
    found = metrics.summarise(labels, probabilities, patients, resamples, seed)["measures"]
    return {name: (each["low"], each["high"]) for name, each in found.items()}


def test_resamples_that_lack_a_class_are_left_out_of_its_intervals() -> None:
    found = intervals(LABELS, PROBABILITIES, PATIENTS, resamples=200)
    # person1 alone is bacterial, one film right and one wrong: 1/2 wherever it is drawn, nothing elsewhere.
    assert found["sensitivity_BACTERIAL_PNEUMONIA"] == (0.5, 0.5)
    assert None not in [bound for interval in found.values() for bound in interval]


def test_summary_is_json_and_names_every_class() -> None:
    found = json.loads(
        json.dumps(metrics.summarise(LABELS, PROBABILITIES, PATIENTS, resamples=20), allow_nan=False)
    )
    assert found["confusion"] == [[1, 0, 1], [0, 2, 0], [0, 1, 1]]
    for name in CLASSES:
        assert {f"auc_{name}", f"sensitivity_{name}", f"specificity_{name}"} <= found["measures"].keys()


def test_bootstrap_interval_holds_the_point_and_narrows_with_patients() -> None:
    widths = []
    for films in (100, 900):
        labels, probabilities = draw(films, seed=2)
        patients = [f"person{number}" for number in range(films)]
        found = metrics.summarise(labels, probabilities, patients, resamples=200)["measures"]
        for name in found.keys() - {"ece"}:
            assert found[name]["low"] < found[name]["value"] < found[name]["high"], name
        widths.append(found["accuracy"]["high"] - found["accuracy"]["low"])
    assert widths[1] < 0.5 * widths[0]


def test_bootstrap_is_deterministic() -> None:
    labels, probabilities = draw(60, seed=3)
    patients = [f"person{number}" for number in range(60)]
    first, again, other = (intervals(labels, probabilities, patients, 50, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_bootstrap_draws_patients_not_films() -> None:
    labels, probabilities = draw(40, seed=4)
    copies = 10
    of_one = [f"person{number}" for number in np.repeat(np.arange(40), copies)]
    alone = intervals(labels, probabilities, [f"person{number:02}" for number in range(40)], 200)
    repeated_labels, repeated = labels.repeat(copies), probabilities.repeat(copies, axis=0)
    together = intervals(repeated_labels, repeated, [f"{name:>8}" for name in of_one], 200)
    films = intervals(repeated_labels, repeated, [str(number) for number in range(400)], 200)

    def width(found: dict[str, tuple[float, float]]) -> float:
        return found["accuracy"][1] - found["accuracy"][0]

    # Ten copies of every film are no more evidence than one, if they stay with their patient.
    assert width(together) == pytest.approx(width(alone), rel=0.25)
    assert width(films) < 0.5 * width(alone)


@pytest.mark.parametrize("films", [50, 400])
def test_the_ece_of_answers_that_mean_what_they_say_is_within_chance(films: int) -> None:
    within = []
    for seed in range(40):
        labels, probabilities = draw(films, seed=100 + seed)
        chance = metrics.calibration_error_by_chance(probabilities, draws=200)
        assert 0 < chance["mean"] < chance["p95"]
        within.append(metrics.calibration_error(labels, probabilities) <= chance["p95"])
    assert 0.85 <= np.mean(within) <= 1


def test_the_ece_of_boastful_answers_is_beyond_chance() -> None:
    labels, probabilities = draw(400, seed=5)
    boastful = probabilities**4 / (probabilities**4).sum(axis=1, keepdims=True)
    chance = metrics.calibration_error_by_chance(boastful, draws=200)
    assert metrics.calibration_error(labels, boastful) > chance["p95"]
