"""Two records: one, perhaps one, or two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from review.citations.clusters import Clusters
from review.citations.dedupe.comparison import compare
from review.citations.dedupe.finding import FoundPair, find_pairs, groups
from review.citations.dedupe.fingerprint import Fingerprint, fingerprint
from review.citations.dedupe.journals import Agreement, same_journal
from review.citations.formats import fields
from review.citations.formats.bibtex import names_of
from review.citations.formats.reading import read_citations
from review.citations.vocabulary import Band

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"

TRIAL: dict[str, Any] = {
    "title": "Talking at a distance: a randomised trial of therapy by video",
    "authors": ("Doe, Jane", "Roe, Richard"),
    "year": 2019,
    "journal": "Journal of Distance Research",
    "volume": "3",
    "pages": "11-19",
}


def record(number: int = 1, **changes: Any) -> Fingerprint:
    return fingerprint(record_id=number, **{**TRIAL, **changes})


CERTAIN: dict[str, Any] = {
    "same DOI": ({"doi": "10.1/a"}, {"doi": "10.1/a", "journal": None, "pages": None}),
    "same PMID": ({"pmid": "12"}, {"pmid": "12", "year": 2020}),
    "abbreviated": ({}, {"journal": "J Distance Res", "authors": ("Doe J", "Roe R")}),
    "capitals, no pages": ({}, {"title": TRIAL["title"].upper(), "pages": None, "volume": None}),
    "a slip": ({}, {"title": TRIAL["title"].replace("video", "vdieo")}),
    "subtitle left out": ({}, {"title": "Talking at a distance: a randomised trial of therapy"}),
    "online first": ({}, {"year": 2018, "pages": None, "volume": None}),
    "pages with a letter": ({"pages": "S11-S19"}, {}),
}

TEXT = "Aims: to see whether nurses who work at night sleep less than nurses who work by day. "
OTHER_TEXT = "Methods: 80 veterans with chronic pain were asked by telephone how they had fared; "

OFFERED: dict[str, Any] = {
    "one text at two congresses": (
        {"doi": "10.1/a", "abstract": TEXT * 2},
        {
            "doi": "10.1/b",
            "abstract": TEXT * 2,
            "journal": "Annals of Sound",
            "volume": "8",
            "pages": "S5",
        },
        "the DOIs differ",
    ),
    "other DOIs": ({"doi": "10.1/a"}, {"doi": "10.1/b"}, "the DOIs differ"),
    "other PMIDs": ({"pmid": "12", "doi": "10.1/a"}, {"pmid": "13", "doi": "10.1/a"}, "PMIDs"),
    "erratum": ({}, {"title": f"Erratum to: {TRIAL['title']}", "pages": "90"}, "notice"),
    "erratum by Embase": (
        {},
        {"title": f"Erratum: {TRIAL['title']} (Journal of Distance (2019) 3 (11-19))"},
        "notice",
    ),
    "retraction": ({}, {"title": f"RETRACTED: {TRIAL['title']}"}, "notice"),
    "reply": ({}, {"title": f"Reply to: {TRIAL['title']}", "pages": "90"}, "notice"),
    "preprint": ({}, {"journal": "medRxiv", "volume": None, "pages": None}, "preprint"),
    "conference": (
        {},
        {"kind": "Conference Abstract", "journal": "Distance Congress", "pages": "S4"},
        "conference",
    ),
    "parts": (
        {"title": TRIAL["title"] + ". Part I"},
        {"title": TRIAL["title"] + ". Part II", "pages": "20-28"},
        "part",
    ),
    "another journal": (
        {},
        {"journal": "Annals of Something", "volume": "9", "pages": "1"},
        "journals differ",
    ),
}

SHARED: dict[str, Any] = {
    "pages": ({"pages": "40-52"}, "first pages"),
    "years": ({"year": 2016}, "years apart"),
    "volumes": ({"volume": "9", "pages": None}, "volumes"),
    "authors": ({"authors": ("Poe, Edgar", "Loe, Lin")}, "no author"),
    "co-authors": ({"authors": ("Doe, Jane", "Loe, Lin"), "pages": None}, "authors differ"),
    "titles": ({"title": TRIAL["title"].replace("video", "letter"), "pages": None}, "titles"),
    "one page": ({"title": TRIAL["title"].replace("video", "letter")}, "titles"),
    "part II": ({"title": f"{TRIAL['title']}. Part II", "pages": None}, "part"),
    "erratum": ({"title": f"Erratum: {TRIAL['title']}"}, "notice"),
    "notice by tag": ({"notices": [["notice of a correction", "EFR: 3:11"]]}, "notice"),
    "retraction by tag": ({"notices": [["notice of a retraction", "ROF: 3:11"]]}, "notice"),
    "reply": ({"title": f"Reply: {TRIAL['title']}", "authors": ("Poe, E",)}, "notice"),
}
"""What contradicts an identifier that two records share, and the words for it."""

ONE_WORK: dict[str, Any] = {
    "a conference paper by its type": ({}, {"kind": "Journal: Conference Abstract"}),
    "a conference paper without pages": (
        {"kind": "Meeting Abstract"},
        {"pages": None},
    ),
    "an issue in the field of the volume": ({}, {"volume": "1 SUPPL. 1"}),
    "a year in the field of the volume": ({"pages": None}, {"volume": "2019"}),
    "a DOI of CENTRAL": ({"doi": "10.1/a"}, {"doi": "10.1002/central/cn-00000001"}),
    "a count of pages": ({"pages": "e11"}, {"pages": "9"}),
    "a first page before print": ({"doi": "10.1/a"}, {"doi": "10.1/a", "pages": "1-9"}),
    "a note of PubMed": ({}, {"title": f"{TRIAL['title']} [Erratum appears in J 2020;4:1]."}),
    "a section of the journal": ({"doi": "10.1/a"}, {"title": f"Short report: {TRIAL['title']}"}),
    "another spelling of names": ({}, {"authors": ("Doe, J", "Roë-Poe, R"), "pages": None}),
    "a slip, no pages": (
        {},
        {"title": TRIAL["title"].replace("distance", "distnace"), "pages": None},
    ),
}

DIFFERENT: dict[str, Any] = {
    "the talk of another congress, with another text": (
        {"abstract": TEXT * 2},
        {"abstract": OTHER_TEXT * 2, "journal": "Annals of Sound", "volume": "8", "pages": "S5"},
    ),
    "a later article with its own DOI elsewhere": (
        {"doi": "10.1/a"},
        {"doi": "10.1/b", "journal": "Annals of Sound", "volume": "8", "pages": "40-49"},
    ),
    "two abstracts of a supplement with one DOI": (
        {"doi": "10.1/s", "abstract": TEXT * 2, "pages": "S5"},
        {
            "doi": "10.1/s",
            "abstract": OTHER_TEXT * 2,
            "pages": "S9",
            "title": "Talking at night: what nurses make of a ward with video",
        },
    ),
    "other works": ({}, {"title": "A survey of keyboards among typists in Iceland"}),
    "one title, other people": (
        {"title": "Editorial", "pages": "1"},
        {"title": "Editorial", "pages": "7", "authors": ("Poe, E",)},
    ),
    "one supplement's DOI": (
        {"doi": "10.1/suppl"},
        {"doi": "10.1/suppl", "title": "Keyboards in Iceland: who types", "authors": ("Poe, E",)},
    ),
}


@pytest.mark.parametrize("name", CERTAIN)
def test_what_is_linked_without_a_person(name: str) -> None:
    one, other = CERTAIN[name]
    found = compare(record(1, **one), record(2, **other))
    assert found is not None
    assert found.band is Band.CERTAIN, found


@pytest.mark.parametrize("name", ONE_WORK)
def test_what_databases_write_in_two_ways_is_linked(name: str) -> None:
    one, other = ONE_WORK[name]
    found = compare(record(1, **one), record(2, **other))
    assert found is not None
    assert found.band is Band.CERTAIN, found


@pytest.mark.parametrize("identifier", ["doi", "pmid"])
@pytest.mark.parametrize("name", SHARED)
def test_a_shared_identifier_is_evidence_and_no_proof(name: str, identifier: str) -> None:
    changes, reason = SHARED[name]
    same = {identifier: "10.1/a"}
    for one, other in (({}, changes), (changes, {})):
        found = compare(record(1, **same, **one), record(2, **same, **other))
        assert found is not None
        assert found.band is Band.POSSIBLE, found
        assert reason in found.rule


@pytest.mark.parametrize("name", SHARED)
def test_a_chain_never_joins_what_contradicts(name: str) -> None:
    changes, _ = SHARED[name]
    bare = record(2, doi="10.1/a", pages=None, volume=None, year=None, authors=())
    records = [record(1, doi="10.1/a"), bare, record(3, doi="10.1/a", **changes)]
    for group in groups(find_pairs(records)).values():
        assert not {1, 3} <= set(group)


WORDS = st.sampled_from(
    ["men", "women", "alogliptin", "anagliptin", "acute", "chronic", "day", "night"]
)


@given(WORDS, WORDS, st.booleans(), st.booleans())
def test_another_word_in_a_title_is_never_linked(
    one: str, other: str, has_doi: bool, has_pages: bool
) -> None:
    assume(one != other)
    title = "Outcomes of sleep therapy by video for {} after a stroke"
    rest = {"doi": "10.1/a" if has_doi else None} | ({} if has_pages else {"pages": None})
    found = compare(
        record(1, title=title.format(one), **rest), record(2, title=title.format(other), **rest)
    )
    assert found is None or found.band is Band.POSSIBLE


@pytest.mark.parametrize(
    "cut", ["10.1002/(sici)1097-0258(19980815/30)17:15/16", "10.1660/0022-8443(2006)109"]
)
def test_a_doi_that_was_cut_identifies_nothing(cut: str) -> None:
    assert record(doi=cut).doi is None
    whole = "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2"
    assert record(doi=whole).doi == whole
    assert compare(record(1, doi=cut), record(2, doi=cut, title="Keyboards in Iceland")) is None


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_offered_and_not_linked(name: str) -> None:
    one, other, reason = OFFERED[name]
    found = compare(record(1, **one), record(2, **other))
    assert found is not None
    assert found.band is Band.POSSIBLE
    assert reason in found.rule


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_is_neither(name: str) -> None:
    one, other = DIFFERENT[name]
    assert compare(record(1, **one), record(2, **other)) is None


@pytest.mark.parametrize("name", [*CERTAIN, *OFFERED])
def test_the_order_of_two_records_does_not_matter(name: str) -> None:
    one, other, *_ = {**CERTAIN, **OFFERED}[name]
    there = compare(record(1, **one), record(2, **other))
    back = compare(record(1, **other), record(2, **one))
    assert there is not None
    assert back is not None
    assert (there.band, there.score) == (back.band, back.score)


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("clin microbiol rev", "clinical microbiology reviews", Agreement.SAME),
        ("natl med j", "national medical journal", Agreement.SAME),
        ("bmj", "british medical journal", Agreement.SAME),
        ("ajp", "american journal of psychiatry", Agreement.SAME),
        ("ajp", "journal of affective disorders", Agreement.DIFFERENT),
        ("journal of digital studies", "workshop of digital studies", Agreement.DIFFERENT),
        ("", "lancet", Agreement.UNKNOWN),
    ],
)
def test_names_of_journals(one: str, other: str, agreement: Agreement) -> None:
    assert same_journal(one, other) is agreement
    assert same_journal(other, one) is agreement


def test_a_chain_does_not_join_records_with_different_dois() -> None:
    pairs = find_pairs([record(1, doi="10.1/a"), record(2), record(3, doi="10.1/b")])
    assert groups(pairs) == {1: (1, 2)}
    (offered,) = [pair for pair in pairs if pair.comparison.band is Band.POSSIBLE]
    assert "different DOIs" in offered.comparison.rule or "DOIs differ" in offered.comparison.rule


def test_what_a_person_called_different_is_not_joined_through_another() -> None:
    records = [record(1), record(2), record(3)]
    pairs = find_pairs(records, is_new=frozenset({3}), different=[(1, 2)])
    linked = [p for p in pairs if p.comparison.band is Band.CERTAIN]
    assert [(p.earlier_id, p.later_id) for p in linked] == [(1, 3)]


def test_only_new_records_are_compared_and_nobody_is_asked_twice() -> None:
    records = [record(1, doi="10.1/a"), record(2, doi="10.1/b"), record(3, doi="10.1/b")]
    assert find_pairs(records, is_new=frozenset()) == []
    again = find_pairs(records, is_new=frozenset({3}), asked=[(1, 2)])
    assert [(p.earlier_id, p.later_id, p.comparison.band) for p in again] == [(2, 3, Band.CERTAIN)]


def test_a_large_block_costs_little_and_is_still_compared() -> None:
    many = [record(n, title="Editorial", pages=str(n), authors=(f"Name{n}",)) for n in range(3000)]
    twin = record(5000, title="Editorial", pages="7", authors=("Name7",))
    found = find_pairs([*many, twin], is_new=frozenset({5000}))
    assert [(p.earlier_id, p.later_id) for p in found] == [(7, 5000)]


def test_clusters_keep_apart_what_is_different_whatever_links_them() -> None:
    clusters = Clusters([(1, 2), (2, 3), (4, 5), (3, 5)], different=[(1, 4)])
    assert clusters.all() == [(1, 2, 3), (4, 5)]
    assert clusters.removed() == {2: 1, 3: 1, 5: 4}
    assert clusters.representative(9) == 9


COMPARED = (
    "kind", "title", "authors", "year", "journal", "volume", "pages", "doi", "pmid", "accession",
    "abstract", "notices",
)  # fmt: skip


def sample(name: str) -> bytes:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"{name} is not on this machine")
    return path.read_bytes()


def test_tafenoquine_every_group_is_found_and_nothing_else() -> None:
    """IEBH/dedupe-sweep's set: the caption marks every member of a group (114 of 179)."""
    reading = read_citations(sample("endnote_xml/sra_dedupe_tafenoquine.xml"), file="x")
    names = COMPARED
    records = [
        fingerprint(record_id=place, **{name: getattr(entry, name) for name in names})
        for place, entry in enumerate(reading.entries)
    ]
    marked = {n for n, e in enumerate(reading.entries) if "Duplicate</style></caption>" in e.raw}
    found = {n for members in groups(find_pairs(records)).values() for n in members}
    assert len(marked) == 114
    assert found - marked == set()
    assert len(found & marked) / len(marked) >= 0.98


