"""Characteristics of included studies: design, participants, arms, outcomes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.columns import (
    NOT_REPORTED,
    NOT_REPORTED_NOTE,
    Row,
    as_reported,
    in_use,
    said_once,
    words,
)
from review.export.tables.model import Alignment, Cell, Column, Footnote, Kind, Table
from review.extraction import field_queries, queries
from review.extraction.evidence import Evidence
from review.extraction.evidence_queries import evidence
from review.extraction.fields import FieldLevel, FieldSpec, written
from review.extraction.models import Arm, Entry, Study
from review.extraction.vocabulary import Randomised
from review.protocol.models import Review
from review.protocol.queries import outcomes
from review.protocol.vocabulary import Rater
from review.wording import lowered

UNITS: Final = {
    Randomised.INDIVIDUAL: "individuals randomised",
    Randomised.CLUSTER: "clusters randomised",
    Randomised.CROSSOVER: "crossover",
    Randomised.NOT_RANDOMISED: "not randomised",
}

STUDY_COLUMNS: Final = (
    Column("study", "Study"),
    Column("design", "Design"),
    Column("setting", "Country, setting"),
    Column("participants", "Participants, diagnosis"),
    Column("funding", "Funding"),
    Column("registration", "Registration"),
    Column("outcomes", "Outcomes (instruments)"),
)
ARM_COLUMNS: Final = (
    Column("arm", "Arm"),
    Column("role", "Role"),
    Column("delivery_mode", "Delivery"),
    Column("treatment", "Therapy"),
    Column("sessions", "Sessions", alignment=Alignment.RIGHT),
    Column("therapist_training", "Therapist training"),
    Column("n_randomised", "n randomised", alignment=Alignment.RIGHT),
)

NOT_ENTERED: Final = "not entered yet"

FACT_COLUMNS: Final = (
    Column("year", "Year", Kind.INTEGER),
    Column("design", "Design"),
    Column("randomised", "Unit"),
    Column("cluster_size", "Cluster size", Kind.NUMBER),
    Column("icc", "ICC", Kind.NUMBER),
    Column("therapists", "Therapists"),
    Column("country", "Country"),
    Column("setting", "Setting"),
    Column("population", "Population"),
    Column("diagnosis", "Diagnosis"),
    Column("funding", "Funding"),
    Column("registration", "Registration"),
)
"""Facts of a study, each by the name of its column."""

DATA_COLUMNS: Final = (
    Column("study", "Study"),
    *FACT_COLUMNS,
    Column("outcomes", "Outcomes (instruments)"),
    Column("reports", "Reports"),
    Column("arm", "Arm"),
    Column("role", "Role"),
    Column("delivery_mode", "Delivery"),
    Column("treatment", "Therapy"),
    Column("sessions", "Sessions", Kind.NUMBER),
    Column("therapist_training", "Therapist training"),
    Column("n_randomised", "n randomised", Kind.INTEGER),
)


class _Included:
    """The studies of a review that are in, with arms and what was measured."""

    def __init__(self, session: Session, review: Review) -> None:
        self.studies = [s for s in queries.studies(session, review) if s.excluded_because is None]
        ids = [study.id for study in self.studies]
        self.arms: dict[int, list[Arm | None]] = defaultdict(list)
        for arm in queries.arms_that_count(session, ids):
            self.arms[arm.study_id].append(arm)
        self.reports: Mapping[int, list[str]] = defaultdict(list)
        for report in queries.reports(session, ids):
            self.reports[report.study_id].append(report.citation)
        names = {outcome.slug: outcome.name for outcome in outcomes(session, review)}
        results: Mapping[int, list[Evidence]] = defaultdict(list)
        for _, item in evidence(session, [review.id]):
            results[item.study_id].append(item)
        self.measured = {i: _measured(results[i], names) for i in ids}

        specs = [field for field in field_queries.field_specs(session, review) if not field.retired]
        self.of_study = [field for field in specs if field.level is FieldLevel.STUDY]
        self.of_arm = [field for field in specs if field.level is FieldLevel.ARM]
        self.custom = _custom(session, ids) if specs else {}

    def study_fields(self, study: Study) -> tuple[str | None, ...]:
        """Return what a study has in the form's custom fields."""
        return tuple(self.custom.get((study.id, None, field.slug)) for field in self.of_study)

    def arm_fields(self, study: Study, arm: Arm | None) -> tuple[str | None, ...]:
        """Return what an arm has in the form's custom fields."""
        if arm is None:
            return (None,) * len(self.of_arm)
        return tuple(self.custom.get((study.id, arm.id, field.slug)) for field in self.of_arm)

    def pairs(self) -> list[tuple[Study, Arm | None]]:
        """Return each study with each of its arms, with None where no arm is entered."""
        return [(s, arm) for s in self.studies for arm in self.arms[s.id] or [None]]


