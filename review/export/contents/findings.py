"""Summary of findings (GRADE): each planned contrast in absolute and relative terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.orm import Session

from review.canonical import decimals_for
from review.export.contents.absolute import (
    WORDS_SOURCE,
    Absolute,
    absolute_of,
    magnitude,
    turned,
)
from review.export.contents.columns import Row, in_use
from review.export.runs import LatestRun, interval_cell, level_words
from review.export.tables.model import Column, EffectInterval, Footnote, Kind, Place, Table
from review.export.tracing.origins import origin
from review.extraction.appraisal.certainty import Rated, certainties
from review.extraction.appraisal.grade import LOWERS, RAISES
from review.extraction.appraisal.vocabulary import Certainty
from review.figures.numbers import fixed
from review.living.runs.contents import RunInputs
from review.living.runs.results import Interval, RunResults
from review.living.runs.scales import scale_of_run, sign_of
from review.measures import PER_TIME, Measure
from review.protocol.models import Review
from review.protocol.queries import instruments
from review.protocol.vocabulary import AnalysisKind
from review.wording import capitalised

SYMBOLS: Final = {
    Certainty.HIGH: "⊕⊕⊕⊕", Certainty.MODERATE: "⊕⊕⊕◯", Certainty.LOW: "⊕⊕◯◯",
    Certainty.VERY_LOW: "⊕◯◯◯",
}  # fmt: skip

MOST_LETTERS: Final = 26
"""Marked footnotes that a table can have."""

COLUMNS: Final = (
    Column("outcome", "Outcome"),
    Column("comparator", "With comparator", traced=True),
    Column("intervention", "With intervention (CI)", traced=True),
    Column("difference", "Difference (CI)", traced=True),
    Column("needed", "Number needed to treat (CI)", traced=True),
    Column("effect", "Relative or standardized effect (CI)", traced=True),
    Column("participants", "Participants (trials)", traced=True),
    Column("certainty", "Certainty"),
    Column("comment", "What it says"),
)
DATA_COLUMNS: Final = (
    Column("analysis", "Analysis"),
    Column("outcome", "Outcome"),
    Column("run", "Run", Kind.INTEGER),
    Column("k", "k", Kind.INTEGER),
    Column("participants", "Participants", Kind.INTEGER),
    Column("measure", "Measure"),
    Column("level", "Level", Kind.NUMBER),
    Column("effect", "Effect", Kind.NUMBER, beside="effect_ci"),
    Column("effect_ci", "Effect CI", Kind.INTERVAL),
    Column("unit", "Unit"),
    Column("comparator", "With comparator", Kind.NUMBER),
    Column("comparator_range", "Comparator, lowest and highest", Kind.INTERVAL),
    Column("intervention", "With intervention", Kind.NUMBER),
    Column("intervention_ci", "With intervention CI", Kind.INTERVAL),
    Column("difference", "Difference", Kind.NUMBER),
    Column("difference_ci", "Difference CI", Kind.INTERVAL),
    Column("needed", "Number needed to treat"),
    Column("basis", "Basis"),
    Column("certainty", "Certainty"),
    Column("reasons", "Reasons"),
    Column("rated_run", "Run rated", Kind.INTEGER),
    Column("conclusion", "Conclusion"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One analysis as a summary of findings tells it."""

    run: LatestRun
    effect: float
    effect_ci: Interval
    measure: str
    """Of the effect: ``OR`` where the run holds its logarithm."""
    oriented: bool
    """Whether the effect is positive (a ratio above 1) where the intervention does better, instead
    of intervention minus comparator of what was measured."""
    standardized: bool
    absolute: Absolute | str
    participants: int
    silent: int
    """Trials that do not say how many took part."""
    crossovers: int
    rated: Rated | None

    @property
    def decimals(self) -> int:
        """Of the effect and its interval."""
        return self.run.scale.decimals(self.run.results.pooled.ci)


