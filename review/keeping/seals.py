"""Judgements held against their seals as they are stored: whoever alters one may write anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import Base
from review.extraction.appraisal.rules import OVERALL
from review.extraction.appraisal.sealing import sealed_whole
from review.history.queries import raw_rows
from review.independent.seals import seal

SEALED = ("decision", "late_decision", "appraisal")
"""The tables whose rows bear seals."""


def unsealed(session: Session, table: str) -> Iterator[int]:
    """Yield the rows of a table that do not say what their seal covers, by id.

    Whether a row bears the seal that it was given, its event says.
    """
    if table == "appraisal":
        return unsealed_appraisals(session)
    return unsealed_decisions(session, table)


def unsealed_decisions(session: Session, table: str) -> Iterator[int]:
    """Yield the decisions, or the late ones, that do not say what their seal covers, by id."""
    names = ("id", "record_id", "stage", "person_id", "verdict", "reason_id", "note", "nonce")
    for row in _stored(session, table, *names, "seal"):
        said = (*row[1:5], row.reason_id or "", row.note or "", row.nonce)
        if seal(*said) != row.seal:
            yield row.id


def unsealed_appraisals(session: Session) -> Iterator[int]:
    """Yield the appraisals of all reviews that are not what their seal covers, by id.

    As they are stored: whoever alters one may write what is no judgement at all.
    """
    answers: dict[int, dict[str, list[Any]]] = defaultdict(dict)
    for row in _stored(
        session, "appraisal_answer", "appraisal_id", "question", "answer", "support"
    ):
        answers[row.appraisal_id][row.question] = list(row[2:])
    domains: dict[int, dict[str, list[Any]]] = defaultdict(dict)
    judged = ("appraisal_id", "domain", "judgement", "proposed", "support")
    for row in _stored(session, "appraisal_judgement", *judged):
        domains[row.appraisal_id][row.domain] = list(row[2:])
    columns = [column.name for column in Base.metadata.tables["appraisal"].columns]
    for row in _stored(session, "appraisal", *columns):
        overall = [row.overall, row.overall_proposed, row.overall_support]
        made = sealed_whole(
            row,
            kind=row.kind,
            at=row.judged_at,
            answers=answers.pop(row.id, {}),
            domains={**domains.pop(row.id, {}), OVERALL: overall},
        )
        if made != row.seal:
            yield row.id
    yield from sorted(answers.keys() | domains.keys())  # of no appraisal that there is


def _stored(session: Session, table: str, *columns: str) -> Iterator[sa.Row[Any]]:
    return raw_rows(session, Base.metadata.tables[table], columns)
