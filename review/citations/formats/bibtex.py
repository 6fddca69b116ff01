"""BibTeX, through bibtexparser: it reports each block that it could not take, with its line."""

from __future__ import annotations

import contextlib
import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from review.citations.formats import fields
from review.citations.formats.bibtex_source import AT, Source, lost_starts, sources
from review.citations.formats.entry import Aside, Entry, Item, Rejected
from review.citations.formats.names import Names
from review.citations.formats.notes import SEPARATOR, notes_on, said_in

if TYPE_CHECKING:
    from bibtexparser.model import Block as BibBlock
    from bibtexparser.model import Entry as BibEntry
    from pylatexenc.latex2text import LatexNodes2Text
    from pylatexenc.latexwalker import LatexMacroNode

for _name in ("bibtexparser", "pylatexenc"):
    # What they log we report as rejects and remarks; without a handler it goes to stderr.
    logging.getLogger(_name).addHandler(logging.NullHandler())

_LATEX: Final = re.compile(r"[\\{}$~]")
_LONGEST_LATEX: Final = 50_000
"""Characters; decoding takes microseconds for each, and no abstract has so many."""

_MATHS: Final = re.compile(r"(?<!\\)\$")


def read_bibtex(text: str, names: Names | None = None) -> Iterator[Item]:
    """Yield the entries of a BibTeX file in order.

    Slips that can be mended are (`bibtex_source`), with a remark; so are repeated keys and fields.
    What bibtexparser could not take at all is a reject. Strings, preambles and comments are no
    entries.
    """
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.model import Entry as BibEntry
    from bibtexparser.model import ParsingFailedBlock

    names = names if names is not None else Names()
    by_line: dict[int, list[Source]] = {}
    parts, line = [], 1
    for part in sources(text):
        if isinstance(part, Source):
            by_line.setdefault(part.line, []).append(part)
            parts.append(part.mended)
            line += part.raw.count("\n")
        else:
            parts.append(part.replace("@", AT))
            for further, said in lost_starts(part):
                yield Aside(line + further, said[:200])
            line += part.count("\n")
    library = parse_string("".join(parts), parse_stack=[])
    shared = _Shared(
        {item.key.lower(): str(item.value) for item in library.strings},
        {item.key.lower(): item for item in library.entries},
    )
    for block in library.blocks:
        line = (block.start_line or 0) + 1
        here = by_line.get(line)
        if not isinstance(block, BibEntry | ParsingFailedBlock):
            continue
        source = here.pop(0) if here else Source(line, (block.raw or "").replace(AT, ""), "")
        if isinstance(block, ParsingFailedBlock):
            yield _failed(block, source, shared, names)
        else:
            yield _entry(block, source, shared, names, ())


def _failed(block: BibBlock, source: Source, shared: _Shared, names: Names) -> Item:
    inner = getattr(block, "ignore_error_block", None)
    reason = " ".join(str(getattr(block, "error", "")).split("Note:")[0].split())[:300]
    if inner is not None and hasattr(inner, "fields"):
        from bibtexparser.model import DuplicateBlockKeyBlock

        twice = isinstance(block, DuplicateBlockKeyBlock)
        said = (f"an earlier entry has the key {inner.key!r} too",) if twice else ()
        return _entry(inner, source, shared, names, said)
    return Rejected(source.line, f"no BibTeX entry: {reason or 'not understood'}", source.raw)


class _Shared(NamedTuple):
    """What entries of a file take from others."""

    strings: Mapping[str, str]
    entries: Mapping[str, BibEntry]
    """By their keys in small letters, for ``crossref``."""


_INHERITED: Final = (
    "year",
    "date",
    "journal",
    "series",
    "volume",
    "number",
    "issn",
    "isbn",
    "editor",
)


def _inherited(parent: Mapping[str, str]) -> dict[str, str]:
    """Return what a part takes from the whole that its ``crossref`` names, as BibTeX does."""
    found = {name: parent[name] for name in _INHERITED if name in parent}
    whole = parent.get("booktitle", parent.get("title"))
    return found | ({"booktitle": whole} if whole else {})


_PIECE: Final = re.compile(r"[^\s#{}\"]+|#|\"(?:[^\"{}\\]|\\.|\{[^{}]*\})*\"", re.DOTALL)


