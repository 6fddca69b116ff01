"""Results by study and arm, as the reports give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.columns import Row, as_reported, decimals_of, in_use, said_once, words
from review.export.tables import Column, Footnote, Kind, Table
from review.extraction import queries
from review.extraction.evidence import Evidence
from review.extraction.rules import NUMBER_COLUMNS
from review.extraction.vocabulary import EntryKind, Level
from review.protocol.models import Review
from review.protocol.queries import outcomes
from review.protocol.vocabulary import AnalysisSet, Rater

OWN_COLUMN: Final = ("n", "mean", "sd", "events")
"""Numbers that documents give a column of their own; all else stands in words."""

COUNTS: Final = frozenset({"n", "versus_n", "events"})

CALLED: Final = {
    "versus_n": "n of the other arm", "se": "SE", "ci_low": "CI from", "ci_high": "to",
    "ci_level": "level", "q1": "Q1", "q3": "Q3", "baseline_mean": "baseline mean",
    "baseline_sd": "baseline SD", "mean_change": "mean change", "sd_change": "SD of change",
    "correlation": "correlation of occasions", "f": "F", "p_below": "p below",
}  # fmt: skip
"""Numbers whose column name is no word of print."""

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
        for name in NUMBER_COLUMNS
    ),
    Column("entered_by", "Entered by (people)", Kind.INTEGER),
    Column("report", "Report"),
    Column("page", "Page"),
)


def results_table(session: Session, review: Review) -> Table:
    """Return a row a result that counts, of studies that are in, for print.

    A result of a contrast names both arms; what is no n, mean, SD or count of events stands in
    words with all its digits.
    """
    found = _counting(session, review)
    names = {outcome.slug: outcome.name for outcome in outcomes(session, review)}
    columns = (
        Column("study", "Study"),
        Column("outcome", "Outcome"),
        Column("instrument", "Instrument (rater)"),
        Column("timepoint", "Timepoint (analysed)"),
        Column("arm", "Arm"),
        Column("n", "n", Kind.INTEGER),
        *(
            Column(name, header, Kind.NUMBER, decimals_of(getattr(item, name) for item in found))
            for name, header in (("mean", "Mean"), ("sd", "SD"))
        ),
        Column("events", "Events", Kind.INTEGER),
        Column("other", "Other numbers as reported"),
        Column("entered_by", "Entered by", Kind.INTEGER),
        Column("source", "Source"),
    )
    used, rows, _ = in_use(columns, [_printed(item, names) for item in found])
    note = (
        "Entered by: one person, or two who entered independently and agreed on a consensus. "
        "Empty cells: not reported."
    )
    return Table(
        f"{review.title}: results by study and arm",
        used or columns[:1],
        said_once(rows, 4),
        footnotes=(Footnote(note),),
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
            item.metric,
            *(getattr(item, name) for name in NUMBER_COLUMNS),
            _people(item),
            item.report,
            item.page,
        )
        for item in _counting(session, review)
    )
    return Table(f"{review.title}: results by study and arm", DATA_COLUMNS, rows)


def _counting(session: Session, review: Review) -> list[Evidence]:
    found = [e for _, e in queries.evidence(session, [review.id]) if e.excluded_because is None]
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
        *(getattr(item, name) for name in OWN_COLUMN),
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


def _other(item: Evidence) -> str | None:
    """Return ``standardized mean change −0.214, variance 0.0208``."""
    told = []
    for name in NUMBER_COLUMNS:
        value = getattr(item, name)
        if value is None or name in OWN_COLUMN:
            continue
        called = CALLED.get(name, name)
        if name == "estimate":
            called = item.metric or ("r" if item.level is Level.ASSOCIATION else "estimate")
        told.append(f"{called} {as_reported(value)}")
    if not told and all(getattr(item, name) is None for name in OWN_COLUMN):
        return "no numbers reported"
    return ", ".join(told) or None
