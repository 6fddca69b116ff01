"""What a release keeps of the review beside its runs: studies, flow, risk of bias, certainty.

These change as the review goes on, so that they are written into the manifest as they are when the
release is made: a page of the release says the same for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from review.citations.models import Record
from review.errors import ReviewError
from review.export.flow.model import FlowBox, Part, Unit
from review.export.flow.prisma import flow_of
from review.export.views.flow import FlowView, flow_view
from review.extraction import queries
from review.extraction.appraisal.certainty import certainties
from review.extraction.appraisal.picture import picture
from review.extraction.appraisal.queries import standings
from review.extraction.models import Result, Study
from review.extraction.rules import ARM_FACTS, STUDY_FACTS
from review.figures.risk_of_bias import RiskOfBias
from review.living.inputs.columns import leaves_of
from review.living.runs.queries import newest_of_each, snapshot_of
from review.protocol.models import Review

MOST_LISTED: Final = 200
"""Records or studies that are listed of one line of the flow; how many there are is said."""


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A publication."""

    citation: str
    doi: str | None


@dataclass(frozen=True, slots=True)
class KeptArm:
    """An arm with what is known of it."""

    arm: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class KeptStudy:
    """A study as it was described when the release was made."""

    id: int
    study: str
    facts: tuple[tuple[str, str], ...]
    excluded_because: str | None
    reports: tuple[KeptReport, ...]
    arms: tuple[KeptArm, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a release keeps beside its runs."""

    question: str
    studies: tuple[KeptStudy, ...] = ()
    flow: FlowView | None = None
    no_flow: str | None = None
    """Why there is none."""
    bias: tuple[RiskOfBias, ...] = ()
    """Traffic lights, one a family of tools."""
    certainty: dict[str, str] = field(default_factory=dict)
    """The rating of each analysis that has one, in words."""
    listed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What each line of the flow counts, at most `MOST_LISTED`, by the line's key."""
    quotes: dict[int, str] = field(default_factory=dict)
    """The passage of the report behind each result that entered an analysis, where one was kept."""


@cache
def _adapter() -> TypeAdapter[Kept]:
    return TypeAdapter(Kept)


def kept_now(session: Session, review: Review) -> dict[str, Any]:
    """Return what a release made now keeps, as plain values for its manifest."""
    found = _adapter().dump_python(_kept(session, review), mode="json")
    return dict(found)


def read_kept(manifest: dict[str, Any]) -> Kept | None:
    """Return what a release kept; None of one that was made before this was kept."""
    found = manifest.get("shown")
    return None if found is None else _adapter().validate_python(found)


def _kept(session: Session, review: Review) -> Kept:
    flow, no_flow = None, None
    try:
        flow = flow_view(session, review)
    except ReviewError as error:
        no_flow = error.told
    every = standings(session, review, None)
    families = dict.fromkeys(one.tool.family for one in every)
    return Kept(
        question=review.question,
        studies=tuple(_studies(session, review)),
        flow=flow,
        no_flow=no_flow,
        bias=tuple(
            picture(
                [one for one in every if one.tool.family == family],
                title=f"Risk of bias ({family})",
            )
            for family in families
        ),
        certainty={slug: rated.sentence for slug, rated in certainties(session, review).items()},
        listed=_listed(session, review) if flow is not None else {},
        quotes=_quotes(session, review),
    )


def _listed(session: Session, review: Review) -> dict[str, tuple[str, ...]]:
    flow = flow_of(session, review)
    lines: list[FlowBox | Part] = []
    of_studies: set[str] = set()
    for key, box in flow.boxes.items():
        lines += [box, *box.parts]
        if box.unit is Unit.STUDIES:
            of_studies |= {key, *(part.key for part in box.parts)}
    shown = {line.key: line.ids[:MOST_LISTED] for line in lines if line.ids}
    wanted = sorted({i for key, ids in shown.items() if key not in of_studies for i in ids})
    records: dict[int, str] = {}
    for some in _some(wanted):
        query = sa.select(Record).where(Record.id.in_(some))
        records |= {one.id: _record_words(one) for one in session.scalars(query)}
    studies = {study.id: study.label for study in queries.studies(session, review)}
    return {
        key: tuple(sorted((studies if key in of_studies else records).get(i, "") for i in ids))
        for key, ids in shown.items()
    }


def _some(ids: Sequence[int], size: int = 500) -> Iterator[Sequence[int]]:
    for at in range(0, len(ids), size):
        yield ids[at : at + size]


def _record_words(record: Record) -> str:
    who = next(iter(record.authors), "") + (" et al." if len(record.authors) > 1 else "")
    year = f" ({record.year})" if record.year is not None else ""
    doi = f" doi:{record.doi}" if record.doi else ""
    return f"{who}{year}: {record.title or 'without title'}{doi}".lstrip(": ")


def _quotes(session: Session, review: Review) -> dict[int, str]:
    used = {
        arm.source.result_id
        for run in newest_of_each(session, review)
        for trial in snapshot_of(run)[0].trials
        for leaf in leaves_of(trial)
        for arm in (
            *leaf.intervention, *leaf.comparator, *leaf.spread,
            *([leaf.contrast] if leaf.contrast is not None else []),
        )
    }  # fmt: skip
    found: dict[int, str] = {}
    for some in _some(sorted(used)):
        query = sa.select(Result.id, Result.quote).where(
            Result.id.in_(some), Result.quote.is_not(None)
        )
        found |= {number: str(quote) for number, quote in session.execute(query)}
    return found


def _studies(session: Session, review: Review) -> Iterator[KeptStudy]:
    every = queries.studies(session, review)
    ids = [study.id for study in every]
    reports, arms = queries.reports(session, ids), queries.arms(session, ids)
    for study in every:
        yield KeptStudy(
            id=study.id,
            study=study.label,
            facts=_facts(study, STUDY_FACTS[1:]),
            excluded_because=study.excluded_because,
            reports=tuple(
                KeptReport(one.citation, one.doi) for one in reports if one.study_id == study.id
            ),
            arms=tuple(
                KeptArm(one.label, _facts(one, ARM_FACTS))
                for one in arms
                if one.study_id == study.id
            ),
        )


def _facts(row: Study | object, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.replace("_", " "), str(value).replace("_", " "))
        for name in names
        if (value := getattr(row, name)) is not None
    )
