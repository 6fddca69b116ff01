"""The hash chain over events, and what history keeps of a table, on plain values."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

from review.canonical import canonical_json, sha256_of

GENESIS: Final = "0" * 64
"""What the first event is chained to."""

SEALED_BY: Final[Mapping[str, str]] = {
    "result": "review.extraction.sealing",
    "entry_value": "review.extraction.sealing",
    "arm": "review.extraction.sealing",
    "report": "review.extraction.sealing",
    "note": "review.extraction.sealing",
    "dismissal": "review.extraction.sealing",
    "report_pdf": "review.extraction.sealing",
    "full_text": "review.extraction.sealing",
}
"""By table, the module whose ``sealed_rows`` knows which rows a person may not read yet; by name,
for the stages stand above the history. Other judgements leave what was said out of their events.

Events of these tables always have a number of a request, a random one where no page sent them:
who is not shown it cannot try guesses of the values against the hash of the event, or a later one.
"""

_SAID_LATER: Final = frozenset({"role", "request"})
"""What older events do not say, and what is not said is not hashed: their hashes stay."""


def hashed(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of an event that its hash covers: all that it says."""
    return {
        name: value
        for name, value in payload.items()
        if value is not None or name not in _SAID_LATER
    }


class Held(StrEnum):
    """How the history holds the rows of a table: its model says it as ``__held__``."""

    CHAIN = "chain"
    """The events themselves."""
    EVENTS = "events"
    """Every change of every row is an event; what a model does not say otherwise."""
    ROWS = "rows"
    """The step that brought the rows has the digest of each; ``__told_by__`` has its tables."""
    SEAL = "seal"
    """The seal of the row that they belong to covers them; ``__sealed_by__`` has its table."""
    DERIVED = "derived"
    """Made from other tables, and made anew at will."""
    WORKING = "working"
    """No part of the review: sessions, drafts, jobs, messages. No event tells of them."""


GOVERNED: Final = frozenset({Held.EVENTS, Held.ROWS, Held.SEAL})
"""What is compared with the history, row by row."""


class Omitted(StrEnum):
    """Why a column is left out of its table's events, in ``__history_omits__``.

    Any other text there is the name of the column that has the SHA-256 of this one.
    """

    SEALED = "(sealed)"
    """The row's seal covers it, for who has not judged yet may read the history."""
    DIGEST = "(digest)"
    """Too long; the event has its SHA-256 in ``digests``."""
    PRIVATE = "(private)"
    """It can be asked to be forgotten, or is a secret. Nothing proves that it was not altered."""


def omits(**why: str) -> Mapping[str, str]:
    """Return what a model gives as ``__history_omits__``: `Omitted`, or a column, by column."""
    return why


RENAMED: Final = "renamed"
"""Under this, a column's ``info`` has what a migration called otherwise: new names by old ones.

Events keep the old one."""

