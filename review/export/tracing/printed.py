"""What a file prints, piece by piece with its place, and which of its numbers were altered since.

The pieces that hold a number are kept in ``provenance.json`` when a file is exported. They are read
from the file in the same way later: what a program rewrote without changing a number (Word that
saves a document) shows no difference, and each number that somebody changed has a place and a name.
"""

from __future__ import annotations

import csv
import io
import json
import lzma
import re
import zlib
from base64 import b64decode, b85decode, b85encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from gzip import decompress
from pathlib import Path, PurePath
from typing import Any, Final, NamedTuple
from zipfile import ZipFile

from review.files import GZIP

NUMBER: Final = re.compile(r"[-−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
_DIGIT: Final = re.compile(r"\d")
_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SVG: Final = "{http://www.w3.org/2000/svg}"
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
_DRAWN: Final = ("d", "x", "y", "cx", "cy", "r", "transform", "points")
_CAPTION: Final = re.compile(r"\s*((?:Supplementary )?(?:Table|Figure) \S*?\d+)")
_LONGEST: Final = 60
_FILTERS: Final = [{"id": lzma.FILTER_LZMA2, "preset": 5, "dict_size": 1 << 24}]
"""It finds again what stood 16 MB before: in another format."""


class Piece(NamedTuple):
    """A text of a file that holds a number, and where it stands, in words."""

    place: str
    text: str


class Altered(NamedTuple):
    """A number, or a text around numbers, that is not what was exported."""

    place: str
    now: str
    """Empty where it is gone."""
    was: str
    """Empty where it was added."""


def pieces(name: str, content: bytes) -> list[Piece] | None:
    """Return what a file prints; None for one whose numbers cannot be read (a picture of dots).

    Raises ValueError, or an error of the reader, for a file that is not what its name says.
    """
    path = PurePath(name)
    if path.suffix == GZIP:
        return pieces(path.stem, decompress(content))
    reader = _READERS.get(path.suffix.lower(), _lines)
    if reader is None:
        return None
    return [one for one in reader(content) if _DIGIT.search(one.text)]


def read_file(path: Path) -> list[Piece] | None:
    """Return the pieces of a file; None where they cannot be read.

    `review trace` then says that the numbers of the file cannot be compared: no export fails for
    want of it.
    """
    content = path.read_bytes()
    try:
        return pieces(path.name, content)
    except Exception:  # what the readers of ten formats raise for a file that is not of its name
        return None


def of_pages(pages: Sequence[Sequence[str]]) -> list[Piece]:
    """Return what `pieces` reads in a PDF, from the texts that its pages were written of."""
    return [one for one in _of_pages(pages) if _DIGIT.search(one.text)]


def packed(content: Mapping[str, Any]) -> str:
    """Return what a list of files keeps for programs as one short text.

    Files of one folder print the same numbers in several formats: together they need a third of
    what they need apart.
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return b85encode(lzma.compress(text.encode(), filters=_FILTERS)).decode()


def unpacked(text: str) -> dict[str, Any]:
    """Return what `packed` was given."""
    return dict(json.loads(lzma.decompress(b85decode(text))))


def apart(found: Sequence[Piece]) -> list[list[str]]:
    """Return pieces as a list of places and one of texts, which are packed better than pairs."""
    return [[one.place for one in found], [one.text for one in found]]


def earlier(text: str) -> list[Piece]:
    """Return the pieces of one file, as exports before version 2 of the list kept them."""
    return [Piece(*one) for one in json.loads(zlib.decompress(b64decode(text)))]


def altered(before: Sequence[Piece], now: Sequence[Piece]) -> list[Altered]:
    """Return each number of `now` that is not what stood there before, in the order of the file.

    Examples
    --------
    >>> altered([Piece("row Hall", "-0.38 (n = 20)")], [Piece("row Hall", "-0.30 (n = 20)")])
    [Altered(place='row Hall', now='-0.30', was='-0.38')]
    """
    old, new = [one.text for one in before], [one.text for one in now]
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left, right = before[start : len(old) - end], now[start : len(new) - end]
    matcher = SequenceMatcher(
        None, [one.text for one in left], [one.text for one in right], autojunk=False
    )
    found: list[Altered] = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            continue
        both = min(j - i, m - k)
        for was, here in zip(left[i : i + both], right[k : k + both], strict=True):
            found += _between(was, here)
        found += [Altered(one.place, "", one.text) for one in left[i + both : j]]
        found += [Altered(one.place, one.text, "") for one in right[k + both : m]]
    return found


def _between(was: Piece, now: Piece) -> Iterator[Altered]:
    old, new = NUMBER.findall(was.text), NUMBER.findall(now.text)
    if len(old) != len(new):
        yield Altered(was.place, now.text, was.text)
        return
    for one, other in zip(old, new, strict=True):
        if one != other:
            yield Altered(was.place, other, one)


def _lines(content: bytes) -> Iterator[Piece]:
    """Yield lines of text; the cells of a pipe table by row and column."""
    header: list[str] = []
    for number, line in enumerate(content.decode("utf-8").splitlines(), start=1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            header = []
            yield Piece(f"line {number}", line.strip())
        elif not header:
            header = cells
            yield Piece(f"line {number}, header", " | ".join(cells))
        else:
            for at, cell in enumerate(cells):
                yield Piece(f"line {number}, {_row_column(cells, header, at)}", cell)


def _row_column(row: Sequence[str], header: Sequence[str], at: int) -> str:
    column = header[at] if at < len(header) and header[at] else f"column {at + 1}"
    label = next((cell for cell in row[: max(at, 1)] if cell), "")
    return f"row {_short(label)}, {_short(column)}" if label else _short(column)


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"


def _csv(content: bytes) -> Iterator[Piece]:
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    header = next(rows, [])
    yield from (Piece("header", name) for name in header)
    for number, row in enumerate(rows, start=2):
        for at, cell in enumerate(row):
            yield Piece(f"line {number}, {_row_column(row, header, at)}", cell)


def _json(content: bytes) -> Iterator[Piece]:
    yield from _leaves(json.loads(content), "")


def _leaves(value: Any, at: str) -> Iterator[Piece]:
    if isinstance(value, dict):
        if isinstance(value.get("columns"), list) and isinstance(value.get("rows"), list):
            value = {**value, "rows": None}, value["columns"], value["rows"]
            yield from _leaves(value[0], at)
            header = [str(one.get("key", "")) for one in value[1] if isinstance(one, dict)]
            for row in value[2]:
                texts = ["" if isinstance(one, list) else str(one) for one in row]
                for place, cell in enumerate(row):
                    where = f"{at.strip('/')}, {_row_column(texts, header, place)}"
                    yield from _leaves(cell, where)
            return
        for key, inner in value.items():
            yield from _leaves(inner, f"{at}/{key}" if at else key)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{at}/{place}")
    elif value is not None and not isinstance(value, bool):
        yield Piece(at, str(value))


def _xlsx(content: bytes) -> Iterator[Piece]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True)
    for sheet in book.worksheets:
        header: list[str] = []
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            row = ["" if value is None else str(value) for value in values]
            for at, cell in enumerate(row):
                where = _row_column(row, header, at) if header else "header"
                yield Piece(f"sheet {sheet.title}, line {number}, {where}", cell)
            header = header or row


def _docx(content: bytes) -> Iterator[Piece]:
    from lxml import etree

    safe = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    with ZipFile(io.BytesIO(content)) as archive:
        for part in archive.namelist():
            if part.startswith("word/") and part.endswith(".xml"):
                root = etree.fromstring(archive.read(part), safe)
                yield from _word(root, "" if part == "word/document.xml" else PurePath(part).stem)


def _word(root: Any, part: str) -> Iterator[Piece]:
    caption, tables, paragraphs = "", 0, 0
    for block in root.iter(f"{_WORD}tbl", f"{_WORD}p"):
        if any(above.tag == f"{_WORD}tbl" for above in block.iterancestors()):
            continue
        if block.tag == f"{_WORD}p":
            text = _said(block)
            paragraphs += 1
            match = _CAPTION.match(text)
            caption = match[1] if match else caption
            where = match[1] + ", caption" if match else f"paragraph {paragraphs}"
            yield Piece(f"{part}, {where}" if part else f"{where} ({_short(text)})", text)
            continue
        tables += 1
        header: list[str] = []
        for row in block.iterchildren(f"{_WORD}tr"):
            cells = [_said(cell) for cell in _spanned(row)]
            name = caption if caption.startswith(("Table", "Supp")) else f"table {tables}"
            heads = row.find(f"{_WORD}trPr/{_WORD}tblHeader") is not None
            for at, cell in enumerate(row.iterchildren(f"{_WORD}tc")):
                where = "header" if heads or not header else _row_column(cells, header, at)
                yield Piece(f"{name}, {where}", _said(cell))
            if heads or not header:
                header = cells


def _spanned(row: Any) -> Iterator[Any]:
    """Yield the cells of a row, one that spans columns once for each of them."""
    for cell in row.iterchildren(f"{_WORD}tc"):
        span = cell.find(f"{_WORD}tcPr/{_WORD}gridSpan")
        yield from [cell] * int(span.get(f"{_WORD}val", "1") if span is not None else 1)


def _said(element: Any) -> str:
    return "".join(text.text or "" for text in element.iter(f"{_WORD}t"))


def _html(content: bytes) -> Iterator[Piece]:
    from lxml import html

    root: Any = html.fromstring(content)
    heading, header, tables = "", [""], 0
    for element in root.iter():
        tag = element.tag
        if not isinstance(tag, str) or tag in {"style", "script"}:
            continue
        if tag == "table":
            caption = element.find("caption")
            tables, header = tables + 1, []
            heading = _short(caption.text_content()) if caption is not None else f"table {tables}"
        elif tag in {"h1", "h2", "h3", "h4"}:
            heading = _short(element.text_content())
        elif tag == "tr":
            cells = [" ".join(cell.text_content().split()) for cell in element]
            if element.getparent().tag == "thead":
                header = cells
            for at, cell in enumerate(cells):
                yield Piece(f"{heading}, {_row_column(cells, header, at)}", cell)
        if not any(above.tag == "tr" for above in element.iterancestors()) and tag != "tr":
            yield Piece(heading, " ".join((element.text or "").split()))
            yield Piece(heading, " ".join((element.tail or "").split()))
        for name in ("download", "aria-label"):
            yield Piece(heading, element.get(name, ""))


def _svg(content: bytes) -> Iterator[Piece]:
    from lxml import etree

    safe = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    root = etree.fromstring(content, safe)
    texts = {}  # of groups of letters, by what stands in the comment before them
    for said in root.iter(etree.Comment):
        letters = said.getnext()
        if letters is not None and letters.tag == f"{_SVG}g":
            texts[letters] = (said.text or "")[1:-1]
    signs: dict[str, Counter[str]] = defaultdict(Counter)
    for letters, text in texts.items():
        names = _letters(letters)
        if len(names) == len(text):
            for name, sign in zip(names, text, strict=True):
                signs[name][sign] += 1
    for element in root.iter("{*}*"):
        if element in texts:  # as it is drawn: the comment is not what a reader sees
            found_signs = [signs[name].most_common(1) for name in _letters(element)]
            text = "".join(found[0][0] if found else "?" for found in found_signs)
            yield Piece("text of the figure", text or texts[element])
        elif element.tag in (f"{_SVG}text", f"{_SVG}tspan"):
            yield Piece("text of the figure", (element.text or "").strip())
        if element.getparent() in texts and element.tag == f"{_SVG}use":
            continue
        drawn = [element.get(name, "") for name in _DRAWN]
        mark = element.get("id") or etree.QName(element).localname
        yield Piece(f"what is drawn ({mark})", " ".join(filter(None, drawn)))


def _letters(group: Any) -> list[str]:
    return [use.get(_LINK, "") for use in group if use.tag == f"{_SVG}use"]


def _pdf(content: bytes) -> Iterator[Piece]:
    from pypdf import PdfReader

    yield from _of_pages([_texts(page) for page in PdfReader(io.BytesIO(content)).pages])


def _texts(page: Any) -> list[str]:
    """Return each text that a page of a PDF shows: what stands between BT and ET."""
    texts = [""]

    def part(text: str, *_: Any) -> None:
        texts[-1] += text

    def after(operator: bytes, *_: Any) -> None:
        if operator == b"ET":
            texts.append("")

    page.extract_text(visitor_text=part, visitor_operand_after=after)
    return texts


def _of_pages(pages: Sequence[Sequence[str]]) -> Iterator[Piece]:
    for number, texts in enumerate(pages, start=1):
        yield from (Piece(f"page {number}", text.strip()) for text in texts)


_Reader = Callable[[bytes], Iterator[Piece]]
_READERS: Final[Mapping[str, _Reader | None]] = {
    ".docx": _docx, ".html": _html, ".xlsx": _xlsx, ".csv": _csv, ".json": _json, ".svg": _svg,
    ".pdf": _pdf, ".png": None,
}  # fmt: skip
