"""RIS as databases and reference managers write it; each dialect as its source writes it."""

from __future__ import annotations

import pytest

from review.citations.formats.entry import Aside, Entry, Rejected
from review.citations.formats.ris import read_ris, write_ris

DIALECTS = {
    "Ovid MEDLINE": """1.
TY  - JOUR
DB  - Ovid MEDLINE(R) <1996 to November Week 2 2026>
ID  - 31366609
DO  - https://dx.doi.org/10.5555/ABC.1
T1  - A trial of talking at a distance.
A1  - Doe, Jane
A1  - Roe, R
Y1  - 2019//
N2  - One line.
KW  - *Telemedicine
JF  - Journal of Distance
VL  - 3
IS  - 2
SP  - 11
EP  - 19
SN  - 0000-0001
LA  - English
UR  - http://ovidsp.ovid.com/ovidweb.cgi?T=JS&AN=31366609
ER  -
""",
    "Embase": """TY  - JOUR
M3  - Article
Y1  - 2019
VL  - 3
IS  - 2
SP  - 11
EP  - 19
SN  - 0000-0001
JF  - Journal of Distance
UR  - https://www.embase.com/search/results?subaction=viewrecord&id=L1
U2  - L2000000001
C5  - 31366609
DB  - Embase
DB  - Medline
L2  - http://dx.doi.org/10.5555/abc.1
A1  - Doe, J.
A1  - Roe, R.
T1  - A trial of talking at a distance.
LA  - English
KW  - telemedicine
N2  - One line.
ER  -
""",
    "CENTRAL": """Provider: John Wiley & Sons, Ltd
Content:text/plain; charset="UTF-8"

TY  - JOUR
AN  - CN-02000001
AU  - Doe, J
AU  - Roe, R
TI  - A trial of talking at a distance.
SO  - Journal of Distance
YR  - 2019
JO  - Journal of Distance
VL  - 3
IS  - 2
SP  - 11-19
C3  - PUBMED 31366609,EMBASE 2000000001
M3  - Journal article
SN  - 0000-0001
KW  - telemedicine
LA  - English
DO  - 10.5555/ABC.1
US  - https://www.cochranelibrary.com/central/doi/10.1002/central/CN-02000001/full
AB  - One line.
ER  -
""",
    "EBSCO (PsycINFO)": """TY  - JOUR
ID  - 2019-00001-001
T1  - A trial of talking at a distance.
AU  - Doe, Jane
AU  - Roe, R.
JF  - Journal of Distance
JO  - Journal of Distance
Y1  - 2019/05//
VL  - 3
IS  - 2
SP  - 11
EP  - 19
SN  - 0000-0001
L3  - 10.5555/abc.1
N1  - PMID: 31366609
N2  - One line.
KW  - Telemedicine
LA  - English
UR  - https://search.ebscohost.com/login.aspx?AN=2019-00001-001
ER  -
""",
    "Web of Science": """TY  - JOUR
AU  - Doe, J
AU  - Roe, R
TI  - A trial of talking at a distance.
T2  - Journal of Distance
LA  - English
KW  - telemedicine
SN  - 0000-0001
PM  - 31366609
PY  - 2019
VL  - 3
IS  - 2
SP  - 11
EP  - 19
DO  - 10.5555/abc.1
AN  - WOS:000000000000001
AB  - One line.
ER  -
""",
    "Scopus": """TY  - JOUR
TI  - A trial of talking at a distance.
T2  - Journal of Distance
J2  - J. Dist.
VL  - 3
IS  - 2
SP  - 11
EP  - 19
PY  - 2019
DO  - 10.5555/abc.1
AU  - Doe, J.
AU  - Roe, R.
AB  - One line.
KW  - telemedicine
LA  - English
SN  - 00000001 (ISSN)
C2  - 31366609
DB  - Scopus
N1  - Export Date: 20 November 2026; Cited By: 3
UR  - https://www.scopus.com/inward/record.uri?eid=2-s2.0-1
ER  -
""",
    "RefWorks": """TY  - JOUR
ID  - 42
A1  - Doe,Jane
A1  - Roe,R.
T1  - A trial of talking at a distance.
JF  - Journal of Distance
Y1  - 2019/05/01
VL  - 3
IS  - 2
SP  - 11
EP  - 19
K1  - telemedicine
N2  - One line.
SN  - 0000-0001
LA  - English
DO  - 10.5555/abc.1
UR  - https://pubmed.ncbi.nlm.nih.gov/31366609/
ER  -
""",
    "Covidence": """TY  - JOUR
TI  - A trial of talking at a distance.
AU  - Doe, J.
AU  - Roe, R.
PY  - 2019
PD  -
N2  - One line.
JO  - Journal of Distance
PB  -
VL  - 3
IS  - 2
PG  - 11-19
SP  -
EP  -
AN  -
DO  - 10.5555/abc.1
UR  - https://www.ncbi.nlm.nih.gov/pubmed/31366609
SN  - 0000-0001
LA  - English
ID  - 7
ER  -
""",
    "Rayyan": """TY  - JOUR
AN  - rayyan-100000001
TI  - A trial of talking at a distance.
Y1  - 2019
Y2  - 5
T2  - Journal of Distance
SN  - 0000-0001
J2  -
VL  - 3
IS  - 2
SP  - 11-19
AU  - Doe, Jane
AU  - Roe, R
LA  - English
UR  - https://doi.org/10.5555/abc.1
L2  - https://pubmed.ncbi.nlm.nih.gov/31366609
AB  - One line.
N1  - RAYYAN-INCLUSION: {"Reviewer"=>"Included"}
ER  -
""",
    "EPPI-Reviewer": """TY  - JOUR
T1  - A trial of talking at a distance.
A1  - Doe J
A1  - Roe R
JF  - Journal of Distance
VL  - 3
IS  - 2
SP  - 11
EP  - 19
Y1  - 2019///
SN  - 0000-0001
U1  - PMID: 31366609
U2  - 55
DO  - 10.5555/abc.1
LA  - English
N2  - One line.
KW  - telemedicine
ER  -
""",
    "EndNote": """TY  - JOUR
AB  - One line.
AN  - 31366609
AU  - Doe, J.
AU  - Roe, R.
C2  - PMC0000001
DA  - May 1
DO  - 10.5555/abc.1
DP  - NLM
ET  - 2019/05/01
IS  - 2
LA  - English
N1  - 1098-0000
Doe, Jane
Roe, R
Journal Article
PY  - 2019
SN  - 0000-0001 (Print)
SP  - 11-19
T2  - Journal of Distance
TI  - A trial of talking at a distance.
VL  - 3
ID  - 19
ER  -
""",
}


