"""The tabs of an analysis: its history, what else could have been found, and what it follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from review.errors import NotFoundError
from review.export.drawings.axis import axis_label, favours, notation
from review.export.drawings.classes import classes_of_analysis
from review.export.drawings.cumulative import cumulative_of
from review.export.drawings.leave_one_out import leave_one_out_of
from review.export.drawings.versions import versions_of
from review.export.views.analysis import Headline, Loaded, headline_of, load
from review.export.views.current import contents_of, current, remembered
from review.extraction.queries import studies
from review.figures.classes import ClassStrip
from review.figures.cumulative import Cumulative
from review.figures.estimates import EstimateRow, Estimates
from review.living.estimates.multiverse import Multiverse
from review.living.job.multiverse_once import multiverse_kept
from review.living.reports.attribution import Explanation
from review.living.reports.forecast import Firmness
from review.living.reports.full import full_report, panel_of
from review.living.reports.once import firmness_kept, past_runs
from review.living.reports.pages import Section
from review.living.reports.repeated_looks import Panel, panel_sections
from review.living.reports.run_sections import robustness_sections
from review.living.reports.sections import tell_firmness
from review.living.reports.selected import Chosen, chosen_of
from review.living.reports.sentence import WITHHELD
from review.living.runs import queries
from review.protocol.models import Review
from review.protocol.queries import plan_of, versions


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Every run of an analysis, and what moved between two of them."""

    head: Headline
    versions: Estimates
    numbers: tuple[int, ...]
    """The runs of its rows."""
    strip: ClassStrip
    cumulative: Cumulative
    """As trials were published, by the newest run."""
    since: int | None
    until: int
    title: str
    brief: tuple[Section, ...]
    """The change report of the two runs in half a page."""
    rest: tuple[Section, ...]
    """All that half a page does not have."""
    studies: Mapping[str, int]
    """Names of the studies of both runs, with their numbers."""


def history_of(
    session: Session,
    review: Review,
    analysis: str,
    since: int | None = None,
    until: int | None = None,
) -> HistoryView:
    """Return every run of an analysis, and the change report of two: the newest ones by default."""
    return remembered(
        session, review, (history_of, analysis, since, until),
        lambda: _history(session, review, analysis, since, until),
    )  # fmt: skip


def _history(
    session: Session, review: Review, analysis: str, since: int | None, until: int | None
) -> HistoryView:
    loaded = load(session, review, analysis, until)
    past = past_runs(session, review, analysis)
    if since is None and loaded.run.number > 1:
        since = loaded.run.number - 1
    report = full_report(
        session,
        review,
        analysis,
        since,
        loaded.run.number,
        outlook=False,
        notices=loaded.notices,
        contents=contents_of,
    )
    inputs, results = contents_of(queries.run_numbered(session, review, analysis, None))
    return HistoryView(
        head=headline_of(loaded, review),
        versions=versions_of(past, inputs),
        numbers=tuple(run.number for run in past),
        strip=classes_of_analysis(past, inputs),
        cumulative=cumulative_of(inputs, results, withheld=loaded.notices.withheld),
        since=since,
        until=loaded.run.number,
        title=report.title,
        brief=report.brief,
        rest=report.rest,
        studies=_studies(session, review, analysis, loaded, since),
    )


def _studies(
    session: Session, review: Review, analysis: str, loaded: Loaded, since: int | None
) -> dict[str, int]:
    before = (
        ()
        if since is None
        else contents_of(queries.run_numbered(session, review, analysis, since))[0].trials
    )
    return {trial.study: trial.study_id for trial in (*before, *loaded.now[0].trials)}


@dataclass(frozen=True, slots=True)
class RobustnessView:
    """What other choices would have given."""

    head: Headline
    sections: tuple[Section, ...]
    leave_one_out: Estimates
    every: Section | None
    """Every defensible combination of choices; None where nobody has worked it out."""


def robustness_of(
    session: Session, review: Review, analysis: str, number: int | None = None
) -> RobustnessView:
    """Return sensitivity analyses, subgroups, meta-regressions, and each trial left out."""
    run_id, withheld, view = remembered(
        session, review, (robustness_of, analysis, number),
        lambda: _robustness(session, review, analysis, number),
    )  # fmt: skip
    every = multiverse_kept(session, run_id)  # worked out later, and no event
    return replace(view, every=_every(every, withheld=withheld))


def _robustness(
    session: Session, review: Review, analysis: str, number: int | None
) -> tuple[int, bool, RobustnessView]:
    loaded = load(session, review, analysis, number)
    withheld = loaded.notices.withheld
    view = RobustnessView(
        head=headline_of(loaded, review),
        sections=tuple(robustness_sections(loaded.now, withheld=withheld)),
        leave_one_out=leave_one_out_of(*loaded.now, withheld=withheld, every=True),
        every=None,
    )
    return loaded.run.id, withheld, view


