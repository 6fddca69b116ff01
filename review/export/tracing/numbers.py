"""An exported number back to its run, and on to the results that went into it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.orm import Session, joinedload

from review.errors import InvalidDataError, NotFoundError, Remedy
from review.export.tables.writers.docx_origins import digest_of
from review.export.tracing.origins import (
    LEDGER,
    SHORT_KEY,
    SINCE,
    fields_of,
    found_at,
    origin,
)
from review.extraction.models import Entry, Result, Study
from review.extraction.numbers import ReportedNumbers
from review.extraction.trace import Traced, trace
from review.living.runs.contents import ArmInput, TrialInput, as_stored
from review.living.runs.models import Run
from review.living.runs.queries import newest_numbers, snapshot_of
from review.living.runs.results import PooledLine, Snapshot
from review.living.runs.scales import scale_of_run
from review.protocol.models import Analysis, AnalysisVersion

_ORIGIN: Final = re.compile(rf"([0-9a-f]{{{SHORT_KEY},64}})((?:/[^/\s]+)*)")
_NOW: Final = frozenset({"after", "after_number"})
_BEFORE: Final = frozenset({"before", "before_number"})
"""Columns of the tables of changes: the number of this run, and of the one before it."""

_RUN_NOW: Final = frozenset({"run", "run_after"})
_RUN_BEFORE: Final = "run_before"
"""Columns that count runs."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The run that holds a number."""

    review: str
    analysis: str
    number: int
    newest: int
    """The analysis' newest run; a number of an older one is out of date."""
    key: str
    created: datetime
    software: Mapping[str, str]
    history_seq: int
    history_hash: str
    """The head of the history when its inputs were read: an anchor for ``review verify``."""


@dataclass(frozen=True, slots=True)
class Input:
    """One reported result that went into a number, as it stood when the run was made."""

    study: str
    side: str
    arm: str
    reported: Mapping[str, Any]
    result_id: int
    entry: str
    report: str | None
    page: str | None


@dataclass(frozen=True, slots=True)
class TracedNumber:
    """Where a number comes from.

    `value` is what the run has at the path; None for a run as a whole. Where a table computed the
    number for itself, `column` names it, and the value is the whole row it was computed from.
    """

    origin: str
    run: Holder
    value: Any
    column: str | None
    inputs: tuple[Input, ...]
    shown: str | None = None
    """Of the logarithm of a ratio: the ratio as measured, which tables and texts print."""


