"""Which report a PDF is: rules, and files of our own making."""

from __future__ import annotations

import pytest

from review.demonstration.pdfs import page_of
from review.screening.matching import PdfFacts, Sought, matches
from review.tasks.pdfs import facts_of

ONE = Sought(
    11, "Talking at a distance: a randomised trial of therapy by video", "10.1000/abc.11",
    "Müller, Anna", 2019,
)  # fmt: skip
OTHER = Sought(12, "Keyboards of typists in Iceland and how often they are cleaned", None,
               "Jane Doe", 2020)  # fmt: skip
TWIN = Sought(13, ONE.title, None, "Roe, R.", 2004)
ALL = (ONE, OTHER, TWIN)


@pytest.mark.parametrize(
    ("facts", "found", "why"),
    [
        (PdfFacts("x.pdf", text="see https://doi.org/10.1000/ABC.11."), [11], "its DOI"),
        (PdfFacts("x.pdf", text="TALKING AT A DISTANCE\na randomised trial of\ntherapy by video"),
         [11, 13], "its title"),
        (PdfFacts("x.pdf", title="Keyboards of typists in Iceland and how often theyre cleaned"),
         [12], "its title"),
        (PdfFacts("10.1000_abc.11.pdf"), [11], "the name"),
        (PdfFacts("Muller 2019.pdf"), [11], "the name"),
        (PdfFacts("Doe_2020_final.pdf"), [12], "the name"),
        (PdfFacts("12.pdf"), [12], "the name"),
        (PdfFacts("Keyboards of typists in Iceland and how often they.pdf"), [12], "the name"),
        (PdfFacts("scan0001.pdf", text="nothing of it"), [], ""),
        (PdfFacts("2019.pdf"), [], ""),
    ],
)  # fmt: skip
def test_the_best_reason_counts_and_twins_are_both_offered(
    facts: PdfFacts, found: list[int], why: str
) -> None:
    got = matches(facts, ALL)
    assert [match.record for match in got] == found
    assert all(match.why.startswith(why) for match in got)


def test_a_pdf_is_read_and_a_damaged_one_is_no_error() -> None:
    content = page_of([str(ONE.title), "doi 10.1000/abc.11"])
    facts, remark = facts_of("a.pdf", content)
    assert remark == ""
    assert [match.record for match in matches(facts, ALL)] == [11]
    for cut in range(20, len(content), 37):
        damaged = content[:cut] + b"\x00\xff" + content[cut + 9 :]
        facts_of("a.pdf", damaged)  # whatever it says, it is said and not raised
        facts_of("a.pdf", content[:cut])
