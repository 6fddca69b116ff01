"""How long what lasts, how often one may fail, what a password may be: pure, on plain values."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from review.errors import InvalidDataError

SESSION: Final = timedelta(hours=12)
"""A working day: after it one signs in again whatever one did (OWASP ASVS 7.3.2)."""

IDLE: Final = timedelta(minutes=30)
"""Without a request for so long, a session ends (ASVS 7.3.1)."""

LOCAL_SESSION: Final = timedelta(days=30)
"""At one's own machine, where the session ends with the program."""

CODE_WAIT: Final = timedelta(minutes=5)
"""How long the second factor is waited for after the password."""

INVITATION: Final = timedelta(hours=72)
"""How long a link works that somebody sends on."""

SEEN_EVERY: Final = timedelta(seconds=60)
"""How often a session notes that it was used: not every request waits for the writers' lock."""

TOKEN_SEEN_EVERY: Final = timedelta(hours=1)

SHORTEST, LONGEST = 8, 1024
"""Signs of a password; the longest is no limit for people, and one for programs."""

ISSUER: Final = "living review"


class Scope(StrEnum):
    """What a token allows, within what its person's roles allow."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures within a time; then nobody gets a try, right or wrong, until it is over."""

    failures: int
    within: timedelta


_FIVE: Final = timedelta(minutes=5)

LIMITS: Final[dict[str, tuple[Limit, ...]]] = {
    "name": (Limit(10, _FIVE),),
    "address": (Limit(10, _FIVE),),
    "all": (Limit(1000, _FIVE),),
    "code": (Limit(5, _FIVE), Limit(20, timedelta(hours=1)), Limit(50, timedelta(days=1))),
}
"""Per name, per address, for the program, per person at the second factor (as PyPI's limits)."""

LONGEST_LIMIT: Final = max(limit.within for limits in LIMITS.values() for limit in limits)


def subject_of(kind: str, value: str) -> str:
    """Return under which name failures are counted; nothing of what was typed can be read in it."""
    return f"{kind}:{hashlib.sha256(value.casefold().encode()).hexdigest()[:40]}"


def wait_of(kind: str, failures: list[datetime], now: datetime) -> timedelta | None:
    """Return how long to wait before the next try, None where there is one left.

    Parameters
    ----------
    failures
        Times of the failures of this subject, in any order. Times after `now` count: a clock that
        is put back opens no door.
    """
    longest: timedelta | None = None
    for limit in LIMITS[kind]:
        recent = sorted(at for at in failures if at > now - limit.within)
        if len(recent) >= limit.failures:
            wait = recent[-limit.failures] + limit.within - now
            longest = wait if longest is None else max(longest, wait)
    return longest


@cache
def common_passwords() -> frozenset[str]:
    """Return the passwords that are tried first."""
    text = (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


def check_password(password: str, *names: str | None) -> None:
    """Raise InvalidDataError for a password that is guessed first: short, common, or one's name."""
    if len(password) < SHORTEST:
        raise InvalidDataError(f"a password has {SHORTEST} signs or more; several words are good")
    if len(password) > LONGEST:
        raise InvalidDataError(f"a password has at most {LONGEST:,} signs")
    plain = password.casefold()
    if plain in common_passwords():
        raise InvalidDataError("this is one of the passwords that are tried first; take another")
    own = {name.casefold() for name in names if name} | {"living review", "living-review"}
    if plain in own or plain in {name.partition("@")[0] for name in own}:
        raise InvalidDataError("a name is no password; take another")


_ORCID: Final = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")


def checked_orcid(text: str) -> str:
    """Return an ORCID iD as ``0000-0002-1825-0097``.

    Raises InvalidDataError for other signs, and where the check digit (ISO 7064 11,2) is wrong.

    Examples
    --------
    >>> checked_orcid("https://orcid.org/0000-0002-1825-0097")
    '0000-0002-1825-0097'
    """
    match = _ORCID.fullmatch(text.strip())
    if match is None:
        raise InvalidDataError("an ORCID iD has 16 digits, such as 0000-0002-1825-0097")
    digits = match[1].replace("-", "")
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    wanted = (12 - total % 11) % 11
    if digits[-1] != ("X" if wanted == 10 else str(wanted)):
        raise InvalidDataError("one digit of this ORCID iD is wrong: its check digit says so")
    return match[1]


def checked_email(text: str) -> str:
    """Return an e-mail address; raise InvalidDataError for what cannot be one."""
    found = text.strip()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", found) or len(found) > 254:
        raise InvalidDataError(f"{found!r} is no e-mail address")
    return found
