"""How far the assessors of risk of bias agree, domain by domain."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.extraction.appraisal import queries
from review.extraction.appraisal.rules import judgements_of, newest
from review.protocol.models import Review
from review.screening.agreement import Kappa, cohen_kappa


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
    paired: dict[tuple[str, str, str, str], list[tuple[str, str]]] = {}
    scales: dict[str, tuple[str, ...]] = {}
    for sheet in queries.complete_casts(session, review, name):
        scales[sheet.tool.slug] = tuple(step.value for step in sheet.tool.scale)
        own = sorted(newest(sheet.cast).items())
        for i, (first, a) in enumerate(own):
            for second, b in own[i + 1 :]:
                theirs = judgements_of(b)
                for domain, value in judgements_of(a).items():
                    key = (sheet.tool.slug, first, second, domain)
                    paired.setdefault(key, []).append((value, theirs[domain]))
    return [
        DomainAgreement(
            tool=slug,
            domain=domain,
            assessors=(first, second),
            agreement=cohen_kappa(
                [a for a, _ in pairs], [b for _, b in pairs], categories=scales[slug]
            ),
        )
        for (slug, first, second, domain), pairs in paired.items()
    ]
