from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import html as page

from review.export import NumberStyle, Table, render_html, write_html
from review.export.tables.writers.html import html_origins
from tests.export.tables.writers.samples import HOSTILE, NASTY, POOLED, UNWRITABLE, tall

TRACED = replace(POOLED, origins=("1f0c5a2b9e77/readings/0", None, None))


def parsed(*tables: Table, style: NumberStyle = NumberStyle.APA) -> page.HtmlElement:
    named = {f"t{i}": table for i, table in enumerate(tables)}
    return page.document_fromstring(render_html(named, style=style))


def test_cells_are_rounded_and_keep_their_digits_and_origin() -> None:
    rows = parsed(TRACED).xpath("//tbody/tr")
    cells = rows[0].xpath("./*")
    assert [cell.text_content() for cell in cells] == [
        "Multimedia, up to 2008", "6", "0.58", "[−0.17, 1.33]", ".105", "[−1.20, 2.35]", "93.0%"
    ]  # fmt: skip
    assert rows[0].get("data-origin") == "1f0c5a2b9e77/readings/0"
    keys = parsed(TRACED).xpath("//colgroup/col/@data-key")
    assert keys == [column.key for column in POOLED.columns[1:]], "the first is text"
    carried = html_origins(render_html({"t": TRACED}))
    assert carried == [f"1f0c5a2b9e77/readings/0/{key}" for key in keys]
    assert cells[1].get("data-value") is None, "all its digits are printed"
    assert float(cells[2].get("data-value")) == POOLED.rows[0][2]
    assert cells[3].get("data-value") == "-0.172116355207946 1.3271539931215"
    assert not rows[1].xpath("descendant-or-self::*[@data-origin]")
    assert dict(rows[2].xpath("./*")[-1].attrib) == {}, "an empty cell"


def test_the_style_decides() -> None:
    cells = parsed(POOLED, style=NumberStyle.AMA).xpath("//tbody/tr[2]/*")
    assert [cell.text_content() for cell in cells][3:5] == ["0.50-1.09", "< .001"]
    heads = parsed(POOLED, style=NumberStyle.AMA).xpath("//thead//th/i")
    assert [head.text for head in heads] == ["P"]


def test_a_screen_reader_finds_caption_scopes_and_notes() -> None:
    document = parsed(TRACED, tall(3))
    assert document.get("lang") == "en"
    captions = [caption.text_content() for caption in document.xpath("//table/caption")]
    assert captions == [f"Table 1 {POOLED.title}", "Table 2 Characteristics"]
    first = document.xpath("//table")[0]
    assert {head.get("scope") for head in first.xpath(".//thead//th")} == {"col", "colgroup"}
    assert len(first.xpath(".//thead//th[@scope='col']")) == len(POOLED.columns)
    assert [head.text_content() for head in first.xpath(".//tbody//th[@scope='row']")] == [
        row[0] for row in POOLED.rows
    ]
    spans = [len(group.xpath("./col")) for group in first.xpath("./colgroup")]
    assert spans == [2, 3, 2]
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))
    links = document.xpath("//a/@href")
    assert links
    assert all(link[1:] in ids for link in links)


@pytest.mark.parametrize("index", range(len(NASTY)))
def test_any_text_is_only_text(index: int) -> None:
    cell = parsed(HOSTILE).xpath("//tbody/tr")[index].xpath("./*")[0]
    assert not cell.xpath("./*")
    assert cell.text_content() == NASTY[index].replace("\r", "\n")


def test_markup_in_any_place_stays_text() -> None:
    bad = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    table = replace(
        POOLED, title=bad, source=bad,
        columns=(replace(POOLED.columns[0], header=bad), *POOLED.columns[1:]),
        spanners=(replace(POOLED.spanners[0], header=bad),),
        footnotes=tuple(replace(note, text=bad) for note in POOLED.footnotes),
        origins=(bad, None, None),
    )  # fmt: skip
    content = render_html({"t": table}, title=bad)
    document: Any = page.document_fromstring(content)
    assert not document.xpath("//script | //img")
    assert document.xpath("//title")[0].text == bad
    assert document.xpath("//tbody/tr/@data-origin") == [bad]
    assert all(one.startswith(bad) for one in html_origins(content))


@pytest.mark.parametrize("text", UNWRITABLE)
def test_what_no_document_can_hold_is_replaced(text: str) -> None:
    content = render_html({"t": replace(POOLED, title=text)})
    assert "\N{REPLACEMENT CHARACTER}" in content


def test_the_page_needs_no_other_file_and_is_the_same_each_time(tmp_path: Path) -> None:
    tables = {"a": TRACED, "b": HOSTILE}
    first = write_html(tables, tmp_path / "t.html").read_bytes()
    assert write_html(tables, tmp_path / "t.html").read_bytes() == first
    document = page.document_fromstring(first)
    assert not document.xpath("//script | //link | //img | //*[@src]")
