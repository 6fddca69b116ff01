"""The closed choices of extraction, in the field's words."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class EntryKind(StrEnum):
    """What an entry is: one of two blind ones, the consensus of both, or the only one."""

    SINGLE = "single"
    BLIND = "blind"
    CONSENSUS = "consensus"


class Level(StrEnum):
    """What a result is about."""

    ARM = "arm"
    CONTRAST = "contrast"
    ASSOCIATION = "association"


class Randomised(StrEnum):
    """What was allocated to the arms; crossover stands for persons who had each arm in turn."""

    INDIVIDUAL = "individual"
    CLUSTER = "cluster"
    CROSSOVER = "crossover"
    NOT_RANDOMISED = "not_randomised"


class Therapists(StrEnum):
    """Whether the same therapists worked in all arms (crossed) or in one only (nested)."""

    CROSSED = "crossed"
    NESTED = "nested"


class ArmRole(StrEnum):
    """What an arm is for in its study."""

    INTERVENTION = "intervention"
    ACTIVE_CONTROL = "active_control"
    USUAL_CARE = "usual_care"
    WAIT_LIST = "wait_list"
    NO_TREATMENT = "no_treatment"
    PLACEBO = "placebo"


class Positive(StrEnum):
    """What a positive estimate of a contrast, or a ratio above 1, says of its arm."""

    HIGHER = "higher"
    """It scored higher, or had more events: arm minus the other arm. The default."""
    BETTER = "better"
    """It did better, whichever way the instrument runs."""


class Taken(StrEnum):
    """Whose value a consensus takes."""

    FIRST = "first"
    SECOND = "second"
    OTHER = "other"


class Format(StrEnum):
    """The files that can be read beside our own table."""

    METAPSY = "metapsy"
    REVMAN = "revman"
    REVMAN_WEB = "revman-web"
    METALAB = "metalab"


class Preview(StrEnum):
    """When a review shows what a trial would do to its analyses."""

    DEFAULT = "default"
    """At consensus and for single entries, so that it steers nobody who enters blind."""
    ALWAYS = "always"
    NEVER = "never"


class Correction(StrEnum):
    """Why a number that counts is corrected."""

    TYPING = "typing"
    MISREAD = "misread"
    ERRATUM = "erratum"
    REPLY = "reply"
    OTHER = "other"


EXTRACTED: Final = ("entered twice, consensus", "extracted by one person")
"""How far a study is whose entry counts."""