def _joined(value: str, strings: Mapping[str, str], depth: int = 0) -> str:
    """Return a field's text: without its braces or quotes, its strings resolved, ``#`` joined."""
    value = value.strip()
    pieces, place = [], 0
    while place < len(value) and depth < 10:
        if value[place].isspace() or value[place] == "#":
            place += 1
        elif value[place] == "{":
            end = _closing(value, place)
            pieces.append(value[place + 1 : end])
            place = end + 1
        elif (found := _PIECE.match(value, place)) is not None:
            word = found.group()
            if word[0] == '"':
                pieces.append(word[1:-1])
            else:
                known = strings.get(word.lower())
                pieces.append(word if known is None else _joined(known, strings, depth + 1))
            place = found.end()
        else:
            return value.strip('"{}')
    return "".join(pieces)


def _closing(value: str, place: int) -> int:
    """Return where the brace that opens at a place is closed; the end where it is not."""
    depth = 0
    for found in re.finditer(r"\\.|[{}]", value[place:], re.DOTALL):
        depth += (found.group() == "{") - (found.group() == "}")
        if depth == 0:
            return place + found.start()
    return len(value)


def _values(block: BibEntry, strings: Mapping[str, str], remarks: list[str]) -> dict[str, str]:
    """Return fields by their names; of repeated ones the first, but all keywords."""
    values: dict[str, str] = {}
    for field in block.fields:
        name = field.key.lower()
        text = _joined(str(field.value).replace(AT, ""), strings)
        if name not in values:
            values[name] = text
        elif name in _WORDS:
            values[name] += f"; {text}"
        elif text != values[name]:
            remarks.append(f"{name} repeated, the first kept: {text[:80]}")
    return values


_WORDS: Final = ("keywords", "keyword", "author_keywords")


def _entry(
    block: BibEntry,
    source: Source,
    shared: _Shared,
    names: Names,
    said: tuple[str, ...],
) -> Entry:
    remarks = [*source.remarks, *said]
    values = _values(block, shared.strings, remarks)
    parent = shared.entries.get(values.get("crossref", "").lower())
    if parent is not None:
        values = _inherited(_values(parent, shared.strings, [])) | values
    names.see(values, _PLAIN | {"author", "editor", "doi", "url", "crossref"})
    plain = {key: plain_text(value) for key, value in values.items() if key in _PLAIN}

    def one(*keys: str) -> str | None:
        return fields.first(plain.get(key) for key in keys)

    year, year_remarks = fields.year_of([one("year"), one("date"), one("issued")])
    pmid = one("pmid", "pubmed_id", "pubmed-id")
    doi = fields.doi_in(_address(values.get("doi", ""))) or fields.doi_of_url(
        _address(values.get("url", ""))
    )
    notices, labels = said_in(plain.get(name) for name in ("note", "notes", "annote"))
    return Entry(
        line=source.line,
        raw=source.raw.strip(),
        kind=block.entry_type,
        title=one("title"),
        abstract=one("abstract"),
        authors=names_of(values.get("author") or values.get("editor") or ""),
        year=year,
        journal=one("journal", "journaltitle", "booktitle", "series"),
        volume=one("volume"),
        issue=one("number", "issue"),
        pages=fields.pages_of(
            one("pages"), None, one("article-number", "eid", "art_number", "articleno")
        ),
        doi=doi,
        pmid=pmid if fields.is_pmid(pmid) else fields.pmid_in(one("note")) and _noted(one("note")),
        accession=one("unique-id", "accession_number", "accession"),
        issn=fields.issn_of([one("issn"), one("eissn"), one("isbn")]),
        url=fields.one_line(_address(values.get("url", ""))),
        language=one("language", "langid"),
        keywords=_keywords(one(*_WORDS)),
        remarks=(*remarks, *year_remarks, *fields.no_doi([values.get("doi")], doi)),
        notices=notices,
        labels=labels,
    )


def _address(value: str) -> str:
    r"""Return a DOI or URL without what LaTeX asks for: ``\_``, ``{\textless}``, ``$<$``."""
    value = re.sub(r"\{?\\text(less|greater)(?:\{\}|\}|\s)?\}?|\$([<>])\$", _angle, value)
    return re.sub(r"\\([_&%#$~])", r"\1", value)


