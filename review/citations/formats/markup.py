"""Entities and tags of HTML and JATS in the values of citation files."""

from __future__ import annotations

import html
import re
from typing import Final

_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_INLINE: Final = (
    "i|b|u|em|strong|sub|sup|sc|scp|small|tt|inf|span|font|a|italic|bold|underline|roman|"
    "ext-link|jats:[a-z-]+|mml:[a-z]+"
)
_BLOCK: Final = "p|br|div|sec|title|ul|ol|li|h[1-6]|hr|abstract|jats:(?:p|sec|title|list-item|list)"
_ATTRIBUTES: Final = r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))*\s*"
_PAIR: Final = re.compile(rf"<({_INLINE}|{_BLOCK}){_ATTRIBUTES}>", re.IGNORECASE)
_EMPTY: Final = re.compile(rf"<(?:br|hr|p|jats:p){_ATTRIBUTES}/?>", re.IGNORECASE)
_OF_BLOCKS: Final = re.compile(rf"(?:{_BLOCK})$", re.IGNORECASE)


def unescaped(value: str) -> str:
    """Return `value` with entities such as ``&uuml;`` as the characters that they stand for.

    Only what ends in a semicolon is an entity: ``?a=1&reg=2`` is an address.

    Examples
    --------
    >>> unescaped("M&uuml;ller &amp; S&#246;hne, R&D")
    'Müller & Söhne, R&D'
    """
    if "&" not in value:
        return value
    return _ENTITY.sub(lambda found: html.unescape(found.group()), value)


def escaped(value: str) -> str:
    """Return `value` so that `unescaped` gives it back."""
    return _ENTITY.sub(lambda found: f"&amp;{found.group()[1:]}", value) if "&" in value else value


def without_tags(value: str) -> str:
    """Return `value` without tags of HTML and JATS: of a pair both, and ``<br>`` and ``<p>``.

    ``p<0.05`` and ``a <b> c`` stay as they are.

    Examples
    --------
    >>> without_tags("<p>Effects of <i>L. synthi</i>: p<0.05</p><p>H<sub>2</sub>O</p>")
    'Effects of L. synthi: p<0.05 H2O'
    """
    if "<" not in value:
        return value
    text = value
    for name in {found.group(1) for found in _PAIR.finditer(value)}:
        closing = re.compile(rf"</{re.escape(name)}\s*>", re.IGNORECASE)
        if closing.search(text) is None:
            continue
        instead = " " if _OF_BLOCKS.match(name) else ""
        opening = re.compile(rf"<{re.escape(name)}{_ATTRIBUTES}/?>", re.IGNORECASE)
        text = closing.sub(instead, opening.sub(instead, text))
    text = _EMPTY.sub(" ", text)
    return " ".join(text.split()) if text != value else value
