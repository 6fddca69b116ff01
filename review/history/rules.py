"""The hash chain over events, on plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from review.canonical import sha256_of

GENESIS: Final = "0" * 64
"""What the first event is chained to."""


_SAID_LATER: Final = frozenset({"role", "request"})
"""What older events do not say, and what is not said is not hashed: their hashes stay."""


def hashed(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of an event that its hash covers: all that it says."""
    return {
        name: value
        for name, value in payload.items()
        if value is not None or name not in _SAID_LATER
    }


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


def check_chain(
    events: Iterable[tuple[Mapping[str, Any], str]], anchors: Iterable[Anchor] = ()
) -> ChainReport:
    """Check a chain of ``(payload, stored hash)`` in order of ``seq`` against itself and anchors.

    The chain alone shows edits, deletions and swaps; a cut or rewritten tail shows only against
    an anchor. The first problem is named and the walk goes on, so that all anchors are checked.
    """
    hashes: dict[int, str] = {}
    problems: list[str] = []
    wanted = list(anchors)
    anchored = {anchor.seq for anchor in wanted}
    seq, previous, count = 0, GENESIS, 0
    for payload, stored in events:
        count += 1
        found = int(payload["seq"])
        if not problems:
            if found != seq + 1:
                problems.append(f"event {seq + 1} is missing (the next one is {found})")
            elif payload["previous"] != previous:
                problems.append(f"event {found} is not chained to event {seq}")
            elif sha256_of(payload) != stored:
                problems.append(f"event {found} was altered after it was written")
        seq, previous = found, stored
        if found in anchored:
            hashes[found] = stored
    problems.extend(
        f"{anchor.where} names event {anchor.seq}, which the chain does not hold as it was"
        for anchor in wanted
        if hashes.get(anchor.seq, GENESIS if anchor.seq == 0 else None) != anchor.hash
    )
    return ChainReport(count, seq, previous, len(wanted), tuple(problems))