def _angle(found: re.Match[str]) -> str:
    return found.group(2) or ("<" if found.group(1) == "less" else ">")


_PLAIN: Final = frozenset(
    {
        "title", "abstract", "year", "date", "issued", "journal", "journaltitle", "booktitle",
        "series", "volume", "number", "issue", "pages", "article-number", "eid", "art_number",
        "articleno", "pmid", "pubmed_id", "pubmed-id", "unique-id", "accession_number",
        "accession", "issn", "eissn", "isbn", "language", "langid", "keywords", "keyword",
        "author_keywords", "note", "notes", "annote",
    }
)  # fmt: skip


def _noted(note: str | None) -> str | None:
    return fields.pmid_in(note) if note and re.match(r"(?i)\s*PMID\b", note) else None


def _keywords(value: str | None) -> tuple[str, ...]:
    if value and ";" not in value:
        return fields.keywords_of(value.split(","))
    return fields.keywords_of([value])


def names_of(value: str) -> tuple[str, ...]:
    """Return the names of an author field; `` and `` separates them, outside braces."""
    names, depth, start = [], 0, 0
    flat = " ".join(value.split())
    lists = " AND " in flat and not fields.is_group(flat)
    for found in re.finditer(r"\\.|[{}]| and (?=\S)" + ("| AND (?=\\S)" * lists), flat):
        token = found.group()
        if token.lower() == " and " and depth <= 0:
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
    from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

    known = get_default_latex_context_db()
    known.add_context_category(
        "names",
        macros=[MacroTextSpec(name, simplify_repl=sign) for name, sign in _SIGNS.items()],
        prepend=True,
    )
    known.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=_as_written))
    return LatexNodes2Text(
        latex_context=known, math_mode="verbatim", keep_comments=True, strict_latex_spaces=False
    )


def _as_written(node: LatexMacroNode) -> str:
    """Return a macro that nobody knows as it stands; of one with a group, the group alone."""
    following = node.parsing_state.s[node.pos + node.len :][:1]
    return "" if following == "{" else str(node.latex_verbatim())


_SIGNS: Final = {
    "textless": "<", "textgreater": ">", "textmu": "µ", "textdegree": "°", "textpm": "±",
    "texttimes": "×", "textdiv": "÷", "textonehalf": "½", "textquotesingle": "'",
    "textasciiacute": "´", "textasteriskcentered": "*", "texttwosuperior": "²",
    "textthreesuperior": "³", "textonesuperior": "¹", "textleq": "≤", "textgeq": "≥",
    **{
        f"text{name}": unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}")
        for name in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota",
                     "kappa", "lamda", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi",
                     "chi", "psi", "omega")
    },
    "textlambda": "λ", "textDelta": "Δ", "textGamma": "Γ", "textOmega": "Ω", "textSigma": "Σ",
}  # fmt: skip
"""Macros of the packages textcomp and textgreek that Zotero and publishers write."""


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


def write_bibtex(entries: Iterable[Entry], notes: Sequence[Sequence[str]] = ()) -> str:
    """Return entries as BibTeX; the notes on each go into the field ``note``.

    What `read_bibtex` makes of the text has the same fields as `entries` had; types of other
    formats become the nearest BibTeX type, or misc.
    """
    return "\n".join(
        _lines(entry, place + 1, notes[place] if notes else ())
        for place, entry in enumerate(entries)
    )


def _escaped(value: str) -> str:
    text = "".join(_ESCAPES.get(character, character) for character in " ".join(value.split()))
    return re.sub(r"([-'`<>,?!])(?=[-'`<>,?!])", r"\1{}", text)  # no ligatures, such as -- for –


def _lines(entry: Entry, number: int, notes: Sequence[str]) -> str:
    kind = (entry.kind or "misc").lower()
    kind = _KINDS.get(kind, kind if re.fullmatch(r"[a-z]{3,15}", kind) else "misc")
    authors = " and ".join(
        f"{{{_escaped(a)}}}" if re.search(r"\band\b|;", a, re.IGNORECASE) else _escaped(a)
        for a in entry.authors
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
        "note": _escaped(SEPARATOR.join(notes_on(entry, notes))),
    }
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in pairs.items() if value)
    return f"@{kind}{{record{number},\n{body}}}\n"
