"""Characteristics of studies, arms and results that plans ask for, read beside the evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction import field_queries
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.queries import adopted_tools, judgements, tool_of
from review.extraction.appraisal.rules import Settled, judgement_of
from review.extraction.evidence import Evidence, Facts
from review.extraction.fields import FieldLevel
from review.extraction.models import Arm, Entry, EntryValue, FieldVersion, Study
from review.protocol.characteristics import KNOWN, RISK_OF_BIAS, About, Value, base_name
from review.protocol.models import Review

ROB2 = "rob2"
"""The family whose judgements are meant where a review has adopted tools of several."""


def names_of(session: Session, review: Review) -> tuple[str, ...]:
    """Return what a review's plans can speak of beyond `KNOWN`: custom fields, and domains."""
    fields = [spec.slug for spec in field_queries.field_specs(session, review)]
    domains = [
        f"{RISK_OF_BIAS}.{domain.key}"
        for tool in adopted_tools(session, review)
        if tool.family == _family(session, review)
        for domain in tool_of(tool).domains
    ]
    return tuple(dict.fromkeys((*fields, *domains)))


def _family(session: Session, review: Review) -> str | None:
    families = [tool.family for tool in adopted_tools(session, review)]
    return ROB2 if ROB2 in families else next(iter(families), None)


@dataclass(slots=True)
class _Read:
    """What was read of some reviews, by the ids of what it describes."""

    studies: dict[int, dict[str, Value]] = field(default_factory=lambda: defaultdict(dict))
    arms: dict[int, dict[str, Value]] = field(default_factory=lambda: defaultdict(dict))
    results: dict[int, dict[str, Value]] = field(default_factory=lambda: defaultdict(dict))
    settled: dict[int, Mapping[Target, Settled]] = field(default_factory=dict)
    risk: tuple[str, ...] = ()


def with_facts(
    session: Session,
    review_ids: Sequence[int],
    names: Collection[str],
    evidence: Iterable[tuple[int, Evidence]],
    decided: sa.ColumnElement[bool],
) -> Iterator[tuple[int, Evidence]]:
    """Yield evidence with the characteristics that `names` ask for.

    Parameters
    ----------
    names
        As plans have them; sides are of no matter, both arms are described.
    decided
        Which entries count; theirs are the custom fields.
    """
    wanted = {base_name(name) for name in names}
    read = _read(session, review_ids, wanted, decided)
    of_arms = frozenset(n for n in wanted if KNOWN.get(n) is About.ARM) | _arm_fields(
        session, review_ids
    )
    none: Mapping[str, Value] = {}
    for review_id, item in evidence:
        result = {**read.results.get(item.result_id, none), **_risk(read, review_id, item)}
        if item.weeks is not None:
            result["weeks"] = item.weeks
        facts = Facts(
            study=read.studies.get(item.study_id, none),
            arm=read.arms.get(item.arm.arm_id, none),
            versus=read.arms.get(item.versus.arm_id, none) if item.versus else none,
            result=result,
            of_arms=of_arms,
        )
        yield review_id, item._replace(facts=facts)


def _arm_fields(session: Session, review_ids: Sequence[int]) -> frozenset[str]:
    return frozenset(
        session.scalars(
            sa.select(FieldVersion.slug).where(
                FieldVersion.review_id.in_(review_ids), FieldVersion.level == FieldLevel.ARM
            )
        )
    )


def _read(
    session: Session,
    review_ids: Sequence[int],
    names: Collection[str],
    decided: sa.ColumnElement[bool],
) -> _Read:
    read = _Read(risk=tuple(n for n in names if n.split(".")[0] == RISK_OF_BIAS))
    of_study = sorted(n for n in names if KNOWN.get(n) is About.STUDY)
    of_arm = sorted(n for n in names if KNOWN.get(n) is About.ARM)
    fields = sorted(n for n in names if n not in KNOWN and n not in read.risk)
    if of_study:
        columns = [getattr(Study, name) for name in of_study]
        rows = sa.select(Study.id, *columns).where(Study.review_id.in_(review_ids))
        _keep(session, rows, of_study, read.studies)
    if of_arm:
        columns = [getattr(Arm, name) for name in of_arm]
        rows = sa.select(Arm.id, *columns).join(Study, Arm.study_id == Study.id)
        _keep(session, rows.where(Study.review_id.in_(review_ids)), of_arm, read.arms)
    if fields:
        _keep_fields(session, review_ids, fields, decided, read)
    if read.risk:
        for review in session.scalars(sa.select(Review).where(Review.id.in_(review_ids))):
            family = _family(session, review)
            if family is not None:
                read.settled[review.id] = judgements(session, review, family)
    return read


def _keep(
    session: Session,
    rows: sa.Select[Any],
    names: Sequence[str],
    into: dict[int, dict[str, Value]],
) -> None:
    for row_id, *values in session.execute(rows):
        for name, value in zip(names, values, strict=True):
            if value is not None and value != "":
                into[row_id][name] = value.value if isinstance(value, StrEnum) else value


def _keep_fields(
    session: Session,
    review_ids: Sequence[int],
    fields: Sequence[str],
    decided: sa.ColumnElement[bool],
    read: _Read,
) -> None:
    rows = (
        sa.select(
            Entry.study_id, EntryValue.arm_id, EntryValue.result_id, EntryValue.name,
            EntryValue.value,
        )
        .join(Entry, EntryValue.entry_id == Entry.id)
        .join(Study, Entry.study_id == Study.id)
        .where(Study.review_id.in_(review_ids), EntryValue.name.in_(fields), decided)
        .order_by(EntryValue.id)
    )  # fmt: skip
    for study_id, arm_id, result_id, name, value in session.execute(rows):
        if value is None or value in ("", []):
            continue
        kept: Value = tuple(value) if isinstance(value, list) else value
        if result_id is not None:
            read.results[result_id][name] = kept
        elif arm_id is not None:
            read.arms[arm_id][name] = kept
        else:
            read.studies[study_id][name] = kept


def _risk(read: _Read, review_id: int, item: Evidence) -> dict[str, Value]:
    settled = read.settled.get(review_id)
    if not settled:
        return {}
    found = judgement_of(
        settled,
        study=item.study,
        outcome=item.outcome,
        instrument=item.instrument,
        timepoint=item.timepoint,
    )
    if found is None:
        return {}
    told: dict[str, Value] = {}
    for name in read.risk:
        domain = name.partition(".")[2]
        judged = found.domains.get(domain) if domain else found.judgement
        if judged is not None:
            told[name] = judged
    return told
