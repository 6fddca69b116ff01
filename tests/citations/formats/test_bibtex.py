"""BibTeX, with LaTeX as text and every entry accounted for."""

from __future__ import annotations

import pytest

from review.citations.formats.bibtex import names_of, plain_text, read_bibtex, write_bibtex
from review.citations.formats.entry import Entry, Rejected

ZOTERO = r"""@string{jd = "Journal of Distance"}
@comment{ignored}

@article{doe_2019,
	title = {A {Trial} of {\"U}bung \& more: 50\% of $\alpha$},
	volume = {3},
	issn = {0000-0001},
	url = {https://doi.org/10.5555/ABC_1},
	doi = {10.5555/ABC\_1},
	abstract = {One
two.},
	number = {2},
	journal = jd,
	author = {Doe, Jane and {The Study and Trial Group} and M{\"u}ller, R.},
	month = may,
	year = {2019},
	note = {PMID: 31366609},
	keywords = {one, two},
	pages = {11--19},
	annote = {first},
	annote = {second},
}

@article{doe_2019,
	title = {The same key},
	year = {in press},
}

@book{broken,
	title = {No end,
"""


def test_zotero() -> None:
    first, second, broken = read_bibtex(ZOTERO)
    assert isinstance(first, Entry)
    assert first.title == r"A Trial of Übung & more: 50% of $\alpha$"
    assert first.authors == ("Doe, Jane", "The Study and Trial Group", "Müller, R.")
    assert (first.doi, first.pmid, first.year) == ("10.5555/abc_1", "31366609", 2019)
    assert (first.journal, first.volume, first.issue) == ("Journal of Distance", "3", "2")
    assert first.pages == "11-19"
    assert first.keywords == ("one", "two")
    assert first.abstract == "One two."
    assert first.line == 4
    assert [remark.split(":")[0] for remark in first.remarks] == ["annote repeated, the first kept"]
    assert isinstance(second, Entry)
    assert second.title == "The same key"
    assert second.remarks == ("year not understood: in press",)
    assert isinstance(broken, Rejected)
    assert broken.line == 29


def test_entries_of_one_key_are_both_read() -> None:
    first, second = read_bibtex("@misc{a, title = {One}}\n@misc{a, title = {{Two}}}\n")
    assert isinstance(first, Entry)
    assert isinstance(second, Entry)
    assert (first.title, second.title) == ("One", "Two")
    assert first.remarks == ()
    assert "'a'" in second.remarks[0]


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"{\'E}tude", "Étude"),
        ("5$ a day", "5$ a day"),
        ("100% sure", "100% sure"),
        (r"Smith \& Sons", "Smith & Sons"),
        ("plain -- text", "plain -- text"),
        ("{" * 3000, "{" * 3000),
    ],
)
def test_latex_becomes_text_and_text_stays(latex: str, plain: str) -> None:
    assert plain_text(latex) == plain


def test_names_are_parted_outside_braces_only() -> None:
    assert names_of("A, B and {C and D} and others") == ("A, B", "C and D")


def test_what_is_written_is_read_alike() -> None:
    entry = Entry(
        line=1,
        raw="",
        kind="article",
        title="50% of {all} -- & $5 \\ ~ ^ _ # `` '' <<",
        abstract="A\u2013B \u00e9 \u4e2d\u6587",
        authors=("Doe, Jane", "The Study and Trial Group"),
        year=2019,
        journal="Journal & Co",
        volume="3",
        issue="2",
        pages="11-19",
        doi="10.5555/a_b(1)",
        pmid="12",
        accession="WOS:1_2",
        issn="0000-0001",
        url="https://example.org/a_b?c=%20&d=1",
        language="eng",
        keywords=("one, two",),
    )
    (again,) = read_bibtex(write_bibtex([entry], [["status: included"]]))
    assert isinstance(again, Entry)
    names = [name for name in Entry._fields if name not in ("line", "raw")]
    assert [getattr(again, n) for n in names] == [getattr(entry, n) for n in names]