def findings_table(session: Session, review: Review, runs: Sequence[LatestRun]) -> Table:
    """Return a row a planned contrast, in the form of GRADE, for print.

    Risks and scores are those of what was measured (intervention minus comparator); a standardized
    effect is positive where the intervention does better, as everywhere else.
    """
    found = findings_of(session, review, runs)
    names = {one.slug: one.name for one in instruments(session, review)}
    notes = _Notes()
    columns, rows, _ = in_use(
        COLUMNS, [_printed(one, row, names, notes) for row, one in enumerate(found)]
    )
    level = level_words([one.run for one in found])
    general = [
        f"CI: {level}confidence interval. Certainty: GRADE, from high to very low.",
        *(
            f"{one.run.inputs.plan.title}: {one.run.inputs.plan.intervention.label} (intervention) "
            f"against {one.run.inputs.plan.comparator.label} (comparator)."
            for one in found
        ),
    ]
    if not all(one.oriented for one in found):
        general.append(
            "Risks, ratios and mean differences are the intervention's against the comparator's, "
            "of what was measured."
        )
    if any(one.standardized for one in found):
        general.append(WORDS_SOURCE)
    return Table(
        f"{review.title}: summary of findings",
        columns or COLUMNS,
        rows,
        footnotes=(*(Footnote(text) for text in general), *notes.footnotes),
        origins=tuple(origin(one.run.key, "pooled") for one in found),
    )


def findings_data(session: Session, review: Review, runs: Sequence[LatestRun]) -> Table:
    """Return the same, unrounded and with a column a number."""
    found = findings_of(session, review, runs)
    return Table(
        f"{review.title}: summary of findings",
        DATA_COLUMNS,
        tuple(_data(one) for one in found),
        origins=tuple(origin(one.run.key, "pooled") for one in found),
    )


def findings_of(session: Session, review: Review, runs: Sequence[LatestRun]) -> list[Finding]:
    """Return what each planned contrast says, in the order of its runs."""
    rated = certainties(session, review)
    return [
        finding(run, rated.get(run.analysis))
        for run in runs
        if run.inputs.plan.kind is AnalysisKind.CONTRAST
    ]


def named_findings(session: Session, review: Review, runs: Sequence[LatestRun]) -> list[Finding]:
    """Return the same with the names of instruments as units, for readers outside."""
    names = {one.slug: one.name for one in instruments(session, review)}
    return [
        replace(one, absolute=replace(one.absolute, unit=names[one.absolute.unit]))
        if isinstance(one.absolute, Absolute) and one.absolute.unit in names
        else one
        for one in findings_of(session, review, runs)
    ]


def finding(run: LatestRun, rated: Rated | None) -> Finding:
    """Return what a run of a contrast says, with the rating of its certainty, if it has one."""
    scale, line = scale_of_run(run.inputs), run.results.pooled
    effect, ci = line.estimate, line.ci
    standardized = scale.measure is not None and scale.measure.facts.standardized
    as_measured = scale.measure is not None and not standardized
    if as_measured:
        effect, ci = turned(effect, ci, sign_of(run.inputs) or 1)
    if scale.as_ratio:
        effect, ci = scale.value(line.estimate), scale.pair(line.ci)
    participants, silent = participants_of(run.inputs, run.results)
    return Finding(
        run=run,
        effect=effect,
        effect_ci=ci,
        measure=scale.shown,
        oriented=not as_measured or sign_of(run.inputs) is None,
        standardized=standardized,
        absolute=absolute_of(run.inputs, run.results),
        participants=participants,
        silent=silent,
        crossovers=sum(trial.crossover for trial in run.inputs.trials),
        rated=rated,
    )


def participants_of(inputs: RunInputs, results: RunResults) -> tuple[int, int]:
    """Return the people of a run's trials, and how many trials do not give their number.

    Of several outcomes or results of a trial, the one with the most people counts.
    """
    people: dict[tuple[int, str | None], int] = {}
    several = results.joint is not None or results.levels is not None
    for trial, one in zip(inputs.trials, results.effects, strict=True):
        if one.n_intervention is None or one.n_comparator is None:
            continue
        # In a crossover trial the same persons have both arms.
        n = (max if trial.crossover else sum)((one.n_intervention, one.n_comparator))
        unit = (trial.study_id, None if several else trial.told_apart)
        people[unit] = max(n, people.get(unit, 0))
    return sum(people.values()), results.pooled.k - len(people)


