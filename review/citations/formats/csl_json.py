"""CSL-JSON, as Zotero, Mendeley, Crossref and pandoc write it.

Source of the names: the CSL-JSON schema 1.0.2
(https://github.com/citation-style-language/schema).
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from review.citations.formats import fields
from review.citations.formats.entry import Aside, Entry, Item, Rejected
from review.citations.formats.json_rows import is_work, list_of_works, row_of
from review.citations.formats.names import Names
from review.citations.formats.notes import notes_on, said_in
from review.citations.formats.notices import each_once, of_crossref
from review.citations.formats.rows import entry_of_row
from review.errors import FileError, Problem

_NAMES_OF_A_WORK: Final = frozenset({"title", "DOI", "doi", "PMID", "title-short", "URL"})
_SPACE: Final = re.compile(r"[\s,]*")


def read_csl_json(text: str, *, file: str, names: Names | None = None) -> Iterator[Item]:
    """Yield the items of a CSL-JSON file in order: of a list, of ``{"items": […]}``, or the one.

    Raises FileError for text that is not JSON, with the line where it ceases to be.
    """
    names = names if names is not None else Names()
    decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=_number)
    start = _list_start(text)
    if start is None:
        begin = len(text) - len(text.lstrip())
        value, end = _decoded(decoder, text, begin, file)
        inside = list_of_works(value)
        if inside is not None:
            place = _start_of(decoder, text, inside)
            yield from _listed(decoder, text, place, file, names)
            return
        if (
            isinstance(value, dict)
            and _NAMES_OF_A_WORK.isdisjoint(value)
            and not is_work(value, within=False)
        ):
            held = ", ".join(list(value)[:8])
            reason = f"this JSON is no list of records: it holds {held[:200] or 'nothing'}"
            raise FileError(file, [Problem(1, None, reason)])
        yield _item(value, text.count("\n", 0, begin) + 1, text[begin:end], names)
        yield from _further(text, end, file, names)
        return
    yield from _listed(decoder, text, start, file, names)


def _start_of(decoder: json.JSONDecoder, text: str, name: str) -> int:
    """Return where the items of the list of works with a name begin."""
    starts = re.compile(rf"{re.escape(json.dumps(name))}\s*:\s*\[\s*")
    for found in starts.finditer(text):
        with contextlib.suppress(ValueError):
            if is_work(decoder.raw_decode(text, found.end())[0]):
                return found.end()
    return next(found.end() for found in starts.finditer(text))


def _listed(
    decoder: json.JSONDecoder, text: str, start: int, file: str, names: Names
) -> Iterator[Item]:
    """Yield the items of a list whose bracket was opened."""
    place, line, counted = start, 1, 0
    while True:
        space = _SPACE.match(text, place)
        place = space.end() if space else place
        line += text.count("\n", counted, place)
        counted = place
        if text[place : place + 1] == "]":
            yield from _further(text, place + 1, file, names)
            return
        if place >= len(text):
            reason = "the file ends without ]: it was cut off, and entries may be missing"
            yield Rejected(line, reason, "")
            return
        value, end = _decoded(decoder, text, place, file)
        yield _item(value, line, text[place:end], names)
        place = end


def _further(text: str, place: int, file: str, names: Names) -> Iterator[Item]:
    """Yield what follows the end of a list or an item: of files that were joined, or JSON Lines."""
    line = text.count("\n", 0, place)
    rest = text[place:].lstrip(" \t\n,}")
    if not rest or re.match(r'"[^"\n]*"\s*:', rest):
        return  # other members of the object that holds the list
    line += text.count("\n", place, len(text) - len(rest))
    if rest[0] not in "[{":
        yield Aside(line + 1, rest[:200])
        return
    items = read_csl_json(rest, file=file, names=names)
    yield from (item._replace(line=item.line + line) for item in items)


_TWICE: Final = "names that stand twice"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; names that stand in it twice are kept beside it, for a remark."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        found[_TWICE] = sorted({name for name in names if names.count(name) > 1})
    return found


_MOST_DIGITS: Final = 30


def _number(digits: str) -> int | str:
    """Return a number of JSON; one of more digits than any has is kept as it stands."""
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _list_start(text: str) -> int | None:
    found = re.match(r"\s*(?:\{\s*\"(?:items|references|data|message)\"\s*:\s*)?\[", text)
    return found.end() if found else None


def _decoded(decoder: json.JSONDecoder, text: str, place: int, file: str) -> tuple[Any, int]:
    try:
        return decoder.raw_decode(text, place)
    except json.JSONDecodeError as error:
        problem = Problem(error.lineno, None, f"not JSON: {error.msg}")
    except RecursionError:
        line = text.count("\n", 0, place) + 1
        problem = Problem(line, None, "not CSL-JSON: lists within lists without end")
    raise FileError(file, [problem])


def _item(value: Any, line: int, raw: str, names: Names) -> Item:
    if not isinstance(value, dict):
        return Rejected(line, f"an item is an object, not {type(value).__name__}", raw)
    if "title" not in value or ("author" not in value and _AUTHORS.search(raw)):
        row = row_of({name: part for name, part in value.items() if name != _TWICE})
        if "title" in row.header.places:
            names.see(row.texts, row.read)
            return entry_of_row(row.cells, row.header, line, raw, _doubts(value))
    names.see({n: _shown(found) for n, found in value.items() if n != _TWICE}, _READ)
    return _entry(value, line, raw)


_AUTHORS: Final = re.compile(r'"(?:authors|authorships|authorString|creators)"\s*:')
"""What other JSON than CSL's calls the authors."""


