"""The closed choices of a protocol, in the field's words."""

from __future__ import annotations

from enum import StrEnum


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