def _custom(session: Session, studies: Sequence[int]) -> dict[tuple[int, int | None, str], str]:
    """Return what the entries that count say in custom fields: by study, arm and field."""
    by_study: dict[int, list[Entry]] = defaultdict(list)
    for entry in queries.entries(session, studies):
        by_study[entry.study_id].append(entry)
    counted = [one for found in by_study.values() if (one := queries.counting(found)) is not None]
    of_study = {entry.id: entry.study_id for entry in counted}
    return {
        (of_study[value.entry_id], value.arm_id, value.name): written(value.value)
        for value in queries.entry_values(session, counted)
        if value.result_id is None and value.value is not None
    }


def _columns(fields: Sequence[FieldSpec]) -> tuple[Column, ...]:
    return tuple(Column(f"field_{field.slug}", field.label) for field in fields)


def characteristics_table(session: Session, review: Review) -> Table:
    """Return a row an arm for print, custom fields too; what is not reported says so.

    What no study reports is named below the table instead of in a column of its own.
    """
    included = _Included(session, review)
    pairs = included.pairs()
    of_study = (*STUDY_COLUMNS, *_columns(included.of_study))
    columns, rows, silent = in_use(
        (*of_study, *ARM_COLUMNS, *_columns(included.of_arm)),
        [
            (
                *_study_cells(study, included.measured[study.id]),
                *included.study_fields(study),
                *_arm_cells(arm),
                *included.arm_fields(study, arm),
            )
            for study, arm in pairs
        ],
    )
    own = sum(column in of_study for column in columns)
    told = tuple(
        (*map(_or_silent, row[:own]), *(row[own:] if arm is None else map(_or_silent, row[own:])))
        for row, (_, arm) in zip(rows, pairs, strict=True)
    )
    notes = [NOT_REPORTED_NOTE] if any(_silent(row) for row in told) else []
    if silent and rows:
        notes.append(
            f"Reported of no study so far: {'; '.join(lowered(c.header) for c in silent)}."
        )
    return Table(
        f"{review.title}: characteristics of included studies",
        columns or STUDY_COLUMNS[:1],
        said_once(told, own),
        footnotes=tuple(Footnote(note) for note in notes),
    )


def characteristics_data(session: Session, review: Review) -> Table:
    """Return a row an arm, complete in itself; empty is not reported."""
    included = _Included(session, review)
    rows = [
        (
            study.label,
            *(getattr(study, column.key) for column in FACT_COLUMNS),
            included.measured[study.id],
            "; ".join(included.reports[study.id]) or None,
            *(
                getattr(arm, "label" if column.key == "arm" else column.key) if arm else None
                for column in ARM_COLUMNS
            ),
            *included.study_fields(study),
            *included.arm_fields(study, arm),
        )
        for study, arm in included.pairs()
    ]
    columns = (*DATA_COLUMNS, *_columns(included.of_study), *_columns(included.of_arm))
    return Table(f"{review.title}: characteristics of included studies", columns, tuple(rows))


def _study_cells(study: Study, measured: str | None) -> Row:
    return (
        study.label,
        _design(study),
        _both(study.country, study.setting),
        _both(study.population, study.diagnosis),
        study.funding,
        study.registration,
        measured or NOT_ENTERED,
    )


def _both(first: str | None, second: str | None) -> str | None:
    """Return two facts in one cell; None where neither is reported."""
    if first is None and second is None:
        return None
    return f"{first or NOT_REPORTED}; {second or NOT_REPORTED}"


def _design(study: Study) -> str | None:
    parts = [study.design] if study.design else []
    if study.randomised is not None:
        parts.append(UNITS[study.randomised])
    if study.cluster_size is not None:
        icc = "" if study.icc is None else f", ICC {as_reported(study.icc)}"
        parts.append(f"clusters of {as_reported(study.cluster_size)} on average{icc}")
    if study.therapists is not None:
        parts.append(f"therapists {study.therapists.value} with arms")
    return "; ".join(parts) or None


def _arm_cells(arm: Arm | None) -> Row:
    if arm is None:
        return (NOT_ENTERED, *(None,) * (len(ARM_COLUMNS) - 1))
    return (
        arm.label,
        words(arm.role),
        words(arm.delivery_mode),
        arm.treatment,
        as_reported(arm.sessions) if arm.sessions is not None else None,
        arm.therapist_training,
        str(arm.n_randomised) if arm.n_randomised is not None else None,
    )


def _silent(row: Row) -> bool:
    return any(isinstance(cell, str) and NOT_REPORTED in cell.split("; ") for cell in row)


def _or_silent(cell: Cell) -> Cell:
    return NOT_REPORTED if cell is None else cell


def _measured(results: Sequence[Evidence], names: Mapping[str, str]) -> str | None:
    """Return ``Working alliance: Working Alliance Inventory (client, therapist)``."""
    raters: dict[str, dict[str, dict[str, None]]] = {}
    for item in results:
        of_outcome = raters.setdefault(names[item.outcome], {})
        said = of_outcome.setdefault(item.instrument_name, {})
        if item.rater is not Rater.NOT_REPORTED:
            said[item.rater.value] = None
    told = [
        f"{outcome}: "
        + ", ".join(f"{name} ({', '.join(r)})" if r else name for name, r in sorted(found.items()))
        for outcome, found in sorted(raters.items())
    ]
    return "; ".join(told) or None
