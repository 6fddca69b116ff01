"""What a release keeps of the review beside its runs: studies, flow, risk of bias, certainty.

These change as the review goes on, so that they are written into the manifest as they are when the
release is made: a page of the release says the same for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from review.errors import ReviewError
from review.export.views.flow import FlowView, flow_view
from review.extraction import queries
from review.extraction.appraisal.certainty import certainties
from review.extraction.appraisal.picture import picture
from review.extraction.appraisal.queries import standings
from review.extraction.models import Study
from review.extraction.rules import ARM_FACTS, STUDY_FACTS
from review.figures.risk_of_bias import RiskOfBias
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A publication."""

    citation: str
    doi: str | None


@dataclass(frozen=True, slots=True)
class KeptArm:
    """An arm with what is known of it."""

    arm: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class KeptStudy:
    """A study as it was described when the release was made."""

    id: int
    study: str
    facts: tuple[tuple[str, str], ...]
    excluded_because: str | None
    reports: tuple[KeptReport, ...]
    arms: tuple[KeptArm, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a release keeps beside its runs."""

    question: str
    studies: tuple[KeptStudy, ...] = ()
    flow: FlowView | None = None
    no_flow: str | None = None
    """Why there is none."""
    bias: tuple[RiskOfBias, ...] = ()
    """Traffic lights, one a family of tools."""
    certainty: dict[str, str] = field(default_factory=dict)
    """The rating of each analysis that has one, in words."""


@cache
def _adapter() -> TypeAdapter[Kept]:
    return TypeAdapter(Kept)


def kept_now(session: Session, review: Review) -> dict[str, Any]:
    """Return what a release made now keeps, as plain values for its manifest."""
    found = _adapter().dump_python(_kept(session, review), mode="json")
    return dict(found)


def read_kept(manifest: dict[str, Any]) -> Kept | None:
    """Return what a release kept; None of one that was made before this was kept."""
    found = manifest.get("shown")
    return None if found is None else _adapter().validate_python(found)


def _kept(session: Session, review: Review) -> Kept:
    flow, no_flow = None, None
    try:
        flow = flow_view(session, review)
    except ReviewError as error:
        no_flow = error.told
    every = standings(session, review, None)
    families = dict.fromkeys(one.tool.family for one in every)
    return Kept(
        question=review.question,
        studies=tuple(_studies(session, review)),
        flow=flow,
        no_flow=no_flow,
        bias=tuple(
            picture(
                [one for one in every if one.tool.family == family],
                title=f"Risk of bias ({family})",
            )
            for family in families
        ),
        certainty={slug: rated.sentence for slug, rated in certainties(session, review).items()},
    )


def _studies(session: Session, review: Review) -> Iterator[KeptStudy]:
    every = queries.studies(session, review)
    ids = [study.id for study in every]
    reports, arms = queries.reports(session, ids), queries.arms(session, ids)
    for study in every:
        yield KeptStudy(
            id=study.id,
            study=study.label,
            facts=_facts(study, STUDY_FACTS[1:]),
            excluded_because=study.excluded_because,
            reports=tuple(
                KeptReport(one.citation, one.doi) for one in reports if one.study_id == study.id
            ),
            arms=tuple(
                KeptArm(one.label, _facts(one, ARM_FACTS))
                for one in arms
                if one.study_id == study.id
            ),
        )


def _facts(row: Study | object, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.replace("_", " "), str(value).replace("_", " "))
        for name in names
        if (value := getattr(row, name)) is not None
    )
