"""Files of every kind: encodings, formats by content, CSV, CSL-JSON, real samples, damage."""

from __future__ import annotations

import csv
import json
import random
import time
from pathlib import Path

import pytest

from review.citations.formats.csv import write_csv
from review.citations.formats.entry import Entry
from review.citations.formats.reading import read_citations
from review.citations.formats.registry import WRITERS
from review.citations.vocabulary import Format
from review.errors import FileError, InvalidDataError
from review.tabular.decoding import decoded
from tests.citations.formats.test_bibtex import ZOTERO
from tests.citations.formats.test_ris import DIALECTS
from tests.citations.formats.test_tagged import CIW, NBIB, REFER, REFWORKS
from tests.citations.formats.test_xml import ENDNOTE, PUBMED

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"

COVIDENCE = (
    "Title,Authors,Abstract,Published Year,Published Month,Journal,Volume,Issue,Pages,"
    "Accession Number,DOI,Ref,Covidence #,Study,Notes,Tags\r\n"
    '"A title, with a comma","Doe, J.; Roe, R.","Line one\r\nline two",2019,,J Dist,3,2,11-19,,'
    "10.5555/ABC.1,,#1,Doe 2019,,\r\n"
    'Second,"Poe, E.",,2018,,,,,,,,,#2,Poe 2018,,\r\n'
)
CSL = json.dumps(
    [
        {
            "type": "article-journal",
            "title": "A title",
            "author": [
                {"family": "Doe", "given": "Jane"},
                {"non-dropping-particle": "van", "family": "Roe", "given": "R"},
                {"literal": "The Study Group"},
            ],
            "issued": {"date-parts": [["2019", 5]]},
            "container-title": "Journal of Distance",
            "page": "11-19",
            "DOI": "https://doi.org/10.5555/ABC.1",
            "note": "PMID: 31366609",
        },
        {"title": "No date", "issued": {"date-parts": [[None]]}},
    ],
    indent=1,
)
OVID = """<1>
UI  - 99000001
FA  - Alm, Anna
AU  - Alm A
TI  - A trial of sleep hygiene
  for nurses on nights.
SO  - Journal of Synthetic Sleep.  3(2):11-9, 2019 Jan.
AB  - We tested a leaflet.
DB  - Ovid MEDLINE(R)

<2>
UI  - 99000002
AU  - Bok B
TI  - A trial of light therapy.
"""
ICTRP = """<?xml version="1.0" encoding="UTF-8"?>
<Trials_downloaded_from_ICTRP>
<Trial>
<Internal_Number>1</Internal_Number>
<TrialID>ACTRN99000001</TrialID>
<Public_title>Sleep hygiene for nurses on nights</Public_title>
<Scientific_title>A randomised trial of a leaflet on sleep</Scientific_title>
<Date_registration3>20190301</Date_registration3>
</Trial>
<Trial>
<Internal_Number>2</Internal_Number>
<TrialID>ACTRN99000002</TrialID>
<Scientific_title>A randomised trial of light</Scientific_title>
</Trial>
</Trials_downloaded_from_ICTRP>
"""
OF_EACH = {
    Format.RIS: "\n".join(DIALECTS.values()),
    Format.NBIB: NBIB,
    Format.PUBMED_XML: PUBMED,
    Format.ENDNOTE_XML: ENDNOTE,
    Format.REFER: REFER,
    Format.REFWORKS: REFWORKS,
    Format.CIW: CIW,
    Format.BIBTEX: ZOTERO,
    Format.OVID: OVID,
    Format.ICTRP_XML: ICTRP,
    Format.CSL_JSON: CSL,
    Format.CSV: COVIDENCE,
}


@pytest.mark.parametrize("kind", OF_EACH)
def test_the_format_is_told_by_what_the_file_says(kind: Format) -> None:
    assert read_citations(OF_EACH[kind].encode(), file="export.txt").format is kind


