"""Heads of the event chain that were kept elsewhere: read from what we write, or as typed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from review.canonical import parsed_json
from review.errors import InvalidDataError
from review.history.rules import UNNUMBERED, Anchor

_HEAD = re.compile(r"\b(?:(\d+)[ :]+)?([0-9a-f]{64})\b")


def anchors_given(given: str) -> list[Anchor]:
    """Return the anchors of a file that we wrote, or of a hash as it was typed.

    A file is a manifest of a backup, a release or an export, the JSON of ``review verify``, or any
    text in which heads stand as they are printed (``event 12 3f…``), such as a mail.

    Raises
    ------
    InvalidDataError
        If there is no such file, or no head in it.
    """
    typed = _HEAD.fullmatch(given.strip())
    if typed is not None:
        return [_anchor(typed[1], typed[2], given.strip()[:24] + "…")]
    path = Path(given)
    if not path.is_file():
        raise InvalidDataError(
            f"{given} is no file, and no head such as 12:{'0' * 8}… with 64 hexadecimal digits"
        )
    text = path.read_bytes()[:50_000_000].decode("utf-8", "replace")
    found = _of_json(text, path.name)
    if not found:
        heads = (m for m in _HEAD.finditer(text) if m[1] is not None)
        found = [_anchor(m[1], m[2], path.name) for m in heads]
    if not found:
        raise InvalidDataError(f"{given} holds no head of a history")
    return found


def _of_json(text: str, where: str) -> list[Anchor]:
    try:
        return list(_within(parsed_json(text), where))
    except (ValueError, RecursionError):
        return []


def _within(value: Any, where: str) -> list[Anchor]:
    if isinstance(value, list):
        return [anchor for item in value for anchor in _within(item, where)]
    if not isinstance(value, dict):
        return []
    for seq, hash_ in (("seq", "hash"), ("head_seq", "head_hash"), ("history_seq", "history_hash")):
        if isinstance(value.get(seq), int) and re.fullmatch(r"[0-9a-f]{64}", str(value.get(hash_))):
            return [Anchor(value[seq], str(value[hash_]), where)]
    return [anchor for item in value.values() for anchor in _within(item, where)]


def _anchor(seq: str | None, hash_: str, where: str) -> Anchor:
    return Anchor(UNNUMBERED if seq is None else int(seq), hash_, where)