class Runs:
    """The runs of a database by the short keys of origins; each is read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._found: dict[str, tuple[Run, Snapshot]] = {}
        self._holders: dict[int, Holder] = {}

    def run(self, short: str) -> tuple[Run, Snapshot]:
        """Return a run with what it keeps; raise NotFoundError."""
        if short not in self._found:
            query = (
                sa.select(Run)
                .where(Run.key.startswith(short))
                .options(
                    joinedload(Run.version)
                    .joinedload(AnalysisVersion.analysis)
                    .joinedload(Analysis.review)
                )
            )
            run = self._session.scalars(query).first()
            if run is None:
                raise NotFoundError(
                    f"no run of this database has a key that begins with {short}; the number "
                    "comes from another database: say which by REVIEW_DATABASE_URL"
                )
            self._found[short] = (run, snapshot_of(run))
        return self._found[short]

    def holder(self, short: str) -> Holder:
        """Return what there is to say of a run; raise NotFoundError."""
        run, _ = self.run(short)
        if run.id not in self._holders:
            analysis = run.version.analysis
            self._holders[run.id] = Holder(
                review=analysis.review.slug,
                analysis=analysis.slug,
                number=run.number,
                newest=newest_numbers(self._session, [run.analysis_id])[run.analysis_id],
                key=run.key,
                created=run.created,
                software=run.software,
                history_seq=run.history_seq,
                history_hash=run.history_hash,
            )
        return self._holders[run.id]

    def earlier(self, short: str, number: int) -> Snapshot:
        """Return what an earlier run of the same analysis keeps; raise NotFoundError."""
        run, _ = self.run(short)
        query = sa.select(Run).where(Run.analysis_id == run.analysis_id, Run.number == number)
        found = self._session.scalars(query).first() if number <= run.number else None
        if found is None:
            raise NotFoundError(f"run {run.number} has no run {number} before it")
        return snapshot_of(found)


class StatedNumber(NamedTuple):
    """What stands at an origin; `value` and `column` as in `TracedNumber`."""

    origin: str
    value: Any
    column: str | None


def stated_at(runs: Runs, text: str) -> StatedNumber:
    """Return what stands at an origin; raises as `trace_number`."""
    return _stated(runs, *_parsed(runs, text))


def _stated(runs: Runs, key: str, path: tuple[str, ...]) -> StatedNumber:
    value, column = _value(runs, key, path)
    return StatedNumber(origin(key, *path), _plain(value), column)


def trace_number(runs: Runs, text: str) -> TracedNumber:
    """Return where a number comes from.

    Parameters
    ----------
    runs
        Of the database.
    text
        An origin: ``1f0c5a2b9e77/effects/3/yi``; a run alone stands for all of it (a figure).

    Raises
    ------
    InvalidDataError
        For a text that is no origin.
    NotFoundError
        For a run that this database does not have, or a path that its run does not have.
    """
    key, path = _parsed(runs, text)
    at, value, column = _stated(runs, key, path)
    run, snapshot = runs.run(key)
    _, path = _held_against(run, path)
    inputs = tuple(_inputs(_trials(snapshot, path), path))
    shown = _as_shown(snapshot, path, value)
    return TracedNumber(at, runs.holder(key), value, column, inputs, shown)


def _as_shown(snapshot: Snapshot, path: Sequence[str], value: Any) -> str | None:
    """Return the ratio that a logarithm of a run is shown as; None for all other numbers."""
    scale = scale_of_run(snapshot[0])
    if not scale.as_ratio or not path:
        return None
    match path[-1], value:
        case (("estimate" | "yi" | "median"), float()):
            return f"{scale.shown} {scale.value(value)!r}"
        case "margin", float():
            return f"{scale.shown} {scale.margin(value)!r}"
        case (("ci" | "z_ci" | "pi"), [float() as low, float() as high]):
            return f"{scale.shown} {list(scale.pair((low, high)))!r}"
    return None


def _parsed(runs: Runs, text: str) -> tuple[str, tuple[str, ...]]:
    match = _ORIGIN.fullmatch(text)
    if text.startswith(f"{LEDGER}/"):
        raise InvalidDataError(
            f"{text} is counted from the database at each export, and stands in no run",
            remedy=Remedy("list what a box of the flow counts with", "review flow --list BOX"),
        )
    if match is None:
        raise InvalidDataError(
            f"{text!r} is neither a file nor an origin such as 1f0c5a2b9e77/pooled/estimate"
        )
    key, path = match[1], tuple(match[2].split("/")[1:])
    if path and path[-1].startswith("#"):
        path = _path_of(runs.run(key)[1], key[:SHORT_KEY], path[-1].removeprefix("#"))
    return key, path


def recorded(session: Session, number: TracedNumber, runs: Runs, viewer: str) -> list[Traced]:
    """Return what the database says today of the results behind a number of one trial.

    Empty for numbers of several trials; `viewer` sees what `review extract trace` shows them.
    """
    ids = {item.result_id for item in number.inputs}
    if len({item.study for item in number.inputs}) != 1:
        return []
    run, _ = runs.run(number.run.key[:SHORT_KEY])
    labels = session.scalars(
        sa.select(Study.label)
        .join(Entry, Entry.study_id == Study.id)
        .join(Result, Result.entry_id == Entry.id)
        .where(Result.id.in_(ids))
        .distinct()
    )
    review = run.version.analysis.review
    return [
        traced
        for label in labels
        for traced in trace(session, review, label, viewer=viewer)
        if traced.result_id in ids
    ]


def withdrawn_since(session: Session, number: TracedNumber) -> dict[int, str]:
    """Return which results behind a number count no longer, and why."""
    rows = session.execute(
        sa.select(Result.id, Result.withdrawn_because)
        .where(
            Result.id.in_({item.result_id for item in number.inputs}),
            Result.withdrawn_because.is_not(None),
        )
        .order_by(Result.id)
        .execution_options(withdrawn=True)
    )
    return {row[0]: str(row[1]) for row in rows}


def _value(runs: Runs, key: str, path: Sequence[str]) -> tuple[object, str | None]:
    run, snapshot = runs.run(key)
    since, path = _held_against(run, path)
    if not path:
        return None, None
    *row, last = path
    if last in _RUN_NOW:
        return run.number, None
    if last == _RUN_BEFORE:
        return since, None
    try:
        if last in _BEFORE:
            return found_at(runs.earlier(key, since), row), None
        if last in _NOW:
            return found_at(snapshot, row), None
        try:
            return found_at(snapshot, path), None
        except NotFoundError:
            return found_at(snapshot, row), last
    except NotFoundError:
        raise NotFoundError(
            f"run {run.number} of {run.version.analysis.slug} has nothing at {'/'.join(path)}"
        ) from None


def _held_against(run: Run, path: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """Return the number of the run that a change is held against, and the path without it.

    Files of before say no number: theirs are of the run before.
    """
    if len(path) > 1 and path[0] == SINCE and path[1].isdecimal():
        return int(path[1]), tuple(path[2:])
    return run.number - 1, tuple(path)


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, ReportedNumbers):
        return as_stored(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _trials(snapshot: Snapshot, path: Sequence[str]) -> Sequence[TrialInput]:
    """Return the trials that a number depends on."""
    inputs, results = snapshot
    match [int(part) if part.isdecimal() else part for part in path]:
        case [("effects" | "trials"), int(number), *_]:
            return [inputs.trials[number]]
        case ["variants", int(number), *_]:
            label = results.variants[number].label
            other = next((a for a in inputs.alternatives if a.label == label), None)
            if other is not None:
                return other.trials
            return [trial for trial in inputs.trials if label != f"without {trial.study}"]
        case ["moderators", int(number), "lines", int(line), *_]:
            moderator = results.moderators[number]
            if moderator.kind == "subgroups":
                label = moderator.lines[line].label
                return [t for t in inputs.trials if _has(t, moderator.moderator, label)]
        case [("plan" | "left_out"), *_]:
            return []
    return inputs.trials


def _has(trial: TrialInput, moderator: str, label: str) -> bool:
    return str(trial.characteristic(moderator)) == label


def _inputs(trials: Sequence[TrialInput], path: Sequence[str]) -> Iterator[Input]:
    within = path[2:4] if path[:1] == ("trials",) else ()
    for trial in trials:
        contrast = (trial.contrast,) if trial.contrast is not None else ()
        sides: dict[str, tuple[ArmInput, ...]] = {
            "intervention": trial.intervention,
            "comparator": trial.comparator,
            "contrast": contrast,
        }
        for side, arms in sides.items():
            for index, arm in enumerate(arms):
                here = (side, str(index))[: len(within)] if side != "contrast" else (side,)
                if not within or tuple(within)[: len(here)] == here:
                    yield _input(trial, side, arm)


def _input(trial: TrialInput, side: str, arm: ArmInput) -> Input:
    numbers = arm.numbers._asdict()
    return Input(
        study=trial.study,
        side=side,
        arm=arm.arm,
        reported={name: value for name, value in numbers.items() if value is not None},
        result_id=arm.source.result_id,
        entry=arm.source.entry_kind,
        report=arm.source.report,
        page=arm.source.page,
    )


def _path_of(snapshot: Snapshot, short: str, digest: str) -> tuple[str, ...]:
    """Return the path that a bookmark without its list stands for, among all that a run has."""
    inputs, results = snapshot
    readings = (
        ("readings", str(index), name)
        for index in range(len(results.readings))
        for name in (*PooledLine.model_fields, "p_noninferiority")
    )
    for path in (*readings, *_paths(results), *_paths(inputs)):
        if digest_of(origin(short, *path)) == digest:
            return path
    raise NotFoundError(f"the run {short} has no number of the mark {digest}; its table made it")


def _paths(value: object, trail: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield trail
    if named := fields_of(value):
        for name in named:
            yield from _paths(getattr(value, name), (*trail, name))
    elif isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
        for index, item in enumerate(value):
            yield from _paths(item, (*trail, str(index)))
