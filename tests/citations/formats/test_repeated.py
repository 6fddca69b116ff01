"""A file of the same small thing many times takes time in proportion to its length."""

from __future__ import annotations

import time

import pytest

from review.citations.formats.reading import read_citations
from review.errors import FileError

TIMES = 1_000
FOURFOLD = 4
WORST = 9.0
"""Times as long for a file four times as long; in proportion it is 4, of the square it is 16."""

UNITS: dict[str, tuple[str, str, str]] = {
    "empty RIS entries": ("", "TY  - JOUR\nER  - \n", ""),
    "BibTeX entries without a field": ("", "@article{a,}\n", ""),
    "BibTeX entries of a type that is none": ("", "@foo(a\n", ""),
    "BibTeX entries that nobody closes": ("", "@article{a,title={\n", ""),
    "BibTeX in parentheses": ("", "@article(a,b={(}\n", ""),
    "empty MEDLINE entries": ("", "PMID- \n\n", ""),
    "empty objects of JSON": ("[", "{},", "{}]"),
    "empty rows of a table": ("title,doi\n", ",\n", ""),
    "empty refer entries": ("", "%0 Journal Article\n\n", ""),
    "empty Web of Science entries": ("", "PT J\nER\n\n", ""),
    "empty PubMed articles": ("<PubmedArticleSet>", "<PubmedArticle/>", "</PubmedArticleSet>"),
    "empty EndNote records": ("<xml><records>", "<record><ref-type/></record>", "</records></xml>"),
}


def _seconds(unit: tuple[str, str, str], times: int) -> float:
    head, body, foot = unit
    data = f"{head}{body * times}{foot}".encode()
    started = time.process_time()
    with pytest.raises(FileError):
        read_citations(data, file="x")  # nothing of it is stored, however often it stands there
    return time.process_time() - started


@pytest.mark.parametrize("name", UNITS)
def test_reading_takes_time_in_proportion(name: str) -> None:
    for _ in range(3):  # another process may have had the machine in between
        few, many = (_seconds(UNITS[name], TIMES * times) for times in (1, FOURFOLD))
        if many < WORST * max(few, 0.01):
            return
    pytest.fail(f"{few:.2f} s, and {many:.2f} s for a file four times as long")