@pytest.mark.parametrize("kind", OF_EACH)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "crlf", "cr"])
def test_no_encoding_and_no_line_end_loses_a_record(kind: Format, encoding: str) -> None:
    text = OF_EACH[kind].replace('encoding="UTF-8"', "").replace("\r\n", "\n")
    plain = read_citations(text.encode(), file="x")
    ends = {"crlf": "\r\n", "cr": "\r"}
    data = (
        text.replace("\n", ends[encoding]).encode() if encoding in ends else text.encode(encoding)
    )
    other = read_citations(data, file="x")
    assert other.format is plain.format
    assert [entry.title for entry in other.entries] == [entry.title for entry in plain.entries]
    assert [item.line for item in other.items] == [item.line for item in plain.items]
    assert len(plain.entries) >= 2


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        ("Müller".encode("cp1252"), "Müller", "cp1252 (guessed)"),
        ("Müller\rRoe".encode("mac_roman"), "Müller\nRoe", "mac_roman (guessed)"),
        ("Müller, Ørsted".encode() + b"\xff", "Müller, Ørsted\ufffd", "utf-8 (with damaged bytes)"),
        ("a\r\nb\rc".encode("utf-16-le"), None, None),
        ("\ufeffx".encode(), "x", "utf-8"),
    ],
)
def test_encodings(data: bytes, text: str | None, encoding: str | None) -> None:
    found = decoded(data, file="x")
    if text is not None:
        assert (found.text, found.encoding) == (text, encoding)


def test_an_encoding_can_be_told() -> None:
    assert decoded("Łódź".encode("cp1250"), file="x", encoding="cp1250").text == "Łódź"
    with pytest.raises(FileError, match="--encoding"):
        decoded(b"x", file="x", encoding="klingon")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\x1f\x8brest", "gzip"),
        (b"%PDF-1.7", "PDF"),
        (b"Dear all,\nplease find the records enclosed.\n", "no format of citations"),
        (b"FN x\nVR 1.0\nPT J\nTI One\n\nEF", None),
    ],
)
def test_what_is_no_citation_file_is_refused_with_the_reason(
    data: bytes, reason: str | None
) -> None:
    if reason is None:
        assert len(read_citations(data, file="x").entries) == 1
        return
    with pytest.raises(FileError, match=reason):
        read_citations(data, file="x")


def test_no_record_in_a_file_that_is_not_empty_is_an_error_with_lines() -> None:
    data = b"TY  - JOUR\nPY  - 2001\nER  - \n\nTY  - JOUR\nLA  - de\nER  - \n"
    with pytest.raises(FileError) as error:
        read_citations(data, file="x.ris")
    assert [problem.line for problem in error.value.problems] == [1, 5]


def test_a_record_with_a_nul_is_rejected_and_the_others_are_kept() -> None:
    reading = read_citations(
        b"TY  - JOUR\nTI  - a\0b\nER  - \nTY  - JOUR\nTI  - c\nER  - ", file="x"
    )
    assert [reject.line for reject in reading.rejects] == [1]
    assert [entry.title for entry in reading.entries] == ["c"]


def test_half_a_character_in_json_is_rejected() -> None:
    reading = read_citations(b'[{"title": "\\ud800"}, {"title": "c"}]', file="x")
    assert (len(reading.rejects), len(reading.entries)) == (1, 1)


def test_covidence_csv() -> None:
    first, second = read_citations(COVIDENCE.encode(), file="x").entries
    assert first.title == "A title, with a comma"
    assert first.authors == ("Doe, J.", "Roe, R.")
    assert first.abstract == "Line one line two"
    assert (first.year, first.doi, first.pages) == (2019, "10.5555/abc.1", "11-19")
    assert (first.line, second.line) == (2, 4)
    assert second.raw.startswith('Second,"Poe, E."')


