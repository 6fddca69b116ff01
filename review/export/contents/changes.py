"""What moved in the newest run of each analysis since readers last saw it, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from review.canonical import number
from review.export.contents.columns import said_once
from review.export.contents.variants import PRIMARY
from review.export.runs import LatestRun
from review.export.tables.model import Cell, Column, Footnote, Kind, Table
from review.export.tracing.origins import change_origin
from review.figures.numbers import MINUS, bracketed, fixed, with_minus
from review.living.reports.attribution import Explanation, explain
from review.living.reports.changes import ChangeReport
from review.living.reports.classes import strip
from review.living.reports.shares import Share
from review.living.runs.results import Interval, PooledLine
from review.living.runs.scales import EffectScale
from review.protocol.vocabulary import AnalysisKind, Variant
from review.wording import by_name

COLUMNS: Final = (
    Column("analysis", "Analysis"),
    Column("what", "What"),
    Column("before", "Before"),
    Column("after", "After"),
)
DATA_COLUMNS: Final = (
    Column("analysis", "Analysis"),
    Column("run_before", "Run before", Kind.INTEGER),
    Column("run_after", "Run after", Kind.INTEGER),
    Column("what", "What"),
    Column("study", "Study"),
    Column("before", "Before"),
    Column("after", "After"),
    Column("before_number", "Before (number)", Kind.NUMBER),
    Column("after_number", "After (number)", Kind.NUMBER),
)

SHOWN: Final = {
    "k": "k",
    "estimate": "estimate",
    "ci": "interval",
    "z_ci": "interval (z)",
    "pi": "prediction interval",
    "tau2": "τ²",
    "I2": "I²",
}
"""Fields of a pooled line whose change is shown, in words."""

SHARED: Final = {"estimate": "estimate", "lower": "lower limit", "tau2": "τ²"}
"""What a change is divided of, in words."""

Path = tuple[str | int, ...]


class Changed(NamedTuple):
    """One thing that changed; `path` says where it stands in the newest run, None nowhere."""

    path: Path | None
    what: str
    study: str | None = None
    before: str | None = None
    after: str | None = None
    before_number: float | None = None
    after_number: float | None = None


def changes_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return what moved with the newest run of each analysis, and why, for print.

    Each run is held against what readers saw last (`LatestRun.since`): its numbers, its conclusion
    by margin and by variant, trials and values that changed, each event's share of the change, and
    the signals that fired.
    """
    rows: list[tuple[Cell, ...]] = []
    origins: list[str | None] = []
    notes = [
        f"{run.inputs.plan.title}: "
        f"{run.change.unconcluded if run.notices.withheld else run.change.sentence}"
        for run in runs
    ]
    for run in runs:
        told = _explained(run)
        number = None if run.before_number is None else str(run.before_number)
        changed = [
            Changed((), "run", before=number, after=str(run.number)),
            *_lines(run.change),
            *_added(run.change),
            *_events(run),
            *_classes(run),
            *_shares(told, run.scale),
            *_signals(told, run.scale),
        ]
        rows += [(run.inputs.plan.title, *_cells(item)) for item in changed]
        origins += [_origin(run, item) for item in changed]
        if told is not None and told.shares is not None:
            how = "all orders" if told.shares.exact else "orders drawn with a fixed seed"
            notes.append(
                f"{run.inputs.plan.title}: shares are Shapley values over {how} of the events; "
                f"{'as factors they multiply' if run.scale.as_ratio else 'they sum'} to the change."
            )
        notes += [f"{run.inputs.plan.title}: {note}" for note in (told.notes if told else ())]
    return Table(
        title=f"{title}: change since {_since(runs)}",
        columns=COLUMNS,
        rows=said_once(rows, 1),
        footnotes=tuple(Footnote(note) for note in notes),
        origins=tuple(origins),
    )


def _since(runs: Sequence[LatestRun]) -> str:
    """Return what the runs are held against; where they differ their numbers are in the table."""
    known = {run.since for run in runs if run.before is not None}
    return known.pop() if len(known) == 1 else "earlier runs"


