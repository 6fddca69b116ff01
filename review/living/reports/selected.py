"""What an analysis takes of each study, and what it leaves out, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from review.extraction.evidence import Evidence
from review.extraction.evidence_queries import evidence_for
from review.living.estimates.dependence import OF_PERIODS
from review.living.reports.notices import Notice, NoticeKind
from review.living.reports.noticing import known_studies
from review.living.reports.omissions import KnownStudy, in_part, taken, without_results
from review.living.runs.contents import ArmInput, TrialInput
from review.measures import AnalysisKind
from review.protocol.models import Review
from review.protocol.rules import Plan


@dataclass(frozen=True, slots=True)
class Chosen:
    """One study in an analysis: what counts, and what does not."""

    study: str
    chosen: tuple[str, ...]
    left_out: tuple[str, ...]
    stops: bool = False
    """Whether the analysis cannot be pooled until this is settled."""
    results: tuple[int, ...] = ()
    """Ids of the results that count: those that a run would store as its inputs."""


def chosen_of(session: Session, review: Review, analysis: str) -> list[Chosen]:
    """Return what the newest plan of an analysis takes of each study now, by study.

    Raises NotFoundError for an analysis that the review does not have.
    """
    plan, items = evidence_for(session, review, analysis)
    return chosen_by(plan, items, known_studies(session, review))


def chosen_by(plan: Plan, items: Sequence[Evidence], studies: Sequence[KnownStudy]) -> list[Chosen]:
    """Return what a plan of any kind takes of each study: exactly the trials that a run would have.

    A single arm or an association is a row of its own where a study has several; the comparisons
    of a study in a network are one, and so are its outcomes or results that are taken together.
    """
    reported = {item.study_id for item in items if item.design.icc is not None}
    trials, notices = taken(plan, items)
    rows = [
        Chosen(
            study=trial.study,
            chosen=(
                *((f"{trial.told_apart}:",) if trial.told_apart else ()),
                *_told(trial, plan, icc_reported=trial.study_id in reported),
            ),
            left_out=trial.not_used,
            results=tuple(sorted(trial.result_ids)),
        )
        for trial in trials
    ]
    if plan.kind is AnalysisKind.NETWORK or plan.is_joint or plan.random:
        rows = _by_study(rows)
    notices += without_results(plan, items, studies)
    notices += in_part(plan, trials, items, studies)
    rows += _left_out(notices)
    return sorted(rows, key=lambda row: (row.study.casefold(), row.study))


def _by_study(rows: Sequence[Chosen]) -> list[Chosen]:
    found: dict[str, Chosen] = {}
    for row in rows:
        known = found.get(row.study)
        if known is not None:
            row = replace(
                known,
                chosen=(*known.chosen, *row.chosen),
                left_out=(*known.left_out, *row.left_out),
                results=tuple(sorted({*known.results, *row.results})),
            )
        found[row.study] = row
    return list(found.values())


def _left_out(notices: Iterable[Notice]) -> Iterable[Chosen]:
    for item in notices:
        detail = f" ({item.detail})" if item.detail else ""
        remedy = f"; {item.remedy}" if item.remedy else ""
        stops = item.kind is NoticeKind.STOPPED
        yield Chosen(
            item.study or "All trials together", (), (f"{item.what}{detail}{remedy}",), stops
        )


_JOINED = {
    "aggregate": "all results, averaged with the planned correlation",
    "split": "each intervention arm against its share of the comparator",
    "covariance": "each intervention arm against the comparator, with their covariance",
}


def _told(trial: TrialInput, plan: Plan, *, icc_reported: bool) -> list[str]:
    about = f"{trial.instrument}, {trial.rater}, {trial.timepoint}, {trial.analysis_set}"
    told = [] if trial.joined is None else [_JOINED[trial.joined]]
    if trial.parts:
        for part in trial.parts:
            told += _told(part, plan, icc_reported=icc_reported)
        return told
    side = trial.side or "intervention"
    told += [f"{_arm(item)} ({side}; {about})" for item in trial.intervention]
    told += [f"{_arm(item)} (comparator; {about})" for item in trial.comparator]
    if trial.contrast is not None:
        turned = ", turned round" if trial.contrast_reversed else ""
        told.append(f"{_arm(trial.contrast)} (contrast{turned}; {about})")
    told += [f"{_arm(item)} (its SD standardizes the contrast)" for item in trial.spread]
    if trial.adjusted:
        told.append("adjusted for covariates: standardized by the SD of scores")
    if trial.cluster_size is not None:
        whose = "" if icc_reported else ", which the plan assumes"
        told.append(
            f"clusters of {trial.cluster_size:g} with ICC {trial.icc}{whose}: "
            + (
                "the design effect is taken out of its SD and left in its variance"
                if trial.clusters_analysed
                else "variance inflated"
            )
        )
    if trial.crossover:
        told.append(f"crossover trial: {_periods(trial, plan)}")
    return told


def _periods(trial: TrialInput, plan: Plan) -> str:
    if plan.measure not in OF_PERIODS:
        return (
            f"its periods count as independent: {plan.measure.value} takes no correlation of them"
        )
    contrast = (trial.contrast,) if trial.contrast is not None else ()
    arms = (*trial.intervention, *trial.comparator, *contrast)
    given = [r for item in arms if (r := item.numbers.correlation) is not None]
    if given:
        return f"its periods correlate by {given[0]:g}"
    if plan.crossover_correlation is not None:
        return f"its periods correlate by {plan.crossover_correlation:g}, which the plan assumes"
    return "no correlation of its periods is known, so they count as independent"


def _arm(item: ArmInput) -> str:
    return f"{item.arm}, n {item.numbers.n if item.numbers.n is not None else 'not reported'}"
