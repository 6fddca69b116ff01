"""The closed choices of risk of bias and of certainty."""

from __future__ import annotations

from enum import StrEnum


class Answer(StrEnum):
    """The answer to a signalling question, as RoB 2 and ROBINS-I abbreviate them."""

    YES = "Y"
    PROBABLY_YES = "PY"
    PROBABLY_NO = "PN"
    NO = "N"
    NO_INFORMATION = "NI"
    NOT_APPLICABLE = "NA"


class About(StrEnum):
    """What a tool judges: each result of a study by itself, or the study as a whole."""

    RESULT = "result"
    STUDY = "study"


class Kind(StrEnum):
    """Whose an appraisal is: one assessor's, or the consensus of all."""

    ASSESSOR = "assessor"
    CONSENSUS = "consensus"


class State(StrEnum):
    """What the appraisals of one result amount to."""

    AWAITING = "awaiting"
    CONFLICT = "conflict"
    SINGLE = "single"
    AGREED = "agreed"
    CONSENSUS = "consensus"


class Colour(StrEnum):
    """Colours that are told apart with any colour vision, by name."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    VERMILLION = "vermillion"
    PURPLE = "purple"
    BLUE = "blue"
    GREY = "grey"


class Design(StrEnum):
    """What most of a body of evidence comes from."""

    RANDOMISED = "randomised"
    NONRANDOMISED = "nonrandomised"


class Certainty(StrEnum):
    """GRADE's four levels, the lowest first."""

    VERY_LOW = "very_low"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Consideration(StrEnum):
    """What GRADE rates down for (five) and up for (three)."""

    RISK_OF_BIAS = "risk_of_bias"
    INCONSISTENCY = "inconsistency"
    INDIRECTNESS = "indirectness"
    IMPRECISION = "imprecision"
    PUBLICATION_BIAS = "publication_bias"
    LARGE_EFFECT = "large_effect"
    DOSE_RESPONSE = "dose_response"
    PLAUSIBLE_CONFOUNDING = "plausible_confounding"
