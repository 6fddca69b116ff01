"""The form of a review is built on a page: versions, order, retired fields and their values."""

from __future__ import annotations

from typing import Any

import pytest

from review.db import Database
from review.errors import InvalidDataError, NotFoundError
from review.extraction.actions import define_field, import_extraction, order_fields, retire_field
from review.extraction.field_queries import earlier_specs, field_specs
from review.extraction.fields import FieldKind, FieldLevel, FieldSpec
from review.extraction.files import read_extraction
from review.extraction.form_views import form_view, previewed
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from tests.conftest import NOW
from tests.extraction.appraisal.samples import a_review, the_review
from tests.web.conftest import Team

FORM = "/r/alliance/protocol/form"


def _post(team: Team, path: str, who: str = "lead", **fields: str) -> Any:
    token = {"token": team.form_token(who)}
    return team.client(who).post(f"{FORM}/{path}", data={**token, **fields})


SITES = {"label": "Sites", "slug": "sites", "level": "study", "kind": "number", "lowest": "1"}


def test_a_field_is_added_changed_moved_and_retired(team: Team) -> None:
    compared = _post(team, "new", **SITES, do="compare")
    assert "a new field" in compared.text
    assert "None of your own" in team.client("viewer").get(FORM).text, "comparing stores nothing"
    assert _post(team, "new", **SITES, do="save").headers["location"] == f"{FORM}#field-sites"
    place = {"label": "Place", "slug": "place", "level": "study", "kind": "choice"}
    one = _post(team, "new", **place, choices="clinic", do="save")
    assert one.status_code == 422
    assert 'id="choices-wrong"' in one.text
    _post(team, "new", **place, choices="clinic\nhome\n", do="save")
    taken = _post(team, "new", **SITES, do="save")
    assert (taken.status_code, "change that one" in taken.text) == (422, True)
    changed = {**SITES, "highest": "50", "help": "Clinics", "why": "a typing error"}
    stale = _post(team, "sites", **changed, do="save", of="7")
    assert (stale.status_code, "look at it" in stale.text) == (409, True)
    assert _post(team, "sites", **changed, do="save", of="1").status_code == 303
    page = team.client("viewer").get(FORM).text
    assert "to: nothing is now 50" in page
    assert "Clinics" in page
    assert page.index("field-sites") < page.index("field-place")
    _post(team, "place/move", do="up")
    page = team.client("viewer").get(FORM).text
    assert page.index("field-place") < page.index("field-sites")
    _post(team, "place/retire", do="retire")
    assert "Retired (1)" in team.client("viewer").get(FORM).text
    _post(team, "place/retire", do="restore")
    assert "Retired" not in team.client("viewer").get(FORM).text
    assert _post(team, "new", who="viewer", **SITES, do="save").status_code == 403


ROWS = """study,arm,treatment,delivery_mode,instrument,rater,timepoint,n,mean,sd,place
Day (2002),video,CBT,videoconference,wai,client,post,20,5.6,1.1,home
Day (2002),live,CBT,face_to_face,wai,client,post,21,5.2,1.0,home
"""
PLACE = FieldSpec("place", FieldLevel.STUDY, "Place", FieldKind.CHOICE, ("clinic", "home"))


def _enter(database: Database, by: Attribution, tmp_path: Any, kind: EntryKind) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(ROWS)
    with writing(database, by) as session:
        review = the_review(session)
        rows = read_extraction(file, field_specs(session, review))
        import_extraction(
            session, review, rows, file=str(file), person="ada", kind=kind,
            finished=NOW if kind is EntryKind.BLIND else None,
        )  # fmt: skip


def _defined(database: Database, by: Attribution) -> None:
    a_review(database, by)
    with writing(database, by) as session:
        define_field(session, the_review(session), PLACE, now=NOW)


def test_values_that_a_new_version_would_not_take_stay_and_are_named(
    database: Database, by: Attribution, tmp_path: Any
) -> None:
    _defined(database, by)
    _enter(database, by, tmp_path, EntryKind.SINGLE)
    fewer = FieldSpec("place", FieldLevel.STUDY, "Place", FieldKind.CHOICE, ("clinic", "office"))
    with database.reading() as session:
        shown = previewed(session, the_review(session), fewer)
    assert shown.outgrown == ('Day (2002): "home" is none of: clinic, office',)
    assert shown.changed == ("no longer a choice: home", "a new choice: office")
    with writing(database, by) as session:
        define_field(session, the_review(session), fewer, now=NOW)
        retire_field(session, the_review(session), slug="place", now=NOW)
    with database.reading() as session:
        line = form_view(session, the_review(session)).field("place")
    assert (line.values, line.version, line.spec.retired) == (1, 3, True)
    assert len(line.outgrown) == 1


def test_a_blind_entry_tells_the_builder_nothing(
    database: Database, by: Attribution, tmp_path: Any
) -> None:
    _defined(database, by)
    with database.reading() as session:
        before = form_view(session, the_review(session))
    _enter(database, by, tmp_path, EntryKind.BLIND)
    with database.reading() as session:
        assert form_view(session, the_review(session)) == before


def test_an_order_is_of_one_level_and_a_change_keeps_it(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    with writing(database, by) as session:
        review = the_review(session)
        for slug in ("a", "b", "c"):
            spec = FieldSpec(slug, FieldLevel.ARM, slug, FieldKind.TEXT)
            define_field(session, review, spec, now=NOW)
        define_field(
            session, review, FieldSpec("s", FieldLevel.STUDY, "s", FieldKind.TEXT), now=NOW
        )
        assert order_fields(session, review, ["c", "a"], now=NOW) == 3
        assert order_fields(session, review, ["c", "a"], now=NOW) == 0
        define_field(session, review, FieldSpec("c", FieldLevel.ARM, "C", FieldKind.TEXT), now=NOW)
        assert [spec.slug for spec in field_specs(session, review)] == ["c", "a", "b", "s"]
        assert len(earlier_specs(session, review)) == 4
        with pytest.raises(InvalidDataError, match="one level"):
            order_fields(session, review, ["a", "s"], now=NOW)
        with pytest.raises(NotFoundError):
            order_fields(session, review, ["z"], now=NOW)
