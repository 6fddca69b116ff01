"""Criteria have versions; labels and notes are one's own until the decisions may be seen."""

from __future__ import annotations

import json

import pytest

from review.db import Database
from review.errors import InvalidDataError
from review.history.actions import writing
from review.history.queries import events
from review.people.models import Person
from review.people.queries import person_known
from review.screening.guidance import queries
from review.screening.guidance.actions import add_note, put_label, set_criteria, set_terms
from review.screening.guidance.vocabulary import TermKind
from review.screening.vocabulary import Stage
from tests.conftest import NOW
from tests.joining import joined
from tests.screening.builders import attributed, import_records, make_review, the_review

ABSTRACT = Stage.TITLE_ABSTRACT


def _person(session, who: str) -> Person:  # type: ignore[no-untyped-def] # a session
    joined(session, the_review(session), who)
    person = person_known(session, who)
    assert person is not None
    return person


def test_criteria_have_versions_and_the_same_again_makes_none(database: Database) -> None:
    make_review(database)
    with writing(database, attributed()) as session:
        review = the_review(session)
        for include in (["adults", " adults "], ["adults"], ["adults", "by video"]):
            set_criteria(session, review, include=include, exclude=["animals"], now=NOW)
    with database.reading() as session:
        newest, first = queries.criteria_versions(session, the_review(session))
    assert (first.number, first.include) == (1, ["adults"])
    assert (newest.number, newest.include, newest.exclude) == (
        2,
        ["adults", "by video"],
        ["animals"],
    )
    with writing(database, attributed()) as session, pytest.raises(InvalidDataError):
        set_criteria(session, the_review(session), include=[" "], exclude=[], now=NOW)


def test_a_group_of_terms_is_changed_by_its_name_and_goes_when_it_is_empty(
    database: Database,
) -> None:
    make_review(database)
    with writing(database, attributed()) as session:
        review = the_review(session)
        set_terms(session, review, "design", kind=TermKind.INCLUDE, terms=["random*"])
        set_terms(session, review, "design", kind=TermKind.OTHER, terms=["random*", "RCT"])
        set_terms(session, review, "animals", kind=TermKind.EXCLUDE, terms=[])
        (group,) = queries.term_groups(session, review)
        assert (group.kind, group.terms) == (TermKind.OTHER, ["random*", "RCT"])
        with pytest.raises(InvalidDataError, match="two letters"):
            set_terms(session, review, "x", kind=TermKind.OTHER, terms=["*"])


def test_labels_and_notes_of_others_are_shown_with_the_decisions_alone(database: Database) -> None:
    make_review(database)
    (one,) = import_records(database, ["One"])
    with writing(database, attributed("anna")) as session:
        review, anna = the_review(session), _person(session, "anna")
        for _ in range(2):
            put_label(session, review, one, "protocol  only", stage=ABSTRACT, person=anna, now=NOW)
        add_note(session, review, one, "the same trial?", stage=ABSTRACT, person=anna, now=NOW)
    with writing(database, attributed("ben")) as session:
        ben, anna = _person(session, "ben"), _person(session, "anna")
        for viewer, shown, seen in ((ben, False, 0), (ben, True, 1), (anna, False, 1)):
            labels = queries.labels_on(session, one, ABSTRACT, viewer=viewer, shows_others=shown)
            notes = queries.notes_on(session, one, ABSTRACT, viewer=viewer, shows_others=shown)
            assert (len(labels), len(notes)) == (seen, seen)
            assert all(label.mine == (viewer is anna) for label in labels)
        assert queries.labels_of(session, the_review(session), ben) == []
        assert queries.labels_of(session, the_review(session), anna) == ["protocol only"]
        told = json.dumps([dict(e.new or {}) for e in events(session, viewer="ben")], default=str)
    assert "protocol only" not in told
    assert "the same trial" not in told


def test_a_label_is_taken_off_by_whoever_put_it_there(database: Database) -> None:
    make_review(database)
    (one,) = import_records(database, ["One"])
    with writing(database, attributed("anna")) as session:
        review = the_review(session)
        for who in ("anna", "ben"):
            person = _person(session, who)
            assert put_label(session, review, one, "x1", stage=ABSTRACT, person=person, now=NOW)
        anna = _person(session, "anna")
        assert queries.labelled(session, review, anna, "x1") == [one]
        assert put_label(
            session, review, one, "x1", stage=ABSTRACT, person=anna, now=NOW, is_on=False
        )
        (left,) = queries.labels_on(session, one, ABSTRACT, viewer=anna, shows_others=True)
        assert (left.who, left.mine) == (("ben",), False)
        assert queries.labelled(session, review, anna, "x1") == []
