"""From two blind entries to a consensus that overwrites neither. Actions never commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotFoundError, Remedy
from review.extraction import field_queries, queries
from review.extraction.comparison import (
    ROW,
    Cell,
    CellState,
    Comparison,
    Pair,
    compare,
    spelled_like,
)
from review.extraction.entered import Entered, ResultKey
from review.extraction.fields import parsed, written
from review.extraction.holdings import Holdings
from review.extraction.models import Entry, ReportPdf, Resolution, Result, Study
from review.extraction.rows import NumberedRow
from review.extraction.rules import built, cells_alone
from review.extraction.vocabulary import EntryKind, Taken
from review.extraction.writer import Writer
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Sides:
    """The two entries of a study that are compared, and what was decided of them so far."""

    study: Study
    first: Entered
    second: Entered
    comparison: Comparison
    decided: Mapping[str, Resolution]
    """By cell, the newest."""
    agreed: bool
    """Whether the study has its consensus."""

    @property
    def open(self) -> tuple[Cell, ...]:
        """The cells that still have to be decided."""
        if self.agreed:
            return ()
        return tuple(c for c in self.comparison.differing if c.id not in self.decided)


def sides(
    session: Session,
    review: Review,
    label: str,
    *,
    between: tuple[str, str] | None = None,
    tolerance: float = 0.0,
) -> Sides:
    """Return the two finished blind entries of a study, compared.

    Parameters
    ----------
    session, review, label
        The study.
    between
        Whose entries, where there are more than two.
    tolerance
        As for `review.extraction.comparison.compare`.

    Raises
    ------
    InvalidDataError
        If there are not two, or one is not finished: nobody sees another's entry before that.
    """
    study = queries.study_called(session, review, label)
    there = queries.entries(session, [study.id])
    blind = [
        e
        for e in there
        if e.kind is EntryKind.BLIND and (between is None or e.person.name in between)
    ]
    if len(blind) == 2 and len({e.person.name for e in blind}) == 1:
        raise InvalidDataError(
            f"both blind entries of {label} are {blind[0].person.name}'s, under two names; "
            "another person's is wanted"
        )
    if len(blind) != 2:
        names = ", ".join(e.person.name for e in blind) or "nobody"
        more = "; say which two with --between" if len(blind) > 2 else ""
        raise InvalidDataError(f"{label} has blind entries by {names}; two are compared{more}")
    unfinished = [e.person.name for e in blind if e.finished_at is None]
    if unfinished:
        raise InvalidDataError(
            f"{label} cannot be compared before {' and '.join(unfinished)} finished",
            remedy=Remedy("they do with", f'review extract finish "{label}"'),
        )
    first, other = queries.entered(session, blind)
    second = spelled_like(other, first)
    return Sides(
        study=study,
        first=first,
        second=second,
        comparison=compare(first, second, tolerance=tolerance),
        decided={r.cell: r for r in queries.resolutions(session, study)},
        agreed=any(e.kind is EntryKind.CONSENSUS and e.finished_at is not None for e in there),
    )


def comparable(session: Session, review: Review) -> list[str]:
    """Return the studies with two finished blind entries, by label."""
    every = queries.studies(session, review)
    by_study: dict[int, list[Entry]] = {study.id: [] for study in every}
    for entry in queries.entries(session, list(by_study)):
        if entry.kind is EntryKind.BLIND:
            by_study[entry.study_id].append(entry)
    return [
        study.label
        for study in every
        if len(found := by_study[study.id]) == 2 and all(e.finished_at for e in found)
    ]


def resolve(
    session: Session,
    review: Review,
    found: Sides,
    cell_id: str,
    *,
    taken: Taken,
    value: str | None = None,
    reason: str,
    person: str,
    now: datetime,
) -> Resolution:
    """Decide one differing cell; both entries stay as they are.

    Parameters
    ----------
    session, review, found
        The study's two sides.
    cell_id
        As the comparison shows it.
    taken
        Whose value holds, or another.
    value
        The other value as a file would have it; only with ``Taken.OTHER``.
    reason
        Why; kept.
    person, now
        Who decides, when.

    Raises
    ------
    NotFoundError
        If no differing cell is called so, which is also the case after one of its values changed.
    InvalidDataError
        If there is a consensus already, the reason is empty, or the value does not fit.
    """
    if found.agreed:
        raise InvalidDataError(
            f"{found.study.label} has its consensus; correct it with import --entry consensus"
        )
    if not reason.strip():
        raise InvalidDataError("say why; a decision without its reason is not kept")
    cell = next((c for c in found.comparison.differing if c.id == cell_id), None)
    if cell is None:
        raise NotFoundError(
            f"{found.study.label} has no differing cell {cell_id!r}; its values may have changed",
            remedy=Remedy("look again with", f'review extract compare "{found.study.label}"'),
        )
    chosen = {Taken.FIRST: cell.first, Taken.SECOND: cell.second}.get(taken)
    if taken is Taken.OTHER:
        chosen = _other(session, review, cell, value or "")
    decision = Resolution(
        study_id=found.study.id,
        cell=cell.id,
        place=cell.place,
        field=cell.field,
        first_entry_id=found.first.entry_id,
        second_entry_id=found.second.entry_id,
        first=cell.first,
        second=cell.second,
        taken=taken,
        value=chosen,
        reason=reason.strip(),
        person_id=queries.extractor(session, review, person).id,
        decided_at=now,
    )
    session.add(decision)
    session.flush()
    return decision


def _other(session: Session, review: Review, cell: Cell, value: str) -> Any:
    """Return a third value, checked as an import would check it."""
    if cell.field == ROW:
        raise InvalidDataError("a whole result is taken from one of the entries, or left out")
    custom = {f.slug: f for f in field_queries.field_specs(session, review)}
    if cell.field in custom:
        return parsed(custom[cell.field], value)
    row, problems = cells_alone({"study": cell.study, cell.field: value})
    if problems:
        raise InvalidDataError(problems[0].reason)
    made = row.value(cell.field)
    return made.value if hasattr(made, "value") else made


def reach_consensus(
    session: Session, review: Review, found: Sides, *, person: str, now: datetime
) -> Entry:
    """Make the consensus entry: equal cells carried over, the rest as decided.

    Raises
    ------
    InvalidDataError
        If cells are open, there is a consensus already, or the decisions make a row that cannot be.
    """
    if found.agreed:
        raise InvalidDataError(f"{found.study.label} has its consensus already")
    if found.open:
        raise InvalidDataError(f"{len(found.open)} cells of {found.study.label} are not decided")
    rows = consensus_rows(session, review, found)
    entry = Entry(
        study_id=found.study.id,
        person_id=queries.extractor(session, review, person).id,
        kind=EntryKind.CONSENSUS,
        finished_at=now,
    )
    session.add(entry)
    session.flush()
    writer = Writer(Holdings(session, review, list(rows.values()), person, EntryKind.CONSENSUS))
    writer.write()
    if writer.problems:
        told = list(rows)
        raise InvalidDataError(
            "; ".join(
                f"the decisions on {told[(problem.line or 1) - 1]} do not fit together: "
                f"{problem.reason}"
                for problem in writer.problems
            )
        )
    writer.describe_new_results()
    session.flush()
    _keep_sources(session, found, entry)
    _carry_pdfs(session, found, found.study)
    return entry


def _keep_sources(session: Session, found: Sides, entry: Entry) -> None:
    """Carry over from which PDF and page each result is: the first entry's, or else the other's."""
    of_both = [(pair, results_of(found, pair)) for pair in found.comparison.pairs]
    (agreed,) = queries.entered(session, [entry])
    for pair, numbers in of_both:
        decided = _decided(found, pair)
        if decided is None or decided[0] not in agreed.results:
            continue
        result = session.get_one(Result, agreed.results[decided[0]].result_id)
        for number in numbers:
            source = session.get_one(Result, number)
            if source.pdf is not None or source.sources:
                result.pdf, result.pdf_page = source.pdf, source.pdf_page
                result.sources = source.sources
                break
    session.flush()


def _rows_of(found: Sides) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the study, its arms and its results are to say, each with what it is about."""
    study = found.study.label
    comparison = found.comparison
    yield "the study", {"study": study, **_settled(found, comparison.study_cells)}
    results = [(p, *decided) for p in comparison.pairs if (decided := _decided(found, p))]
    used = _arms_of(key for _, key, _ in results)
    entered = _arms_of((*found.first.results, *found.second.results))
    for label, cells in comparison.arm_cells.items():
        if label in used or label not in entered:  # else it is what one of them called another
            yield f"arm {label}", {"study": study, "arm": label, **_settled(found, cells)}
    for pair, key, values in results:
        yield (
            str(key),
            {
                "study": study,
                **dict.fromkeys(_not_reported(found, pair, values), "NR"),
                **values,
                **{name: part for name, part in key._asdict().items() if part is not None},
            },
        )


