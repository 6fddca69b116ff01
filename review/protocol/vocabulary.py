"""The closed choices of a protocol, in the field's words."""

from __future__ import annotations

from enum import StrEnum

from review.measures import AnalysisKind as AnalysisKind  # which of them may be planned, it says


class DeliveryMode(StrEnum):
    """How a treatment reaches the client."""

    FACE_TO_FACE = "face_to_face"
    VIDEOCONFERENCE = "videoconference"
    TELEPHONE = "telephone"
    TEXT = "text"
    INTERNET_GUIDED = "internet_guided"
    INTERNET_UNGUIDED = "internet_unguided"
    MULTIMEDIA = "multimedia"
    HYBRID = "hybrid"
    NONE = "none"
    OTHER = "other"


class Rater(StrEnum):
    """Who filled in the instrument."""

    CLIENT = "client"
    THERAPIST = "therapist"
    OBSERVER = "observer"
    CLINICIAN = "clinician"
    SELF = "self"
    NOT_REPORTED = "not_reported"


class AnalysisSet(StrEnum):
    """Which participants a result is about."""

    ITT = "itt"
    COMPLETERS = "completers"
    PER_PROTOCOL = "per_protocol"
    NOT_REPORTED = "not_reported"


class Variant(StrEnum):
    """A sensitivity analysis that runs beside the primary one."""

    FIXED = "fixed"
    Z_TEST = "z_test"
    DERSIMONIAN_LAIRD = "dersimonian_laird"
    LEAVE_ONE_OUT = "leave_one_out"
    TRIM_AND_FILL = "trim_and_fill"
    PET_PEESE = "pet_peese"
    WITHOUT_INFLUENTIAL = "without_influential"
    BY_RATER = "by_rater"
    ITT_ONLY = "itt_only"
    LOW_RISK_ONLY = "low_risk_only"
    WITHOUT_LINKED = "without_linked"
    AGGREGATED = "aggregated"
    THREE_LEVEL = "three_level"


class English(StrEnum):
    """How words of the program are spelled in what a review prints, and a document's language."""

    GB = "en-GB"
    US = "en-US"
