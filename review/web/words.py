"""How templates write numbers, times and conclusions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from markupsafe import Markup

FIGURE_SPACE: Final = "\N{FIGURE SPACE}"
POINT_SPACE: Final = "\N{PUNCTUATION SPACE}"

SIGNS: Final = {
    "superior": "▲",
    "noninferior": "△",
    "noninferior but statistically worse": "△",
    "inconclusive": "○",
    "inconclusive, statistically worse": "▽",
    "inferior": "▼",
}
"""A shape for each conclusion, so that colour never says it alone."""


def aligned(cells: Sequence[str]) -> list[str]:
    """Return numbers so padded that their points stand under one another where right-aligned.

    Examples
    --------
    >>> aligned(["1.5", "20"]) == ["1.5", f"20{POINT_SPACE}{FIGURE_SPACE}"]
    True
    """
    plain = [cell for cell in cells if cell and set(cell) <= set("0123456789.,-−+<%")]
    most = max((len(cell.partition(".")[2]) for cell in plain), default=0)
    found = []
    for cell in cells:
        if cell not in plain or not most:
            found.append(cell)
            continue
        whole, point, rest = cell.partition(".")
        padding = FIGURE_SPACE * (most - len(rest))
        found.append(f"{whole}{point or POINT_SPACE}{rest}{padding}")
    return found


def signs(text: str) -> str:
    """Return a text whose negative numbers have real minus signs, as in the plots beside it.

    Examples
    --------
    >>> signs("from -0.17 [-0.52, 0.18], 2026-11-23")
    'from −0.17 [−0.52, 0.18], 2026-11-23'
    """
    return _NEGATIVE.sub("−", text)


_NEGATIVE: Final = re.compile(r"(?<![\w)\]-])-(?=\d)")


def class_kind(word: str) -> str:
    """Return the name of a conclusion's look."""
    if "worse" in word:
        return "worse"
    return word if word in SIGNS else "inconclusive"


def class_sign(word: str) -> str:
    """Return the shape of a conclusion; nothing for a word that is none."""
    return SIGNS.get(word, "")


def day(at: datetime | date | None) -> str:
    """Return ``2026-11-23``; nothing for None."""
    return "" if at is None else f"{at:%Y-%m-%d}"


def when(at: datetime | None) -> str:
    """Return ``2026-11-23 09:15 UTC``; nothing for None."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def thousands(n: float) -> str:
    """Return ``12,345``."""
    return f"{n:,}"


def linked(text: str, links: Mapping[str, str]) -> str:
    """Return a text whose first words are a name, as a link to what the name is of.

    Examples
    --------
    >>> str(linked("Choi (2012) added: it rose", {"Choi (2012)": "/s/3"}))
    '<a class="plain" href="/s/3">Choi (2012)</a> added: it rose'
    >>> linked("Choi (2012b) added", {"Choi (2012)": "/s/3"})
    'Choi (2012b) added'
    """
    for name in sorted(links, key=len, reverse=True):
        rest = text[len(name) :]
        if text.startswith(name) and (not rest or not rest[0].isalnum()):
            link = Markup('<a class="plain" href="{}">{}</a>{}')
            return link.format(links[name], name, rest)
    return text