def results_of(found: Sides, pair: Pair) -> list[int]:
    """Return the results of both entries that are a pair, the first entry's first."""
    sides_ = ((pair.first_key, found.first), (pair.second_key, found.second))
    return [entered.results[key].result_id for key, entered in sides_ if key is not None]


def _carry_pdfs(session: Session, found: Sides, study: Study) -> None:
    """Give everybody's report the PDFs of the same report as one of the entries named it."""
    both = (found.first.entry_id, found.second.entry_id)
    every = queries.reports(session, [study.id], both)
    shared = {report.citation: report for report in every if report.entry_id is None}
    own = {r.id: shared[r.citation] for r in every if r.entry_id and r.citation in shared}
    rows = session.scalars(sa.select(ReportPdf).where(ReportPdf.report_id.in_(own)))
    ids = [report.id for report in shared.values()]
    kept = sa.select(ReportPdf.report_id, ReportPdf.full_text_id)
    known = session.execute(kept.where(ReportPdf.report_id.in_(ids)))
    there = {(report_id, text_id) for report_id, text_id in known}
    for row in rows.all():
        place = (own[row.report_id].id, row.full_text_id)
        if place not in there:
            there.add(place)
            session.add(
                ReportPdf(
                    report_id=place[0], full_text_id=place[1], name=row.name,
                    person_id=row.person_id, added_at=row.added_at,
                )
            )  # fmt: skip
    session.flush()


