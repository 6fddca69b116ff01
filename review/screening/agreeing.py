"""How far reviewers agree, as a page shows it: by stage, file, pilot round and pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Record
from review.citations.queries import batches
from review.people.models import identity
from review.people.queries import handles
from review.protocol.models import Review
from review.screening.fates import BatchFlow, flow_by_batch
from review.screening.ledger import Ledger
from review.screening.models import Decision, Withdrawal
from review.screening.queries import pilot_rounds, pilots, stage_rules
from review.screening.rules import Ballot
from review.screening.standings import boxes_by_batch
from review.screening.vocabulary import STAGE_WORDS, Stage, Verdict

if TYPE_CHECKING:
    from review.independent.agreement import FleissKappa, Kappa
    from review.screening.comparison import PairAgreement


@dataclass(frozen=True, slots=True)
class PairLine:
    """Two reviewers, or all of them, in numbers as they are printed."""

    who: str
    n: int
    raw: str
    kappa: str
    interval: str
    pabak: str
    forward: str
    """Share of verdicts that are no exclusion."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """What two reviewers said, crossed: rows the first one's verdicts."""

    first: str
    second: str
    categories: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of what was asked for, and the flow file by file."""

    stage: Stage
    words: str
    records: int
    """Records that all required reviewers decided; what one person saw alone is left out."""
    incomplete: int
    changed: int
    lines: tuple[PairLine, ...]
    crossed: tuple[Crossed, ...]
    files: tuple[tuple[int, str], ...]
    pilots: tuple[int, ...]
    flow: tuple[tuple[BatchFlow, BatchFlow], ...]
    """Of each file, and of all up to it."""


def agreement_of(
    session: Session,
    review: Review,
    *,
    stage: Stage,
    batch: int | None = None,
    pilot: int | None = None,
    final: bool = False,
) -> Agreement:
    """Return how far reviewers agree on records that all of them decided.

    Parameters
    ----------
    batch, pilot
        Of one file, or one pilot round of the stage.
    final
        Compare newest decisions; the independent ones otherwise.
    """
    from review.screening.comparison import agreement_at  # kappa takes arrays, judging does not

    now, alike = cast_at(session, review, stage)
    found = agreement_at(
        now, handles(session), stage, batch=batch, pilot=pilot, final=final, alike=alike
    )
    files = [(one.id, one.file) for one in batches(session, review)]
    lines = [line for pair in found.pairs for line in _lines(pair)]
    lines += [_line(f"all reviewers, {one.raters} a record", one) for one in found.overall]
    return Agreement(
        stage=stage,
        words=STAGE_WORDS[stage],
        records=found.records,
        incomplete=found.incomplete,
        changed=found.changed,
        lines=tuple(lines),
        crossed=tuple(
            Crossed(pair.first, pair.second, pair.kappa.categories, pair.kappa.table)
            for pair in found.pairs
        ),
        files=tuple(files),
        pilots=tuple(one.number for one in pilots(session, review) if one.stage is stage),
        flow=tuple(flow_by_batch(boxes_by_batch(session, review), files)),
    )


def cast_at(session: Session, review: Review, stage: Stage) -> tuple[Ledger, dict[int, int]]:
    """Return what is compared of a stage, as a ledger of its decisions without their reasons.

    Of records of a file on which the same persons said the same in turn it has the first, and the
    mapping says for how many it stands: of many decisions few differ in more than their record.
    """
    kinds = (identity, Decision.verdict, Withdrawal.after_id, Record.batch_id)
    numbers, records_of = (
        sa.func.aggregate_strings(sa.cast(column, sa.String), ",")
        for column in (Decision.id, Decision.record_id)
    )
    rows = session.execute(
        sa.select(*kinds, numbers, records_of)
        .select_from(Decision)
        .join(Decision.record)
        .join(Decision.person)
        .outerjoin(Withdrawal, Withdrawal.decision_id == Decision.id)
        .where(Record.review_id == review.id, Decision.stage == stage)
        .group_by(*kinds)
    ).all()
    said: dict[int, list[int]] = {}
    """By record its decisions in one number each, their ids before their kinds."""
    for kind, row in enumerate(rows):
        made, of = (map(int, listed.split(",")) for listed in row[4:])
        for number, record in zip(made, of, strict=True):
            said.setdefault(record, []).append(number * len(rows) + kind)
    rounds = pilot_rounds(session, review)
    drawn = {record for one in rounds if one.stage is stage for record in one.records}
    taken_back = {kind for kind, row in enumerate(rows) if row[2] is not None}
    first: dict[object, int] = {}
    alike: dict[int, int] = {}
    for record, cast in sorted(said.items()):
        cast.sort()
        shape = tuple([number % len(rows) for number in cast])
        alone = record in drawn or not taken_back.isdisjoint(shape)
        one = first.setdefault(record if alone else shape, record)
        alike[one] = alike.get(one, 0) + 1
    ledger = Ledger(
        records={record: rows[said[record][0] % len(rows)][3] for record in alike},
        ballots={
            (stage, record): [
                Ballot(number, rows[kind][0], rows[kind][1], None, rows[kind][2])
                for number, kind in (divmod(one, len(rows)) for one in said[record])
            ]
            for record in alike
        },
        rules=stage_rules(session, review),
        pilots=rounds,
    )
    return ledger, alike


def _lines(pair: PairAgreement) -> list[PairLine]:
    who = f"{pair.first}, {pair.second}"
    lines = [_line(who, pair.kappa)]
    if pair.forward is not None:
        lines.append(_line(f"{who}: forward or not", pair.forward))
    return lines


def _line(who: str, found: Kappa | FleissKappa) -> PairLine:
    pabak = getattr(found, "pabak", None)
    excluded = found.prevalence[found.categories.index(Verdict.EXCLUDE.value)]
    return PairLine(
        who=who,
        n=found.n,
        raw=f"{100 * found.observed:.1f} %",
        kappa="" if found.kappa is None else f"{found.kappa:.2f}",
        interval="" if found.ci is None else f"{found.ci[0]:.2f} to {found.ci[1]:.2f}",
        pabak="" if pabak is None else f"{pabak:.2f}",
        forward=f"{100 * (1 - excluded):.1f} %",
    )