HEADERS = {
    "Scopus": '"Authors","Title","Year","Source title","Page start","Page end","DOI","PubMed ID"\n'
    '"Doe J., Roe R.","A title","2019","J Dist","11","19","10.5555/abc.1","31366609"',
    "PubMed": "PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,DOI\n"
    '31366609,A title,"Doe J, Roe R.","J Dist. 2019;3(2):11-19.",Doe J,J Dist,2019,10.5555/abc.1',
    "Rayyan": "key,title,year,month,day,journal,issn,volume,issue,pages,authors,doi,pubmed_id\n"
    "1,A title,2019,5,1,J Dist,,,,11-19,Doe J and Roe R,10.5555/abc.1,31366609",
    "Zotero": '"Key","Item Type","Publication Year","Author","Title","Publication Title","DOI",'
    '"Pages","Extra","PMID"\n"K","journalArticle","2019","Doe, J; Roe, R","A title","J Dist",'
    '"10.5555/ABC.1","11-19","","31366609"',
    "Web of Science (tabs)": "PT\tAU\tTI\tSO\tBP\tEP\tDI\tPY\tPM\n"
    "J\tDoe, J; Roe, R\tA title\tJ Dist\t11\t19\t10.5555/abc.1\t2019\t31366609",
    "Embase": '"Title";"Author Names";"Source title";"Publication Year";"First Page";"Last Page";'
    '"Medline PMID";"DOI"\n"A title";"Doe J., Roe R.";"J Dist";"2019";"11";"19";"31366609";'
    '"10.5555/abc.1"',
    "Dimensions": '"About the data: exported on November 20, 2026"\n'
    "Rank,Publication ID,DOI,PMID,Title,Source title,PubYear,Pagination,Authors\n"
    '1,pub.1,10.5555/abc.1,31366609,A title,J Dist,2019,11-19,"Doe, J; Roe, R"',
}


@pytest.mark.parametrize("source", HEADERS)
def test_the_columns_of_sources(source: str) -> None:
    reading = read_citations(HEADERS[source].encode(), file="x.csv")
    (entry,) = reading.entries
    assert reading.format is Format.CSV
    assert (entry.title, entry.year, entry.journal) == ("A title", 2019, "J Dist")
    assert (entry.doi, entry.pmid, entry.pages) == ("10.5555/abc.1", "31366609", "11-19")
    assert [name[:3] for name in entry.authors] == ["Doe", "Roe"]


def test_columns_can_be_told() -> None:
    data = b"Titel,Wer\nEine Studie,Doe J\n"
    with pytest.raises(FileError, match="--column title='Titel'"):
        read_citations(data, file="x")
    reading = read_citations(data, file="x", columns={"title": "Titel", "authors": "Wer"})
    assert (reading.entries[0].title, reading.entries[0].authors) == ("Eine Studie", ("Doe J",))
    with pytest.raises(FileError, match="no column for title"):
        read_citations(data, file="x", columns={"title": "Name"})
    with pytest.raises(InvalidDataError, match="no field titel"):
        read_citations(data, file="x", columns={"titel": "Titel"})


def test_rows_that_do_not_fit_are_rejected_with_their_line() -> None:
    data = (
        b'title,authors,year\nOne,Doe,2019\nTwo,Doe,2019,x,y\n,\n"Three,Doe,2019\nFour,Roe,2018\n'
    )
    reading = read_citations(data, file="x.csv")
    assert [entry.title for entry in reading.entries] == ["One", "Four"]
    assert [(reject.line, reject.reason) for reject in reading.rejects] == [
        (3, "5 cells where the header has 3"),
        (5, "the quotes of this row do not match"),
    ]


def test_csl_json() -> None:
    first, second = read_citations(CSL.encode(), file="x").entries
    assert first.authors == ("Doe, Jane", "van Roe, R", "The Study Group")
    assert (first.year, first.doi, first.pmid) == (2019, "10.5555/abc.1", "31366609")
    assert (second.title, second.year) == ("No date", None)
    assert second.line > first.line


@pytest.mark.parametrize("text", ['[{"title": "a"}, {"title":', '[{"title": "a"},'])
def test_json_that_was_cut_off_is_not_taken_for_whole(text: str) -> None:
    try:
        reading = read_citations(text.encode(), file="x")
    except FileError as error:
        told = str(error)
    else:
        told = reading.rejects[0].reason
    assert "cut off" in told or "line 1" in told


