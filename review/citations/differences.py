"""Where two texts differ, for a person who compares them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from rapidfuzz.distance import Indel

_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")

_ALIKE: Final = 0.5
"""Share of letters from which two words are one that is spelt in two ways."""


class Piece(NamedTuple):
    """A part of a text, and whether the other one has it not."""

    text: str
    differs: bool


def differences(one: str, other: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return two texts in pieces, those marked that the other text has not.

    Words are compared first, then the letters of words that are alike. The pieces of a text are,
    put together, the text.

    Examples
    --------
    >>> differences("Trial of therapy, part I", "Trial of therapy, part II")[1]
    (Piece(text='Trial of therapy, part I', differs=False), Piece(text='I', differs=True))
    """
    mine, theirs = _WORDS.findall(one), _WORDS.findall(other)
    left: list[Piece] = []
    right: list[Piece] = []
    gap: tuple[list[str], list[str]] = ([], [])
    for block in Indel.opcodes(mine, theirs):
        if block.tag != "equal":
            gap[0].extend(mine[block.src_start : block.src_end])
            gap[1].extend(theirs[block.dest_start : block.dest_end])
            continue
        _close(gap, left, right)
        gap = ([], [])
        same = Piece("".join(mine[block.src_start : block.src_end]), False)
        left.append(same)
        right.append(same)
    _close(gap, left, right)
    return _joined(left), _joined(right)


def _close(gap: tuple[list[str], list[str]], left: list[Piece], right: list[Piece]) -> None:
    """Add what two texts have in place of each other, by letters where it is alike."""
    one, other = "".join(gap[0]), "".join(gap[1])
    if not one or not other or Indel.normalized_similarity(one, other) < _ALIKE:
        left.append(Piece(one, True))
        right.append(Piece(other, True))
        return
    for block in Indel.opcodes(one, other):
        same = block.tag == "equal"
        left.append(Piece(one[block.src_start : block.src_end], not same))
        right.append(Piece(other[block.dest_start : block.dest_end], not same))


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if found and found[-1].differs == piece.differs:
            found[-1] = Piece(found[-1].text + piece.text, piece.differs)
        else:
            found.append(piece)
    return tuple(found)