def test_bib_dedupe_cases_no_negative_is_linked_and_positives_are_linked_or_queued() -> None:
    """CoLRev-Environment/bib-dedupe's labelled pairs: 10 positives, 15 negatives."""
    cases = json.loads(sample("dedup/bib_dedupe_test_cases.json"))["cases"]
    linked, queued = {True: 0, False: 0}, {True: 0, False: 0}
    for case in cases:
        pairs = find_pairs([_of(n, case[f"record_{side}"]) for n, side in enumerate("ab")])
        for pair in pairs:
            counted = linked if pair.comparison.band is Band.CERTAIN else queued
            counted[case["expected_duplicate"]] += 1
    assert sum(case["expected_duplicate"] for case in cases) == 10
    assert linked[False] == 0
    assert linked[True] + queued[True] >= 8


def _of(number: int, case: dict[str, Any]) -> Fingerprint:
    return fingerprint(
        record_id=number,
        kind=case.get("ENTRYTYPE"),
        title=case.get("title"),
        authors=names_of(case.get("author") or ""),
        year=int(case["year"]) if case.get("year") else None,
        journal=case.get("journal") or case.get("booktitle"),
        volume=case.get("volume"),
        pages=case.get("pages"),
        doi=fields.doi_in(case.get("doi")),
    )


def test_found_pairs_are_plain_values() -> None:
    (pair,) = find_pairs([record(1), record(2)])
    assert isinstance(pair, FoundPair)
    assert pair.comparison.evidence["journal"] == "same"
    assert 0.99 <= pair.comparison.score <= 1