def entries(text: str) -> list[Entry]:
    items = list(read_ris(text))
    assert all(isinstance(item, Entry | Aside) for item in items), items
    return [item for item in items if isinstance(item, Entry)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_says_the_same(dialect: str) -> None:
    (entry,) = entries(DIALECTS[dialect])
    assert entry.title == "A trial of talking at a distance."
    assert [name.split(",")[0].split(" ")[0] for name in entry.authors] == ["Doe", "Roe"]
    assert entry.year == 2019
    assert entry.journal == "Journal of Distance"
    assert (entry.volume, entry.issue, entry.pages) == ("3", "2", "11-19")
    assert entry.doi == "10.5555/abc.1"
    assert entry.pmid == "31366609"
    assert entry.abstract == "One line."
    assert entry.language == "English"
    assert (entry.issn or "").replace("-", "") == "00000001"
    assert entry.kind == "JOUR"


def test_dialects_have_not_become_fewer() -> None:
    assert len(DIALECTS) >= 11


def test_two_records_where_er_is_missing_stay_two() -> None:
    first, second = entries(
        "TY  - JOUR\nTI  - One\nAU  - A\nTY  - JOUR\nTI  - Two\nAU  - B\nER  - "
    )
    assert (first.title, first.authors) == ("One", ("A",))
    assert (second.title, second.authors) == ("Two", ("B",))
    assert first.remarks == ("ER is missing; the next TY ended the record",)


def test_the_last_record_without_er_is_kept() -> None:
    (entry,) = entries("TY  - JOUR\nTI  - One")
    assert entry.remarks == ("ER is missing; the file ended",)


def test_lines_without_a_tag_go_on_with_the_value() -> None:
    (entry,) = entries(
        "TY  - JOUR\nAB  - Begins\nER-positive tumours\n\nCT - guided biopsy\nand ends.\n"
        "TI  - A title\n  in two lines\nER  - \n"
    )
    assert entry.abstract == "Begins ER-positive tumours CT - guided biopsy and ends."
    assert entry.title == "A title in two lines"


def test_one_space_before_the_hyphen_is_a_tag_too() -> None:
    (entry,) = entries("TY - JOUR\nTI - A title\nU1 - a note\nDI - 10.5555/x\nER -\n")
    assert (entry.title, entry.doi) == ("A title", "10.5555/x")


def test_a_malformed_tag_does_not_run_into_the_field_before_it() -> None:
    (entry,) = entries("TY  - JOUR\nTI  - A title\nKW - word\nAU  - Doe, J\nER  - \n")
    assert (entry.title, entry.keywords) == ("A title", ("word",))


def test_a_repeated_title_is_remarked_on() -> None:
    (entry,) = entries("TY  - JOUR\nTI  - One\nTI  - Other\nER  - \n")
    assert entry.title == "One"
    assert entry.remarks == ("TI repeated, the first kept: Other",)


def test_fields_without_a_type_are_rejected_with_their_line() -> None:
    items = list(read_ris("TY  - JOUR\nTI  - One\nER  - \n\nTI  - Lost\nER  - \n"))
    assert items[1] == Rejected(5, "fields without a TY line before them", "TI  - Lost\nER  - ")


def test_fields_before_the_type_belong_to_the_record_that_follows() -> None:
    (entry,) = entries("ID  - 1234567\nTY  - JOUR\nTI  - One\nER  - \n")
    assert (entry.line, entry.title, entry.accession) == (1, "One", "1234567")


def test_every_record_keeps_its_text_and_line() -> None:
    text = "1. \nTY  - JOUR\nTI  - One\nER  - \n\n2. \nTY  - BOOK\nTI  - Two\nER  - \n"
    first, second = entries(text)
    assert (first.line, first.raw) == (2, "TY  - JOUR\nTI  - One\nER  - ")
    assert (second.line, second.raw) == (7, "TY  - BOOK\nTI  - Two\nER  - ")


def test_works_that_a_record_cites_lend_it_no_pmid() -> None:
    (entry,) = entries("TY  - JOUR\nTI  - One\nM1  - Roe (2000). PMID: 12345678\nER  - \n")
    assert entry.pmid is None


@pytest.mark.parametrize(
    ("written", "year", "remark"),
    [
        ("2020/03//", 2020, None),
        ("20240315", 2024, None),
        ("10 15", None, "year not understood: 10 15"),
        ("2019-2020", 2019, "several years, the first kept: 2019-2020"),
        ("", None, None),
    ],
)
def test_years(written: str, year: int | None, remark: str | None) -> None:
    (entry,) = entries(f"TY  - JOUR\nTI  - One\nPY  - {written}\nER  - \n")
    assert entry.year == year
    assert entry.remarks == ((remark,) if remark else ())


def test_two_years_that_differ_are_remarked_on() -> None:
    (entry,) = entries("TY  - JOUR\nPY  - 2019\nY1  - 2020/01//\nER  - \n")
    assert (entry.year, entry.remarks) == (2019, ("another year beside 2019: 2020/01//",))


def test_what_is_written_is_read_alike() -> None:
    written = [entry for text in DIALECTS.values() for entry in entries(text)]
    again = entries(write_ris(written, [["status: included"]] * len(written)))
    names = [name for name in Entry._fields if name not in ("line", "raw", "remarks")]
    for one, other in zip(written, again, strict=True):
        assert [getattr(one, n) for n in names] == [getattr(other, n) for n in names]
        assert "N1  - status: included" in other.raw
