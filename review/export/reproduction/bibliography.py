"""References in a citation style (CSL), by citeproc-py, as text, HTML or Markdown."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from review.citations.formats.csl_json import write_csl_json
from review.errors import InvalidDataError, NotFoundError
from review.export.reproduction.references import BibliographyItem
from review.export.tables.cells import writable

STYLES: Final = {
    "apa": "apa.csl",
    "vancouver": "nlm-citation-sequence.csl",
    "ama": "american-medical-association.csl",
    "lancet": "the-lancet.csl",
    "bmj": "bmj.csl",
}
"""The styles that come with the program; see ``styles/NOTICE.md`` for their licence."""


class Markup(StrEnum):
    """What a bibliography is written in."""

    TEXT = "text"
    HTML = "html"
    MARKDOWN = "markdown"


def style_file(style: str) -> Path:
    """Return the file of a style by name, or of a path; raise NotFoundError where it is none."""
    if style in STYLES:
        return Path(str(files("review.export.reproduction") / "styles" / STYLES[style]))
    path = Path(style)
    if not path.is_file():
        named = ", ".join(STYLES)
        raise NotFoundError(f"no style {style!r}; give one of {named}, or the path of a .csl file")
    return path


def bibliography(
    references: Sequence[BibliographyItem], style: str = "apa", markup: Markup = Markup.TEXT
) -> str:
    """Return references as a list in a style.

    Parameters
    ----------
    references
        In order; styles that sort change it.
    style
        A name of `STYLES`, or the path of a CSL file (an independent style).
    markup
        TEXT: a line each. HTML: a page of its own. MARKDOWN: a paragraph each.

    Returns
    -------
    str
        Citations that were typed as a whole stand as they are, in their place in the order.

    Raises
    ------
    NotFoundError, InvalidDataError
        For a style that is not there; for a file that is no CSL style, or a dependent one.

    Notes
    -----
    What citeproc-py 0.11 gets wrong is put right here: no space after the number of a reference, a
    title printed twice where there is no author, colons after missing volumes, ``et al..``.
    """
    lines = [_tidied(line) for line in _rendered(references, style)]
    match markup:
        case Markup.TEXT:
            return "".join(f"{html.unescape(_TAG.sub('', line))}\n" for line in lines)
        case Markup.MARKDOWN:
            return "\n".join(f"{_markdown(line)}\n" for line in lines)
        case Markup.HTML:
            entries = "".join(f'<div class="csl-entry">{line}</div>\n' for line in lines)
            return _PAGE.format(entries=entries)


_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>References</title>
<style>.csl-entry {{ margin-bottom: 0.5em; padding-left: 2em; text-indent: -2em; }}</style></head>
<body>
<div class="csl-bib-body">
{entries}</div>
</body>
</html>
"""

_TAG: Final = re.compile(r"</?[a-z]+(?: [^<>]*)?>")
_RICH: Final = re.compile(r"<(i|b|sub|sup)>(.*?)</\1>")
"""The markup that titles of records may hold, as CSL-JSON allows it."""

_HELD: Final = {"<": "\ue000", ">": "\ue001", "&": "\ue002", '"': "\ue003"}
"""Stand-ins for what citeproc's HTML does not escape in fields."""


def _rendered(references: Sequence[BibliographyItem], style: str) -> list[str]:
    """Return each reference as HTML, in the order of the style."""
    from citeproc import Citation, CitationItem, CitationStylesBibliography, formatter
    from citeproc.source.json import CiteProcJSON

    items = [_item(number, r) for number, r in enumerate(references, 1)]
    made = CitationStylesBibliography(_style(style), CiteProcJSON(items), formatter.html)
    for item in items:
        made.register(Citation([CitationItem(item["id"])]))
    made.sort()
    order = [int(str(key).removeprefix("r")) for key in made.keys]
    texts = [_released(str(text)) for text in made.bibliography()] if items else []
    numbered = all(text.startswith(str(n)) for n, text in enumerate(texts, 1))
    lines = []
    for number, (key, text) in enumerate(zip(order, texts, strict=True), 1):
        if numbered:
            text = re.sub(rf"^{number}(\.?) ?", rf"{number}\1 ", text)
        lines.append(_line(references[key - 1], text))
    return lines


