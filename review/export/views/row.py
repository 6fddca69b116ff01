"""Where one row of a forest plot comes from: numbers as reported, conversions, page, people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.errors import NotFoundError
from review.export.views.analysis import load
from review.extraction.conversion import Step
from review.extraction.queries import study_numbered
from review.extraction.trace import Traced, trace_study
from review.living.runs.contents import ArmInput, TrialInput
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Given:
    """One result that entered, as reported."""

    side: str
    arm: str
    numbers: tuple[tuple[str, str], ...]
    report: str | None
    page: str | None
    quote: str | None
    entered: str
    """Which entry it is of, and whose."""
    decided: tuple[str, ...]
    """How differences of two entries were settled."""
    conversions: tuple[str, ...]
    changed: bool
    """Whether its numbers in the review are not those that entered any more."""


@dataclass(frozen=True, slots=True)
class RowView:
    """A trial of a run: what entered, and what came of it."""

    analysis: str
    run: int
    study_id: int
    study: str
    about: str
    """Instrument, rater, timepoint and analysis set."""
    value: str
    weight: str
    recipe: str
    """How the effect was computed."""
    given: tuple[Given, ...]
    not_used: tuple[str, ...]


def row_of(
    session: Session,
    review: Review,
    analysis: str,
    number: int | None,
    study: int,
    *,
    viewer: str | None,
) -> RowView:
    """Return where the row of a study comes from; raise NotFoundError."""
    loaded = load(session, review, analysis, number)
    inputs, results = loaded.now
    pairs = zip(inputs.trials, results.effects, strict=True)
    mine = [(trial, effect) for trial, effect in pairs if trial.study_id == study]
    if not mine:
        raise NotFoundError(f"no trial {study} entered run {loaded.run.number} of {analysis}")
    found = study_numbered(session, review, study)
    traced = {one.result_id: one for one in trace_study(session, found, viewer=viewer)}
    trial = mine[0][0]
    scale = loaded.scale
    about = (trial.instrument, trial.rater, trial.timepoint, trial.analysis_set)
    return RowView(
        analysis=analysis,
        run=loaded.run.number,
        study_id=study,
        study=found.label,
        about=", ".join(part.replace("_", " ") for part in about),
        value="; ".join(scale.of_trial(t).alone(e.yi, e.ci) for t, e in mine),
        weight="; ".join(f"{e.weight:.1f}%" for _, e in mine),
        recipe="; ".join(dict.fromkeys(e.recipe for _, e in mine)),
        given=tuple(given for trial, _ in mine for given in given_of(trial, traced)),
        not_used=tuple(text for trial, _ in mine for text in trial.not_used),
    )


def given_of(
    trial: TrialInput,
    traced: Mapping[int, Traced] | None = None,
    quotes: Mapping[int, str] | None = None,
) -> Iterator[Given]:
    """Yield the results that entered for a trial, as reported.

    Without what they are traced to in the review today, they are as the run kept them, with the
    passages of reports that a release kept, by the result's number.
    """
    traced, quotes = traced or {}, quotes or {}
    if trial.parts:
        for part in trial.parts:
            yield from given_of(part, traced, quotes)
        return
    sides = [(trial.side or "intervention", trial.intervention), ("comparator", trial.comparator)]
    if trial.contrast is not None:
        reversed_ = ", turned round" if trial.contrast_reversed else ""
        sides.append((f"contrast{reversed_}", (trial.contrast,)))
    sides.append(("standardizes the contrast", trial.spread))
    for side, arms in sides:
        for arm in arms:
            number = arm.source.result_id
            yield _one(side, arm, traced.get(number), quotes.get(number))


def _one(side: str, arm: ArmInput, traced: Traced | None, quote: str | None) -> Given:
    numbers = {
        name: value
        for name, value in arm.numbers._asdict().items()
        if value is not None and name != "towards"
    }
    now = dict(traced.reported) if traced is not None else {}
    changed = traced is not None and any(
        name in now and now[name] != value
        for name, value in numbers.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    )
    return Given(
        side=side,
        arm=arm.arm,
        numbers=tuple(
            (name.replace("_", " "), number_words(value)) for name, value in numbers.items()
        ),
        report=arm.source.report,
        page=arm.source.page,
        quote=traced.quote if traced else quote,
        entered=f"{traced.entry}, {traced.entered_by}" if traced else arm.source.entry_kind,
        decided=tuple(
            f"{d.field}: {d.first} or {d.second}, {d.value} by {d.by} ({d.reason})"
            for d in (traced.decisions if traced else ())
        ),
        conversions=tuple(step_words(step) for step in (traced.conversions if traced else ())),
        changed=changed,
    )


def number_words(value: object) -> str:
    """Return a reported number as it was typed, as far as a double keeps that."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)


def step_words(step: Step) -> str:
    """Return one conversion in words: what it gave, by which recipe, what it assumed."""
    gives = ", ".join(f"{name} {value:.6g}" for name, value in step.gives.items())
    sure = " (approximate)" if step.approximate else ""
    assumed = ", ".join(f"{name} {number_words(v)}" for name, v in step.assumptions.items())
    return f"{gives}{sure}, by {step.recipe}" + (f"; assumed {assumed}" if assumed else "")
