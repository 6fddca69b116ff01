"""NBIB, refer, RefWorks and Web of Science, each as its source writes it."""

from __future__ import annotations

from review.citations.formats.ciw import read_ciw
from review.citations.formats.entry import Aside, Entry, Item, Rejected
from review.citations.formats.nbib import read_nbib, write_nbib
from review.citations.formats.refer import read_refer
from review.citations.formats.refworks import read_refworks

NBIB = """PMID- 31366609
OWN - NLM
STAT- MEDLINE
IS  - 1098-6618 (Electronic)
IS  - 0893-8512 (Linking)
VI  - 32
IP  - 4
DP  - 2019 Sep 18
TI  - A title that goes on over
      two lines.
PG  - e00011-19
LID - 10.5555/CMR.1 [doi]
LID - e00011-19 [pii]
AB  - BACKGROUND: One.
      RESULTS: Two.
FAU - Doe, Jane
AU  - Doe J
AD  - Somewhere
FAU - Roe, Richard
AU  - Roe R
CN  - The Study Group
LA  - eng
PT  - Journal Article
PT  - Review
TA  - Clin Rev
JT  - Clinical reviews
MH  - Humans
OT  - distance
AID - 10.5555/CMR.1 [doi]
SO  - Clin Rev. 2019 Sep 18;32(4):e00011-19. doi: 10.5555/CMR.1.

PMID- 2
TI  - Another.
"""

CIW = """\ufeffFN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Doe, J
   Roe, R
AF Doe, Jane
   Roe, Richard
TI A title that goes on
   over two lines
SO JOURNAL OF DISTANCE
LA English
DT Article
DE telemedicine; video conference
ID TRIAL; DISTANCE
AB One.
   Two.
SN 0000-0001
EI 0000-0002
J9 J DIST
PD MAY
PY 2019
VL 3
IS 2
BP 11
EP 19
DI 10.5555/ABC.1
UT WOS:000000000000001
PM 31366609
ER

PT J
AU Poe, E
TI No end
PY 2018
PT J
TI Last
ER
EF
""".lstrip("\ufeff")

REFER = """%0 Journal Article
%A Doe, Jane
%A Roe, Richard
%T A title
%J Journal of Distance
%D 2019
%V 3
%N 2
%P 11-19
%X An abstract
in two lines
%K telemedicine
video conference
%@ 0000-0001
%R 10.5555/abc.1
%M 31366609
%W NLM
%U https://pubmed.ncbi.nlm.nih.gov/31366609
%G eng

%0 Book Section
%A Poe, E.
%T A chapter
%B A book
%D 2000
"""

REFWORKS = """RT Journal Article
SR Electronic(1)
ID 42
A1 Doe,Jane
A1 Roe,Richard
T1 A title that goes on
over two lines
JF Journal of Distance
YR 2019
FD May
VO 3
IS 2
SP 11
OP 19
K1 telemedicine
AB One.
SN 0000-0001
LA English
DO 10.5555/abc.1
LK http://example.org

RT Book, Whole
A1 Poe,E.
T1 A book
YR 2000
"""


def entries(items: list[Item]) -> list[Entry]:
    return [item for item in items if isinstance(item, Entry)]


def test_nbib() -> None:
    first, second = entries(list(read_nbib(NBIB)))
    assert first.title == "A title that goes on over two lines."
    assert first.abstract == "BACKGROUND: One. RESULTS: Two."
    assert first.authors == ("Doe, Jane", "Roe, Richard", "The Study Group")
    assert (first.pmid, first.doi, first.year) == ("31366609", "10.5555/cmr.1", 2019)
    assert (first.journal, first.volume, first.issue) == ("Clinical reviews", "32", "4")
    assert (first.pages, first.issn) == ("e00011-19", "1098-6618; 0893-8512")
    assert first.keywords == ("Humans", "distance")
    assert first.kind == "Journal Article"
    assert (second.line, second.pmid, second.title) == (32, "2", "Another.")


def test_the_last_nbib_record_needs_no_blank_line_after_it() -> None:
    assert len(list(read_nbib(NBIB.rstrip("\n")))) == 2


def test_nbib_records_without_a_blank_line_between_stay_two() -> None:
    assert len(list(read_nbib("PMID- 1\nTI  - One\nPMID- 2\nTI  - Two\n"))) == 2


def test_nbib_goes_on_after_a_blank_line_where_the_next_is_indented() -> None:
    (entry,) = entries(list(read_nbib("PMID- 1\nAB  - One\n\n      two.\nTI  - T\n")))
    assert (entry.abstract, entry.title) == ("One two.", "T")


def test_nbib_text_of_no_record_is_an_aside() -> None:
    items = list(read_nbib("PMID- 1\nTI  - One\n\nA footer.\n"))
    assert items[1] == Aside(4, "A footer.")


def test_nbib_is_written_as_it_is_read() -> None:
    written = entries(list(read_nbib(NBIB)))
    again = entries(list(read_nbib(write_nbib(written, [["status: included"], []]))))
    names = [name for name in Entry._fields if name not in ("line", "raw")]
    for one, other in zip(written, again, strict=True):
        assert [getattr(one, n) for n in names] == [getattr(other, n) for n in names]
    assert "GN  - status: included" in again[0].raw


def test_web_of_science() -> None:
    first, second, last = entries(list(read_ciw(CIW)))
    assert first.title == "A title that goes on over two lines"
    assert first.authors == ("Doe, Jane", "Roe, Richard")
    assert (first.journal, first.year) == ("JOURNAL OF DISTANCE", 2019)
    assert (first.volume, first.issue, first.pages) == ("3", "2", "11-19")
    assert (first.doi, first.pmid) == ("10.5555/abc.1", "31366609")
    assert first.accession == "WOS:000000000000001"
    assert first.keywords == ("telemedicine", "video conference", "TRIAL", "DISTANCE")
    assert first.abstract == "One. Two."
    assert (first.kind, first.line) == ("Article", 3)
    assert second.remarks == ("ER is missing; the next PT ended the record",)
    assert last.title == "Last"


def test_web_of_science_fields_without_a_type_are_rejected() -> None:
    items = list(read_ciw("FN x\nVR 1.0\nTI Lost\nER\nEF\n"))
    assert items == [Rejected(3, "fields without a PT line before them", "TI Lost\nER")]


def test_refer() -> None:
    first, second = entries(list(read_refer(REFER)))
    assert first.title == "A title"
    assert first.authors == ("Doe, Jane", "Roe, Richard")
    assert (first.journal, first.year) == ("Journal of Distance", 2019)
    assert (first.volume, first.issue, first.pages) == ("3", "2", "11-19")
    assert (first.doi, first.pmid) == ("10.5555/abc.1", "31366609")
    assert first.abstract == "An abstract in two lines"
    assert first.keywords == ("telemedicine", "video conference")
    assert (second.kind, second.journal, second.line) == ("Book Section", "A book", 21)


def test_refer_without_types_is_parted_by_blank_lines() -> None:
    items = list(read_refer("%A Doe\n%T One\n\n%A Roe\n%T Two\n"))
    assert [entry.title for entry in entries(items)] == ["One", "Two"]


def test_refworks() -> None:
    first, second = entries(list(read_refworks(REFWORKS)))
    assert first.title == "A title that goes on over two lines"
    assert first.authors == ("Doe,Jane", "Roe,Richard")
    assert (first.journal, first.year) == ("Journal of Distance", 2019)
    assert (first.volume, first.issue, first.pages) == ("3", "2", "11-19")
    assert first.doi == "10.5555/abc.1"
    assert (second.kind, second.title) == ("Book, Whole", "A book")
