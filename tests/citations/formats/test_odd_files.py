"""Files that are spelled in other ways than their format says: none merged, split, or lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.citations.formats.doi import doi_in
from review.citations.formats.entry import Entry
from review.citations.formats.fields import authors_of
from review.citations.formats.labels import of_column, of_notes
from review.citations.formats.notices import of_title
from review.citations.formats.reading import Reading, read_citations
from review.citations.formats.registry import WRITERS
from review.citations.vocabulary import Format
from review.citations.vocabulary import NoticeKind as Kind
from review.errors import FileError


def read(text: str) -> Reading:
    return read_citations(text.encode(), file="odd")


def titles(text: str) -> list[str | None]:
    return [entry.title for entry in read(text).entries]


def ris(number: int, end: str = "ER  - ") -> str:
    return (
        f"TY  - JOUR\nTI  - Title {number}\nAU  - Alm, A.\nAB  - We saw nurses\nand tired ones.\n"
        f"PY  - 2019\nDO  - 10.5555/odd.{number}\n{end}\n"
    )


# --- RIS ---------------------------------------------------------------------------------------


@given(
    indent=st.sampled_from(["", " ", "  ", "\t", "        ", "\u00a0"]),
    gap=st.sampled_from(["", " ", "  ", "   ", "\t", "\u00a0\u00a0"]),
    dash=st.sampled_from("-–—−‐"),
    after=st.sampled_from(["", " ", "\t", "   "]),
    small=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_however_a_ris_file_spells_its_tags_they_are_tags(
    indent: str, gap: str, dash: str, after: str, small: bool, end: str
) -> None:
    lines = []
    for line in (ris(1) + ris(2) + ris(3)).splitlines():
        tag, sign, value = line.partition("  - ")
        tag = tag.lower() if small and sign else tag
        lines.append(f"{indent}{tag}{gap}{dash}{after}{value}" if sign else f"{indent}{line}")
    found = read(end.join(lines) + end)
    assert found.rejects == ()
    assert [(e.title, e.authors, e.year, e.doi, e.abstract, e.remarks) for e in found.entries] == [
        (f"Title {n}", ("Alm, A.",), 2019, f"10.5555/odd.{n}", "We saw nurses and tired ones.", ())
        for n in (1, 2, 3)
    ]


@pytest.mark.parametrize("end", ["ER  - end of record", "ER  - 2", "ER -  x\n", "ER  - \nER  - "])
def test_an_er_with_words_or_twice_ends_a_record(end: str) -> None:
    found = read(ris(1, end) + ris(2, end) + ris(3, end))
    assert [entry.title for entry in found.entries] == ["Title 1", "Title 2", "Title 3"]
    assert [entry.remarks for entry in found.entries] == [()] * 3
    assert found.rejects == ()


def test_the_next_record_may_begin_in_the_line_of_er() -> None:
    text = (ris(1) + ris(2)).replace("ER  - \nTY", "ER  - TY")
    assert titles(text) == ["Title 1", "Title 2"]


REST = (
    "ER  - positive tumours were", "TY  - 21 cells were", "AD  - hoc controls were",
    "T1  - weighted images were", "M2  - macrophages were", "CP  - related pain was",
    "L1  - vertebrae were", "PM  - exposure was", "ST  - segments were", "DA  - receptors were",
    "ET  - 1 was", "ID  - reactions were", "N2  - levels were", "JA  - patients were",
)  # fmt: skip


@pytest.mark.parametrize("line", REST)
@pytest.mark.parametrize("before", ["We found that", "We found that\nin most of the women"])
def test_a_sentence_that_goes_on_is_text_whatever_its_line_begins_with(
    line: str, before: str
) -> None:
    text = ris(1).replace("We saw nurses\nand tired ones.", f"{before}\n{line}\nmeasured daily.")
    (entry,) = read(text).entries
    said = " ".join(f"{before} {line} measured daily.".split())
    assert " ".join((entry.abstract or "").split()) == said
    assert (entry.title, entry.authors, entry.doi) == ("Title 1", ("Alm, A.",), "10.5555/odd.1")
    assert any("was taken as text" in remark for remark in entry.remarks)


@pytest.mark.parametrize(
    "lines",
    [
        "LA  - eng\nDB  - embase", "KW  - sleep\nnight work", "C1  - nurse\nM3  - article",
        "T2  - journal of synthetic sleep", "UR  - https://example.org/a\nL2  - https://x.org",
        "AD  - Department of Sleep, Synth University,\nSynth City",
    ],
)  # fmt: skip
def test_fields_after_an_abstract_without_a_full_stop_are_fields(lines: str) -> None:
    text = ris(1).replace("and tired ones.\n", f"and tired ones\n{lines}\n")
    (entry,) = read(text).entries
    assert (entry.abstract, entry.remarks) == ("We saw nurses and tired ones", ())


def test_keywords_and_names_below_one_tag_are_several() -> None:
    text = ris(1).replace(
        "AU  - Alm, A.\n", "AU  - Alm, A.\n      Bok, B.\nKW  - sleep\nnight work\nnurses\n"
    )
    (entry,) = read(text).entries
    assert entry.authors == ("Alm, A.", "Bok, B.")
    assert entry.keywords == ("sleep", "night work", "nurses")


# --- other tagged formats, BibTeX, tables --------------------------------------------------------

LABELLED = (
    "<{n}>\nUnique Identifier\n  9900000{n}\nTitle\n  Title {n}\nAuthors\n  Alm A\n  Bok B\n"
    "Source\n  Journal of Sleep.  3(2):11-9, 2019 Jan.\nAbstract\n  We saw nurses\n"
    "  and tired ones.\nDatabase\n  Ovid MEDLINE(R)\n\n"
)


def test_ovid_with_the_names_of_fields_on_their_own_lines() -> None:
    head = "Database: Ovid MEDLINE(R) <1946 to 2019>\nSearch Strategy:\n1 sleep/ (2)\n\n"
    found = read(head + LABELLED.replace("{n}", "1") + LABELLED.replace("{n}", "2"))
    assert found.format == "ovid"
    assert [(e.title, e.pmid, e.authors, e.year) for e in found.entries] == [
        (f"Title {n}", f"9900000{n}", ("Alm A", "Bok B"), 2019) for n in (1, 2)
    ]
    assert {entry.abstract for entry in found.entries} == {"We saw nurses and tired ones."}


def test_lines_that_are_no_table_are_refused() -> None:
    with pytest.raises(FileError, match="no format of citations"):
        read("Notes on a search\nTitle\n  Sleep\nAuthors\n  Alm\n")


def test_refer_without_types_and_blank_lines() -> None:
    entry = "%T Title {n}\n%A Alm, A.\n%X We saw\n%A of them tired nurses.\n%D 2019\n"
    found = read(entry.replace("{n}", "1") + entry.replace("{n}", "2"))
    assert [e.title for e in found.entries] == ["Title 1", "Title 2"]
    assert {e.authors for e in found.entries} == {("Alm, A.",)}


def test_refworks_keeps_a_wrapped_abstract() -> None:
    text = "RT Journal Article\nT1 Title 1\nA1 Alm,A.\nAB We saw that\nAD is common.\nYR 2019\n"
    (entry,) = read(text).entries
    assert entry.abstract == "We saw that AD is common."


BIB = "@article{{key{n},\n title={{Title {n}}},\n author={{Alm, A. AND Bok, B.}},\n year=2019\n}}"


PARENTHESES = (
    "@article(k1,\n title={Title 1},\n author={Alm, A. and Bok, B.},\n year=2019\n)\n"
    '@article(k2, title="Title 2", author="Alm, A. and Bok, B.", year=2019)\n'
)


@pytest.mark.parametrize(
    ("text", "remarks"),
    [
        (BIB.format(n=1) + BIB.format(n=2), ()),
        (BIB.format(n=1) + " " + BIB.format(n=2).replace("\n", " "), ()),
        ((BIB.format(n=1) + "\n" + BIB.format(n=2)).replace("@article", "@ article "), ()),
        (PARENTHESES, ()),
        (
            f"{BIB.format(n=1)}\n% @article{{old,\n@comment{{ @article{{x}} }}\n{BIB.format(n=2)}",
            (),
        ),
    ],
)
def test_bibtex_entries_are_counted_however_they_begin(text: str, remarks: tuple[str, ...]) -> None:
    found = read(text)
    assert [(e.title, e.authors, e.year) for e in found.entries] == [
        (f"Title {n}", ("Alm, A.", "Bok, B."), 2019) for n in (1, 2)
    ]
    assert (found.rejects, {e.remarks for e in found.entries}) == ((), {remarks})


def test_what_looks_like_an_entry_between_entries_is_said() -> None:
    found = read(f"{BIB.format(n=1)}\n% @article{{old,\n{BIB.format(n=2)}")
    assert [(aside.line, aside.text) for aside in found.asides] == [(6, "% @article{old,")]


def test_a_header_that_comes_again_is_no_record() -> None:
    head = "Title,Authors,Year\n"
    found = read(f"{head}Title 1,Alm A,2019\n{head}Title 2,Alm A,2019\n")
    assert [entry.title for entry in found.entries] == ["Title 1", "Title 2"]
    assert [aside.line for aside in found.asides] == [3]


def test_quotation_marks_as_r_writes_them() -> None:
    text = (
        'Title,Abstract,Year\n"Title 1","We say \\"nurses\\", and mean it",2019\nTitle 2,x,2019\n'
    )
    first, second = read(text).entries
    assert (first.abstract, second.title) == ('We say "nurses", and mean it', "Title 2")


# --- identifiers, names, notices, labels --------------------------------------------------------

SICI = "10.1002/(sici)1098-1063(1998)8:3<183::aid-hipo1>3.0.co;2-*"


@pytest.mark.parametrize(
    ("value", "doi"),
    [
        ("DOI:10.5555/a.1;PMID:99000001", "10.5555/a.1"),
        ("10.5555/a.1|PMC99", "10.5555/a.1"),
        ("10.5555/ a.1", "10.5555/a.1"),
        ("doi: 10.5555 /a.1", "10.5555/a.1"),
        ("10.5555/a.1.Epub 2020 Jan 3", "10.5555/a.1"),
        ("10.5555/a.1https://example.org", "10.5555/a.1"),
        ("http://biorxiv.org/10.1101/2020.01.02.999999v2.full", "10.1101/2020.01.02.999999"),
        ("10.5555/\\(SYN\\)978\\_3", "10.5555/(syn)978_3"),
        (SICI.upper(), SICI),
        ("10. 5555/a.1", None),
        ("in 10.5555 / of all", None),
    ],
)  # fmt: skip
def test_more_forms_of_dois(value: str, doi: str | None) -> None:
    assert doi_in(value) == doi


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Alm, A., Bok, B., & Cid, C.", ["Alm, A.", "Bok, B.", "Cid, C."]),
        ("Alm, A., Bok, B., Cid, C. and Dahl, D.", ["Alm, A.", "Bok, B.", "Cid, C.", "Dahl, D."]),
        ("A Alm, BC van Bok, D Cid", ["A Alm", "BC van Bok", "D Cid"]),
        ("Anna Alm, Bo Bok, Cia Cid", ["Anna Alm", "Bo Bok", "Cia Cid"]),
        ("Anna Alm & Bo Bok", ["Anna Alm", "Bo Bok"]),
        ("Alm A, Bok B, et al.", ["Alm A", "Bok B"]),
        ("Alm, A. and Bok, B. and others", ["Alm, A.", "Bok, B."]),
        ("王小明；李四", ["王小明", "李四"]),
        ("王小明、李四", ["王小明", "李四"]),
        ("王小明, 李四", ["王小明", "李四"]),
        ("García Márquez, Gabriel José", ["García Márquez, Gabriel José"]),
        ("Alm, Jr., A.", ["Alm, Jr., A."]),
        ("Alm, A., Jr.", ["Alm, A., Jr."]),
        ("Ministry of Sleep, Light and Food", ["Ministry of Sleep, Light and Food"]),
        ("Synth & Sons, Inc.", ["Synth & Sons, Inc."]),
        ("van der Berg, Jan Piet", ["van der Berg, Jan Piet"]),
        ("Plato", ["Plato"]),
    ],
)  # fmt: skip
def test_names_in_lists_and_alone(value: str, names: list[str]) -> None:
    assert list(authors_of([value])) == names


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("A trial of naps: RETRACTED", Kind.RETRACTED),
        ("*Retracted* A trial of naps", Kind.RETRACTED),
        ("A trial of naps (Retracted article. See vol. 5, pg. 99, 2021)", Kind.RETRACTED),
        ("This article has been retracted: A trial of naps", Kind.RETRACTED),
        ("A trial of naps (Retraction of vol 5, pg 99, 2021)", Kind.RETRACTION),
        ("Retraction for Alm et al., A trial of naps", Kind.RETRACTION),
        ("Retraction and replacement: A trial of naps", Kind.RETRACTION),
        ("Retraction of Publication", Kind.RETRACTION),
        ("Correction to Alm et al. (2019)", Kind.CORRECTION),
        ("Publisher's correction: A trial of naps", Kind.CORRECTION),
        ("A trial of naps (vol 3, pg 11, 2019)", Kind.CORRECTION),
        ("Correction.", Kind.CORRECTION),
        ("Editorial Expression of Concern: A trial of naps", Kind.CONCERN_NOTICE),
        ("Retraction of the upper eyelid in Graves disease", None),
        ("Correction of myopia with lenses", None),
        ("Correction Factors: their use", None),
        ("Withdrawn children in the classroom", None),
        ("Withdrawn, anxious children: a trial", None),
        ("A trial in patients (withdrawn from opioids)", None),
        ("Withdrawal of antidepressants: a trial", None),
        ("Errata in radiology reports", None),
        ("Expression of concern by mothers: a qualitative study", None),
        ("Removed teeth: a study", None),
    ],
)
def test_what_titles_say_and_what_they_only_seem_to_say(title: str, kind: Kind | None) -> None:
    assert [notice.kind for notice in of_title(title)] == ([kind] if kind else [])


@pytest.mark.parametrize(
    "said",
    [
        '{"Anna"=>"Included", "Bo"=>"Excluded"}', "{'Anna'=>'Included', 'Bo'=>'Excluded'}",
        "{Anna=>Included, Bo=>Excluded}", '{"Anna": "Included", "Bo": "Excluded"}',
    ],
)  # fmt: skip
def test_rayyans_decisions_in_all_its_versions(said: str) -> None:
    labels = of_notes([f"RAYYAN-INCLUSION: {said} | RAYYAN-LABELS: nurses"])
    assert [(label.decision, label.said) for label in labels] == [
        ("include", "Anna: Included"), ("exclude", "Bo: Excluded"), ("", "labels: nurses"),
    ]  # fmt: skip


def test_a_decision_that_is_not_understood_is_kept_as_it_stands() -> None:
    (label,) = of_notes(["RAYYAN-INCLUSION: all agreed"])
    assert (label.decision, label.said) == ("", "inclusion: all agreed")


@pytest.mark.parametrize(
    ("value", "decision"),
    [("1", "include"), ("TRUE", "include"), ("yes", "include"), ("Relevant", "include"),
     ("0.0", "exclude"), ("False", "exclude"), ("", None), ("-1", None)],
)  # fmt: skip
def test_columns_of_decisions(value: str, decision: str | None) -> None:
    assert [label.decision for label in of_column(value)] == ([decision] if decision else [])


def test_an_ordinary_export_has_no_remarks() -> None:
    text = "".join(ris(number) for number in range(1, 6))
    assert all(isinstance(e, Entry) and e.remarks == () for e in read(text).entries)


# --- encodings and what was joined ----------------------------------------------------------------

FRENCH = "Étude de l'hygiène du sommeil chez les infirmières françaises à l'hôpital où"


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("cp1252", FRENCH),
        ("cp1252", "Igiene del sonno nelle infermiere: efficacità e qualità, perché così è più"),
        ("cp1252", "Søvnhygiejne for sygeplejersker på natarbejde: større virkning hos ældre"),
        ("cp1252", "¿Qué es la higiene del sueño en enfermeras? ¿Cómo y por qué mañana?"),
        ("cp1252", "Higiene do sono em enfermeiras: avaliação e condições, não só à noite"),
        ("cp1252", "Größere Wirkung (5±2 µg/l, m²) bei Älteren: café, Übelkeit für fünf Nächte"),
        ("mac_roman", FRENCH),
        ("cp1250", "Higiena snu pielęgniarek pracujących na nocną zmianę: żółty ślad"),
        ("cp1250", "Spánková hygiena u sester při noční směně: účinek léčby a žádný efekt"),
        ("cp1250", "Az éjszakai műszakban dolgozó ápolónők alváshigiéniája: erősebb hatás nőknél"),
        ("cp1251", "Гигиена сна у медицинских сестер в ночную смену"),
        ("cp1253", "Υγιεινή ύπνου σε νοσηλευτές νυχτερινής βάρδιας"),
        ("cp1255", "היגיינת שינה לאחיות במשמרת לילה"),
        ("gb18030", "护士夜班睡眠卫生的随机对照试验研究"),
        ("shift_jis", "看護師の夜勤における睡眠衛生のランダム化比較試験"),
    ],
)
def test_encodings_are_guessed_by_more_than_frequencies(encoding: str, title: str) -> None:
    text = f"TY  - JOUR\nTI  - {title}\nPY  - 2019\nER  - \n" * 2
    found = read_citations(text.encode(encoding), file="odd")
    assert {entry.title for entry in found.entries} == {title}
    assert found.encoding == f"{encoding} (guessed)"


def test_a_declaration_that_the_bytes_contradict_does_not_count() -> None:
    text = (
        "<?xml version='1.0' encoding='ISO-8859-1'?><xml><records><record><titles>"
        f"<title>{FRENCH}</title></titles></record></records></xml>"
    )
    (entry,) = read(text).entries
    assert entry.title == FRENCH


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "Title 1"}\n{"title": "Title 2"}\n',
        '[{"title": "Title 1"}]\n[{"title": "Title 2"}]',
        '[{"title": "Title 1"}]\n\n{"title": "Title 2"}',
    ],
)
def test_json_that_was_joined_is_read_to_its_end(text: str) -> None:
    found = read(text)
    assert [entry.title for entry in found.entries] == ["Title 1", "Title 2"]
    assert [entry.line for entry in found.entries] == [1, 3 if "\n\n" in text else 2]


def test_what_follows_json_is_said() -> None:
    assert [aside.text for aside in read('[{"title": "Title 1"}]\nend').asides] == ["end"]


@pytest.mark.parametrize(
    ("said", "issn"),
    [
        ("1879-0291 (Electronic) 0141-1136 (Linking)", "1879-0291; 0141-1136"),
        ("0003-0554, 0003-0555", "0003-0554; 0003-0555"),
        ("978-1-2345-678-9", "978-1-2345-678-9"),
        ("0003-0554 (Print)", "0003-0554"),
    ],
)
def test_several_issns_in_one_value(said: str, issn: str) -> None:
    (entry,) = read(ris(1).replace("PY  -", f"SN  - {said}\nPY  -")).entries
    assert entry.issn == issn


def test_an_abstract_in_two_languages_is_one_abstract_and_no_doubt() -> None:
    second = "AB  - RESUMO Vimos enfermeiras cansadas, em muitas noites de trabalho."
    (entry,) = read(ris(1).replace("PY  -", f"{second}\nPY  -")).entries
    assert entry.abstract == f"We saw nurses and tired ones. {second[6:]}"
    assert entry.remarks == ()


@given(
    who=st.text(st.sampled_from("AaBbÅ .,:'-"), min_size=1, max_size=12).map(
        lambda name: " ".join(name.split()).strip(" ',:") or "Anna"
    ),
    verdict=st.sampled_from(["Included", "Excluded", "Maybe", "Undecided"]),
    writer=st.sampled_from([Format.RIS, Format.NBIB, Format.BIBTEX, Format.CSV]),
)
def test_labels_and_hard_names_come_back_from_what_is_written(
    who: str, verdict: str, writer: Format
) -> None:
    labels = of_notes([f'RAYYAN-INCLUSION: {{"{who}"=>"{verdict}"}}'])
    names = ("CENTERS FOR SLEEP AND LIGHT", "Synth & Sons, Inc.")
    entry = Entry(1, "", kind="JOUR", title="A title", authors=names, labels=labels)
    (again,) = read(WRITERS[writer]([entry], ())).entries
    assert (again.labels, again.authors) == (labels, names)
    assert len(labels) == 1


def test_names_in_capitals_in_bibtex() -> None:
    text = "@article{k, title={A title}, author={CENTERS FOR DISEASE CONTROL AND PREVENTION}}"
    (entry,) = read(text).entries
    assert entry.authors == ("CENTERS FOR DISEASE CONTROL AND PREVENTION",)


CENTRAL = """Record #{n} of 2
Provider: John Wiley & Sons, Ltd.
Content: text/plain; charset="UTF-8"

