"""An analysis as its page shows it: the headline of a run, its forest plot, and what is beside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from review.canonical import p_value
from review.errors import InvalidDataError, NotFoundError
from review.export.drawings.bias import bias_of_run
from review.export.drawings.forest import forest_of
from review.export.views.current import change_of, contents_of, current
from review.extraction.appraisal.queries import adopted_tools
from review.extraction.queries import studies
from review.figures.forest_values import Diamond, Forest, ForestRow, Heading
from review.figures.risk_of_bias import RiskOfBias
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.reports.brief import beside_what_moved
from review.living.reports.levels import whole_tables_of
from review.living.reports.notices import NoticeKind, Notices
from review.living.reports.pages import Section
from review.living.reports.sections import pooled_lines
from review.living.reports.sentence import WITHHELD, conclusion_word
from review.living.runs import queries
from review.living.runs.contents import RunInputs
from review.living.runs.models import Run
from review.living.runs.results import RunResults, Snapshot
from review.living.runs.scales import EffectScale, scale_of_run
from review.protocol.characteristics import in_words
from review.protocol.models import Review
from review.protocol.queries import instruments
from review.wording import counted


class Order(StrEnum):
    """What the rows of a forest plot are in the order of."""

    YEAR = "year"
    NAME = "name"
    EFFECT = "effect"
    WEIGHT = "weight"


class Columns(StrEnum):
    """What may stand beside the studies of a forest plot."""

    ARMS = "arms"
    BIAS = "bias"
    COUNTRY = "country"


COLUMN_WORDS: Final = {
    Columns.ARMS: "arm data as reported",
    Columns.BIAS: "risk of bias",
    Columns.COUNTRY: "country",
}


@dataclass(frozen=True, slots=True)
class MarginLine:
    """What the estimate says against one margin; None is no effect."""

    margin: str
    deciding: bool
    conclusion: str
    p: str
    """One-sided; nothing against no effect."""


@dataclass(frozen=True, slots=True)
class Headline:
    """A run in a paragraph, a few figures and a table of margins."""

    review: str
    analysis: str
    title: str
    run: int
    newest: int
    created: datetime
    plan_version: int
    sentence: str
    """How it came from the run before; without its conclusion while that is withheld."""
    conclusion: str
    flipped: bool
    direction: str
    figures: tuple[tuple[str, str], ...]
    margins: tuple[MarginLine, ...]
    withheld: tuple[str, ...]
    """Why no conclusion is drawn."""
    notices: tuple[Section, ...]
    outdated: bool
    """Whether what the review holds has changed since this newest run."""
    key: str
    """SHA-256 of what entered, which never changes: an ETag."""

    @property
    def is_newest(self) -> bool:
        """Whether no later run was made."""
        return self.run == self.newest


@dataclass(frozen=True, slots=True)
class Choices:
    """How somebody wants to see a forest plot."""

    order: Order = Order.YEAR
    by: str | None = None
    """A planned subgroup analysis."""
    columns: frozenset[Columns] = frozenset()
    without: frozenset[int] = frozenset()
    """Studies that are switched off."""
    switches: bool = False


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the analysis would say without some trials; computed anew, and stored nowhere."""

    without: tuple[str, ...]
    sentence: str
    conclusion: str
    pooled: Diamond
    figures: tuple[tuple[str, str], ...]
    planned: tuple[tuple[str, str], ...]
    """The same of the run itself."""
    turned: bool


@dataclass(frozen=True, slots=True)
class ForestView:
    """A forest plot with the study of each row, and what of it can be chosen."""

    forest: Forest
    studies: tuple[int | None, ...]
    """Of each row; None for headings and diamonds."""
    chosen: Choices
    subgroups: tuple[tuple[str, str], ...]
    """Planned ones that this run has: name and words."""
    columns: tuple[tuple[str, str], ...]
    what_if: WhatIf | None = None


@dataclass(frozen=True, slots=True)
class AnalysisView:
    """The first page of an analysis."""

    head: Headline
    plot: ForestView
    network: tuple[Section, ...] = ()
    """Of a network the league table, every pair, the treatments; of several outcomes these."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run with all that every tab of its page needs."""

    run: Run
    newest: int
    before: Run | None
    now: Snapshot
    notices: Notices
    outdated: bool

    @property
    def scale(self) -> EffectScale:
        """The scale of its numbers."""
        return scale_of_run(self.now[0])


def load(session: Session, review: Review, analysis: str, number: int | None = None) -> Loaded:
    """Return a run, the newest for None, with what is true of its analysis now.

    Raises NotFoundError where there is no such analysis or run.
    """
    run = queries.run_numbered(session, review, analysis, number)
    newest = queries.newest_numbers(session, [run.analysis_id])[run.analysis_id]
    before = None
    if run.number > 1:
        before = queries.run_numbered(session, review, analysis, run.number - 1)
    standing = current(session, review)
    return Loaded(
        run=run,
        newest=newest,
        before=before,
        now=contents_of(run),
        notices=standing.of(analysis),
        outdated=run.number == newest and analysis in standing.outdated,
    )


