"""Words for a reader's eye to find in a title and an abstract, and where they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy.orm import Session

from review.protocol import queries
from review.protocol.models import Review
from review.screening.guidance.vocabulary import TermKind


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


def _searched(term: str) -> str:
    """Return what finds one term: ``word`` (plural too), ``stem*``, ``words of a phrase``."""
    words = [_searched_word(word) for word in term.split()]
    begins = r"\b" if term[:1].isalnum() else ""
    ends = r"(?:e?s)?\b" if term[-1:].isalnum() else ""
    return begins + r"[\s-]+".join(words) + ends


def _searched_word(word: str) -> str:
    stem = word.rstrip("*")
    return re.escape(stem) + (r"\w*" if stem != word else "")


def pattern_of(terms: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds terms as whole words, plural or not, in any case; None for no terms.

    ``stem*`` finds every word that begins so; a hyphen joins the words of a phrase as a space does.
    """
    words = [_searched(term) for term in terms]
    return re.compile("|".join(words), re.IGNORECASE) if words else None


class Piece(NamedTuple):
    """A part of a text, and what it speaks for where it is a term."""

    text: str
    kind: TermKind | None = None


Groups = tuple[tuple[TermKind, tuple[str, ...]], ...]
"""Terms to mark by what they speak for."""


@lru_cache(maxsize=64)
def _marker(groups: Groups) -> tuple[re.Pattern[str], Sequence[TermKind]] | None:
    """Return what finds the terms of all groups, the longest first, and the kind of each."""
    terms = sorted(((term, kind) for kind, some in groups for term in some), key=_longest_first)
    if not terms:
        return None
    found = re.compile("|".join(f"({_searched(term)})" for term, _ in terms), re.IGNORECASE)
    return found, [kind for _, kind in terms]


def _longest_first(one: tuple[str, TermKind]) -> tuple[int, str]:
    return -len(one[0]), one[0]


def marked(text: str, groups: Groups) -> list[Piece]:
    """Return a text in pieces; put together they are the text.

    Examples
    --------
    >>> marked("No trials.", ((TermKind.INCLUDE, ("trial",)),))[1]
    Piece(text='trials', kind=<TermKind.INCLUDE: 'include'>)
    """
    known = _marker(groups)
    if known is None:
        return [Piece(text)]
    pattern, kinds = known
    pieces, at = [], 0
    for found in pattern.finditer(text):
        if found.start() > at:
            pieces.append(Piece(text[at : found.start()]))
        pieces.append(Piece(found.group(), kinds[(found.lastindex or 1) - 1]))
        at = found.end()
    if at < len(text):
        pieces.append(Piece(text[at:]))
    return pieces
