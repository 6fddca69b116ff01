"""Results by study and arm, as the reports give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.columns import (
    Row,
    as_reported,
    decimals_of,
    in_use,
    said_once,
    words,
)
from review.export.tables.model import Column, Footnote, Kind, Table
from review.extraction.evidence import Evidence
from review.extraction.evidence_queries import evidence
from review.extraction.numbers import ABOUT, COUNTS, NUMBER_FIELDS, called
from review.extraction.vocabulary import EntryKind, Level
from review.protocol.models import Review
from review.protocol.queries import outcomes
from review.protocol.vocabulary import AnalysisSet, Rater

OWN_COLUMN: Final = ("n", "mean", "sd", "events", "person_years", "estimate", "se", "variance")
"""Numbers that documents give a column of their own; all else stands in words."""

LEADING: Final = ("study", "outcome", "instrument", "timepoint")
"""What a row does not repeat of the row above."""

CONSTANT: Final = ("outcome", "instrument", "timepoint", "metric", "source")
"""Columns that are a note where all results say the same."""

DATA_COLUMNS: Final = (
    Column("study", "Study"),
    Column("year", "Year", Kind.INTEGER),
    Column("outcome", "Outcome"),
    Column("instrument", "Instrument"),
    Column("rater", "Rater"),
    Column("timepoint", "Timepoint"),
    Column("weeks", "Weeks", Kind.NUMBER),
    Column("analysis_set", "Analysis set"),
    Column("level", "Level"),
    Column("arm", "Arm"),
    Column("versus_arm", "Other arm"),
    Column("with_instrument", "Related to"),
    Column("metric", "Metric"),
    *(
        Column(name, name.replace("_", " "), Kind.INTEGER if name in COUNTS else Kind.NUMBER)
        for name in NUMBER_FIELDS
    ),
    Column("entered_by", "Entered by (people)", Kind.INTEGER),
    Column("report", "Report"),
    Column("page", "Page"),
)


def results_table(session: Session, review: Review) -> Table:
    """Return a row a result that counts, of studies that are in, for print.

    A result of a contrast names both arms; numbers without a column of their own stand in words
    with all their digits.
    """
    found = _counting(session, review)
    names = {outcome.slug: outcome.name for outcome in outcomes(session, review)}
    columns = (
        Column("study", "Study"),
        Column("outcome", "Outcome"),
        Column("instrument", "Instrument (rater)"),
        Column("timepoint", "Timepoint (analysed)"),
        Column("arm", "Arm"),
        Column("metric", "Estimate of"),
        Column("n", "n", Kind.INTEGER),
        *(_reported(name, found) for name in ("mean", "sd")),
        Column("events", "Events", Kind.INTEGER),
        *(_reported(name, found) for name in ("person_years", "estimate", "se", "variance")),
        Column("other", "Other numbers as reported"),
        Column("entered_by", "Entered by", Kind.INTEGER),
        Column("source", "Source"),
    )
    used, rows, _ = in_use(columns, [_printed(item, names) for item in found])
    used, rows, same = _without_constants(used, rows)
    note = (
        "Entered by: one person, or two who entered independently and agreed on a consensus. "
        "Empty cells: not reported."
    )
    return Table(
        f"{review.title}: results by study and arm",
        used or columns[:1],
        said_once(rows, sum(column.key in LEADING for column in used)),
        footnotes=(*([Footnote(same)] if same else []), Footnote(note)),
    )


def _reported(name: str, found: Sequence[Evidence]) -> Column:
    header = ABOUT[name].heading or name.capitalize()
    values = (getattr(item.numbers, name) for item in found)
    return Column(name, header, Kind.NUMBER, decimals_of(values))


def _without_constants(
    columns: Sequence[Column], rows: Sequence[Row]
) -> tuple[tuple[Column, ...], tuple[Row, ...], str | None]:
    """Move columns of words that say the same of every result into a note."""
    same = {
        i: row[i]
        for i, column in enumerate(columns)
        if column.key in CONSTANT
        for row in rows[:1]
        if len(rows) > 1 and all(other[i] == row[i] for other in rows)
    }
    if not same:
        return tuple(columns), tuple(rows), None
    kept = [i for i in range(len(columns)) if i not in same]
    told = "; ".join(f"{columns[i].header.lower()} {value}" for i, value in same.items())
    return (
        tuple(columns[i] for i in kept),
        tuple(tuple(row[i] for i in kept) for row in rows),
        f"All results: {told}.",
    )


def results_data(session: Session, review: Review) -> Table:
    """Return a row a result with every number as reported."""
    rows = tuple(
        (
            item.study,
            item.year,
            item.outcome,
            item.instrument,
            item.rater,
            item.timepoint,
            item.weeks,
            item.analysis_set,
            item.level,
            item.arm.label,
            item.versus.label if item.versus else None,
            item.with_instrument,
            item.numbers.metric,
            *(getattr(item.numbers, name) for name in NUMBER_FIELDS),
            _people(item),
            item.report,
            item.page,
        )
        for item in _counting(session, review)
    )
    return Table(f"{review.title}: results by study and arm", DATA_COLUMNS, rows)


def _counting(session: Session, review: Review) -> list[Evidence]:
    found = [e for _, e in evidence(session, [review.id]) if e.excluded_because is None]
    return sorted(found, key=lambda e: (e.study.casefold(), e.outcome, e.result_id))


def _people(item: Evidence) -> int:
    return 2 if item.entry_kind == EntryKind.CONSENSUS else 1


def _printed(item: Evidence, names: Mapping[str, str]) -> Row:
    rater = "" if item.rater is Rater.NOT_REPORTED else f" ({words(item.rater)})"
    analysed = (
        "" if item.analysis_set is AnalysisSet.NOT_REPORTED else f" ({words(item.analysis_set)})"
    )
    return (
        item.study,
        names[item.outcome],
        f"{item.instrument_name}{rater}",
        f"{item.timepoint}{analysed}",
        _about(item),
        _metric(item),
        *(getattr(item.numbers, name) for name in OWN_COLUMN),
        _other(item),
        _people(item),
        "; ".join(filter(None, (item.report, item.page))) or None,
    )


def _about(item: Evidence) -> str:
    if item.versus is not None:
        return f"{item.arm.label} against {item.versus.label}"
    if item.level is Level.ASSOCIATION:
        return f"{item.arm.label}, with {item.with_instrument}"
    return item.arm.label


def _metric(item: Evidence) -> str | None:
    if item.numbers.estimate is None:
        return None
    return item.numbers.metric or ("r" if item.level is Level.ASSOCIATION else None)


def _other(item: Evidence) -> str | None:
    """Return ``t −2.31, p 0.023``."""
    given = item.numbers.given
    told = [f"{called(n)} {as_reported(v)}" for n, v in given.items() if n not in OWN_COLUMN]
    return ", ".join(told) or (None if given else "no numbers reported")