TY  - JOUR
AN  - CN-0000000{n}
TI  - Title {n}
SO  - Journal of sleep
VL  - 3
NO  - 2
KW  - Adult
DOI - 10.5555/odd.{n}
AB  - Nurses were studied.
ER  -

"""


def test_tags_of_central_below_a_heading_for_each_record() -> None:
    found = read(CENTRAL.format(n=1) + CENTRAL.format(n=2))
    assert found.asides == ()
    assert [(e.doi, e.journal, e.issue, e.keywords, e.remarks) for e in found.entries] == [
        (f"10.5555/odd.{n}", "Journal of sleep", "2", ("Adult",), ()) for n in (1, 2)
    ]


def test_zoteros_notes_may_hold_the_pmid() -> None:
    (entry,) = read(ris(1).replace("PY  -", "N1  - <p>PMID: 99000001</p>\nPY  -")).entries
    assert entry.pmid == "99000001"


@pytest.mark.parametrize("tag", ["C7", "M1", "SP", "M3", "L3", "N1", "ID"])
def test_a_doi_in_another_field_is_the_doi(tag: str) -> None:
    text = ris(1).replace("DO  - 10.5555/odd.1", f"{tag}  - 10.5555/odd.1")
    (entry,) = read(text).entries
    assert (entry.doi, entry.pages) == ("10.5555/odd.1", None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{\\rtf1 TY  - JOUR}", "RTF"), ("<table><tr><td>Title</td></tr></table>", "web page")],
)
def test_what_is_refused_is_called_what_it_is(text: str, reason: str) -> None:
    with pytest.raises(FileError, match=reason):
        read(text)