def changes_data(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row a thing that changed: numbers as numbers, the rest as text."""
    rows: list[tuple[Cell, ...]] = []
    origins: list[str | None] = []
    for run in runs:
        told = _explained(run)
        before = run.before_number
        for item in (
            *_numbers(run.change),
            *(Changed(("trials",), "trial added", study) for study in run.change.added),
            *_events(run),
            *_classes(run),
            *_share_numbers(told),
            *_signals(told, run.scale),
        ):
            rows.append((run.analysis, before, run.number, *item[1:]))
            origins.append(_origin(run, item))
    return Table(f"{title}: changes", DATA_COLUMNS, tuple(rows), origins=tuple(origins))


def _origin(run: LatestRun, item: Changed) -> str | None:
    return None if item.path is None else change_origin(run.key, run.before_number, *item.path)


def _explained(run: LatestRun) -> Explanation | None:
    if run.before is None:
        return None
    return explain(run.before, (run.inputs, run.results), outlook=False)


def _cells(item: Changed) -> tuple[str, str | None, str | None]:
    before, after = (
        None if value is None else with_minus(value) for value in (item.before, item.after)
    )
    return (f"{item.what}: {item.study}" if item.study else item.what, before, after)


def _lines(change: ChangeReport) -> Iterator[Changed]:
    old, new = change.scales
    was = _shown(change.before, old) if change.before is not None else {}
    for name, now in _shown(change.after, new).items():
        yield Changed(("pooled", name), SHOWN[name], before=was.get(name), after=now)


def _numbers(change: ChangeReport) -> Iterator[Changed]:
    old, new = change.scales
    was = _unrounded(change.before, old) if change.before is not None else {}
    for name, now in _unrounded(change.after, new).items():
        yield Changed(("pooled", name), name, before_number=was.get(name), after_number=now)


def _added(change: ChangeReport) -> Iterator[Changed]:
    if change.before is not None and change.added:
        what = f"trials added ({len(change.added)})"
        yield Changed(("trials",), what, after="; ".join(sorted(change.added, key=by_name)))


def _events(run: LatestRun) -> Iterator[Changed]:
    """Yield conclusions by margin, then what happened to trials and to the plan."""
    change = run.change
    for index, reading in enumerate(() if _alone(run) else change.readings):
        yield Changed(
            # A margin that went has no place in the newest run.
            ("readings", index, "conclusion") if reading.after is not None else ("readings",),
            "conclusion"
            if reading.margin is None
            else f"conclusion, margin {change.scales[1].margin_text(reading.margin)}",
            before=reading.before.conclusion.value if reading.before else None,
            after=reading.after.conclusion.value if reading.after else None,
        )
    for removed in change.removed:
        yield Changed(("left_out",), "trial removed", removed.study, removed.reason)
    for value in change.corrected:
        yield Changed(("trials",), value.what, value.where, value.old, value.new)
    for value in change.plan_changes:
        yield Changed(("plan",), f"plan: {value.what}", None, value.old, value.new)


def _alone(run: LatestRun) -> bool:
    """Whether arms are pooled without a comparison, of which nothing is concluded."""
    return run.inputs.plan.kind is AnalysisKind.SINGLE_ARM


def _classes(run: LatestRun) -> Iterator[Changed]:
    """Yield the class of each sensitivity analysis at each margin: the class strip.

    The primary analysis' stand before; of leave-one-out each line is of other trials than before.
    """
    if _alone(run):
        return
    places = {line.label: index for index, line in enumerate(run.results.variants)}
    earlier = run.before[1].variants if run.before is not None else ()
    passed_over = {
        line.label
        for line in (*earlier, *run.results.variants)
        if line.variant == Variant.LEAVE_ONE_OUT
    }
    for line in strip(run.before, (run.inputs, run.results)):
        if line.analysis == PRIMARY or line.analysis in passed_over:
            continue
        at = ("variants", places[line.analysis]) if line.analysis in places else ("variants",)
        for one in line.classes:
            margin = "" if one.margin is None else f", margin {run.scale.margin_text(one.margin)}"
            before, after = one.before, one.after
            if before is not None or after is not None:
                yield Changed(
                    at,
                    f"conclusion, {line.analysis}{margin}",
                    before=before.value if before else None,
                    after=after.value if after else None,
                )


def _shares(told: Explanation | None, scale: EffectScale) -> Iterator[Changed]:
    for share in _divided(told):
        values = ((word, getattr(share, name)) for name, word in SHARED.items())
        parts = (
            f"{word} {_part(word, value, scale)}" for word, value in values if value is not None
        )
        yield Changed(None, "share of the change", share.what, after=", ".join(parts))


def _part(word: str, value: float, scale: EffectScale) -> str:
    """Return a share of a change; of ratios the factor, but of tau² the difference."""
    if scale.as_ratio and word != SHARED.get("tau2"):
        return scale.shift(value, 3)
    return _signed(value)


def _share_numbers(told: Explanation | None) -> Iterator[Changed]:
    for share in _divided(told):
        for name in SHARED:
            value = getattr(share, name)
            if value is None:
                continue
            yield Changed(None, f"share of the change: {name}", share.what, after_number=value)


def _divided(told: Explanation | None) -> tuple[Share, ...]:
    return () if told is None or told.shares is None else told.shares.shares


def _signals(told: Explanation | None, scale: EffectScale) -> Iterator[Changed]:
    for signal in told.signals if told is not None else ():
        margin = "" if signal.margin is None else f", margin {scale.margin_text(signal.margin)}"
        after = signal.after or "; ".join(signal.trials) or None
        if signal.value is not None and signal.threshold is not None:
            after = f"{fixed(signal.value, 3)} (threshold {fixed(signal.threshold, 3)})"
        yield Changed(None, f"signal: {signal.kind}{margin}", None, signal.before, after)


def _unrounded(line: PooledLine, scale: EffectScale) -> dict[str, float | None]:
    low, high = scale.pair(line.pi) if line.pi is not None else (None, None)
    ci, z_ci = scale.pair(line.ci), scale.pair(line.z_ci)
    return {
        "k": float(line.k),
        "estimate": scale.value(line.estimate),
        "se": line.se,
        "ci_low": ci[0],
        "ci_high": ci[1],
        "z_ci_low": z_ci[0],
        "z_ci_high": z_ci[1],
        "pi_low": low,
        "pi_high": high,
        "tau2": line.tau2,
        "I2": line.I2,
    }


def _shown(line: PooledLine, scale: EffectScale) -> dict[str, str | None]:

    def limits(ci: Interval) -> str:
        return bracketed(*scale.pair(ci), scale.decimals(ci))

    return {
        "k": str(line.k),
        "estimate": fixed(scale.value(line.estimate), scale.decimals(line.ci)),
        "ci": limits(line.ci),
        "z_ci": limits(line.z_ci),
        "pi": None if line.pi is None else limits(line.pi),
        "tau2": number(line.tau2, 3) or None,
        "I2": f"{fixed(line.I2, 1)}%",
    }


def _signed(value: float) -> str:
    text = fixed(value, 3)
    return text if text.startswith(MINUS) or not value else f"+{text}"
