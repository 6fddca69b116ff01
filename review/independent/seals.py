"""Seals: what commits to a judgement at once, without telling it to those who have not judged yet.

The history shows the seal, and the chain of events covers it. What it seals, and the random number
that keeps it from being guessed, stand in the judgement itself, which queries keep from the others.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar


class Sealed(Protocol):
    """A row that bears a seal."""

    @property
    def id(self) -> int:
        """Its number, by which the history knows it."""
        ...

    @property
    def seal(self) -> str:
        """The seal that it was given."""
        ...


SealedT = TypeVar("SealedT", bound=Sealed)


def nonce() -> str:
    """Return a random number that keeps a seal from being guessed, as 32 hexadecimal digits."""
    return secrets.token_hex(16)


def seal(*parts: object) -> str:
    """Return the SHA-256 that commits to a judgement without telling it."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()


def broken(
    rows: Iterable[SealedT], seal_of: Callable[[SealedT], str], noted: Mapping[int, str]
) -> list[SealedT]:
    """Return the rows that are not what was sealed; none in a sound ledger.

    `noted` has the seals of the history by id: a row that was sealed anew is not what it says, and
    one that it knows nothing of was put in behind its back.
    """
    return [row for row in rows if seal_of(row) != row.seal or noted.get(row.id) != row.seal]
