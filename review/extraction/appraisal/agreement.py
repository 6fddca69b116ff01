"""How far the assessors of risk of bias agree, domain by domain."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.extraction.appraisal import queries
from review.extraction.appraisal.rules import assessed, judgements_of
from review.independent.agreement import Kappa, by_pair, cohen_kappa
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class DomainAgreement:
    """Agreement on one domain, or on the overall judgement."""

    tool: str
    domain: str
    assessors: tuple[str, str]
    agreement: Kappa


def domain_agreement(session: Session, review: Review, name: str | None) -> list[DomainAgreement]:
    """Return the agreement of each pair of assessors on each domain, before any consensus.

    Parameters
    ----------
    session : Session
        To read with.
    review : Review
        Whose targets.
    name : str or None
        A tool's slug, or a family; None for every adopted tool.

    Returns
    -------
    list of DomainAgreement
        By tool, pair and domain. Only targets that have all their assessors count, for until then
        none may know what another said.
    """
    said: dict[str, list[dict[str, dict[str, str]]]] = {}
    scales: dict[str, tuple[str, ...]] = {}
    for sheet in queries.complete_casts(session, review, name):
        scales[sheet.tool.slug] = tuple(step.value for step in sheet.tool.scale)
        own = {person: judgements_of(one) for person, one in assessed(sheet.cast).items()}
        said.setdefault(sheet.tool.slug, []).append(own)
    return [
        DomainAgreement(
            tool=slug,
            domain=domain,
            assessors=pair,
            agreement=cohen_kappa(
                [a[domain] for a, _ in both], [b[domain] for _, b in both], categories=scales[slug]
            ),
        )
        for slug, forms in said.items()
        for pair, both in by_pair(forms).items()
        for domain in both[0][0]
    ]
