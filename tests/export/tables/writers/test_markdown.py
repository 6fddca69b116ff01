from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from review.export import Column, NumberStyle, Table, render_markdown, write_markdown
from tests.export.tables.writers.samples import HOSTILE, NASTY, POOLED, UNWRITABLE


def cells(source: str) -> list[list[str]]:
    """Rows of the first table as CommonMark's reader sees them, header first."""
    rows: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows and token.level > 2:
            assert token.children is not None
            assert {child.type for child in token.children} <= {"text", "em_open", "em_close",
                                                                "text_special"}  # fmt: skip
            rows[-1].append("".join(child.content for child in token.children))
    return rows


def test_cells_are_rounded_and_letters_raised() -> None:
    rows = cells(render_markdown(POOLED, "pooled"))
    assert rows[0][:5] == [
        "Analysis", "k", "Random effects: Hedges g^a^", "Random effects: 95% CI",
        "Random effects: p",
    ]  # fmt: skip
    assert rows[1] == [
        "Multimedia, up to 2008", "6", "0.58", "[−0.17, 1.33]", ".105", "[−1.20, 2.35]", "93.0%"
    ]  # fmt: skip
    assert rows[2][1:5] == ["17^a^", "0.80", "[0.50, 1.09]", "< .001"]
    assert rows[3][5:] == ["", ""]


def test_caption_and_notes_are_those_of_pandoc_and_quarto() -> None:
    lines = render_markdown(POOLED, "pooled_estimates", NumberStyle.COCHRANE).splitlines()
    assert f": {POOLED.title} {{#tbl-pooled-estimates}}" in lines
    assert "^a^ REML \\& Hartung-Knapp." in lines
    assert "*Note.* Positive values favour CBT." in lines
    assert any("0.50 to 1.09" in line and "\\< 0.001" in line for line in lines)
    rule = lines[1].split("|")[1:-1]
    assert rule[0].strip().startswith(":-")
    assert rule[1].strip().endswith("-:")


def test_any_text_is_only_text() -> None:
    read = [row[0] for row in cells(render_markdown(HOSTILE, "h"))[1:]]
    assert read == [" ".join(text.split()) for text in NASTY]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("http://a.org", r"http\://a.org"),
        ("www.a.org", r"www\.a.org"),
        (":smile:", r"\:smile:"),
        ("a--b...", r"a\--b\.\.."),
        ("ratio: 2", "ratio: 2"),
        ("[@doe2020]", r"\[\@doe2020\]"),
    ],
)
def test_pandocs_own_marks_are_escaped(text: str, source: str) -> None:
    column = Column("a", "A")
    assert f"| {source} |" in render_markdown(Table("T", (column,), ((text,),)), "t")


@pytest.mark.parametrize("text", UNWRITABLE)
def test_what_no_document_can_hold_is_replaced(text: str) -> None:
    source = render_markdown(Table(text, (Column("a", text),), ((text,),)), "t")
    assert source.count("\N{REPLACEMENT CHARACTER}") == 3


def test_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    first = write_markdown(HOSTILE, tmp_path / "t.md").read_bytes()
    assert write_markdown(HOSTILE, tmp_path / "t.md").read_bytes() == first