def _style(style: str) -> Any:
    from citeproc import CitationStylesStyle
    from lxml import etree

    path = style_file(style)
    try:
        root = etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
    except etree.XMLSyntaxError as error:
        raise InvalidDataError(f"{path.name}, line {error.lineno}: no XML: {error.msg}") from None
    names = {etree.QName(child).localname for child in root if isinstance(child.tag, str)}
    if etree.QName(root).localname != "style" or "bibliography" not in names:
        raise InvalidDataError(
            f"{path.name} is no CSL style with a bibliography of its own; a dependent style names "
            "the one to take instead, as independent-parent"
        )
    return CitationStylesStyle(str(path), validate=False)


def _item(number: int, reference: BibliographyItem) -> dict[str, Any]:
    (item,) = json.loads(write_csl_json([reference.entry]))
    names = [_name(name) for name in item.get("author", [])]
    if reference.cited is not None:  # sorted by its own text, which replaces what is made of it
        names = [{"literal": reference.cited}]
    if names:
        item["author"] = names
    if item["type"] == "document" and "container-title" in item:
        item["type"] = "article-journal"
    item.setdefault("title", "[No title]")
    for unused in ("abstract", "keyword", "custom", "language", "archive_location"):
        item.pop(unused, None)
    held: dict[str, Any] = _held(item)
    return {**held, "id": f"r{number}"}


def _held(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _held(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_held(inner) for inner in value]
    return _hold(" ".join(writable(value).split())) if isinstance(value, str) else value


def _hold(text: str) -> str:
    found = _RICH.search(text)
    if found is None:
        return "".join(_HELD.get(character, character) for character in text)
    tag, inner = found.group(1), found.group(2)
    before, after = text[: found.start()], text[found.end() :]
    return f"{_hold(before)}<{tag}>{_hold(inner)}</{tag}>{_hold(after)}"


def _released(text: str) -> str:
    for character, stand_in in _HELD.items():
        text = text.replace(stand_in, html.escape(character))
    return text


_INITIALS: Final = re.compile(r"([^,]*\S) ([A-Z]{1,4})")


def _name(name: dict[str, str]) -> dict[str, str]:
    """Return a name's parts; ``Smith JA``, as PubMed writes, is Smith with two initials."""
    found = _INITIALS.fullmatch(name.get("literal", ""))
    if found is None:
        return name
    return {"family": found.group(1), "given": " ".join(f"{x}." for x in found.group(2))}


def _line(reference: BibliographyItem, text: str) -> str:
    entry = reference.entry
    if reference.cited is not None:
        cited = html.escape(" ".join(writable(reference.cited).split()))
        number = re.match(r"\d+\.? ", text)
        doi = f" https://doi.org/{html.escape(entry.doi)}" if entry.doi else ""
        dot = "" if cited.endswith(".") else "."
        return f"{number.group() if number else ''}{cited}{dot}{doi}"
    if entry.authors:
        return text
    return _once(text, _released(_held(entry.title or "[No title]")))


def _once(text: str, title: str) -> str:
    """Take out the second of two equal titles, in whatever case they are."""
    again = re.compile(rf"(?:<i>)?{re.escape(title)}(?:</i>)?[.,]? ?", re.IGNORECASE)
    found = list(again.finditer(text))
    if len(found) < 2:
        return text
    return text[: found[1].start()] + text[found[1].end() :]


def _tidied(text: str) -> str:
    text = re.sub(r"<([ib])></\1>", "", text.replace(".</i>.", ".</i>"))
    return re.sub(r"([;,]) :(?= )", r"\1", text).removesuffix(" .").strip()


_ACTIVE: Final = re.compile(r"([\\`*_{}\[\]<>#|~$])")
_MARKS: Final = {"i": "*", "b": "**", "sup": "^", "sub": "~"}


def _markdown(line: str) -> str:
    """Return a line of our HTML as Pandoc's Markdown."""
    parts, place = [], 0
    for tag in _TAG.finditer(line):
        parts.append(_ACTIVE.sub(r"\\\1", html.unescape(line[place : tag.start()])))
        parts.append(_MARKS.get(tag.group().strip("</>"), ""))
        place = tag.end()
    parts.append(_ACTIVE.sub(r"\\\1", html.unescape(line[place:])))
    return "".join(parts)
