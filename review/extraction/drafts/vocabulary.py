"""The closed choices of entering a trial."""

from __future__ import annotations

from enum import StrEnum


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