GUIDELINE: Final = (
    Column("outcome", "Outcome"),
    Column("intervention", "Intervention"),
    Column("comparator", "Comparator"),
    Column("effect_type", "Effect measure"),
    Column("effect", "Effect", Kind.NUMBER, beside="effect_ci"),
    Column("effect_ci", "Effect CI", Kind.INTERVAL),
    Column("participants", "Participants", Kind.INTEGER),
    Column("studies", "Studies", Kind.INTEGER),
    Column("unit", "Absolute unit"),
    Column("comparator_estimate", "Comparator estimate", Kind.NUMBER),
    Column("intervention_estimate", "Intervention estimate", Kind.NUMBER),
    Column("difference", "Difference", Kind.NUMBER),
    Column("difference_ci", "Difference CI", Kind.INTERVAL),
    Column("baseline", "Baseline source"),
    *(Column(one.value, one.value.replace("_", " ").capitalize()) for one in (*LOWERS, *RAISES)),
    Column("certainty", "Certainty of evidence"),
    Column("summary", "Plain text summary"),
)


def guideline_table(session: Session, review: Review, runs: Sequence[LatestRun]) -> Table:
    """Return a row an outcome with the fields that MAGICapp asks for, in its order."""
    found = named_findings(session, review, runs)
    rows = []
    for one in found:
        plan, known = one.run.inputs.plan, one.absolute
        told = known if isinstance(known, Absolute) else None
        steps = one.rated.steps if one.rated else {}
        rows.append((
            plan.title, plan.intervention.label, plan.comparator.label,
            one.measure, one.effect, EffectInterval(*one.effect_ci, one.decimals), one.participants,
            one.run.results.pooled.k,
            told.unit if told else None, told.comparator if told else None,
            told.intervention if told else None, told.difference if told else None,
            interval_cell(told.difference_ci) if told else None,
            told.basis if told else str(known),
            *(
                f"{step.levels:+d}: {step.reason or 'no reason given'}"
                if (step := steps.get(name)) is not None and step.levels else None
                for name in (*LOWERS, *RAISES)
            ),
            _level(one.rated) if one.rated else None,
            _comment(one),
        ))  # fmt: skip
    return Table(
        f"{review.title}: findings for a guideline",
        GUIDELINE,
        tuple(rows),
        origins=tuple(origin(one.run.key, "pooled") for one in found),
    )


@dataclass(slots=True)
class _Notes:
    """Footnotes in the order in which they are first needed; equal texts share a letter."""

    places: dict[str, list[Place]] = field(default_factory=dict)

    def add(self, text: str, row: int, key: str) -> None:
        self.places.setdefault(text, []).append(Place(row, key))

    @property
    def footnotes(self) -> tuple[Footnote, ...]:
        """The notes with their places; without any where there are more than letters."""
        many = len(self.places) > MOST_LETTERS
        return tuple(
            Footnote(text, () if many else tuple(dict.fromkeys(places)))
            for text, places in self.places.items()
        )


def _printed(one: Finding, row: int, names: Mapping[str, str], notes: _Notes) -> Row:
    plan = one.run.inputs.plan
    comparator = intervention = difference = None
    if isinstance(one.absolute, str):
        notes.add(one.absolute, row, "effect")
    else:
        comparator, intervention, difference = _absolute_cells(one.absolute, names)
        notes.add(one.absolute.basis, row, "comparator")
    own_scale = plan.measure in {Measure.MD, Measure.RD, Measure.IRD} and difference is not None
    effect = None
    if not own_scale:
        ratio = one.run.scale.as_ratio
        limits = _limits(one.effect_ci, one.decimals)
        effect = f"{one.measure} {fixed(one.effect, one.decimals)} ({limits})"
        if one.oriented or ratio:
            said = one.run.scale.direction(plan)
            notes.add(said, row, "effect")
    if one.silent:
        notes.add(f"Trials without n, not counted: {one.silent}.", row, "participants")
    if one.crossovers:
        notes.add("Participants of crossover trials count once.", row, "participants")
    return (
        plan.title,
        comparator,
        intervention,
        difference,
        one.absolute.needed if isinstance(one.absolute, Absolute) else None,
        effect,
        f"{one.participants:,} ({one.run.results.pooled.k})",
        _certainty(one, row, notes),
        _comment(one),
    )


