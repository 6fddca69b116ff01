"""From two blind entries to a consensus that overwrites neither. Actions never commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotFoundError
from review.extraction import queries
from review.extraction.comparison import ROW, Cell, Comparison, Pair, State, compare
from review.extraction.entered import Entered, EnteredResult, ResultKey
from review.extraction.fields import parsed, written
from review.extraction.models import (
    Arm,
    Entry,
    EntryValue,
    FieldVersion,
    Resolution,
    Result,
    Study,
)
from review.extraction.rules import (
    ARM_FACTS,
    RESULT_COLUMNS,
    STUDY_FACTS,
    ExtractionRow,
    cells_alone,
)
from review.extraction.vocabulary import EntryKind, Level, Taken
from review.protocol.models import Review
from review.protocol.queries import instruments
from review.wording import plainly


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
            f"{label} cannot be compared before {' and '.join(unfinished)} finished "
            f'(review extract finish "{label}")'
        )
    first, second = queries.entered(session, blind)
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
            f"{found.study.label} has no differing cell {cell_id!r}; its values may have changed "
            f'(review extract compare "{found.study.label}")'
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
    custom = {f.slug: f for f in queries.field_specs(session, review)}
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
    making = _Making(session, review, found, person, now)
    making.describe()
    for pair in found.comparison.pairs:
        making.result(pair)
    session.flush()
    return making.entry


class _Making:
    """One consensus on its way into the database."""

    def __init__(self, session: Session, review: Review, found: Sides, person: str, now: datetime):
        self.session = session
        self.found = found
        self.instruments = {i.slug: i.id for i in instruments(session, review)}
        self.fields = {f.slug: f for f in queries.field_versions(session, review)}
        self.arms = {a.label: a for a in queries.arms(session, [found.study.id])}
        self.reports = {r.citation: r.id for r in queries.reports(session, [found.study.id])}
        self.entry = Entry(
            study_id=found.study.id,
            person_id=queries.extractor(session, review, person).id,
            kind=EntryKind.CONSENSUS,
            finished_at=now,
        )
        session.add(self.entry)
        session.flush()

    def describe(self) -> None:
        """Write what both say of the study and its arms where analyses read it."""
        comparison = self.found.comparison
        self._facts(self.found.study, self._settled(comparison.study_cells), STUDY_FACTS)
        for label, cells in comparison.arm_cells.items():
            self._facts(self.arms[label], self._settled(cells), ARM_FACTS)

    def _facts(self, holder: Study | Arm, values: Mapping[str, Any], names: Sequence[str]) -> None:
        row = ExtractionRow.model_validate({"study": "checked", **_named(values, names)})
        for name in names:
            if name in values and getattr(row, name) is not None:
                setattr(holder, name, getattr(row, name))
        arm = holder if isinstance(holder, Arm) else None
        for name, value in values.items():
            if name not in names and value is not None:
                self._custom(name, value, arm=arm)

    def _settled(self, cells: Sequence[Cell]) -> dict[str, Any]:
        return {
            cell.field: cell.first
            if cell.state is State.EQUAL
            else self.found.decided[cell.id].value
            for cell in cells
        }

    def _custom(
        self, name: str, value: Any, *, arm: Arm | None = None, result: Result | None = None
    ) -> None:
        field: FieldVersion | None = self.fields.get(name)
        self.session.add(
            EntryValue(
                entry_id=self.entry.id,
                arm_id=arm.id if arm else None,
                result_id=result.id if result else None,
                name=name,
                value=value,
                field_id=field.id if field else None,
            )
        )

    def result(self, pair: Pair) -> None:
        """Write one result of the consensus; nothing for a row that was decided away."""
        decided = self._row(pair)
        if decided is None:
            return
        key, values = decided
        try:
            numbers = _named(values, RESULT_COLUMNS)
            row = ExtractionRow.model_validate({"study": "checked", **key._asdict(), **numbers})
        except ValidationError as error:
            reason = plainly(error.errors()[0])
            raise InvalidDataError(
                f"the decisions on {key} do not fit together: {reason}"
            ) from None
        result = Result(
            entry_id=self.entry.id,
            level=_level(key),
            arm_id=self._arm(key.arm).id,
            versus_arm_id=self._arm(key.versus_arm).id if key.versus_arm else None,
            instrument_id=self._instrument(key.instrument),
            with_instrument_id=self._instrument(key.with_instrument)
            if key.with_instrument
            else None,
            rater=row.rater,
            timepoint=row.timepoint,
            analysis_set=row.analysis_set,
            report_id=self.reports.get(str(values.get("citation"))),
            not_reported=self._not_reported(pair, values),
        )
        for name in RESULT_COLUMNS:
            setattr(result, name, row.value(name))
        self.session.add(result)
        self.session.flush()
        for name, value in values.items():
            if name in self.fields and value is not None:
                self._custom(name, value, result=result)

    def _row(self, pair: Pair) -> tuple[ResultKey, dict[str, Any]] | None:
        if pair.first_key is None or pair.second_key is None:
            side = Taken.FIRST if pair.first_key is not None else Taken.SECOND
            if self.found.decided[pair.cells[0].id].taken is not side:
                return None
            entered = self.found.first if side is Taken.FIRST else self.found.second
            return pair.key, dict(entered.results[pair.key].values)
        settled = self._settled(pair.cells)
        key = ResultKey(*(settled.pop(name, None) for name in ResultKey._fields))
        return key, settled

    def _not_reported(self, pair: Pair, values: Mapping[str, Any]) -> list[str] | None:
        told: set[str] = set()
        for key, entered in (
            (pair.first_key, self.found.first), (pair.second_key, self.found.second),
        ):  # fmt: skip
            result: EnteredResult | None = entered.results.get(key) if key is not None else None
            told |= set(result.not_reported) if result is not None else set()
        return sorted(name for name in told if values.get(name) is None) or None

    def _arm(self, label: str) -> Arm:
        if label not in self.arms:
            raise InvalidDataError(f"{self.found.study.label} has no arm {label!r}")
        return self.arms[label]

    def _instrument(self, slug: str) -> int:
        if slug not in self.instruments:
            raise InvalidDataError(f"the review has no instrument {slug!r}")
        return self.instruments[slug]


def _named(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if values.get(name) is not None}


def _level(key: ResultKey) -> Level:
    if key.versus_arm is not None:
        return Level.CONTRAST
    return Level.ASSOCIATION if key.with_instrument is not None else Level.ARM


def written_cell(value: Any) -> str:
    """Return a cell's value for people; a dash for none."""
    return "–" if value is None else written(value)
