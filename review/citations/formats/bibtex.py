"""BibTeX, through bibtexparser: it reports each block that it could not take, with its line."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from review.citations.formats import fields
from review.citations.formats.entry import Entry, Item, Rejected

if TYPE_CHECKING:
    from bibtexparser.model import Block as BibBlock
    from bibtexparser.model import Entry as BibEntry
    from pylatexenc.latex2text import LatexNodes2Text

for _name in ("bibtexparser", "pylatexenc"):
    # What they log we report as rejects and remarks; without a handler it goes to stderr.
    logging.getLogger(_name).addHandler(logging.NullHandler())

_LATEX: Final = re.compile(r"[\\{}$~]")
_LONGEST_LATEX: Final = 50_000
"""Characters; decoding takes microseconds for each, and no abstract has so many."""

_MATHS: Final = re.compile(r"(?<!\\)\$")


def read_bibtex(text: str) -> Iterator[Item]:
    """Yield the entries of a BibTeX file in order.

    Entries with a repeated key or a repeated field are read with a remark; what bibtexparser
    could not take at all is a reject. Strings, preambles and comments are no entries.
    """
    from bibtexparser import middlewares
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.model import Entry as BibEntry
    from bibtexparser.model import ParsingFailedBlock

    library = parse_string(
        text,
        parse_stack=[
            middlewares.ResolveStringReferencesMiddleware(True),
            middlewares.RemoveEnclosingMiddleware(True),
        ],
    )
    for block in library.blocks:
        if isinstance(block, ParsingFailedBlock):
            yield _failed(block, {s.key: str(s.value) for s in library.strings})
        elif isinstance(block, BibEntry):
            yield _entry(block, ())


def _failed(block: BibBlock, strings: Mapping[str, str]) -> Item:
    inner = getattr(block, "ignore_error_block", None)
    line = (block.start_line or 0) + 1
    reason = " ".join(str(getattr(block, "error", "")).split("Note:")[0].split())[:300]
    if inner is not None and hasattr(inner, "fields"):
        for field in inner.fields:
            value = str(field.value).strip()
            field.value = _bare(strings.get(value, value))
        return _entry(inner, (reason or "a key or field is repeated",))
    return Rejected(line, f"no BibTeX entry: {reason or 'not understood'}", block.raw or "")


def _bare(value: str) -> str:
    value = value.strip()
    for start, end in ("{}", '""'):
        if len(value) >= 2 and value[0] == start and value[-1] == end:
            return value[1:-1]
    return value


def _entry(block: BibEntry, remarks: tuple[str, ...]) -> Entry:
    values: dict[str, str] = {}
    for field in block.fields:
        values.setdefault(field.key.lower(), str(field.value))
    plain = {key: plain_text(value) for key, value in values.items() if key in _PLAIN}

    def one(*keys: str) -> str | None:
        return fields.first(plain.get(key) for key in keys)

    year, year_remarks = fields.year_of([one("year"), one("date"), one("issued")])
    pmid = one("pmid", "pubmed_id", "pubmed-id")
    return Entry(
        line=(block.start_line or 0) + 1,
        raw=(block.raw or "").strip(),
        kind=block.entry_type,
        title=one("title"),
        abstract=one("abstract"),
        authors=names_of(values.get("author") or values.get("editor") or ""),
        year=year,
        journal=one("journal", "journaltitle", "booktitle", "series"),
        volume=one("volume"),
        issue=one("number", "issue"),
        pages=fields.pages_of(one("pages"), None, one("article-number", "eid", "art_number")),
        doi=fields.doi_in(values.get("doi", "").replace("\\_", "_"))
        or _doi_of_url(values.get("url", "")),
        pmid=pmid if fields.is_pmid(pmid) else fields.pmid_in(one("note")) and _noted(one("note")),
        accession=one("unique-id", "accession_number", "accession"),
        issn=fields.issn_of([one("issn"), one("eissn"), one("isbn")]),
        url=fields.one_line(values.get("url", "").replace("\\_", "_").replace("\\&", "&")),
        language=one("language", "langid"),
        keywords=_keywords(one("keywords", "keyword", "author_keywords")),
        remarks=(*remarks, *year_remarks),
    )


_PLAIN: Final = frozenset(
    {
        "title", "abstract", "year", "date", "issued", "journal", "journaltitle", "booktitle",
        "series", "volume", "number", "issue", "pages", "article-number", "eid", "art_number",
        "pmid", "pubmed_id", "pubmed-id", "unique-id", "accession_number", "accession", "issn",
        "eissn", "isbn", "language", "langid", "keywords", "keyword", "author_keywords", "note",
    }
)  # fmt: skip


def _noted(note: str | None) -> str | None:
    return fields.pmid_in(note) if note and re.match(r"(?i)\s*PMID\b", note) else None


def _doi_of_url(url: str) -> str | None:
    return fields.doi_in(url.replace("\\_", "_")) if "doi.org/" in url.lower() else None


def _keywords(value: str | None) -> tuple[str, ...]:
    if value and ";" not in value:
        return fields.keywords_of(value.split(","))
    return fields.keywords_of([value])


def names_of(value: str) -> tuple[str, ...]:
    """Return the names of an author field; `` and `` separates them, outside braces."""
    names, depth, start = [], 0, 0
    flat = " ".join(value.split())
    for found in re.finditer(r"\\.|[{}]| and (?=\S)", flat):
        token = found.group()
        if token == " and " and depth <= 0:
            names.append(flat[start : found.start()])
            start = found.end()
        depth += (token == "{") - (token == "}")
    names.append(flat[start:])
    plain = [fields.one_line(plain_text(name)) for name in names]
    if len(plain) == 1 and plain[0] and (";" in plain[0]):
        return fields.authors_of(plain)
    return tuple(name for name in plain if name and name.lower() not in ("others", "and"))


@cache
def _decoder() -> LatexNodes2Text:
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="verbatim", keep_comments=True, strict_latex_spaces=False)


def plain_text(value: str) -> str:
    r"""Return LaTeX as plain text, ``{\"o}`` as ö; text without LaTeX, and maths, as they are.

    A lone ``$`` or a percent sign is text in bibliographies, whatever LaTeX would make of it.
    """
    if len(value) > _LONGEST_LATEX or _LATEX.search(value) is None:
        return value
    text = re.sub(r"(?<!\\)%", r"\\%", value)
    if len(_MATHS.findall(text)) % 2:
        text = _MATHS.sub(r"\\$", text)
    # Text that is no LaTeX, or nested without end, stays as the file has it.
    with contextlib.suppress(Exception):
        return str(_decoder().latex_to_text(text))
    return value


_ESCAPES: Final = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}",
}  # fmt: skip

_KINDS: Final = {
    "jour": "article", "journal article": "article", "article": "article",
    "article-journal": "article", "book": "book", "chap": "incollection",
    "book section": "incollection", "conf": "inproceedings", "cpaper": "inproceedings",
    "thes": "phdthesis", "thesis": "phdthesis", "rprt": "techreport", "report": "techreport",
}  # fmt: skip


def write_bibtex(entries: Iterable[Entry], labels: Sequence[Sequence[str]] = ()) -> str:
    """Return entries as BibTeX; the labels of each go into the field ``note``.

    What `read_bibtex` makes of the text has the same fields as `entries` had; types of other
    formats become the nearest BibTeX type, or misc.
    """
    return "\n".join(
        _lines(entry, place + 1, labels[place] if labels else ())
        for place, entry in enumerate(entries)
    )


def _escaped(value: str) -> str:
    text = "".join(_ESCAPES.get(character, character) for character in " ".join(value.split()))
    return re.sub(r"([-'`<>,?!])(?=[-'`<>,?!])", r"\1{}", text)  # no ligatures, such as -- for –


def _lines(entry: Entry, number: int, labels: Sequence[str]) -> str:
    kind = (entry.kind or "misc").lower()
    kind = _KINDS.get(kind, kind if re.fullmatch(r"[a-z]{3,15}", kind) else "misc")
    authors = " and ".join(
        f"{{{_escaped(a)}}}" if re.search(r"\band\b|;", a) else _escaped(a) for a in entry.authors
    )
    keywords = "; ".join(_escaped(word) for word in entry.keywords)
    if len(entry.keywords) == 1 and "," in keywords:
        keywords += ";"
    pairs = {
        "title": _escaped(entry.title or ""),
        "author": authors,
        "year": str(entry.year or ""),
        "journal": _escaped(entry.journal or ""),
        "volume": _escaped(entry.volume or ""),
        "number": _escaped(entry.issue or ""),
        "pages": _escaped(entry.pages or ""),
        "doi": entry.doi or "",
        "pmid": entry.pmid or "",
        "accession": _escaped(entry.accession or ""),
        "issn": _escaped(entry.issn or ""),
        "url": entry.url or "",
        "language": _escaped(entry.language or ""),
        "keywords": keywords,
        "abstract": _escaped(entry.abstract or ""),
        "note": _escaped("; ".join(labels)),
    }
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in pairs.items() if value)
    return f"@{kind}{{record{number},\n{body}}}\n"
