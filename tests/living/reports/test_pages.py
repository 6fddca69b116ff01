"""Every way of printing has all sections, and no text of a study is taken for markup."""

from __future__ import annotations

from typing import Any

from lxml import html

from review.living.reports.pages import Section, html_page, markdown

SECTIONS = [
    Section("What moved", ("A <b>sentence</b> & more.",)),
    Section("Numbers", (), ("", "before", "after"), (("a|b", "0.10", "[0.1, 0.2]"),)),
    Section("Words", (), ("", "why"), (("x", "because"), ("y", ""))),
]


def test_columns_of_numbers_stand_right_and_words_left() -> None:
    assert [section.right for section in SECTIONS] == [(), ("before", "after"), ()]
    q = Section("Q", (), ("", "now"), (("Q", "57.26 (df 12, p <0.001)"), ("p", "<0.001")))
    assert q.right == ("now",)


def test_markdown_has_all_and_escapes_bars() -> None:
    text = markdown("Title", SECTIONS)
    assert text.startswith("# Title\n\n## What moved\n\nA <b>sentence</b> & more.\n")
    assert "|  | before | after |\n| --- | ---: | ---: |\n| a\\|b | 0.10 | [0.1, 0.2] |" in text


def test_html_has_all_and_escapes_everything() -> None:
    page: Any = html.fromstring(html_page("A & B", SECTIONS))
    assert page.findtext(".//h1") == "A & B"
    assert [h.text for h in page.iter("h2")] == ["What moved", "Numbers", "Words"]
    assert page.findtext(".//p") == "A <b>sentence</b> & more."
    assert page.find(".//b") is None
    cells = [cell.text_content() for cell in page.iterfind(".//tbody/tr/*")]
    assert cells == ["a|b", "0.10", "[0.1, 0.2]", "x", "because", "y", ""]
    assert [th.get("class") for th in page.iterfind(".//thead/tr/th")][:3] == [
        None,
        "right",
        "right",
    ]
