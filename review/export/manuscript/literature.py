"""The works that the methods cite, kept as CSL-JSON beside this module."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from review.export.manuscript.document import Block, Cite, Paragraph, Work

MOST_AUTHORS: Final = 20
"""Authors that an entry names; of more, APA 7 (section 9.8) gives the first 19 and the last."""


@cache
def items() -> dict[str, dict[str, Any]]:
    """Return all works by key, as CSL-JSON has them."""
    text = files("review.export.manuscript").joinpath("literature.json").read_text("utf-8")
    return {item["id"]: item for item in json.loads(text)}


def cited_in(blocks: Iterable[Block]) -> list[str]:
    """Return the keys of the works that paragraphs cite, in order of the alphabet."""
    return sorted(
        {
            span.key
            for block in blocks
            if isinstance(block, Paragraph)
            for span in block.spans
            if isinstance(span, Cite)
        }
    )


def works(keys: Sequence[str]) -> tuple[Work, ...]:
    """Return entries of the reference list, in the order of APA's: authors, then year."""
    made = [(key, items()[key]) for key in keys]
    ordered = sorted(made, key=lambda pair: (_families(pair[1]), _year(pair[1])))
    return tuple(Work(key, mention(item), _entry(item)) for key, item in ordered)


def mention(item: dict[str, Any]) -> str:
    """Return how a text mentions a work.

    Examples
    --------
    >>> mention(items()["knapp2003"])
    'Knapp & Hartung, 2003'
    """
    families = _families(item)
    if len(families) > 2:
        return f"{families[0]} et al., {_year(item)}"
    return f"{' & '.join(families)}, {_year(item)}"


def _families(item: dict[str, Any]) -> list[str]:
    return [author["family"] for author in item["author"]]


def _year(item: dict[str, Any]) -> int:
    return int(item["issued"]["date-parts"][0][0])


def _entry(item: dict[str, Any]) -> str:
    """Return an entry in APA style; a chapter's book stands in place of the journal.

    A book has its edition and publisher there.
    """
    named = [f"{author['family']}, {author['given']}" for author in item["author"]]
    if len(named) > MOST_AUTHORS:
        authors = f"{', '.join(named[:19])}, … {named[-1]}"
    elif len(named) > 1:
        authors = f"{', '.join(named[:-1])}, & {named[-1]}"
    else:
        authors = named[0]
    issue = f"({item['issue']})" if "issue" in item else ""
    numbers = f", {item['volume']}{issue}, {item['page']}" if "volume" in item else ""
    place = f" https://doi.org/{item['DOI']}" if "DOI" in item else f" {item['publisher']}."
    if item["type"] == "book":
        title = f"{item['title']} ({item['edition']} ed.)"
        return f"{authors} ({_year(item)}). {title}. {item['publisher']}.{place}"
    container = f"{item['container-title']}{numbers}"
    inside = "In " if item["type"] == "chapter" else ""
    return f"{authors} ({_year(item)}). {item['title']}. {inside}{container}.{place}"
