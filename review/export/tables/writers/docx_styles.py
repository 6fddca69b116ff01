"""The styles of our Word documents: who changes one in Word changes it everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from review.export.tables.layout import SIZES

FONT: Final = "Times New Roman"
TABLE: Final = "Review Table"
TEXT: Final = "Table Text"
TEXT_NOTE: Final = "Table Note"


def element(tag: str, attributes: Mapping[str, str] | None = None) -> Any:
    """Return an element of Word's XML: ``element("w:top", {"w:sz": "12"})``."""
    from docx.oxml.parser import oxml_parser

    name, namespaces = _named(tag)
    made = oxml_parser.makeelement(name, nsmap=namespaces)
    for key, value in (attributes or {}).items():
        made.set(_named(key)[0], value)
    return made


@cache
def _named(tag: str) -> tuple[str, dict[str, str]]:
    """Return what lxml calls a tag or an attribute, and its namespace by prefix."""
    from docx.oxml.ns import NamespacePrefixedTag

    named = NamespacePrefixedTag(tag)
    return named.clark_name, named.nsmap


def style_id(name: str) -> str:
    """Return what Word calls a style of ours inside the file."""
    return name.replace(" ", "")


def set_up(document: Any, language: str) -> None:
    """Give a document its language, our font, and styles for tables, their text and notes."""
    from docx.oxml.ns import qn

    for said in document.styles.element.iter(qn("w:lang")):
        said.set(qn("w:val"), language)
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    for name in ("Normal", "Caption"):
        chosen = document.styles[name]
        chosen.font.size, chosen.font.bold = Pt(SIZES[0]), False
        chosen.font.color.rgb = RGBColor(0, 0, 0)
        _font(chosen)
    caption = document.styles["Caption"].paragraph_format
    caption.keep_with_next, caption.space_after = True, Pt(6)
    for name, size, before, after in ((TEXT, SIZES[0], 1.5, 1.5), (TEXT_NOTE, SIZES[1], 3, 0)):
        added = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        added.base_style = document.styles["Normal"]
        added.font.size = Pt(size)
        added.paragraph_format.space_before = Pt(before)
        added.paragraph_format.space_after = Pt(after)
    _rules(document.styles.add_style(TABLE, WD_STYLE_TYPE.TABLE))


def _font(style: Any) -> None:
    from docx.oxml.ns import qn

    style.font.name = FONT
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:eastAsia", "w:cs", "w:hAnsi"):
        fonts.set(qn(script), FONT)


def _rules(style: Any) -> None:
    """Draw a line above and below the table and none beside it, as journals do."""
    borders = element("w:tblBorders")
    for side in ("top", "bottom"):
        rule = {"w:val": "single", "w:sz": "12", "w:space": "0", "w:color": "000000"}
        borders.append(element(f"w:{side}", rule))
    properties = element("w:tblPr")
    properties.append(borders)
    style.element.append(properties)
