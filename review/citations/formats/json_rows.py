"""Works in other JSON than CSL's: of OpenAlex, Semantic Scholar, Europe PMC, Zotero, registries.

An item is laid out as a row of a table: what lies within an object has the names of both, what a
list holds is joined. The names of columns that tables have are then looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from review.citations.formats import fields
from review.citations.formats.columns import Header, header_of

_PERSON: Final = (("family", "given"), ("lastName", "firstName"), ("last_name", "first_name"))
_NAME: Final = ("name", "display_name", "fullName", "literal")
_DEEPEST: Final = 6
"""Objects within objects that are looked into."""

_LOOKED_AT: Final = 20
_WORDS_AT: Final = "abstract_inverted_index"
"""OpenAlex's form of an abstract: each word with its places."""


def laid_out(item: Mapping[str, Any]) -> dict[str, str]:
    """Return an item as names and texts: ``{"ids": {"pmid": 1}}`` as ``{"ids ›pmid": "1"}``.

    A sign stands before the name of what lies in an object.

    Examples
    --------
    >>> laid_out({"title": "Sleep", "biblio": {"volume": "3"}, "authors": [{"name": "A. Alm"}]})
    {'title': 'Sleep', 'authors': 'A. Alm', 'biblio ›volume': '3'}
    """
    inner = item.get("data")
    if isinstance(inner, dict) and "title" not in item:
        item = inner  # Zotero's interface puts the fields of an item there
    found: dict[str, str] = {}
    level: list[tuple[str, Any]] = [(_spaced(key), value) for key, value in item.items()]
    for _ in range(_DEEPEST):
        deeper: list[tuple[str, Any]] = []
        for name, value in level:
            if isinstance(value, dict) and not name.endswith(_WORDS_AT.replace("_", " ")):
                deeper += [(f"{name} ›{_spaced(key)}", part) for key, part in value.items()]
                continue
            for called, text in _texts(name, value):
                found.setdefault(called, text)
        level = deeper
    return found


class Row(NamedTuple):
    """An item with the names that its texts have, of which `header` says which are our fields."""

    texts: dict[str, str]
    header: Header
    cells: list[str]

    @property
    def read(self) -> set[str]:
        """The names whose texts are read."""
        names = list(self.texts)
        places = {place for places in self.header.places.values() for place in places}
        return {names[place % len(names)] for place in places}

    @property
    def is_work(self) -> bool:
        """Whether there is a title and something else that a record has."""
        others = {"authors", "year", "doi", "pmid", "abstract", "journal", "accession"}
        return "title" in self.header.places and not others.isdisjoint(self.header.places)


def row_of(item: Mapping[str, Any], *, within: bool = True) -> Row:
    """Return an item as a row; `within` says whether fields may lie in objects of other names.

    Each text then stands there twice: under all names on the way to it, and under its own.
    """
    texts = laid_out(item)
    own = [name.rpartition(" ›")[2] if within else name for name in texts]
    names = [name.replace("›", "") for name in texts]
    plain = dict(zip(names, texts.values(), strict=True))
    doubled = [*names, *own] if within else names
    return Row(plain, header_of(doubled, {}), [*texts.values()] * (2 if within else 1))


def is_work(item: Any, *, within: bool = True) -> bool:
    """Whether an object of JSON has a title and something else that a record has."""
    return isinstance(item, dict) and row_of(item, within=within).is_work


def list_of_works(value: Any, depth: int = 0) -> str | None:
    """Return the name of the list of works within JSON, of those that lie least deep; else None."""
    if not isinstance(value, dict) or depth > _DEEPEST:
        return None
    for name, part in value.items():
        some = part[:_LOOKED_AT] if isinstance(part, list) else []
        if some and sum(map(is_work, some)) * 2 >= len(some):
            return str(name)
    inner = (list_of_works(part, depth + 1) for part in value.values())
    return next((name for name in inner if name is not None), None)


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_+", " ", name)


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        places = [(at, word) for word, all_at in value.items() if isinstance(all_at, list)
                  for at in all_at if isinstance(at, int)]  # fmt: skip
        yield "abstract", " ".join(word for _, word in sorted(places))
    elif isinstance(value, list):
        objects = [part for part in value if isinstance(part, dict)]
        persons = [person for part in objects if (person := _person(part))]
        if objects and len(persons) == len(value):
            yield name, "; ".join(persons)
        elif objects:  # names of a list are no names of the item's own
            rows = [row_of(part).texts for part in objects]
            for called in dict.fromkeys(key for row in rows for key in row):
                texts = [row[called] for row in rows if row.get(called)]
                yield f"{name} {called}", "; ".join(texts)
        else:
            yield name, "; ".join(text for part in value if (text := _text(part)))
    elif (text := _text(value)) is not None:
        yield name, text


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return fields.one_line(str(value)) if isinstance(value, str | int | float) else None


def _person(value: Mapping[str, Any]) -> str | None:
    for family, given in _PERSON:
        if isinstance(value.get(family), str):
            parts = (value[family], value.get(given))
            return ", ".join(part for part in parts if isinstance(part, str) and part)
    named = (value.get(name) for name in _NAME)
    return next((name for name in named if isinstance(name, str) and name.strip()), None)
