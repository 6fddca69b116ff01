"""What sources write that is no format as it is described: read, or refused by its name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.citations.formats.bibtex import plain_text
from review.citations.formats.doi import doi_in, doi_of_url
from review.citations.formats.entry import Entry
from review.citations.formats.reading import Reading, read_citations
from review.citations.formats.registry import WRITERS
from review.citations.vocabulary import Format
from review.errors import FileError
from tests.citations.formats.test_reading import OF_EACH
from tests.tiers import WHOLE


def read(text: str) -> Reading:
    return read_citations(text.encode(), file="x")


def only(text: str) -> Entry:
    (entry,) = read(text).entries
    return entry


# --- DOIs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "doi"),
    [
        ("10.1101/2020.01.02.20999999v2", "10.1101/2020.01.02.20999999"),
        ("10.1101/2020.01.02.20999999v2.full.pdf", "10.1101/2020.01.02.20999999"),
        ("10.1136/bmj.n71.full.pdf+html", "10.1136/bmj.n71"),
        ("10.5555/synth.pdf", "10.5555/synth"),
        ("10.5555/abstract", "10.5555/abstract"),
        ("10.5555/synth。", "10.5555/synth"),
        ("DOI：10.5555/synth）", "10.5555/synth"),
        ("10.5555/synth;jsessionid=A1.d01", "10.5555/synth"),
        ("10.5555/synth.1PMID:123", "10.5555/synth.1"),
    ],
)
def test_what_stands_behind_a_doi_is_none_of_it(value: str, doi: str) -> None:
    assert doi_in(value) == doi


@pytest.mark.parametrize(
    ("url", "doi"),
    [
        ("https://doi-org.proxy.example.org/10.5555/a.1", "10.5555/a.1"),
        ("https://link.springer.com/article/10.1007/s00125-012-1", "10.1007/s00125-012-1"),
        ("https://link.springer.com/content/pdf/10.1007%2Fs001.pdf", "10.1007/s001"),
        ("https://journals.plos.org/plosone/article?id=10.1371/journal.pone.1",
         "10.1371/journal.pone.1"),
        ("https://www.frontiersin.org/articles/10.3389/fpsyg.2020.1/full", "10.3389/fpsyg.2020.1"),
        ("https://example.org/articles/10/1234", None),
        ("https://example.org/v10.1234/x", None),
    ],
)  # fmt: skip
def test_addresses_that_are_about_a_doi(url: str, doi: str | None) -> None:
    assert doi_of_url(url) == doi


def test_a_field_for_dois_without_one_is_remarked_on() -> None:
    text = "TY  - JOUR\nTI  - A title\nDO  - 10. 5555/a.1\nER  - \n"
    assert only(text).remarks == ("DOI not understood: 10. 5555/a.1",)
    assert only("title,doi,year\nA title,10-5555,2019\n").remarks == (
        "DOI not understood: 10-5555",
    )
    assert only("title,doi,year\nA title,NA,2019\n").remarks == ()


# --- RIS ---------------------------------------------------------------------------------------


def ris(*lines: str) -> str:
    both = ["TY  - JOUR", "TI  - One", "AU  - Alm, Anna", *lines, "ER  - ", ""]
    return "\n".join([*both, "TY  - JOUR", "TI  - Two", "KW  - sleep", "ER  - ", ""])


@pytest.mark.parametrize("tag", ["KW", "AB"])
def test_a_sentence_that_goes_on_behind_a_tag_that_repeats_is_text(tag: str) -> None:
    begins = f"{tag}  - lower case words of a sentence"
    one, two = read(ris("AB  - We measured the", begins, "that goes on.", "PY  - 2019")).entries
    assert one.abstract == f"We measured the {tag} - lower case words of a sentence that goes on."
    assert (one.year, two.keywords) == (2019, ("sleep",))
    assert one.remarks == (f"a line that begins {begins[:30]!r} was taken as text of AB",)


def test_a_name_after_an_abstract_of_paragraphs_is_a_name() -> None:
    lines = ("AB  - Aims. We saw", "", "Methods. We did", "", "AU  - Cid, Cy", "PY  - 2019")
    one, _ = read(ris(*lines)).entries
    assert (one.authors, one.remarks) == (("Alm, Anna", "Cid, Cy"), ())


def test_er_without_its_hyphen_ends_a_record() -> None:
    reading = read("TY  - JOUR\nTI  - One\nER\nTY  - JOUR\nTI  - Two\nER\n")
    assert [(e.title, e.remarks) for e in reading.entries] == [("One", ()), ("Two", ())]
    one, _ = read(ris("AB  - Positive for", "ER", "and for PR.", "PY  - 2019")).entries
    assert (one.abstract, one.year) == ("Positive for ER and for PR.", 2019)


def test_a_title_behind_the_type_is_the_title() -> None:
    entry = only("TY  - JOUR Sleep in nurses\nAU  - Alm, A\nER  - \n")
    assert (entry.kind, entry.title) == ("JOUR", "Sleep in nurses")
    assert entry.remarks == ("words behind the type were taken for the title",)


@pytest.mark.parametrize(
    "said", ["[No abstract available]", "No abstract available.", "NA", "None", "#N/A"]
)
def test_words_for_what_is_missing_are_no_text(said: str) -> None:
    one, _ = read(ris(f"AB  - {said}", f"DO  - {said}", "AU  - [No authors listed]")).entries
    assert (one.abstract, one.authors, one.remarks) == (None, ("Alm, Anna",), ())


def test_entities_that_were_escaped_twice_are_what_they_stand_for() -> None:
    one, _ = read(
        ris("AB  - Sleep &amp;amp; p &amp;lt; 0.05 &amp;lt;i&amp;gt;x&amp;lt;/i&amp;gt;")
    ).entries
    assert one.abstract == "Sleep & p < 0.05 x"


# --- encodings ---------------------------------------------------------------------------------


@given(
    st.lists(st.sampled_from(["München", "Größe", "naïve", "“sleep”", "Łódź", "95 %", "–", "β"]))
)
def test_utf_8_that_was_encoded_twice_is_read_as_it_was_meant(words: list[str]) -> None:
    title = " ".join(["Schlafstörung", *words])
    text = f"TY  - JOUR\nTI  - {title}\nER  - \n"
    twice = "".join(
        bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in text.encode()
    )
    reading = read(twice)
    assert [entry.title for entry in reading.entries] == [title]
    assert reading.notes[0].startswith("1 line in UTF-8 twice, read as meant: Schlafstörung")


def test_letters_of_other_languages_are_not_taken_for_it() -> None:
    for title in ("NÃO É” SÃO", "Älteste Ärzte", "Â l’âge", "IRMÃ”"):
        assert (only(f"TY  - JOUR\nTI  - {title}\nER  - \n").title) == title


# --- tables ------------------------------------------------------------------------------------


def test_embases_table_by_row() -> None:
    text = (
        '"TITLE","Sleep in nurses"\n"AUTHOR NAMES","Alm A.","Bok B."\n'
        '"SOURCE","J Synth Sleep (2014) 3:2 (15-16)"\n"DOI","10.5555/a1"\n"COPYRIGHT"\n\n'
        '"TITLE","Sleep in cooks"\n"AUTHOR NAMES","Cid C."\n"PUBLICATION YEAR","2015"\n'
    )
    reading = read(text)
    one, two = reading.entries
    assert (one.title, one.authors, one.pages) == ("Sleep in nurses", ("Alm A.", "Bok B."), "15-16")
    assert (one.doi, one.line, two.line, two.year) == ("10.5555/a1", 1, 7, 2015)
    assert [aside.text for aside in reading.asides] == ["COPYRIGHT"]


def test_quotation_marks_of_a_title_are_no_marks_of_a_cell() -> None:
    reading = read('title\tauthors\tyear\n"Sleep" in nurses\tAlm A\t2014\nTwo\tBok B\t2015\n')
    assert [entry.title for entry in reading.entries] == ['"Sleep" in nurses', "Two"]
    assert "quotation marks" in reading.entries[0].remarks[0]


def test_a_list_of_names_that_was_cut_short() -> None:
    entry = only('Authors,Title,Year,Source\n"A Alm, B Bok, C Ci…",Sleep,2014,J Sleep\n')
    assert entry.authors == ("A Alm", "B Bok")


# --- JSON --------------------------------------------------------------------------------------

OPENALEX: dict[str, Any] = {
    "id": "https://openalex.org/W1", "doi": "https://doi.org/10.5555/a1", "title": "Sleep",
    "display_name": "Sleep", "publication_year": 2014,
    "ids": {"pmid": "https://pubmed.ncbi.nlm.nih.gov/123"},
    "authorships": [{"author": {"display_name": "Anna Alm"}},
                    {"author": {"display_name": "Bo Bok"}}],
    "biblio": {"volume": "3", "issue": "2", "first_page": "15", "last_page": "16"},
    "abstract_inverted_index": {"We": [0], "asked": [1]}, "is_retracted": True,
    "primary_location": {"source": {"display_name": "J Sleep"}},
}  # fmt: skip
OTHERS: dict[str, Any] = {
    "OpenAlex": {"meta": {"count": 1}, "results": [OPENALEX]},
    "Semantic Scholar": {"total": 1, "data": [
        {"paperId": "x", "externalIds": {"DOI": "10.5555/a1", "PubMed": "123"}, "title": "Sleep",
         "year": 2014, "authors": [{"name": "Anna Alm"}, {"name": "Bo Bok"}],
         "journal": {"name": "J Sleep", "pages": "15-16", "volume": "3"}}]},
    "Europe PMC": {"hitCount": 1, "resultList": {"result": [
        {"pmid": "123", "doi": "10.5555/a1", "title": "Sleep", "authorString": "Alm A, Bok B.",
         "pubYear": "2014", "journalTitle": "J Sleep", "journalVolume": "3",
         "pageInfo": "15-16"}]}},
    "Crossref": {"status": "ok", "message": {"total-results": 1, "items": [
        {"DOI": "10.5555/a1", "title": ["Sleep"], "volume": "3", "page": "15-16",
         "author": [{"given": "Anna", "family": "Alm"}, {"given": "Bo", "family": "Bok"}],
         "issued": {"date-parts": [[2014, 3]]}, "container-title": ["J Sleep"], "PMID": "123"}]}},
    "Zotero": [{"key": "K", "data": {
        "itemType": "journalArticle", "title": "Sleep", "date": "2014-03", "DOI": "10.5555/a1",
        "creators": [{"firstName": "Anna", "lastName": "Alm"},
                     {"firstName": "Bo", "lastName": "Bok"}],
        "publicationTitle": "J Sleep", "volume": "3", "pages": "15-16", "extra": "PMID: 123"}}],
    "rispy": [{"type_of_reference": "JOUR", "primary_title": "Sleep", "year": "2014", "volume": "3",
               "first_authors": ["Alm, Anna", "Bok, Bo"], "doi": "10.5555/a1", "start_page": "15",
               "end_page": "16", "journal_name": "J Sleep", "pmid": "123"}],
}  # fmt: skip


@pytest.mark.parametrize("source", OTHERS)
def test_json_of_other_sources(source: str) -> None:
    reading = read(json.dumps(OTHERS[source], indent=1))
    (entry,) = reading.entries
    assert (entry.title, entry.year, entry.doi, entry.pmid) == ("Sleep", 2014, "10.5555/a1", "123")
    assert (entry.volume, entry.pages, entry.journal) == ("3", "15-16", "J Sleep")
    assert len(entry.authors) == 2
    if source == "OpenAlex":
        assert entry.abstract == "We asked"
        assert [notice.kind for notice in entry.notices] == ["retracted"]


def test_json_says_what_it_does_not_read() -> None:
    reading = read(json.dumps({"results": [{**OPENALEX, "cited_by_count": 3}]}))
    assert "cited by count" in reading.names.ignored
    assert not {"doi", "ids pmid", "biblio volume"} & reading.names.ignored.keys()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"header": {}, "result": {"uids": ["1"], "1": {"title": "A", "pubdate": "2014"}}}',
         "no list of records"),
        ("1. J Synth. 2014;3:1. doi: 10.5555/a1.\n\nSleep.\n\nAlm A.\n\nPMID: 123\n",
         "PubMed's text for reading"),
        ("12345678\n12345679\n", "a list of PMIDs"),
        ("Scopus\nEXPORT DATE:1 May\n\nAlm A.\nSleep\n", "Scopus's plain text"),
        ("Record #1 of 2\nID: CN-1\nTI: Sleep\n", "Cochrane Library; export RIS"),
        ("{Reference Type}: Journal Article\n{Title}: Sleep\n", "NoteExpress"),
        ("Titel;Autoren;Jahr\nSchlaf;Alm;2014\n", "--column title='Titel'"),
    ],
)  # fmt: skip
def test_what_is_refused_is_called_by_its_name(text: str, reason: str) -> None:
    with pytest.raises(FileError, match=reason.replace(".", r"\.")):
        read(text)


# --- BibTeX ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"{\textalpha}-synuclein, p {\textless} 0.05", "α-synuclein, p < 0.05"),
        (r"5 {\textmu}g at 37{\textdegree}C {\textpm} 2", "5 µg at 37°C ± 2"),
        (r"a \foo b", r"a \foo b"),
        (r"CO\textsubscript{2} in \foo{nurses}", "CO2 in nurses"),
    ],
)
def test_macros_are_signs_or_stay(latex: str, plain: str) -> None:
    assert plain_text(latex) == plain


def test_a_part_takes_from_the_whole_what_it_does_not_say() -> None:
    text = (
        "@inproceedings{c1, title={Nurses}, author={Alm, Anna}, crossref={P1}}\n"
        "@proceedings{P1, title={Proceedings of Sleep}, year={2014}, volume={3}}\n"
    )
    one, two = read(text).entries
    assert (one.title, one.journal, one.year, one.volume) == (
        "Nurses",
        "Proceedings of Sleep",
        2014,
        "3",
    )
    assert two.title == "Proceedings of Sleep"


# --- writing -----------------------------------------------------------------------------------


def test_every_format_that_is_read_is_written_again_in_a_test() -> None:
    assert {*OF_EACH, Format.XLSX} == set(Format)


_TEXT = st.text(
    st.sampled_from("abcÅßβ雪 .,;:-–'\"“()[]{}$%&#@~^_=+*/\\|<>0159\t"), min_size=1, max_size=40
).map(lambda text: f"T{' '.join(text.split())}")


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=120 if WHOLE else 40, suppress_health_check=[HealthCheck.too_slow])
@given(
    title=_TEXT, abstract=_TEXT, journal=_TEXT, word=_TEXT, year=st.integers(1800, 2030),
    pages=st.sampled_from(["1", "1-9", "e12", "S1-S9", "12-3"]),
)  # fmt: skip
def test_whatever_stands_in_a_field_comes_back_from_each_format(
    kind: Format, title: str, abstract: str, journal: str, word: str, year: int, pages: str
) -> None:
    entry = Entry(
        1, "", kind="JOUR", title=title, abstract=abstract, journal=journal, year=year, pages=pages,
        authors=("Alm, Anna", "Bok, B."), doi="10.5555/a(1)<b>", pmid="123", issn="1234-5678",
        keywords=tuple(dict.fromkeys(w for w in ("sleep", *word.split(";")) if w.strip())),
    )  # fmt: skip
    once = only(WRITERS[kind]([entry], ()))
    again = only(WRITERS[kind]([once], ()))
    for name in (
        "title",
        "abstract",
        "journal",
        "keywords",
        "year",
        "pages",
        "authors",
        "doi",
        "pmid",
    ):
        assert getattr(again, name) == getattr(once, name), name
    if not set("<>&|;") & set(title + abstract + journal):
        assert (once.title, once.abstract, once.journal) == (title, abstract, journal)
    assert (once.year, once.pages, once.authors, once.pmid) == (year, pages, entry.authors, "123")


@pytest.mark.parametrize("number", ["9" * 100_000, "-" + "9" * 5_000, "1e999", "-1e999", "NaN"])
@pytest.mark.parametrize("field", ["volume", "issued", "id", "PMID", "year", "number"])
def test_numbers_that_no_work_has_are_texts_of_json(field: str, number: str) -> None:
    value = f'{{"date-parts": [[{number}]]}}' if field == "issued" else number
    text = f'[{{"title": "Sleep", "author": [{{"family": "Alm"}}], "{field}": {value}}}]'
    (entry,) = read_citations(text.encode(), file="x.json").entries
    assert entry.title == "Sleep"
    assert entry.year is None