def _arms_of(keys: Iterable[ResultKey]) -> set[str]:
    return {label for key in keys for label in (key.arm, key.versus_arm) if label is not None}


def as_if_decided(found: Sides) -> Sides:
    """Return two sides in which what is open is decided for the first entry; nothing is stored."""
    open_ = {
        cell.id: Resolution(taken=Taken.FIRST, value=cell.first)
        for cell in found.comparison.differing
        if cell.id not in found.decided
    }
    return replace(found, decided={**found.decided, **open_})


def consensus_rows(session: Session, review: Review, found: Sides) -> dict[str, NumberedRow]:
    """Return the rows of a consensus by what they are about; raise InvalidDataError.

    Arms are those of the entries: a decision makes none.
    """
    both = (found.first.entry_id, found.second.entry_id)
    arms = {arm.label for arm in queries.arms(session, [found.study.id], both)}
    custom = {field.slug for field in field_queries.field_versions(session, review)}
    rows: dict[str, NumberedRow] = {}
    wrong = []
    for place, cells in _rows_of(found):
        wrong += [
            f"{found.study.label} has no arm {cells[name]!r}"
            for name in ("arm", "versus_arm")
            if cells.get(name) not in (None, *arms)
        ]
        made = built({n: v for n, v in cells.items() if n not in custom and v is not None})
        wrong += [
            f"the decisions on {place} do not fit together: {problem.reason}"
            for problem in made.problems
        ]
        own = {name: value for name, value in cells.items() if name in custom}
        rows[place] = NumberedRow(len(rows) + 1, made.row, own)
    if wrong:
        raise InvalidDataError("; ".join(wrong))
    return rows


def _settled(found: Sides, cells: Sequence[Cell]) -> dict[str, Any]:
    return {
        cell.field: cell.first if cell.state is CellState.EQUAL else found.decided[cell.id].value
        for cell in cells
    }


def _decided(found: Sides, pair: Pair) -> tuple[ResultKey, dict[str, Any]] | None:
    """Return the result that a pair becomes; None for a row that was decided away."""
    if pair.first_key is None or pair.second_key is None:
        side = Taken.FIRST if pair.first_key is not None else Taken.SECOND
        if found.decided[pair.cells[0].id].taken is not side:
            return None
        entered = found.first if side is Taken.FIRST else found.second
        return pair.key, dict(entered.results[pair.key].values)
    settled = _settled(found, pair.cells)
    return ResultKey(*(settled.pop(name, None) for name in ResultKey._fields)), settled


def _not_reported(found: Sides, pair: Pair, values: Mapping[str, Any]) -> set[str]:
    told: set[str] = set()
    for key, entered in ((pair.first_key, found.first), (pair.second_key, found.second)):
        result = entered.results.get(key) if key is not None else None
        told |= set(result.not_reported) if result is not None else set()
    return {name for name in told if values.get(name) is None}


def written_cell(value: Any) -> str:
    """Return a cell's value for people; a dash for none."""
    return "–" if value is None else written(value)
