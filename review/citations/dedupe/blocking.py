"""Which records are compared at all: those that share a key."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from review.citations.dedupe.fingerprint import Fingerprint

Key: TypeAlias = tuple[str, ...]

KEYS: Final = 1
"""Version of the keys; a change of `keys`, or of the words of a fingerprint, makes a new one."""

_PREFIX: Final = 24
_SUFFIX: Final = 20
_LONGEST_WORDS: Final = 4
_FEW: Final = 60
"""Members of a block that are all compared with each other; of a larger one only neighbours."""

_WINDOW: Final = 12
"""Neighbours in order of title and author that are compared in a large block."""


def keys(record: Fingerprint) -> Iterator[Key]:
    """Yield the keys of a record; two records of one work share at least one of them.

    Identifiers; the beginning and the end of the title; its longest words (a slip elsewhere
    does not matter); volume, first page and year's neighbours (translated titles).
    """
    if record.doi:
        yield ("doi", record.doi)
    if record.pmid:
        yield ("pmid", record.pmid)
    if record.accession:
        yield ("accession", record.accession)
    letters = record.bare_title.replace(" ", "")
    if letters:
        yield ("begins", letters[:_PREFIX])
        yield ("ends", letters[-_SUFFIX:])
        words = sorted(set(record.bare_title.split()), key=lambda word: (-len(word), word))
        yield ("words", *sorted(words[:_LONGEST_WORDS]))
    if record.volume and record.page:
        yield ("place", record.volume, record.page.strip("abcdefghijklmnopqrstuvwxyz"))


def key_numbers(record: Fingerprint) -> set[int]:
    """Return the keys of a record as numbers to keep; two keys may have one number."""
    return {zlib.crc32("\x1f".join(key).encode()) for key in keys(record)}


def candidates(
    records: Sequence[Fingerprint], is_new: frozenset[int] | None = None
) -> Iterator[tuple[Fingerprint, Fingerprint]]:
    """Yield each pair of records that share a key once, the earlier record first.

    Parameters
    ----------
    records : sequence of Fingerprint
        In order of their ids.
    is_new : frozenset of int or None
        Pairs without one of these are left out; None for all.
    """
    blocks: dict[Key, list[Fingerprint]] = defaultdict(list)
    for record in records:
        for key in keys(record):
            blocks[key].append(record)
    seen: set[tuple[int, int]] = set()
    for key, members in blocks.items():
        if len(members) < 2:
            continue
        for one, other in _pairs(key, members):
            earlier, later = (one, other) if one.id < other.id else (other, one)
            if is_new is not None and later.id not in is_new and earlier.id not in is_new:
                continue
            pair = (earlier.id, later.id)
            if pair not in seen:
                seen.add(pair)
                yield earlier, later


def _pairs(key: Key, members: list[Fingerprint]) -> Iterator[tuple[Fingerprint, Fingerprint]]:
    """Yield all pairs of a small block; of a large one, those near in order of what they say."""
    if len(members) <= _FEW:
        reach = len(members)
    else:
        reach = _WINDOW
        members = sorted(
            members, key=lambda r: (r.bare_title, min(r.surnames, default=""), r.year or 0, r.id)
        )
    for place, one in enumerate(members):
        for other in members[place + 1 : place + 1 + reach]:
            if key[0] != "place" or _may_be_one(one, other):
                yield one, other


def _may_be_one(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two records at volume and page of whatever journal are worth comparing."""
    if one.year is not None and other.year is not None and abs(one.year - other.year) > 1:
        return False
    return not one.names or not other.names or bool(one.surnames & other.surnames)