def headline_of(loaded: Loaded, review: Review) -> Headline:
    """Return the headline of a run."""
    inputs, results = loaded.now
    plan, scale, withheld = inputs.plan, loaded.scale, loaded.notices.withheld
    report = change_of(loaded.before, loaded.run)
    word = conclusion_word(plan.kind, results.headline.conclusion, withheld=withheld) or ""
    return Headline(
        review=review.slug,
        analysis=loaded.run.version.analysis.slug,
        title=plan.title,
        run=loaded.run.number,
        newest=loaded.newest,
        created=loaded.run.created,
        plan_version=loaded.run.version.number,
        sentence=report.unconcluded if withheld else report.sentence,
        conclusion=word,
        flipped=report.flipped and not withheld,
        direction=report.direction,
        figures=figures_of(loaded.now, scale),
        margins=margins_of(loaded.now, scale, withheld=withheld),
        withheld=loaded.notices.sentences(NoticeKind.WITHHELD),
        notices=tuple(beside_what_moved(loaded.notices).sections(most=6, brief=True)),
        outdated=loaded.outdated,
        key=loaded.run.key,
    )


def figures_of(of: Snapshot, scale: EffectScale) -> tuple[tuple[str, str], ...]:
    """Return the numbers of a pooled line, the estimate first, k last."""
    lines = dict(pooled_lines(of[1].pooled, scale))
    counted_name = next(iter(lines))
    k = lines.pop(counted_name)
    return (*lines.items(), (counted_name, k))


def margins_of(of: Snapshot, scale: EffectScale, *, withheld: bool) -> tuple[MarginLine, ...]:
    """Return what the estimate says against each margin of the plan, the deciding one first."""
    inputs, results = of
    found = []
    for i, reading in enumerate(results.readings):
        word = conclusion_word(inputs.plan.kind, reading.conclusion, withheld=withheld)
        if word is None:
            continue
        none = f"no effect ({scale.none:g})"
        found.append(
            MarginLine(
                margin=none if reading.margin is None else scale.margin_text(reading.margin),
                deciding=i == 0 and reading.margin is not None,
                conclusion=word,
                p=p_value(reading.noninferiority_p),
            )
        )
    return tuple(found)


def analysis_page(
    session: Session,
    review: Review,
    analysis: str,
    number: int | None = None,
    choices: Choices | None = None,
) -> AnalysisView:
    """Return the headline of a run with its forest plot.

    Raises NotFoundError for an analysis, run or subgroup that is not there, InvalidDataError where
    nothing is left to pool.
    """
    loaded = load(session, review, analysis, number)
    plot = forest_view(session, review, loaded, choices or Choices())
    tables = whole_tables_of(loaded.now[1], loaded.scale)
    return AnalysisView(headline_of(loaded, review), plot, tables)


def forest_view(session: Session, review: Review, loaded: Loaded, chosen: Choices) -> ForestView:
    """Return the forest plot of a run as somebody wants to see it."""
    inputs, results = loaded.now
    if results.network is not None:
        return _network_view(loaded, chosen)
    bias = _bias(session, review, loaded.now) if Columns.BIAS in chosen.columns else None
    names = {one.slug: one.name for one in instruments(session, review)} if chosen.by else {}
    forest = forest_of(
        inputs, results, by=chosen.by, arm_data=Columns.ARMS in chosen.columns, bias=bias,
        instruments=names, withheld=loaded.notices.withheld,
    )  # fmt: skip
    ids = {effect.study: effect.study_id for effect in results.effects}
    rows = _ordered(forest.rows, chosen.order)
    if Columns.COUNTRY in chosen.columns:
        countries = {study.id: study.country or "" for study in studies(session, review)}
        rows = tuple(_with_column(row, countries.get(ids.get(_label(row), 0), "")) for row in rows)
        groups = forest.column_groups
        forest = replace(
            forest,
            rows=rows,
            summaries=tuple(_untold(one) for one in forest.summaries),
            column_headers=(*forest.column_headers, "Country"),
            column_groups=(*groups, ("", 1)) if groups else (),
        )
    else:
        forest = replace(forest, rows=rows)
    what_if = what_if_of(loaded, chosen.without) if chosen.without else None
    if what_if is not None:
        forest = replace(forest, summaries=(*forest.summaries, what_if.pooled))
    offered = [Columns.ARMS, Columns.COUNTRY]
    if adopted_tools(session, review):
        offered.insert(1, Columns.BIAS)
    return ForestView(
        forest=forest,
        studies=tuple(ids.get(_label(row)) if _is_study(row) else None for row in rows),
        chosen=replace(chosen, switches=chosen.switches or bool(chosen.without)),
        subgroups=tuple((name, in_words(name)) for name in results.grouped_by),
        columns=tuple((column.value, COLUMN_WORDS[column]) for column in offered),
        what_if=what_if,
    )