def _samples() -> list[tuple[str, int]]:
    manifest = SAMPLES / "MANIFEST.csv"
    if not manifest.exists():
        return []
    others = ("metapsy", "revman", "rob", "dedup")
    with manifest.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [
        (row["file"], RECOUNTED.get(row["file"], int(row["records"])))
        for row in rows
        if row["file"].split("/")[0] not in others
    ]


RECOUNTED = {
    "nbib/jabref_medline_multiple.txt": 7,
    "pubmed_xml/jabref_nbib.xml": 2,
}
"""The manifest counts 6 and 1; JabRef's own tests of these files (MedlinePlainImporterTest,
MedlineImporterTestNbib.bib) have 7 and 2: a record without PMID, and a book beside an article."""


NOT_RECORDS = {
    "ris/jabref_corrupted.ris": "line 2: fields without a TY line",
    # 61 types of reference without any field of a work
    "ris/asreview_reference_types.ris": "and 41 more like these",
}


@pytest.mark.skipif(not SAMPLES.exists(), reason="the sample files are not on this machine")
def test_every_sample_is_read_with_its_exact_count() -> None:
    samples = _samples()
    assert len(samples) >= 16
    for name, count in samples:
        data = (SAMPLES / name).read_bytes()
        refused = NOT_RECORDS.get(name)
        if refused is not None:
            with pytest.raises(FileError, match=refused):
                read_citations(data, file=name)
            continue
        reading = read_citations(data, file=name)
        assert (name, len(reading.entries), len(reading.rejects)) == (name, count, 0)


@pytest.mark.parametrize("kind", WRITERS)
def test_round_trip_of_all_that_was_read(kind: Format) -> None:
    entries = [
        entry
        for text in OF_EACH.values()
        for entry in read_citations(text.encode(), file="x").entries
    ]
    labels = [[f"record: {n}", "title_abstract: included"] for n in range(len(entries))]
    text = WRITERS[kind](entries, labels)
    reading = read_citations(text.encode(), file="x")
    assert reading.format is kind
    assert reading.rejects == ()
    names = [n for n in Entry._fields if n not in ("line", "raw", "remarks", "kind")]
    assert len(reading.entries) == len(entries) >= 25
    for one, other in zip(entries, reading.entries, strict=True):
        assert {n: getattr(one, n) for n in names} == {n: getattr(other, n) for n in names}
        assert "title_abstract: included" in other.raw.replace("\\_", "_")


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "-omics", "'=quoted", "'plain"])
def test_a_title_that_a_spreadsheet_would_run_is_guarded_and_comes_back(title: str) -> None:
    text = write_csv([Entry(line=1, raw="", title=title)])
    assert f",{title}," not in text or title == "'plain"
    assert read_citations(text.encode(), file="x").entries[0].title == title


MUTANTS = 60


@pytest.mark.parametrize("kind", OF_EACH)
def test_damage_is_reported_and_never_a_crash(kind: Format) -> None:
    """reliability.md T10: a complete reading or an error that names the place; no hang."""
    random_ = random.Random(f"damage {kind}")
    whole = OF_EACH[kind].encode()
    for _ in range(MUTANTS):
        data = _damaged(whole, random_)
        before = time.process_time()
        try:
            reading = read_citations(data, file="x")
        except FileError:
            pass
        else:
            assert all(item.line >= 1 for item in reading.items)
            assert all(reject.reason for reject in reading.rejects)
            assert all("\0" not in entry.raw for entry in reading.entries)
        assert time.process_time() - before < 5


def _damaged(data: bytes, random_: random.Random) -> bytes:
    for _ in range(random_.randint(1, 4)):
        place = random_.randrange(len(data) + 1)
        after = data[place:]
        data = data[:place] + random_.choice(
            (
                bytes([random_.randrange(256)]) + after[1:],
                after[random_.randrange(60) :],
                b"",
                b"\0" + after,
                b"x" * 70_000 + after,
                "\u202e\u2028".encode() + after,
                b"\xed\xa0\x80" + after,
                after.replace(b"\n", b"\r\n"),
                random_.choice((b'"', b"{", b"<", b"&x;", b"\\ud800", b"%", b"@a{")) + after,
            )
        )
    return data
