"""A correction of a number that counts: seen first, then made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.errors import NotFoundError
from review.export.views.entering import look_at, previews_of
from review.export.views.what_if import TrialPreview
from review.extraction.doubts import findings_of
from review.extraction.drafts.correcting import correct, to_correct
from review.extraction.drafts.errors import FormError, OvertakenError
from review.extraction.drafts.form import Source
from review.extraction.drafts.merging import Change
from review.extraction.models import Result
from review.extraction.numbers import ABOUT, called
from review.living.job.freshness import outdated
from review.protocol.models import Review
from review.protocol.queries import instruments
from review.protocol.vocabulary import AnalysisSet, Rater


@dataclass(frozen=True, slots=True)
class Correcting:
    """What a correction changes, or would change."""

    changes: tuple[Change, ...]
    version: int
    """Of the result after it."""
    outdated: tuple[str, ...]
    """Analyses whose newest run has other numbers now."""
    previews: tuple[TrialPreview, ...]
    said: str


@dataclass(frozen=True, slots=True)
class ResultShown:
    """A result that counts, as its form shows it: what it is of, its cells, and its source."""

    number: int
    study_id: int
    study: str
    version: int
    place: str
    cells: tuple[tuple[str, str, str], ...]
    """Column, what it is called, and the text."""
    key: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Part, its text, and what it may be; nothing where any text may stand."""
    page: str
    quote: str
    outdated: tuple[str, ...]
    """Analyses whose newest run has other numbers than there are now."""


def result_shown(session: Session, review: Review, number: int, study: int) -> ResultShown:
    """Return a result for the form that corrects it.

    Raises NotFoundError for one that does not count, or is of another study.

    Parameters
    ----------
    study
        The study whose page asks.
    """
    row = session.get(Result, number)
    version = row.version if row is not None else 1
    to = to_correct(session, review, number, version=version, cells={})
    if to.study.id != study:
        raise NotFoundError(f"result {number} is not of {to.study.label}")
    thing = to.made_from.results[number]
    choices = {
        "arm": tuple(arm.label for arm in to.form.arms),
        "versus_arm": tuple(arm.label for arm in to.form.arms),
        "instrument": tuple(i.slug for i in instruments(session, review)),
        "rater": tuple(Rater),
        "analysis_set": tuple(AnalysisSet),
    }
    key = {name: text for name, text in thing.key.items() if text}
    source = thing.source or Source()
    return ResultShown(
        number=number, study_id=to.study.id, study=to.study.label,
        version=version,
        place=", ".join(key.values()).replace("_", " "),
        cells=tuple(
            (name, (ABOUT[name].heading or called(name)) if name in ABOUT else name, text)
            for name, text in thing.cells.items()
            if text and name not in ("page", "quote")
        ),
        key=tuple((name, text, choices.get(name, ())) for name, text in key.items()),
        page=source.page or "", quote=source.quote or "",
        outdated=tuple(sorted(outdated(session, review))),
    )  # fmt: skip


def correction_seen(
    session: Session,
    review: Review,
    number: int,
    *,
    version: int,
    cells: Mapping[str, str],
    source: Source | None,
    key: Mapping[str, str],
    viewer: str,
) -> Correcting:
    """Return what a correction would change and do; nothing is stored. Raises as `corrected`."""
    to = to_correct(session, review, number, version=version, cells=cells, source=source, key=key)
    looked = look_at(session, review, to.study.id, to.kind, to.form, to.made_from, viewer)
    if looked.found.clashes:
        raise OvertakenError(looked.found.clashes, to.made_from)
    if looked.wrong:
        raise FormError(looked.wrong)
    raised = findings_of(looked.items, looked.counting.items)
    shown = previews_of(session, review, looked.study, looked.items, raised)
    return Correcting(
        tuple(looked.found.changes), version, (), tuple(shown), "Nothing is stored yet."
    )


def corrected(
    session: Session,
    review: Review,
    number: int,
    *,
    version: int,
    cells: Mapping[str, str],
    source: Source | None,
    key: Mapping[str, str],
    person: str,
    reason: str,
    now: datetime,
) -> Correcting:
    """Correct a result that counts.

    Raises NotFoundError for one that does not, OvertakenError where somebody was faster, FormError
    for cells that cannot be, InvalidDataError where nothing would change.
    """
    to = to_correct(session, review, number, version=version, cells=cells, source=source, key=key)
    saved = correct(session, review, number, to, person=person, reason=reason, now=now)
    return Correcting(
        saved.changes, session.get_one(Result, number).version,
        tuple(sorted(outdated(session, review))), (), saved.said,
    )  # fmt: skip