def _doubts(value: dict[str, Any]) -> list[str]:
    twice = value.pop(_TWICE, ())
    return [f"{name} stands twice, the last kept; perhaps two records" for name in twice]


_READ: Final = frozenset({
    "type", "title", "title-short", "abstract", "author", "editor", "issued", "published",
    "published-print", "published-online", "year", "container-title", "container-title-short",
    "journalAbbreviation", "volume", "issue", "page", "number", "article-number", "DOI", "doi",
    "URL", "PMID", "pmid", "note", "archive_location", "accession", "ISSN", "ISBN", "language",
    "keyword", "keywords", "custom", "updated-by", "update-to",
})  # fmt: skip


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)[:200]


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return _text(value[0]) if value else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return fields.one_line(str(value))


def _entry(item: dict[str, Any], line: int, raw: str) -> Entry:
    def one(*keys: str) -> str | None:
        return fields.first(_text(item.get(key)) for key in keys)

    year, remarks = _year(item)
    note = one("note") or ""
    pmid = one("PMID", "pmid")
    if not fields.is_pmid(pmid):
        found = re.search(r"\bPMID:\s*(\d{1,8})\b", note)
        pmid = found.group(1) if found else None
    words = item.get("keyword", item.get("keywords"))
    joined = words if isinstance(words, list) else _split_keywords(_text(words))
    doubts = _doubts(item)
    custom = item.get("custom")
    ours = custom.get("review") if isinstance(custom, dict) else None
    notices, labels = said_in([note, *(map(_text, ours) if isinstance(ours, list) else ())])
    return Entry(
        line=line,
        raw=raw,
        kind=one("type"),
        title=one("title", "title-short"),
        abstract=one("abstract"),
        authors=_names(item.get("author")) or _names(item.get("editor")),
        year=year,
        journal=one("container-title", "journalAbbreviation", "container-title-short"),
        volume=one("volume"),
        issue=one("issue"),
        pages=fields.pages_of(one("page"), None, one("number", "article-number")),
        doi=fields.doi_in(one("DOI", "doi")) or fields.doi_of_url(one("URL")),
        pmid=pmid,
        accession=one("archive_location", "accession"),
        issn=fields.issn_of([one("ISSN"), one("ISBN")]),
        url=one("URL"),
        language=one("language"),
        keywords=fields.keywords_of(_text(word) for word in joined),
        remarks=(*remarks, *doubts),
        notices=each_once([*of_crossref(item), *notices]),
        labels=labels,
    )


def _split_keywords(value: str | None) -> list[str]:
    if value is None:
        return []
    return value.split(";") if ";" in value else value.split(",")


def _names(value: Any) -> tuple[str, ...]:
    names = []
    for name in value if isinstance(value, list) else []:
        if isinstance(name, str):
            names.append(fields.one_line(name))
        elif isinstance(name, dict):
            particle = _text(name.get("non-dropping-particle"))
            family, given = _text(name.get("family")), _text(name.get("given"))
            if family and particle:
                family = f"{particle} {family}"
            parts = [part for part in (family, given, _text(name.get("suffix"))) if part]
            names.append(", ".join(parts) or _text(name.get("literal")) or _text(name.get("name")))
    return tuple(name for name in names if name)


def _year(item: dict[str, Any]) -> tuple[int | None, tuple[str, ...]]:
    texts = []
    for key in ("issued", "published", "published-print", "published-online", "year"):
        date = item.get(key)
        if isinstance(date, dict):
            parts = date.get("date-parts")
            first = parts[0] if isinstance(parts, list) and parts else None
            began = first[0] if isinstance(first, list) and first else first
            texts.append(_text(began) or _text(date.get("raw")) or _text(date.get("literal")))
        else:
            texts.append(_text(date))
        if texts[-1]:
            break
    return fields.year_of(texts)


_KINDS: Final = {
    "jour": "article-journal", "journal article": "article-journal", "article": "article-journal",
    "book": "book", "chap": "chapter", "book section": "chapter", "conf": "paper-conference",
    "cpaper": "paper-conference", "inproceedings": "paper-conference", "thes": "thesis",
    "phdthesis": "thesis", "rprt": "report", "techreport": "report",
}  # fmt: skip


def write_csl_json(entries: Iterable[Entry], notes: Sequence[Sequence[str]] = ()) -> str:
    """Return entries as CSL-JSON; the notes on each go into ``custom``.

    What `read_csl_json` makes of the text has the same fields as `entries` had; types of other
    formats become the nearest CSL type, or document.
    """
    items = []
    for place, entry in enumerate(entries):
        kind = (entry.kind or "document").lower()
        said = notes_on(entry, notes[place] if notes else ())
        item = {
            "id": f"record{place + 1}",
            "type": _KINDS.get(kind, kind if re.fullmatch(r"[a-z_-]{3,30}", kind) else "document"),
            "title": entry.title,
            "author": [_csl_name(name) for name in entry.authors],
            "issued": {"date-parts": [[entry.year]]} if entry.year else None,
            "container-title": entry.journal,
            "volume": entry.volume,
            "issue": entry.issue,
            "page": entry.pages,
            "DOI": entry.doi,
            "PMID": entry.pmid,
            "archive_location": entry.accession,
            "ISSN": entry.issn,
            "URL": entry.url,
            "language": entry.language,
            "keyword": "; ".join(entry.keywords) + (";" if len(entry.keywords) == 1 else ""),
            "abstract": entry.abstract,
            "custom": {"review": said} if said else None,
        }
        items.append({key: value for key, value in item.items() if value and value != ";"})
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


def _csl_name(name: str) -> dict[str, str]:
    family, comma, given = name.partition(", ")
    return {"family": family, "given": given} if comma and given else {"literal": name}
