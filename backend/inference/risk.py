"""Map the ensemble's answer to a risk level."""

from dataclasses import dataclass
from typing import Literal

RiskCode = Literal["none", "medium", "high", "indeterminate"]


@dataclass(frozen=True)
class Risk:
    """A risk level: the code that a program branches on, and the words for a person."""

    code: RiskCode
    level: str


INDETERMINATE = Risk("indeterminate", "Indeterminate (Requires Review)")
RISKS = {
    "NORMAL": Risk("none", "No Immediate Risk Detected"),
    "VIRAL_PNEUMONIA": Risk("medium", "Medium Risk - Viral Pneumonia Indicated"),
    "BACTERIAL_PNEUMONIA": Risk("high", "High Risk - Bacterial Pneumonia Indicated"),
}


def assess(
    predicted_class: str,
    confidence: float,
    indeterminate_below: float,
    prediction_set: tuple[str, ...] = (),
) -> Risk:
    """Return the risk of a class (as the card names it) held with a confidence in [0, 1].

    It is indeterminate too where the prediction set holds both normal and a pneumonia: neither is excluded.
    """
    undecided = "NORMAL" in prediction_set and len(set(prediction_set)) > 1
    return INDETERMINATE if undecided or confidence < indeterminate_below else RISKS[predicted_class]
