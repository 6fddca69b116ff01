"""The keys of the records compared so far, kept so that an update reads few of them.

They follow from the records and the rules of `review.citations.dedupe.blocking`; where they are
missing or of an earlier version, the next comparison makes them anew from all records.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.dedupe.blocking import KEYS, key_numbers
from review.citations.dedupe.fingerprint import Fingerprint
from review.citations.models import ComparedKeys
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Kept:
    """The keys kept for a review."""

    reached: int
    """Keys of all records up to this id are kept."""
    parts: tuple[tuple[array[int], array[int]], ...]
    """Ids of records and, beside each, one of its keys."""

    def sharing(self, keys: set[int]) -> set[int]:
        """Return the ids of records that have one of the keys."""
        return {
            record
            for ids, numbers in self.parts
            for record, number in zip(ids, numbers, strict=True)
            if number in keys
        }


def kept_keys(session: Session, review: Review) -> Kept:
    """Return the keys kept for a review, as far as they reach without a gap."""
    rows = session.execute(
        sa.select(ComparedKeys)
        .where(ComparedKeys.review_id == review.id, ComparedKeys.version == KEYS)
        .order_by(ComparedKeys.run_id)
    ).scalars()
    reached, parts = 0, []
    for row in rows:
        if row.after_id == reached:
            parts.append((_array(row.records), _array(row.keys)))
            reached = row.up_to_id
    return Kept(reached, tuple(parts))


def keys_of(records: Iterable[Fingerprint]) -> set[int]:
    """Return all keys of some records."""
    return {number for record in records for number in key_numbers(record)}


def keep_keys(
    session: Session,
    review: Review,
    records: Sequence[Fingerprint],
    *,
    run: int,
    after_id: int,
    up_to_id: int,
) -> None:
    """Keep the keys of records, all of a review after one id and up to another."""
    ids, numbers = array("q"), array("q")
    for record in records:
        for number in key_numbers(record):
            ids.append(record.id)
            numbers.append(number)
    session.execute(
        sa.insert(ComparedKeys).values(
            run_id=run,
            review_id=review.id,
            version=KEYS,
            after_id=after_id,
            up_to_id=up_to_id,
            records=_bytes(ids),
            keys=_bytes(numbers),
        )
    )


def _array(data: bytes) -> array[int]:
    numbers = array("q", data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _bytes(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