UNNUMBERED: Final = -1
"""The number of an event that is known by its hash alone."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head of the chain, kept outside it, that the chain must still go through."""

    seq: int
    hash: str
    where: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check of the chain found."""

    events: int
    head_seq: int
    head_hash: str
    anchors: int
    problems: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems


class Link(NamedTuple):
    """An event as the chain sees it."""

    seq: int
    previous: str
    made: str
    """The hash of what it says."""
    stored: str
    """The hash that it bears."""


def check_chain(
    events: Iterable[tuple[Mapping[str, Any], str]], anchors: Iterable[Anchor] = ()
) -> ChainReport:
    """Check a chain of ``(payload, stored hash)`` in order of ``seq``, as `check_links` does."""
    return check_links(
        (Link(int(e["seq"]), e["previous"], sha256_of(e), stored) for e, stored in events), anchors
    )


def check_links(
    links: Iterable[Link],
    anchors: Iterable[Anchor] = (),
    *,
    after: int = 0,
    before: Mapping[int, str] | None = None,
) -> ChainReport:
    """Check a chain in order of ``seq`` against itself and anchors.

    The chain alone shows edits, deletions and swaps; a cut or rewritten tail shows only against
    an anchor. The first problem is named and the walk goes on, so that all anchors are checked.

    Parameters
    ----------
    links
        The events; the first is the one numbered `after`, where that is not 0.
    after
        The event that is taken as it is: only what follows it is checked.
    before
        The stored hashes of anchored events before that one, by number.
    """
    hashes: dict[int, str] = dict(before or {})
    problems: list[str] = []
    wanted = list(anchors)
    anchored = {anchor.seq for anchor in wanted}
    seq, previous, count = 0, GENESIS, 0
    for found, chained, made, stored in links:
        if found == after:
            seq, previous = found, stored
        else:
            count += 1
            if not problems:
                if found != seq + 1:
                    problems.append(f"event {seq + 1} is missing (the next one is {found})")
                elif chained != previous:
                    problems.append(f"event {found} is not chained to event {seq}")
                elif made != stored:
                    problems.append(f"event {found} was altered after it was written")
            seq, previous = found, stored
        if found in anchored:
            hashes[found] = stored
    problems.extend(
        f"{anchor.where} names {_called(anchor)}, which the chain does not hold as it was"
        for anchor in wanted
        if hashes.get(anchor.seq, GENESIS if anchor.seq == 0 else None) != anchor.hash
    )
    return ChainReport(count, seq, previous, len(wanted), tuple(problems))


def _called(anchor: Anchor) -> str:
    return "a head" if anchor.seq == UNNUMBERED else f"event {anchor.seq}"


def payload_text(stored: Any) -> str:
    """Return the canonical JSON of an event's payload from its columns as they are stored.

    `stored` has the columns of the table of events as attributes. The result is what
    ``canonical_json(hashed(payload))`` is, without reading `old` and `new`, which are canonical
    JSON already: where they are not, they were altered, and the hash says so.
    """
    said = encode_basestring

    def text(value: str | None) -> str:
        return "null" if value is None else said(value)

    request = "" if stored.request is None else f'"request":{said(stored.request)},'
    role = "" if stored.role is None else f'"role":{said(stored.role)},'
    return (
        f'{{"action":{said(stored.action)},"actor":{said(stored.actor)},"at":{said(stored.at)},'
        f'"entity":{said(stored.entity)},'
        f'"entity_id":{"null" if stored.entity_id is None else stored.entity_id},'
        f'"new":{stored.new or "null"},"old":{stored.old or "null"},'
        f'"previous":{said(stored.previous)},"reason":{text(stored.reason)},{request}'
        f'"review":{text(stored.review)},{role}"seq":{stored.seq},'
        f'"software":{said(stored.software)}}}'
    )


DIGEST_BYTES: Final = 12
"""Of the SHA-256 of a row: 96 bits, which nobody finds a second row for; 16 characters each."""


def row_digest(values: Iterable[Any]) -> bytes:
    """Return the digest of a row's stored values, the same from both databases."""
    plain = [
        int(value) if value is True or value is False
        else value.hex() if isinstance(value, bytes | memoryview)
        else value
        for value in values
    ]  # fmt: skip
    return hashlib.sha256(canonical_json(plain).encode()).digest()[:DIGEST_BYTES]


def packed(columns: Sequence[str], rows: Sequence[tuple[int, bytes]]) -> dict[str, Any]:
    """Return ids and digests of rows, in order of id, as an event keeps them.

    `columns` are those that the digests cover; a later version of the table may have more.
    """
    ranges: list[list[int]] = []
    for number, _ in rows:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    digests = base64.b64encode(b"".join(digest for _, digest in rows)).decode()
    return {"columns": list(columns), "ids": ranges, "digests": digests}


def unpacked(kept: Mapping[str, Any]) -> Iterator[tuple[int, bytes]]:
    """Yield ids and digests of the rows of an event."""
    digests = base64.b64decode(kept["digests"])
    numbers = (n for first, last in kept["ids"] for n in range(first, last + 1))
    for place, number in enumerate(numbers):
        yield number, digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
