"""Reading the evidence that analyses select from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.extraction.entered import Entered
from review.extraction.evidence import Allocation, ArmSide, Evidence, ScoreRange
from review.extraction.facts import with_facts
from review.extraction.models import Arm, Entry, Report, Result, Study
from review.extraction.numbers import ABOUT, ReportedNumbers
from review.extraction.queries import entered
from review.extraction.rules import ARM_FACTS, CHOICES
from review.extraction.vocabulary import EntryKind
from review.protocol.characteristics import OWN
from review.protocol.models import Instrument, Outcome, Review
from review.protocol.queries import plan_of, versions
from review.protocol.rules import Plan


def evidence(
    session: Session, review_ids: Sequence[int], *, names: Collection[str] = ()
) -> Iterator[tuple[int, Evidence]]:
    """Yield ``(review id, evidence)`` of some reviews, excluded studies marked as such.

    Blind entries and an unfinished consensus never count; a single entry counts only where there
    is no finished consensus. `names` are the characteristics that the plans speak of for which the
    evidence is read (`Plan.names`).
    """
    consensus = aliased(Entry)
    decided = sa.or_(
        sa.and_(Entry.kind == EntryKind.CONSENSUS, Entry.finished_at.is_not(None)),
        sa.and_(
            Entry.kind == EntryKind.SINGLE,
            ~sa.exists().where(
                consensus.study_id == Entry.study_id,
                consensus.kind == EntryKind.CONSENSUS,
                consensus.finished_at.is_not(None),
            ),
        ),
    )
    found = _evidence(session, sa.and_(Study.review_id.in_(review_ids), decided))
    asked = set(names) - OWN
    yield from with_facts(session, review_ids, asked, found, decided) if asked else found


def evidence_for(session: Session, review: Review, analysis: str) -> tuple[Plan, list[Evidence]]:
    """Return the newest plan of an analysis, and the evidence of its review as it asks for it.

    Raises NotFoundError for an analysis that the review does not have.
    """
    plan = plan_of(versions(session, review, analysis)[0])
    return plan, [item for _, item in evidence(session, [review.id], names=plan.names)]


def evidence_of(session: Session, entries: Sequence[Entry]) -> list[Evidence]:
    """Return the evidence of some entries, whether they count or not.

    What a blind entry says of study and arms for itself takes the place of what is known of them.
    """
    chosen = Entry.id.in_([entry.id for entry in entries])
    blind = entered(session, [entry for entry in entries if entry.kind is EntryKind.BLIND])
    owner = {result.result_id: own for own in blind for result in own.results.values()}
    return [
        _as_entered(item, owner[item.result_id]) if item.result_id in owner else item
        for _, item in _evidence(session, chosen)
    ]


def _as_entered(item: Evidence, own: Entered) -> Evidence:
    return item._replace(
        year=own.values.get("year"),
        design=Allocation(**_facts(own.values, Allocation._fields)),
        arm=_arm_as_entered(item.arm, own),
        versus=_arm_as_entered(item.versus, own) if item.versus is not None else None,
    )


def _arm_as_entered(arm: ArmSide, own: Entered) -> ArmSide:
    facts = _facts(own.arms[arm.label].values, [n for n in ArmSide._fields if n in ARM_FACTS])
    return arm._replace(**{**facts, "treatment": facts["treatment"] or arm.label})


def _facts(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    given = {name: values.get(name) for name in names}
    return {
        name: CHOICES[name](value) if value is not None and name in CHOICES else value
        for name, value in given.items()
    }


_OF_ARMS: Final = ("id", *ArmSide._fields[1:])
_OF_RESULTS: Final = (
    "rater", "timepoint", "analysis_set", "level", "weeks", "covariates", "clusters_analysed",
    "favours", "page",
)  # fmt: skip


def _evidence(
    session: Session, condition: sa.ColumnElement[bool]
) -> Iterator[tuple[int, Evidence]]:
    versus, related, other_outcome = aliased(Arm), aliased(Instrument), aliased(Outcome)
    own: dict[str, Any] = {
        "result_id": Result.id,
        "entry_kind": sa.type_coerce(Entry.kind, sa.Text),
        "study_id": Study.id,
        "study": Study.label,
        "year": Study.year,
        "excluded_because": Study.excluded_because,
        "outcome": Outcome.slug,
        "instrument": Instrument.slug,
        "instrument_name": Instrument.name,
        "higher_is_better": Instrument.higher_is_better,
        "report": Report.citation,
        "with_instrument": related.slug,
        "with_outcome": other_outcome.slug,
        "with_higher_is_better": related.higher_is_better,
        **{name: getattr(Result, name) for name in _OF_RESULTS},
    }
    parts = (
        [getattr(Arm, name) for name in _OF_ARMS],
        [getattr(versus, name) for name in _OF_ARMS],
        [getattr(Study, name) for name in Allocation._fields],
        [getattr(Instrument, name) for name in ScoreRange._fields],
        [getattr(Result, name) if name in ABOUT else sa.null() for name in ReportedNumbers._fields],
    )
    query = (
        sa.select(Study.review_id, *chain(*parts), *own.values())
        .select_from(Result)
        .join(Entry, Result.entry_id == Entry.id)
        .join(Study, Entry.study_id == Study.id)
        .join(Arm, Result.arm_id == Arm.id)
        .outerjoin(versus, Result.versus_arm_id == versus.id)
        .join(Instrument, Result.instrument_id == Instrument.id)
        .join(Outcome, Instrument.outcome_id == Outcome.id)
        .outerjoin(Report, Result.report_id == Report.id)
        .outerjoin(related, Result.with_instrument_id == related.id)
        .outerjoin(other_outcome, related.outcome_id == other_outcome.id)
        .where(condition)
        .order_by(Study.review_id, Study.label, Arm.label, Result.id)
    )
    for row in session.execute(query):
        cells = iter(row)
        review_id = next(cells)
        arm, other = (ArmSide(*islice(cells, len(ArmSide._fields))) for _ in range(2))
        yield (
            review_id,
            Evidence(
                arm=arm,
                versus=other if other.arm_id is not None else None,
                design=Allocation(*islice(cells, len(Allocation._fields))),
                scale=ScoreRange(*islice(cells, len(ScoreRange._fields))),
                numbers=ReportedNumbers(*islice(cells, len(ReportedNumbers._fields))),
                **dict(zip(own, cells, strict=True)),
            ),
        )