def _every(found: Multiverse | None, *, withheld: bool) -> Section | None:
    if found is None:
        return None
    rows = tuple(
        (
            line.trials,
            line.model,
            "yes" if line.planned else "",
            str(line.k),
            found.scale.number(line.estimate, line.ci),
            found.scale.interval(line.ci),
            line.note or (WITHHELD if withheld and line.conclusion else line.conclusion) or "",
        )
        for line in found.lines
    )
    headers = ("trials", "model", "planned", "k", "estimate", "interval", "conclusion")
    return Section(
        "Every defensible combination", () if withheld else found.sentences, headers, rows
    )


@dataclass(frozen=True, slots=True)
class LooksView:
    """The panel for repeated looks; None where the analysis has none."""

    head: Headline
    sequence: Estimates | None
    sections: tuple[Section, ...]


def looks_of(
    session: Session, review: Review, analysis: str, number: int | None = None
) -> LooksView:
    """Return the panel for repeated looks as it stood after a run."""
    return remembered(
        session,
        review,
        (looks_of, analysis, number),
        lambda: _looks_of(session, review, analysis, number),
    )


def _looks_of(session: Session, review: Review, analysis: str, number: int | None) -> LooksView:
    loaded = load(session, review, analysis, number)
    past = past_runs(session, review, analysis)
    panel = panel_of(past, loaded.run.number, loaded.now)
    return LooksView(
        head=headline_of(loaded, review),
        sequence=_sequence(loaded, panel) if panel is not None else None,
        sections=tuple(panel_sections(panel, loaded.scale)) if panel is not None else (),
    )


def _sequence(loaded: Loaded, panel: Panel) -> Estimates:
    inputs, _ = loaded.now
    left, right = favours(inputs.plan)
    return Estimates(
        title=f"{inputs.plan.title}: confidence sequence, valid at all looks together",
        rows=tuple(
            EstimateRow(
                str(look.k), look.estimate, *look.sequence, after=(look.status,),
                strong=look.status == "boundary crossed",
            )
            for look in panel.looks
        ),
        label_header="Trials",
        after_headers=("Sequential analysis",),
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        margin=inputs.plan.margin,
        notation=notation(inputs),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutlookView:
    """How firm the conclusion is, and what the next trial could do."""

    head: Headline
    run_id: int
    sections: tuple[Section, ...] | None
    """None while it has not been worked out."""
    withheld: bool


def outlook_of(
    session: Session, review: Review, analysis: str, number: int | None = None
) -> OutlookView:
    """Return what would change the conclusion, as far as it was worked out already."""
    loaded = load(session, review, analysis, number)
    firm = firmness_kept(session, [loaded.run.id]).get(loaded.run.id)
    withheld = loaded.notices.withheld
    return OutlookView(
        head=headline_of(loaded, review),
        run_id=loaded.run.id,
        sections=None if firm is None else tuple(_firm_sections(loaded, firm)),
        withheld=withheld,
    )


def _firm_sections(loaded: Loaded, firm: Firmness) -> list[Section]:
    if loaded.notices.withheld:
        return []
    explanation = Explanation(
        shares=None,
        signals=(),
        fragility_before=None,
        fragility_after=firm.fragility,
        outlook=firm.outlook,
        settled=firm.settled,
        notes=firm.notes,
    )
    found = tell_firmness(explanation, loaded.scale, first=True)
    return [*found, Section("Notes", firm.notes)] if firm.notes else found


@dataclass(frozen=True, slots=True)
class SelectionLine:
    """A study, what of it counts, and what does not."""

    study_id: int | None
    chosen: Chosen


@dataclass(frozen=True, slots=True)
class SelectionView:
    """What the newest plan takes of each study, as things are now."""

    head: Headline
    taken: tuple[SelectionLine, ...]
    left_out: tuple[SelectionLine, ...]


def selection_of(session: Session, review: Review, analysis: str) -> SelectionView:
    """Return which result of each study counts and why, and which studies are left out and why."""
    return remembered(
        session, review, (selection_of, analysis), lambda: _selection_of(session, review, analysis)
    )


def _selection_of(session: Session, review: Review, analysis: str) -> SelectionView:
    chosen = chosen_of(session, review, analysis)
    ids = {study.label: study.id for study in studies(session, review)}
    lines = [SelectionLine(ids.get(one.study), one) for one in chosen]
    return SelectionView(
        head=head_of(session, review, analysis),
        taken=tuple(line for line in lines if line.chosen.chosen),
        left_out=tuple(line for line in lines if not line.chosen.chosen),
    )


def head_of(session: Session, review: Review, analysis: str) -> Headline:
    """Return the headline of the newest run, or of an analysis that has none yet."""
    try:
        return headline_of(load(session, review, analysis), review)
    except NotFoundError:
        newest = versions(session, review, analysis)[0]  # raises where there is no such analysis
    plan = plan_of(newest)
    standing = current(session, review)
    return Headline(
        review=review.slug,
        analysis=analysis,
        title=plan.title,
        run=0,
        newest=0,
        created=newest.frozen_at,
        plan_version=newest.number,
        sentence="Nothing was pooled yet: no study has the numbers that the plan asks for.",
        conclusion="",
        flipped=False,
        direction=plan.direction,
        figures=(),
        margins=(),
        withheld=(),
        notices=tuple(standing.of(analysis).sections(most=6, brief=True)),
        outdated=False,
        key="",
    )
