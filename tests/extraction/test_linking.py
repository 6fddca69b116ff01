"""Reports and studies: many to one, suggested by evidence, linked by people."""

from __future__ import annotations

import pytest

from review.db import Database
from review.errors import AlreadyExistsError, InvalidDataError, NotFoundError
from review.extraction.linking.actions import link_report, unlink_report
from review.extraction.linking.models import ReportLink
from review.extraction.linking.queries import included_reports, links, suggestions
from review.extraction.linking.rules import (
    Candidate,
    KnownStudy,
    citation,
    registrations,
    sample_sizes,
    suggest,
    surname,
    surname_of_label,
)
from review.extraction.models import Report, Study
from review.extraction.queries import study_called
from review.history.actions import writing
from review.screening.retrieval import note_retrieval
from review.screening.vocabulary import RetrievalOutcome, Stage, Verdict
from tests.conftest import NOW
from tests.screening.builders import attributed, import_records, make_review, say, the_review


def test_registration_numbers_of_many_registries() -> None:
    text = (
        "NCT01234567, nct07654321; ISRCTN 12345678. ACTRN12612000123456 and DRKS00012345, "
        "EudraCT number 2010-020219-37, UMIN000012345, NTR1234, ChiCTR-TRC-12002345, "
        "CTRI/2012/03/002471, IRCT2013020112345N1; not NCT123 nor 2010-2011-12"
    )
    assert registrations(text) == {
        "NCT01234567", "NCT07654321", "ISRCTN12345678", "ACTRN12612000123456", "DRKS00012345",
        "2010-020219-37", "UMIN000012345", "NTR1234", "CHICTR-TRC-12002345",
        "CTRI/2012/03/002471", "IRCT2013020112345N1",
    }  # fmt: skip


def test_sample_sizes() -> None:
    text = "We randomised 204 adults with PTSD (N = 1,204 screened); 3 clients left, 12 weeks."
    assert sample_sizes(text) == {204, 1204}


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Müller-Hansen, F.", "mullerhansen"),
        ("Day SX", "day"),
        ("Paul Day", "day"),
        ("Öst L-G", "ost"),
    ],
)
def test_surnames(author: str, expected: str) -> None:
    assert surname(author) == expected


def test_surnames_of_study_labels() -> None:
    assert surname_of_label("Day & Schneider (2002)") == "day"
    assert surname_of_label("Andersson et al., 2013") == "andersson"


def _study(**values: object) -> KnownStudy:
    empty: frozenset[str] = frozenset()
    given: dict[str, object] = {
        "id": 1, "label": "Day (2002)", "registrations": empty, "first_authors": frozenset({"day"}),
        "authors": frozenset({"day", "schneider"}), "sizes": frozenset({80}), "dois": empty,
        **values,
    }  # fmt: skip
    return KnownStudy(**given)  # type: ignore[arg-type]


def _report(**values: object) -> Candidate:
    given: dict[str, object] = {
        "record": 9, "registrations": frozenset(), "authors": ("lopez", "soto"),
        "sizes": frozenset(), "doi": None, **values,
    }  # fmt: skip
    return Candidate(**given)  # type: ignore[arg-type]


def test_suggestions_need_evidence_and_say_it() -> None:
    assert suggest(_report(sizes=frozenset({80})), [_study()]) == []
    (same,) = suggest(_report(authors=("day", "schneider"), sizes=frozenset({80})), [_study()])
    assert same.why == ("first author", "2 authors shared", "80 participants")
    doi = {"authors": ("day", "schneider"), "doi": "10.1000/ABC"}
    (by_doi,) = suggest(_report(**doi), [_study(dois=frozenset({"10.1000/abc"}))])
    assert by_doi.why == ("doi 10.1000/ABC", "first author", "2 authors shared")
    registered = frozenset({"NCT01234567"})
    (sure,) = suggest(_report(registrations=registered), [_study(registrations=registered)])
    assert sure.score == 1.0