def _absolute_cells(found: Absolute, names: Mapping[str, str]) -> tuple[str, str | None, str]:
    """Return comparator, intervention and difference; of scores the difference says it all."""
    if found.unit.startswith("per "):
        least = 1 if found.unit == PER_TIME else 0
        digits = decimals_for(found.intervention_ci, (found.comparator,), least)
        limits = _limits(found.intervention_ci, digits)
        return (
            f"{fixed(found.comparator, digits)} {found.unit}",
            f"{fixed(found.intervention, digits)} {found.unit} ({limits})",
            _directed(found, ("fewer", "more"), digits, f" {found.unit}"),
        )
    name = names.get(found.unit, found.unit)
    low, high = found.comparator_range
    span = "" if low == high else f" (trials: {fixed(low, 2)} to {fixed(high, 2)})"
    return (
        f"mean {fixed(found.comparator, 2)}{span}",
        None,
        f"{_directed(found, ('lower', 'higher'), 2, ' points')} on the {name}",
    )


def _directed(found: Absolute, ways: tuple[str, str], decimals: int, unit: str) -> str:
    """Return ``10 fewer per 1,000 (16 fewer to 4 fewer)``."""

    def said(value: float) -> str:
        return f"{fixed(abs(value), decimals)} {ways[value > 0]}"

    low, high = found.difference_ci
    first, rest = said(found.difference).split(" ")
    points = f"{first}{unit} {rest}" if unit == " points" else f"{first} {rest}{unit}"
    return f"{points} ({said(low)} to {said(high)})"


def _certainty(one: Finding, row: int, notes: _Notes) -> str:
    rated = one.rated
    if rated is None:
        return "not rated"
    for text in _reasons(rated):
        notes.add(text, row, "certainty")
    if rated.note:
        notes.add(rated.note, row, "certainty")
    if rated.outdated:
        notes.add("Rated before the plan changed.", row, "certainty")
    elif rated.run_number != one.run.number:
        before = "before any run" if rated.run_number is None else f"on run {rated.run_number}"
        notes.add(f"Rated {before}; the newest is run {one.run.number}.", row, "certainty")
    return f"{SYMBOLS[rated.certainty]} {_level(rated)}"


def _level(rated: Rated) -> str:
    return rated.certainty.value.replace("_", " ")


def _reasons(rated: Rated) -> list[str]:
    """Return ``Down 1 for imprecision: wide interval.`` for each step that moved the certainty."""
    return [
        f"{'Up' if step.levels > 0 else 'Down'} {abs(step.levels)} for "
        f"{consideration.value.replace('_', ' ')}: {(step.reason or '').rstrip('.')}."
        for consideration in (*LOWERS, *RAISES)
        if (step := rated.steps.get(consideration)) is not None and step.levels
    ]


def _comment(one: Finding) -> str:
    reading = one.run.results.headline
    scale = one.run.scale
    against = "" if reading.margin is None else f" (margin {scale.margin_text(reading.margin)})"
    said = f"{one.run.conclusion(reading.conclusion)}{against}"
    if one.standardized:
        said = f"{magnitude(one.effect)} effect; {said}"
    return capitalised(said)


def _data(one: Finding) -> Row:
    known = one.absolute if isinstance(one.absolute, Absolute) else None
    line, rated = one.run.results.pooled, one.rated
    return (
        one.run.analysis,
        one.run.inputs.plan.title,
        one.run.number,
        line.k,
        one.participants,
        one.measure,
        line.level,
        one.effect,
        EffectInterval(*one.effect_ci, one.decimals),
        known.unit if known else None,
        known.comparator if known else None,
        interval_cell(known.comparator_range) if known else None,
        known.intervention if known else None,
        interval_cell(known.intervention_ci) if known else None,
        known.difference if known else None,
        interval_cell(known.difference_ci) if known else None,
        known.needed if known else None,
        known.basis if known else str(one.absolute),
        _level(rated) if rated else None,
        " ".join(_reasons(rated)) or None if rated else None,
        rated.run_number if rated else None,
        one.run.conclusion(one.run.results.headline.conclusion),
    )


def _limits(ci: Interval, decimals: int) -> str:
    return f"{fixed(ci[0], decimals)} to {fixed(ci[1], decimals)}"
