"""What a role allows, and whether two names may be the same person's: pure, on plain values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person is in a review; who may more stands first."""

    LEAD = "lead"
    REVIEWER = "reviewer"
    ADJUDICATOR = "adjudicator"
    STATISTICIAN = "statistician"
    VIEWER = "viewer"


class Deed(StrEnum):
    """What somebody does, as far as it needs a right of its own."""

    ENTER = "enter"
    """Come to the door: sign in, follow an invitation. Nobody is known yet."""
    ACCOUNT = "account"
    """Look after oneself: the own account, the list of the own reviews."""
    LOOK = "look"
    """See a review as far as it is not sealed, and take copies of it."""
    COLLECT = "collect"
    """Bring in records, find duplicates, obtain reports."""
    SCREEN = "screen"
    """Decide on records, and settle conflicts of others."""
    EXTRACT = "extract"
    """Enter, import, compare and correct what trials report; link and mend studies."""
    APPRAISE = "appraise"
    """Judge risk of bias and certainty."""
    PROTOCOL = "protocol"
    """Set questions, outcomes, reasons, criteria, how the review is kept alive."""
    PLAN = "plan"
    """Plan analyses, and freeze versions of plans."""
    POOL = "pool"
    """Compute planned analyses anew."""
    RELEASE = "release"
    """Freeze a version of the review for the public."""
    MEMBERS = "members"
    """Invite people, change their roles, let them go."""


DEED_WORDS: Final[Mapping[Deed, str]] = {
    Deed.ENTER: "come in",
    Deed.ACCOUNT: "have an account",
    Deed.LOOK: "look at it",
    Deed.COLLECT: "bring in or sort records",
    Deed.SCREEN: "screen",
    Deed.EXTRACT: "enter or correct what trials report",
    Deed.APPRAISE: "judge risk of bias and certainty",
    Deed.PROTOCOL: "change the protocol",
    Deed.PLAN: "plan analyses",
    Deed.POOL: "compute analyses",
    Deed.RELEASE: "release versions",
    Deed.MEMBERS: "decide who takes part",
}
"""Deeds as they stand in a sentence: ``a viewer does not screen``."""

_ALL: Final = frozenset(Role)
_ALL_BUT_VIEWERS: Final = _ALL - {Role.VIEWER}

_MAY: Final[Mapping[Deed, frozenset[Role]]] = {
    Deed.LOOK: _ALL,
    Deed.COLLECT: _ALL_BUT_VIEWERS,
    Deed.SCREEN: frozenset({Role.LEAD, Role.REVIEWER, Role.ADJUDICATOR}),
    Deed.EXTRACT: _ALL_BUT_VIEWERS,
    Deed.APPRAISE: _ALL_BUT_VIEWERS,
    Deed.PROTOCOL: _ALL_BUT_VIEWERS,
    Deed.PLAN: frozenset({Role.LEAD, Role.STATISTICIAN}),
    Deed.POOL: frozenset({Role.LEAD, Role.STATISTICIAN}),
    Deed.RELEASE: frozenset({Role.LEAD, Role.STATISTICIAN}),
    Deed.MEMBERS: frozenset({Role.LEAD}),
}
"""Who may do what in a review; the other deeds are done in none."""


def may(role: Role | None, deed: Deed) -> bool:
    """Return whether a role in a review allows a deed in it; None is somebody who is not in it.

    Examples
    --------
    >>> may(Role.STATISTICIAN, Deed.PLAN), may(Role.STATISTICIAN, Deed.SCREEN)
    (True, False)
    """
    return role is not None and role in _MAY.get(deed, frozenset())


def allows_more(role: Role, than: Role) -> bool:
    """Return whether a role stands before another in the list, which begins with the lead."""
    order = list(Role)
    return order.index(role) < order.index(than)


def roles_that_may(deed: Deed) -> list[Role]:
    """Return the roles that allow a deed, in their order."""
    return [role for role in Role if may(role, deed)]


LONG: Final = 6
"""Letters from which two slips of the pen are forgiven instead of one."""


def near_misses(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names that a name may be a slip for, the nearest first.

    Case, accents and punctuation do not tell persons apart; one slip (a letter too many, missing,
    wrong or swapped) is a near miss, two in names of six letters or more; so is a name that begins
    with the other, as a first name does. Names that differ by their number alone, such as
    reviewer1 and reviewer2, are different on purpose.

    Examples
    --------
    >>> near_misses("ana", ["anna", "ben"])
    ['anna']
    >>> near_misses("reviewer2", ["reviewer1"])
    []
    """
    found = []
    for other in known:
        distance = _distance(name, other)
        if distance is not None:
            found.append((distance, other))
    return [other for _, other in sorted(found)]


def _distance(one: str, other: str) -> int | None:
    first, second = _folded(one), _folded(other)
    if first == second:
        return 0
    if first and second and _without_digits(first) == _without_digits(second):
        return None
    longest, shortest = max(len(first), len(second)), min(len(first), len(second))
    from rapidfuzz.distance import OSA  # a name is looked for far more often than missed

    slips = OSA.distance(first, second)
    if slips <= (2 if shortest >= LONG else 1) and longest > 2:
        return slips
    begins = shortest >= 3 and (first.startswith(second) or second.startswith(first))
    return slips if begins else None


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(filter(str.isalnum, plain))


def _without_digits(name: str) -> str:
    return re.sub(r"\d+", "", name)
