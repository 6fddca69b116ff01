"""The rows that a target is of."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.tool import Tool
from review.extraction.appraisal.vocabulary import About
from review.extraction.models import Study
from review.extraction.queries import study_called
from review.protocol.models import Instrument, Outcome, Review
from review.protocol.queries import instrument_called, outcome_called


@dataclass(frozen=True, slots=True)
class Place:
    """A target's rows."""

    study: Study
    outcome: Outcome | None
    instrument: Instrument | None
    timepoint: str | None


def place_of(session: Session, review: Review, tool: Tool, target: Target) -> Place:
    """Return the rows of a target.

    Raises
    ------
    InvalidDataError
        For a target that the tool does not judge.
    NotFoundError
        For an unknown study, outcome or instrument.
    """
    study = study_called(session, review, target.study)
    if tool.about is About.STUDY:
        if target != Target(target.study):
            raise InvalidDataError(f"{tool.slug} judges studies as a whole: leave outcome empty")
        return Place(study, None, None, None)
    if target.outcome is None:
        raise InvalidDataError(
            f"{tool.slug} judges results: say of which outcome (column outcome, or --outcome)"
        )
    outcome = outcome_called(session, review, target.outcome)
    instrument = None
    if target.instrument is not None:
        instrument = instrument_called(session, review, target.instrument)
        if instrument.outcome_id != outcome.id:
            raise InvalidDataError(f"{instrument.slug} does not measure {outcome.slug}")
    return Place(study, outcome, instrument, target.timepoint)
