"""The closed choices of screening."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from review.errors import InvalidDataError


class Stage(StrEnum):
    """What a decision was made on."""

    TITLE_ABSTRACT = "title_abstract"
    FULL_TEXT = "full_text"


STAGE_WORDS: Final[dict[str, str]] = {
    Stage.TITLE_ABSTRACT: "title and abstract",
    Stage.FULL_TEXT: "full text",
}
"""A stage as a reader calls it."""


class Verdict(StrEnum):
    """What one reviewer says of one record at one stage."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    MAYBE = "maybe"


class State(StrEnum):
    """What the decisions on a record amount to at one stage; counted, never stored."""

    AWAITING = "awaiting"
    """Fewer reviewers than required have decided."""
    CONFLICT = "conflict"
    """They decided and disagree; a third person adjudicates."""
    INCLUDED = "included"
    EXCLUDED = "excluded"


class RetrievalOutcome(StrEnum):
    """What became of the search for a full text."""

    RETRIEVED = "retrieved"
    NOT_RETRIEVED = "not_retrieved"


class RemovalCause(StrEnum):
    """Why a record that is no duplicate is not screened, in the words of PRISMA 2020."""

    AUTOMATION_TOOL = "automation_tool"
    OTHER = "other"
    RESTORED = "restored"
    """Takes an earlier removal back."""


class Box(StrEnum):
    """Where a record stands in the review: it is in exactly one place at any time."""

    DUPLICATE = "duplicates_removed"
    AUTOMATION = "removed_by_automation_tools"
    OTHER = "removed_for_other_reasons"
    AWAITING_SCREENING = "awaiting_screening"
    EXCLUDED = "records_excluded"
    AWAITING_RETRIEVAL = "awaiting_retrieval"
    NOT_RETRIEVED = "reports_not_retrieved"
    AWAITING_ASSESSMENT = "awaiting_assessment"
    REPORT_EXCLUDED = "reports_excluded"
    INCLUDED = "reports_included"


RANDOM_SHARE: Final = 0.05
"""Share of the queue drawn at random, so that recall can be estimated and no topic is starved."""


_VERDICTS: Final = {
    **{verdict.value: verdict for verdict in Verdict},
    **{verdict.value[0]: verdict for verdict in Verdict},
    "included": Verdict.INCLUDE,
    "excluded": Verdict.EXCLUDE,
}


def verdict_of(text: str) -> Verdict:
    """Return the verdict of ``include``, ``exclude``, ``maybe`` or their first letters.

    Raises InvalidDataError for anything else.
    """
    verdict = _VERDICTS.get(text.strip().casefold())
    if verdict is None:
        raise InvalidDataError(f"{text!r} is no verdict; use include, exclude or maybe")
    return verdict
