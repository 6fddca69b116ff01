"""Words of the protocol, for a reader's eye to find in a title and an abstract."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy.orm import Session

from review.protocol import queries
from review.protocol.models import Review


def protocol_terms(session: Session, review: Review, more: Iterable[str] = ()) -> list[str]:
    """Return the terms of a protocol, the longest first, with some that a reader adds.

    They are the names of outcomes and instruments, and what planned analyses call their arms and
    treatments.
    """
    found = [*more]
    for outcome in queries.outcomes(session, review):
        found += [outcome.name, outcome.slug]
    for instrument in queries.instruments(session, review):
        found += [instrument.name, instrument.slug]
    for version in queries.current_versions(session, review):
        plan = queries.plan_of(version)
        for rule in (plan.intervention, plan.comparator):
            if rule is not None:
                found += [rule.label, *rule.treatment]
    terms = {term.strip().casefold(): term.strip() for term in found if len(term.strip()) > 2}
    return sorted(terms.values(), key=lambda term: (-len(term), term))


def pattern_of(terms: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds terms as whole words, plural or not, in any case; None for no terms."""
    words = [re.escape(term).replace(r"\ ", r"[\s-]+") for term in terms]
    return re.compile(rf"\b(?:{'|'.join(words)})(?:e?s)?\b", re.IGNORECASE) if words else None