def test_different_registrations_speak_against() -> None:
    report = _report(authors=("day", "schneider"), registrations=frozenset({"NCT00000001"}))
    other = _study(registrations=frozenset({"NCT00000002"}))
    (found,) = suggest(report, [other])
    assert found.score == 0.35
    assert found.why[-1] == "but different registrations"


def test_a_citation_without_anything_is_untitled() -> None:
    assert citation(authors=[], title=None, journal=None, year=None) == "untitled"
    said = citation(authors=["Day, S.", "B", "C", "D"], title="Video.", journal="J", year=2002)
    assert said == "Day, S.; B; C et al. Video. J (2002)"


@pytest.fixture
def included(database: Database) -> list[int]:
    make_review(database)
    abstracts = [
        "Registered as NCT01234567. 80 clients.",
        "Follow-up of NCT01234567.",
        "Another trial.",
        "Out.",
    ]
    records = import_records(database, ["A", "B", "C", "D"], abstracts=abstracts)
    for who in ("anna", "ben"):
        say(database, who, Verdict.INCLUDE, *records[:3])
        say(database, who, Verdict.EXCLUDE, records[3])
    with writing(database, attributed("anna")) as session:
        note_retrieval(
            session, the_review(session), records[:3], outcome=RetrievalOutcome.RETRIEVED,
            handle="anna", now=NOW,
        )  # fmt: skip
    for who in ("anna", "ben"):
        say(database, who, Verdict.INCLUDE, *records[:3], stage=Stage.FULL_TEXT)
    return records


def _link(database: Database, record: int, label: str, *, new: bool = False) -> bool:
    with writing(database, attributed("anna")) as session:
        return link_report(
            session, the_review(session), record, label, handle="anna", now=NOW, new=new
        )


def test_many_reports_of_one_study(database: Database, included: list[int]) -> None:
    assert _link(database, included[0], "Day 2002", new=True)
    with database.reading() as session:
        review = the_review(session)
        study = study_called(session, review, "Day 2002")
        assert (study.year, study.registration) == (2020, "NCT01234567")
        (found,) = suggestions(session, review)
        assert (found.record, found.study, found.score) == (included[1], "Day 2002", 1.0)
    assert _link(database, included[1], "Day 2002")
    assert not _link(database, included[1], "Day 2002")
    with database.reading() as session:
        review = the_review(session)
        assert set(links(session, review).values()) == {1}
        assert [r.study for r in included_reports(session, review)] == ["Day 2002"] * 2 + [None]
        assert session.query(Report).count() == 2


def test_a_report_moves_and_comes_off_and_nothing_is_deleted(
    database: Database, included: list[int]
) -> None:
    _link(database, included[0], "Day 2002", new=True)
    _link(database, included[0], "Day 2003", new=True)
    with writing(database, attributed("anna")) as session:
        label = unlink_report(
            session, the_review(session), included[0], handle="anna", now=NOW, reason="wrong one"
        )
    assert label == "Day 2003"
    with database.reading() as session:
        assert links(session, the_review(session)) == {}
        counts = [session.query(table).count() for table in (ReportLink, Study, Report)]
    assert counts == [3, 2, 2]


def test_what_cannot_be_linked_says_why(database: Database, included: list[int]) -> None:
    with pytest.raises(InvalidDataError, match="not included at full text"):
        _link(database, included[3], "Day 2002", new=True)
    with pytest.raises(NotFoundError, match="no study"):
        _link(database, included[0], "Day 2002")
    _link(database, included[0], "Day 2002", new=True)
    with pytest.raises(AlreadyExistsError):
        _link(database, included[1], "Day 2002", new=True)
    with (
        writing(database, attributed("anna")) as session,
        pytest.raises(InvalidDataError, match="not linked"),
    ):
        unlink_report(session, the_review(session), included[1], handle="anna", now=NOW, reason="x")
