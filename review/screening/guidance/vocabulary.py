"""The closed choices of what helps people screen."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class TermKind(StrEnum):
    """What a term in a record speaks for."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    OTHER = "other"


KIND_WORDS: Final = {
    TermKind.INCLUDE: "speaks for it",
    TermKind.EXCLUDE: "speaks against it",
    TermKind.OTHER: "worth a look",
}
"""What a mark says, as a reader is told."""