def _network_view(loaded: Loaded, chosen: Choices) -> ForestView:
    """Return each treatment of a network against the reference; its rows are no studies."""
    forest = forest_of(*loaded.now, by=chosen.by, withheld=loaded.notices.withheld)
    return ForestView(
        forest=forest,
        studies=(None,) * len(forest.rows),
        chosen=Choices(by=chosen.by, without=chosen.without, switches=bool(chosen.without)),
        subgroups=tuple((name, in_words(name)) for name in loaded.now[1].grouped_by),
        columns=(),
        what_if=what_if_of(loaded, chosen.without) if chosen.without else None,
    )


def _diamond(of: RunResults) -> Diamond:
    line = of.pooled
    low, high = line.pi or (None, None)
    label = f"What if (k = {line.k})"
    return Diamond(label, line.estimate, line.ci[0], line.ci[1], low, high)


Row = ForestRow | Heading | Diamond


def _is_study(row: Row) -> bool:
    return isinstance(row, ForestRow)


def _label(row: Row) -> str:
    return row.label if isinstance(row, ForestRow) else ""


def _with_column(row: Row, text: str) -> Row:
    if isinstance(row, Diamond):
        return _untold(row)
    return replace(row, columns=(*row.columns, text)) if isinstance(row, ForestRow) else row


def _untold(pooled: Diamond) -> Diamond:
    """Return a diamond whose totals, if it has any, have none for one more column."""
    return replace(pooled, columns=(*pooled.columns, "")) if pooled.columns else pooled


def _ordered(rows: Sequence[Row], order: Order) -> tuple[Row, ...]:
    """Return the rows of each subgroup in order; forests come in the order of years."""
    found: list[Row] = []
    group: list[ForestRow] = []
    for row in rows:
        if isinstance(row, ForestRow):
            group.append(row)
        else:
            found += [*_sorted(group, order), row]
            group = []
    return (*found, *_sorted(group, order))


def _sorted(group: list[ForestRow], order: Order) -> list[ForestRow]:
    if order is Order.NAME:
        return sorted(group, key=lambda row: row.label.casefold())
    if order is Order.EFFECT:
        return sorted(group, key=lambda row: (row.estimate is None, row.estimate or 0.0))
    if order is Order.WEIGHT:
        return sorted(group, key=lambda row: -(row.weight or 0.0))
    return group


def _bias(session: Session, review: Review, of: Snapshot) -> RiskOfBias | None:
    try:
        return bias_of_run(session, review, None, *of)
    except (InvalidDataError, NotFoundError):
        return None


def what_if_of(loaded: Loaded, without: Iterable[int]) -> WhatIf:
    """Return what an analysis would say without some of its trials; nothing is stored.

    Only the plan's main model is computed: no variant, subgroup or moderator.

    Raises InvalidDataError where no trial would be left.
    """
    inputs, results = loaded.now
    scale, off = loaded.scale, frozenset(without)
    kept = [trial for trial in inputs.trials if trial.study_id not in off]
    gone = tuple(dict.fromkeys(trial.study for trial in inputs.trials if trial.study_id in off))
    if not kept:
        raise InvalidDataError("no trial would be left to pool; switch one of them on")
    plan = inputs.plan.bare
    fewer = RunInputs(plan=plan, trials=tuple(kept), left_out=())
    (found,) = pool_inputs([(fewer, trial_effects(fewer))])
    was, now = results.headline.conclusion, found.headline.conclusion
    withheld = loaded.notices.withheld
    word = conclusion_word(plan.kind, now, withheld=withheld) or ""
    old = conclusion_word(plan.kind, was, withheld=withheld) or ""
    told_was, told_now = (
        scale.text(line.estimate, line.ci) for line in (results.pooled, found.pooled)
    )
    moved = f"Without {counted(len(gone), 'trial')}, {told_was} would be {told_now}"
    if not word or word == WITHHELD:
        told = ""
    elif now is was:
        told = f"; the conclusion would still be {word}"
    else:
        told = f"; the conclusion would change from {old} to {word}"
    after: Snapshot = (fewer, found)
    return WhatIf(
        without=gone,
        sentence=f"{moved}{told}.",
        conclusion=word,
        pooled=_diamond(found),
        figures=figures_of(after, scale),
        planned=figures_of(loaded.now, scale),
        turned=now is not was and not withheld,
    )
