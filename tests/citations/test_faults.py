"""Files that were once read wrongly: what each must give, and siblings of each kind."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from review.citations.formats.doi import doi_in
from review.citations.formats.entry import Entry
from review.citations.formats.reading import Reading, read_citations
from review.citations.formats.ris import read_ris
from review.citations.vocabulary import NoticeKind
from review.errors import FileError

FAULTS = Path(__file__).parent / "faults"

FIRST = "First synthetic trial of sleep hygiene for nurses on nights"
SECOND = "Second synthetic trial of light therapy for nurses on nights"
JOURNAL = "Journal of Synthetic Sleep"
THIRD = "Third synthetic trial of melatonin for nurses on nights"


def reading(name: str, **options: Any) -> Reading:
    return read_citations((FAULTS / name).read_bytes(), file=name, **options)


def entries(name: str, **options: Any) -> tuple[Entry, ...]:
    return reading(name, **options).entries


EXPECTED: dict[str, list[dict[str, Any]]] = {
    "01_ty_words.ris": [
        {"title": FIRST}, {"title": SECOND, "kind": "Journal Article"}, {"title": THIRD},
    ],
    "01b_ty_words_only.ris": [{"title": SECOND, "kind": "Journal Article"}],
    "66_ty_is_title.ris": [
        {"title": FIRST},
        {"title": "Development of a synthetic training programme for nurses on nights.[Spanish]"},
        {"title": THIRD, "kind": "HTML"},
    ],
    "02b_stray_tag_at_end.ris": [{"title": FIRST}],
    "04_no_ty.ris": [{"title": FIRST, "doi": "10.5555/synth.1"}, {"title": SECOND}],
    "05_a1_then_au.ris": [{"authors": ("First, Fay", "Second, Sam", "Third, Tom")}],
    "06_ab_and_n2.ris": [{"abstract": "Nurses on nights sleep badly. We tested a leaflet."}],
    "08_abstract_one_space_tags.ris": [
        {
            "abstract": "Nurses with insomnia were randomised. Abbreviations: "
            "AD - Alzheimer disease ED - emergency department ID - intellectual disability "
            "SE - standard error "
            "IS - insomnia severity. The leaflet improved sleep.",
            "issue": None,
            "accession": None,
        }
    ],
    "08b_abstract_two_space_tags.ris": [
        {
            "abstract": "Nurses with insomnia were randomised. ER-positive tumours were excluded. "
            "TI-rads scores were kept. AU - Q scale was used. The leaflet improved sleep.",
            "authors": ("Alm, A.",),
        }
    ],
    "09_corporate_and.ris": [
        {
            "authors": (
                "Centers for Disease Control and Prevention",
                "American College of Obstetricians and Gynecologists",
                "Food and Drug Administration",
                "Alm, A.",
            )
        }
    ],
    "09b_corporate_and.nbib": [
        {
            "authors": (
                "Alm, Anna",
                "Centers for Disease Control and Prevention (CDC)",
                "Royal College of Physicians and Surgeons",
            )
        }
    ],
    "10_sici_doi.ris": [
        {"doi": "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2"},
        {"doi": "10.1002/(sici)1097-0258(19980815/30)17:15/16<1673::aid-sim969>3.0.co;2-h"},
    ],
    "10b_sici_doi.nbib": [
        {"doi": "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2"}
    ],
    "61_bracket_doi_space.ris": [
        {"doi": "10.1659/0276-4741(2004)024[0096:rgdaih]2.0.co;2"},
        {"doi": "10.1659/0276-4741(2004)024[0141:spocmp]2.0.co;2"},
    ],
    "12_not_available.nbib": [{"title": "Schlafhygiene bei Krankenschwestern im Nachtdienst."}],
    "12b_not_available.xml": [{"title": "Schlafhygiene bei Krankenschwestern im Nachtdienst."}],
    "14_comma_missing.bib": [
        {"title": FIRST, "authors": ("Alm, Anna", "Bok, Bo"), "year": 2019},
        {"title": SECOND},
    ],
    "15_concatenation.bib": [
        {"title": FIRST, "authors": ("Alm, Anna", "Bok, Bo"), "journal": JOURNAL}
    ],
    "16_at_in_field.bib": [
        {"title": FIRST, "keywords": ("Sleep", "nurses", "@type:Person", "@id")},
        {"title": SECOND},
    ],
    "18_keys.bib": [
        {"title": FIRST, "keywords": ("Sleep hygiene", "Night work", "Nurses"), "year": 2006},
        {"title": SECOND},
    ],
    "64_endnote_no_key.bib": [{"title": FIRST, "pages": "11-9"}, {"title": SECOND}],
    "22_ictrp.xml": [
        {"title": "Sleep hygiene for nurses on nights", "accession": "ACTRN99000001", "year": 2019},
    ],
    "27_endnote_control.xml": [
        {"title": FIRST, "abstract": "We tested a leaflet."},
        {"abstract": "We tested a lamp."},
        {"abstract": "Plain & simple"},
        {"title": "Fourth synthetic trial of naps"},
    ],
    "28_entities.ris": [
        {"title": "Effects of Lactobacillus synthi on nurses' sleep: p<0.05 & more",
         "authors": ("Müller, Jörg",), "journal": "Sleep & Nursing"},
    ] * 2,
    "35_retracted.nbib": [{"kind": "Journal Article"}, {}],
    "40_ovid_angle_first.ris": [{"title": FIRST}, {"title": SECOND}],
    "48_ovid_reprint.txt": [
        {"title": f"{FIRST}.", "authors": ("Alm, Anna", "Bok, Bo"), "pmid": "99000001",
         "journal": "Journal of Synthetic Sleep", "volume": "3", "issue": "2", "pages": "11-9"}
    ],
    "60_apa_double_slash.ris": [{"doi": "10.1037/0022-3514.83.3.606"}] * 2,
    "62b_r_na.ris": [{"abstract": None}],
    "62_r_na.csv": [
        {"title": FIRST, "journal": None, "abstract": None, "doi": None, "remarks": ()},
        {"title": None, "authors": (), "year": None, "doi": "10.5555/synth.2", "remarks": ()},
    ],
    "19_rispy_names.csv": [
        {"authors": ("Alm, Anna", "Bok, Bo"), "title": FIRST, "journal": JOURNAL}
    ],
    "20_google_scholar.csv": [{"journal": "Journal of Synthetic Sleep", "volume": "76"}],
    "21_ctgov.csv": [
        {
            "title": "Sleep Hygiene for Nurses on Nights",
            "accession": "NCT99000001",
            "year": 2019,
            "kind": "trial registration",
            "abstract": "A leaflet on sleep is compared with nothing in nurses who work at night. "
            "Conditions: Insomnia; Night Work. Interventions: BEHAVIORAL: Leaflet. "
            "Outcomes: Insomnia Severity Index, 8 weeks. Design: Allocation: RANDOMIZED.",
        }
    ],
    "22b_ictrp.csv": [
        {
            "year": 2019,
            "accession": "ACTRN99000001",
            "abstract": "Conditions: Insomnia. Interventions: Leaflet. Outcomes: ISI. "
            "Design: Randomised.",
        }
    ],
    "41_embase_source.csv": [
        {"journal": "Journal of Synthetic Sleep", "year": 2014, "volume": "3", "issue": "3",
         "pages": "152-160", "doi": "10.5555/synth.1"}
    ],
    "42_openalex.csv": [
        {"authors": ("Anna Alm", "Bo Bok"), "journal": "Journal of Synthetic Sleep", "volume": "3",
         "issue": "2", "pages": "11-19", "pmid": "99000001", "doi": "10.5555/synth.1"}
    ],
    "43_springer.csv": [{"title": FIRST, "authors": ("Anna Alm", "Bo Bok"), "volume": "17"}],
    "44_refworks.tsv": [
        {"title": FIRST, "journal": "Journal of Synthetic Sleep", "pages": "11-19", "year": 2019}
    ],
    "32_mixed_encodings.ris": [
        {"title": "Schlafhygiene für Pflegekräfte in der Nacht: größere Wirkung bei Älteren",
         "authors": ("Müller, Jörg",)},
        {"title": "Lichttherapie für Pflegekräfte in der Nacht: größere Wirkung bei Jüngeren",
         "authors": ("Böhm, Käthe",)},
    ],
    "33d_gb18030.ris": [{"title": "护士夜班睡眠卫生的随机对照试验", "authors": ("王小明",)}],
    "33e_cp1251.ris": [{"authors": ("Иванов, И. И.",), "journal": "Журнал сна"}],
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_gives_what_it_says(name: str) -> None:
    found = reading(name)
    assert found.rejects == ()
    assert len(found.entries) == len(EXPECTED[name])
    for entry, expected in zip(found.entries, EXPECTED[name], strict=True):
        assert {field: getattr(entry, field) for field in expected} == expected


def test_expectations_have_not_become_fewer() -> None:
    assert len(EXPECTED) >= 40


@pytest.mark.parametrize(
    "name", ["08_abstract_one_space_tags.ris", "08b_abstract_two_space_tags.ris"]
)
def test_what_was_doubtful_is_remarked_on(name: str) -> None:
    assert any("was taken as text of AB" in remark for remark in entries(name)[0].remarks)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("32_mixed_encodings.ris", "utf-8 and, in 3 lines, cp1252 (guessed)"),
        ("33d_gb18030.ris", "gb18030 (guessed)"),
        ("33e_cp1251.ris", "cp1251 (guessed)"),
    ],
)
def test_an_encoding_that_is_a_guess_says_so(name: str, encoding: str) -> None:
    assert reading(name).encoding == encoding


@pytest.mark.parametrize("sheets", [1, 2])
def test_a_workbook_is_a_table(sheets: int) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Export of a library"])
    sheet.append(["Authors", "Title", "Year", "DOI"])
    sheet.append(["Alm, Anna; Bok, Bo", FIRST, 2019, "10.5555/synth.1"])
    for number in range(1, sheets):
        book.create_sheet(f"more {number}").append(["Authors", "Title"])
        book[f"more {number}"].append(["Cid, C.", SECOND])
    out = BytesIO()
    book.save(out)
    if sheets > 1:
        with pytest.raises(FileError, match="more 1"):
            read_citations(out.getvalue(), file="x.xlsx")
    found = read_citations(out.getvalue(), file="x.xlsx", sheet="Sheet")
    (entry,) = found.entries
    assert (entry.title, entry.authors, entry.year) == (FIRST, ("Alm, Anna", "Bok, Bo"), 2019)
    assert (found.format, entry.line, entry.doi) == ("xlsx", 3, "10.5555/synth.1")


def test_a_cell_longer_than_python_takes_by_itself_is_read() -> None:
    long = "word " * 40_000
    text = f'Title,Authors,Abstract\n"{FIRST}","Alm, A.","{long}"\n{SECOND},Bok B,short\n'
    first, second = read_citations(text.encode(), file="x.csv").entries
    assert first.abstract == long.strip()
    assert second.title == SECOND


def test_what_is_not_read_of_a_file_is_named() -> None:
    found = reading("21_ctgov.csv").names
    assert found.mapped["Brief Summary"] == "abstract"
    assert "Sponsor" in found.ignored
    assert found.ignored["Sponsor"] == "Synthetic University"
    tags = reading("09b_corporate_and.nbib").names
    assert "OWN" in tags.ignored
    assert "CN" in tags.read


def test_columns_told_once_are_remembered() -> None:
    text = "Titel,Wer\nEin Versuch,Alm A\n"
    with pytest.raises(FileError, match="no"):
        read_citations(text.encode(), file="x.csv")
    told = {"title": "Titel", "authors": "Wer"}
    found = read_citations(text.encode(), file="x.csv", columns=told)
    assert found.columns_told == told
    again = read_citations(text.encode(), file="x.csv", remembered=told)
    assert [entry.title for entry in again.entries] == ["Ein Versuch"]
    assert again.columns_told == told
    assert any("title=Titel" in note for note in again.notes)


def test_forms_of_dois_are_one() -> None:
    found = [entry.doi for entry in entries("31_dois.ris")]
    sici = "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2"
    expected: list[str | None] = [f"10.5555/synth.{n}" for n in range(1, 20)]
    expected[9], expected[12], expected[17] = "10.5555/synth_(10)", sici, None
    assert found == expected


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("25_no_csl.json", "no list of records: it holds status, message-type, message"),
        ("25b_settings.json", "no list of records: it holds compilerOptions, include"),
        ("26_marc.xml", "MARCXML"),
    ],
)
def test_what_is_no_list_of_records_is_refused_with_what_it_seems(name: str, reason: str) -> None:
    with pytest.raises(FileError, match=reason):
        reading(name)


def test_retractions_that_the_file_tells_of_are_kept() -> None:
    first, second = entries("35_retracted.nbib")
    assert {notice.kind for notice in first.notices} == {NoticeKind.RETRACTED}
    assert {said.split(":")[0] for _, said in first.notices} == {"PT", "RIN", "title"}
    assert [notice.kind for notice in second.notices] == [
        NoticeKind.RETRACTED, NoticeKind.RETRACTED, NoticeKind.CORRECTED,
    ]  # fmt: skip


# --- siblings ---------------------------------------------------------------------------------


def ris(*lines: str) -> tuple[Entry, ...]:
    text = "\n".join(["TY  - JOUR", "TI  - A title", *lines, "ER  - ", ""])
    return tuple(item for item in read_ris(text) if isinstance(item, Entry))


WRAPPED = (
    "AD  - Alzheimer disease was diagnosed",
    "IS  - insomnia severity was measured",
    "AU  - quality scale was used",
    "SP  - spousal support was offered",
    "PY  - person years were counted",
    "TY - typhoid was excluded",
    "AD - Alzheimer disease was diagnosed",
    "DO - no harm was the rule",
    "CT - computed tomography was done",
)


@pytest.mark.parametrize("line", WRAPPED[1:])
def test_a_wrapped_abstract_keeps_lines_that_begin_like_tags(line: str) -> None:
    before = ("PY  - 2019", "AU  - Doe, J", "AB  - We randomised nurses to a leaflet and found")
    (entry,) = ris(
        *before, "that it helped. Words:", line, "and they slept better.", "DO  - 10.5555/a"
    )
    assert entry.abstract == (
        "We randomised nurses to a leaflet and found that it helped. Words: "
        f"{' '.join(line.split())} and they slept better."
    ).replace("  ", " ")
    assert (entry.doi, entry.year, entry.authors, entry.issue) == (
        "10.5555/a",
        2019,
        ("Doe, J",),
        None,
    )


@pytest.mark.parametrize("wrap", ["", "      "])
def test_tags_after_a_wrapped_abstract_are_tags(wrap: str) -> None:
    (entry,) = ris(
        "AB  - We randomised nurses", f"{wrap}to a leaflet.", "AU  - Doe, J", "PY  - 2019",
        "IS  - 4", "SP  - 11", "DO  - 10.5555/a", "KW  - sleep",
    )  # fmt: skip
    assert entry.abstract == "We randomised nurses to a leaflet."
    assert (entry.year, entry.issue, entry.pages, entry.authors) == (2019, "4", "11", ("Doe, J",))
    assert (entry.doi, entry.keywords, entry.remarks) == ("10.5555/a", ("sleep",), ())


def test_keywords_with_one_space_stay_keywords() -> None:
    (entry,) = ris("KW  - keyword1", "KW - keyword2", "KW  - keyword3")
    assert entry.keywords == ("keyword1", "keyword2", "keyword3")
    (after_abstract,) = ris("AB  - One line.", "KW - keyword2", "PY  - 2019")
    assert (after_abstract.abstract, after_abstract.keywords) == ("One line.", ("keyword2",))


SUFFIX = st.text(
    st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789.-_()[]:;/"), min_size=1, max_size=30
)


@given(prefix=st.integers(1000, 999_999), suffix=SUFFIX, form=st.sampled_from([
    "{}", "https://doi.org/{}", "http://dx.doi.org/{}", "doi:{}", "DOI: {}", "DOI {}", "{}.",
    "{} [doi]", "{}[doi]", "https://doi.org/{}?via=ihub", "<a>{}</a>", "“{}”", "{}; 10.5555/other",
    "https://example.org/doi/full/{}", "{}/full", "{}/abstract", "\u200b{}",
]))  # fmt: skip
def test_every_form_of_a_doi_gives_it_again(prefix: int, suffix: str, form: str) -> None:
    plain = doi_in(f"10.{prefix}/{suffix}")
    if plain is None or plain != f"10.{prefix}/{suffix}":
        return  # what trims itself, such as a closing bracket alone
    assert doi_in(form.format(plain)) == plain
    assert doi_in(form.format(plain.upper())) == plain
    assert doi_in(plain) == plain
