"""Reading the notices of a review's analyses, as things are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from review.extraction import queries
from review.extraction.doubts import Doubt, doubts
from review.extraction.evidence import ArmSide, Evidence
from review.extraction.evidence_queries import evidence
from review.extraction.linking.warnings import Warned, studies_warned
from review.extraction.plausibility import WITHHOLDING, Kind
from review.living.reports.notices import Notice, NoticeKind, Notices
from review.living.reports.omissions import (
    KnownStudy,
    in_part,
    taken,
    unmatched,
    without_results,
)
from review.living.reports.retractions import retraction_notices
from review.living.reports.revisions import revisions, versions_of
from review.living.reports.within import change_notices
from review.living.reports.zero_cells import zero_cell_notices
from review.living.runs.contents import RunInputs, TrialInput
from review.protocol.models import Review
from review.protocol.queries import current_versions, plan_of
from review.protocol.rules import Plan


def notices_of(
    session: Session, review: Review, analyses: Collection[str] | None = None
) -> dict[str, Notices]:
    """Return what readers must know of each analysis (of some), by slug.

    The review's evidence and doubts are read once, whatever the number of analyses.
    """
    plans = {
        version.analysis.slug: plan_of(version)
        for version in current_versions(session, review)
        if analyses is None or version.analysis.slug in analyses
    }
    if not plans:
        return {}
    names = _names(session, review, list(plans))
    items = [item for _, item in evidence(session, [review.id], names=names)]
    studies, found = known_studies(session, review), doubts(session, review)
    warned = studies_warned(session, review)
    revised = revisions(session, review, list(plans), items)
    return {
        slug: Notices(tuple(_notices(plan, items, studies, revised[slug], found, warned)))
        for slug, plan in plans.items()
    }


def _names(session: Session, review: Review, analyses: Collection[str]) -> set[str]:
    """Return the characteristics that any version of some plans asks for."""
    found: set[str] = set()
    for version in versions_of(session, review, analyses):
        found.update(plan_of(version).names)
    return found


def known_studies(session: Session, review: Review) -> list[KnownStudy]:
    """Return the studies of a review with their arms, those without results too, by label."""
    rows = queries.studies(session, review)
    states = queries.extraction_states(session, review)
    arms: dict[int, list[ArmSide]] = defaultdict(list)
    for arm in queries.arms(session, [study.id for study in rows]):
        arms[arm.study_id].append(
            ArmSide(arm.id, arm.label, arm.treatment, arm.delivery_mode, arm.role, arm.n_randomised)
        )
    return [
        KnownStudy(s.id, s.label, s.excluded_because, states[s.id], tuple(arms[s.id])) for s in rows
    ]


def _notices(
    plan: Plan,
    items: Sequence[Evidence],
    studies: Sequence[KnownStudy],
    revised: Sequence[Notice],
    found: Sequence[Doubt],
    warned: Mapping[int, Sequence[Warned]],
) -> Iterable[Notice]:
    trials, notices = taken(plan, items)
    notices += retraction_notices(plan, trials, warned)
    notices += revised
    notices += without_results(plan, items, studies)
    notices += in_part(plan, trials, items, studies)
    notices += unmatched(plan, items, studies)
    inputs = RunInputs(plan=plan, trials=tuple(trials), left_out=())
    notices += zero_cell_notices(inputs)
    notices += change_notices(inputs)
    notices += _doubts(trials, items, found)
    order = list(NoticeKind)
    return sorted(notices, key=lambda notice: order.index(notice.kind))


OF_A_WHOLE_STUDY = frozenset({Kind.SAME_REGISTRATION})
"""Doubts that are about a study whichever of its results entered."""


def _doubts(
    trials: Sequence[TrialInput], items: Sequence[Evidence], found: Sequence[Doubt]
) -> Iterable[Notice]:
    """Yield the open doubts on results that entered."""
    entered = frozenset[int]().union(*(trial.result_ids for trial in trials))
    places: Mapping[int, set[str]] = defaultdict(set)
    for item in items:
        if item.result_id in entered:
            places[item.study_id].add(item.place)
    for doubt in found:
        about = doubt.finding
        of_study = places.get(about.study_id, set())
        if doubt.dismissal is None and (
            about.place in of_study
            or not entered.isdisjoint(about.results)
            or (of_study and about.kind in OF_A_WHOLE_STUDY)
        ):
            stops = about.kind in WITHHOLDING
            yield Notice(
                NoticeKind.WITHHELD if stops else NoticeKind.DOUBT,
                f"{about.place}: {about.message}",
                about.study,
                remedy=f"correct the result, or: review extract dismiss {about.key} --reason TEXT"
                if stops
                else None,
                key=about.key,
            )


def withheld_among(
    session: Session, review: Review, entered: Mapping[str, RunInputs]
) -> frozenset[str]:
    """Return the analyses that draw no conclusion, by what entered their newest runs."""
    open_ = [
        doubt.finding
        for doubt in doubts(session, review)
        if doubt.dismissal is None and doubt.finding.kind in WITHHOLDING
    ]
    if not open_:
        return frozenset()
    doubted = frozenset[int]().union(*(finding.results for finding in open_))
    return frozenset(
        slug
        for slug, inputs in entered.items()
        if any(not trial.result_ids.isdisjoint(doubted) for trial in inputs.trials)
    )
