"""Risk of bias of a whole review as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.extraction.appraisal import queries
from review.extraction.appraisal.agreement import DomainAgreement, domain_agreement
from review.extraction.appraisal.picture import picture
from review.extraction.appraisal.queue import BiasTask, bias_tasks, newest_tools
from review.figures.risk_of_bias import RiskOfBias
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class BiasFamily:
    """The traffic lights of tools that share a scale, and what each row is of."""

    name: str
    lights: RiskOfBias
    rows: tuple[BiasTask, ...]


@dataclass(frozen=True, slots=True)
class BiasReview:
    """Risk of bias of a review: the traffic lights of each family of tools, and what to do."""

    families: tuple[BiasFamily, ...]
    tasks: tuple[BiasTask, ...]
    agreement: tuple[DomainAgreement, ...]
    tools: tuple[tuple[str, str, str], ...]
    """Adopted ones: slug, title, version."""
    assessors: int


def bias_review(session: Session, review: Review, *, viewer: str) -> BiasReview:
    """Return how far the appraisals of a review are, and what they say as far as they count."""
    every = queries.standings(session, review, None)
    tasks = bias_tasks(session, review, viewer=viewer)
    task_of = {(task.tool, task.target): task for task in tasks}
    families = []
    for family in dict.fromkeys(one.tool.family for one in every):
        shown = [one for one in every if one.tool.family == family]
        drawn = picture(shown, title=f"Risk of bias ({family})")
        rows = tuple(task_of[one.tool.slug, one.target] for one in shown)
        families.append(BiasFamily(family, drawn, rows))
    return BiasReview(
        families=tuple(families),
        tasks=tuple(tasks),
        agreement=tuple(domain_agreement(session, review, None)),
        tools=tuple(
            (tool.slug, tool.title, tool.version)
            for _, tool in newest_tools(session, review).values()
        ),
        assessors=queries.assessors_required(session, review),
    )
