"""References in citation styles: what each style prints, and what citeproc-py alone would not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from lxml import html as lxml_html

from review.citations.formats.entry import Entry
from review.errors import InvalidDataError, NotFoundError
from review.export.reproduction.bibliography import STYLES, Markup, bibliography, style_file
from review.export.reproduction.references import BibliographyItem
from tests.export.reproduction.synthetic import NASTY


def reference(cited: str | None = None, **given: Any) -> BibliographyItem:
    return BibliographyItem("Study", Entry(line=0, raw="", **given), cited)


ARTICLE = reference(
    kind="JOUR",
    title="Cognitive behavioural therapy for the treatment of depression in adults",
    authors=("López-López, José A", "Davies SR", "The CBT Group"),
    year=2019,
    journal="Psychological Medicine",
    volume="49",
    issue="12",
    pages="1937-1947",
    doi="10.1017/s0033291718003120",
    pmid="30829174",
)
BARE = reference(title="Four trials", journal="J. Odd", kind="JOUR")
TYPED = reference("Day & Schneider 2002", title="Day & Schneider 2002", doi="10.1/x", year=2002)

TITLE = "Cognitive behavioural therapy for the treatment of depression in adults"
PRINTED = {
    "apa": f"López-López, J. A., Davies, S. R., & The CBT Group. (2019). {TITLE}. Psychological "
    "Medicine, 49(12), 1937–1947. https://doi.org/10.1017/s0033291718003120",
    "vancouver": f"1. López-López JA, Davies SR, The CBT Group. {TITLE}. Psychological Medicine. "
    "2019;49(12):1937–47. doi:10.1017/s0033291718003120 PubMed PMID: 30829174.",
    "ama": f"1. López-López JA, Davies SR, The CBT Group. {TITLE}. Psychological Medicine. "
    "2019;49(12):1937-1947. doi:10.1017/s0033291718003120",
    "lancet": f"1 López-López JA, Davies SR, The CBT Group. {TITLE}. Psychological Medicine 2019; "
    "49: 1937–47.",
    "bmj": f"1 López-López JA, Davies SR, The CBT Group. {TITLE}. Psychological Medicine. "
    "2019;49:1937–47. doi: 10.1017/s0033291718003120",
}


@pytest.mark.parametrize("style", STYLES)
def test_each_style_prints_a_journal_article_in_its_own_form(style: str) -> None:
    assert bibliography([ARTICLE], style) == PRINTED[style] + "\n"


@pytest.mark.parametrize(
    ("style", "line"),
    [
        ("apa", "Four trials. (n.d.). J. Odd."),
        ("vancouver", "1. Four trials. J Odd."),
        ("ama", "1. Four trials. J Odd."),
        ("lancet", "1 Four trials. J Odd."),
        ("bmj", "1 Four trials. J Odd."),
    ],
)
def test_a_title_without_authors_is_printed_once(style: str, line: str) -> None:
    assert bibliography([BARE], style) == line + "\n"


@pytest.mark.parametrize("style", STYLES)
def test_a_title_taken_out_leaves_no_open_tag_behind(style: str) -> None:
    for one in (reference(), BARE, reference(title="A book", kind="BOOK")):
        page = bibliography([one], style, Markup.HTML)
        (entry,) = re.findall('<div class="csl-entry">(.*)</div>', page)
        etree.fromstring(f"<p>{entry}</p>")
        assert "<i></i>" not in entry


def test_a_missing_volume_leaves_no_colon_behind() -> None:
    entry = reference(title="T", authors=("A, B",), year=2001, journal="BMJ", pages="e1")
    assert bibliography([entry], "lancet") == "1 A B. T. BMJ 2001; e1.\n"


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("markup", Markup)
def test_an_empty_reference_and_an_empty_list_are_no_error(style: str, markup: Markup) -> None:
    assert "[No title]" in bibliography([reference()], style, markup).replace("\\", "")
    assert 'class="csl-entry"' not in bibliography([], style, markup)


def test_a_typed_citation_stands_as_it_is_in_its_place() -> None:
    lines = bibliography([ARTICLE, BARE, TYPED], "apa").splitlines()
    assert lines[0] == "Day & Schneider 2002. https://doi.org/10.1/x"
    numbered = bibliography([ARTICLE, TYPED], "vancouver").splitlines()
    assert numbered[1] == "2. Day & Schneider 2002. https://doi.org/10.1/x"


RICH = reference(title="Effect of <i>Hypericum</i> & CO<sub>2</sub> < 5 <b>", authors=("A, B",))


def test_titles_keep_their_markup_and_nothing_else_is_taken_for_it() -> None:
    assert "Effect of Hypericum & CO2 < 5 <b>" in bibliography([RICH], "vancouver")
    page = bibliography([RICH], "vancouver", Markup.HTML)
    assert "<i>Hypericum</i> &amp; CO<sub>2</sub> &lt; 5 &lt;b&gt;" in page
    line = bibliography([RICH], "vancouver", Markup.MARKDOWN)
    assert r"*Hypericum* & CO~2~ \< 5 \<b\>" in line


@pytest.mark.parametrize("style", STYLES)
def test_nasty_text_comes_through_every_markup_whole(style: str) -> None:
    """T18: titles, authors and journals of nasty strings."""
    given = [
        reference(
            title=f"{text} {n}", authors=(f"{text}, A",), journal=text, year=2000, kind="JOUR"
        )
        for n, text in enumerate(NASTY)
    ]
    titles = [" ".join(str(r.entry.title).split()) for r in given]
    text = bibliography(given, style)
    page: Any = lxml_html.fromstring(bibliography(given, style, Markup.HTML))
    entries = [" ".join(e.text_content().split()) for e in page.find_class("csl-entry")]
    assert len(entries) == len(NASTY) == len(text.splitlines())
    for title in titles:
        printed = title.replace('"', "”").replace("'", "’")
        shown = [e.replace('"', "”").replace("'", "’") for e in entries]
        assert any(printed.casefold() in e.casefold() for e in shown), title
    assert entries == text.splitlines()
    assert bibliography(given, style) == text


def test_a_style_of_ones_own_is_a_file(tmp_path: Path) -> None:
    own = tmp_path / "own.csl"
    own.write_bytes(style_file("bmj").read_bytes())
    assert bibliography([ARTICLE], str(own)) == bibliography([ARTICLE], "bmj")
    with pytest.raises(NotFoundError, match="give one of apa, vancouver"):
        style_file("chicago")
    own.write_text("<style")
    with pytest.raises(InvalidDataError, match=r"own\.csl, line 1: no XML"):
        bibliography([ARTICLE], str(own))
    own.write_text('<style xmlns="http://purl.org/net/xbiblio/csl"><info/></style>')
    with pytest.raises(InvalidDataError, match="independent-parent"):
        bibliography([ARTICLE], str(own))


def test_the_styles_keep_their_licence_and_are_named_in_the_notice() -> None:
    notice = style_file("apa").with_name("NOTICE.md").read_text()
    assert "Attribution-ShareAlike 3.0" in notice
    for name in STYLES.values():
        assert f"`{name}`" in notice
        root = etree.parse(style_file("apa").with_name(name)).getroot()
        (rights,) = root.iter("{http://purl.org/net/xbiblio/csl}rights")
        assert rights.get("license") == "http://creativecommons.org/licenses/by-sa/3.0/"
