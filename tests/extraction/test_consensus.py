"""Two blind entries and a consensus that overwrites neither, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from review.canonical import sha256_of
from review.db import Database, Session
from review.errors import FileError, InvalidDataError, NotFoundError
from review.extraction import actions, queries
from review.extraction.comparison import (
    ROW,
    CellState,
    agreement_by_field,
    agreement_by_study,
    compare,
)
from review.extraction.consensus import comparable, reach_consensus, resolve, sides
from review.extraction.dossier import dossier
from review.extraction.doubts import doubts
from review.extraction.entered import Entered, EnteredResult, ResultKey
from review.extraction.evidence_queries import evidence
from review.extraction.fields import FieldKind, FieldLevel, FieldSpec
from review.extraction.imported import ImportReport
from review.extraction.models import Entry, Result, reported_column
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.extraction.sealing import sealed_rows
from review.extraction.sheet import entry_rows
from review.extraction.stale import StaleFormError
from review.extraction.trace import trace
from review.extraction.vocabulary import EntryKind, Taken
from review.history.actions import Attribution, writing
from review.history.models import Event
from review.history.queries import events, verify
from review.history.rules import hashed
from review.protocol.actions import add_instrument, add_outcome, new_review
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.protocol.specs import InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW
from tests.extraction.simulation import clean_rows, with_errors
from tests.joining import joined

Row = dict[str, Any]


@pytest.fixture
def made(database: Database, by: Attribution) -> Database:
    with writing(database, by) as session:
        review = new_review(session, ReviewSpec(slug="r", title="Synthetic"), owner="tester")
        add_outcome(session, review, OutcomeSpec(slug="mood", name="Mood"))
        spec = InstrumentSpec(slug="bdi", name="BDI", outcome="mood", higher_is_better=False)
        add_instrument(session, review, spec)
        for who in ("anna", "ben", "cleo"):
            joined(session, review, who)
    return database


def numbered(rows: Sequence[Row]) -> list[NumberedRow]:
    return [
        NumberedRow(
            line,
            ExtractionRow.model_validate({k: v for k, v in row.items() if k != "custom"}),
            row.get("custom", {}),
        )
        for line, row in enumerate(rows, start=2)
    ]


def take(
    session: Session, rows: Sequence[Row], person: str, kind: EntryKind | None, done: bool = True
) -> ImportReport:
    return actions.import_extraction(
        session, review_of(session), numbered(rows), file="synthetic", person=person, kind=kind,
        finished=NOW if done else None,
    )  # fmt: skip


def review_of(session: Session) -> Review:
    return review_called(session, "r")


VIDEO: Row = {"study": "A", "arm": "Video", "treatment": "CBT", "n_randomised": 52,
              "instrument": "bdi", "rater": "client", "n": 50, "mean": 14.2, "sd": 8.1}  # fmt: skip
PERSON: Row = {**VIDEO, "arm": "In person", "n": 49, "mean": 13.0}


@pytest.fixture
def twice(made: Database, by: Attribution) -> Database:
    """Study A by anna and by ben, who differ in one mean, one rater and one missing SD."""
    with writing(made, by) as session:
        take(session, [VIDEO, PERSON], "anna", EntryKind.BLIND)
        other = [{**VIDEO, "mean": 12.4}, {**PERSON, "rater": "self", "sd": "NR"}]
        take(session, other, "ben", EntryKind.BLIND)
    return made


def test_all_differing_cells_of_forty_studies_entered_twice_are_found(
    made: Database, by: Attribution
) -> None:
    clean = clean_rows(7)
    wrong, errors = with_errors(clean, 1007)
    columns = {"study", "arm", "versus_arm", "instrument"}
    truth = {
        (row["study"], row["arm"], name, value, row[name])
        for before, row in zip(clean, wrong, strict=True)
        for name, value in before.items()
        if name not in columns and row[name] != value
    }
    assert {error.kind for error in errors} == {
        "se_for_sd", "variance_for_sd", "mean_decimal", "sd_decimal", "n_tenfold", "arms_swapped",
        "copied_from_another", "last_digit", "wrong_choice", "left_out",
    }  # fmt: skip
    with writing(made, by) as session:
        take(session, clean, "anna", EntryKind.BLIND)
        take(session, wrong, "ben", EntryKind.BLIND)
    with made.reading() as session:
        review = review_of(session)
        labels = comparable(session, review)
        found = [sides(session, review, label).comparison for label in labels]
    assert len(labels) == 40
    differing = {
        (cell.study, cell.place.split(",")[0], cell.field, cell.first, cell.second)
        for comparison in found
        for cell in comparison.differing
    }
    assert differing == truth
    fields = {a.of: a for a in agreement_by_field(found)}
    assert fields["sd"].compared == 80
    assert fields["sd"].equal == 80 - sum(cell[2] == "sd" for cell in truth)
    assert sum(a.compared for a in agreement_by_study(found)) == sum(
        a.compared for a in fields.values()
    )


def test_a_blind_entry_neither_shows_nor_touches_the_other(made: Database, by: Attribution) -> None:
    with writing(made, by) as session:
        take(session, [VIDEO, PERSON], "anna", EntryKind.BLIND)
    with made.reading() as session:
        before = session.execute(
            sa.select(Result.id, Result.version, reported_column("mean"))
        ).all()
        review = review_of(session)
        assert dossier(session, review, "A", viewer="ben").results == ()
        assert len(dossier(session, review, "A", viewer="anna").results) == 2
        assert trace(session, review, "A", viewer="ben") == []
        assert list(evidence(session, [review.id])) == []
        study = queries.study_called(session, review, "A")
        assert queries.arms(session, [study.id]) == []  # they are of her entry, as its numbers
        assert dossier(session, review, "A", viewer="ben").arms == ()
        assert [a["arm"] for a in dossier(session, review, "A", viewer="anna").arms] == [
            "In person",
            "Video",
        ]
    with writing(made, by) as session:
        report = take(session, [{**VIDEO, "mean": 1.0, "n_randomised": 99}], "ben", EntryKind.BLIND)
        assert (report.results_added, report.corrections) == (1, [])
    with made.reading() as session:
        after = session.execute(sa.select(Result.id, Result.version, reported_column("mean"))).all()
        assert after[: len(before)] == before
        mine = dossier(session, review_of(session), "A", viewer="someone").results
        assert {r.entry for r in mine} == {"blind, anna", "blind, ben"}  # both have finished


def test_nobody_exports_what_another_person_entered_blind(made: Database, by: Attribution) -> None:
    def of_anna(viewer: str) -> list[str]:
        with made.reading() as session:
            rows = entry_rows(
                session, review_of(session), kind=EntryKind.BLIND, person="anna", viewer=viewer
            )
        return [row["arm"] for row in rows]

    with writing(made, by) as session:
        take(session, [VIDEO], "anna", EntryKind.BLIND)
    assert of_anna("anna") == ["Video"]
    with pytest.raises(InvalidDataError, match="hidden until both entries are finished: A"):
        of_anna("ben")
    with writing(made, by) as session:
        take(session, [PERSON], "ben", EntryKind.BLIND)
    assert of_anna("ben") == ["Video"]


def test_doubts_about_a_blind_entry_know_what_it_says_of_study_and_arms(
    made: Database, by: Attribution
) -> None:
    rows = [{**VIDEO, "n_randomised": 40}, {**PERSON, "n_randomised": 52}]
    with writing(made, by) as session:
        take(session, rows, "anna", EntryKind.BLIND)
    with made.reading() as session:
        found = doubts(session, review_of(session), person="anna")
        assert [(d.finding.kind.value, d.finding.message) for d in found] == [
            ("n_above_randomised", "50 analysed of 40 randomised to Video")
        ]


def test_case_and_blanks_do_not_tell_names_apart(made: Database, by: Attribution) -> None:
    with writing(made, by) as session:
        take(session, [VIDEO, PERSON], "anna", EntryKind.BLIND)
        other = [{**VIDEO, "study": " a", "arm": "VIDEO "}, {**PERSON, "timepoint": "Post"}]
        report = take(session, other, "ben", EntryKind.BLIND)
        assert (report.studies_added, report.arms_added) == ([], 2)  # his own
        assert sides(session, review_of(session), "A").comparison.differing == ()


def test_the_history_does_not_show_what_another_person_entered_blind(
    made: Database, by: Attribution
) -> None:
    with writing(made, by) as session:
        take(session, [VIDEO], "anna", EntryKind.BLIND)
    with made.reading() as session:
        results = {("result", i) for i in session.scalars(sa.select(Result.id))}
        assert results
        assert sealed_rows(session, "ben") >= results
        assert sealed_rows(session, None) >= results
        assert sealed_rows(session, "anna") == set()
    with writing(made, by) as session:
        take(session, [VIDEO], "ben", EntryKind.BLIND)
    with made.reading() as session:
        assert sealed_rows(session, "someone") == set()  # both have finished


def test_a_hash_does_not_tell_which_guess_of_a_sealed_value_is_right(
    made: Database, by: Attribution
) -> None:
    with writing(made, by) as session:
        take(session, [VIDEO], "anna", EntryKind.BLIND)
    with made.reading() as session:
        (seen,) = events(session, viewer="ben", entity="result")
        assert seen.new == {"sealed": "blind entry"}
        truth = session.get_one(Event, seen.seq).new
        guess = {**seen.plain, "new": truth}
        guess.pop("hash")
        assert sha256_of(hashed(guess)) != seen.hash  # even the right one
        assert seen.request is None
        (own,) = events(session, viewer="anna", entity="result")
        known = own.plain
        assert known.pop("hash") == sha256_of(hashed(known))
        assert verify(session).intact


def test_nobody_compares_before_both_have_finished(made: Database, by: Attribution) -> None:
    with writing(made, by) as session:
        take(session, [VIDEO], "anna", EntryKind.BLIND)
        take(session, [VIDEO], "ben", EntryKind.BLIND, done=False)
        with pytest.raises(InvalidDataError, match="before ben finished"):
            sides(session, review_of(session), "A")
        actions.finish_entry(session, review_of(session), study="A", person="ben", now=NOW)
        assert sides(session, review_of(session), "A").open == ()


def test_a_finished_entry_is_closed_until_it_is_reopened(twice: Database, by: Attribution) -> None:
    with writing(twice, by) as session:
        assert take(session, [VIDEO, PERSON], "anna", EntryKind.BLIND).nothing_new
    with pytest.raises(FileError, match="reopen"), writing(twice, by) as session:
        take(session, [{**VIDEO, "sd": 9.0}], "anna", EntryKind.BLIND)
    with writing(twice, by) as session:
        actions.reopen_entry(session, review_of(session), study="A", person="anna")
        take(session, [{**VIDEO, "sd": 9.0}], "anna", EntryKind.BLIND)


def test_missing_against_present_is_told_apart_from_two_values(twice: Database) -> None:
    with twice.reading() as session:
        found = sides(session, review_of(session), "A").comparison
    assert {(c.field, c.first, c.second, c.state) for c in found.differing} == {
        ("mean", 14.2, 12.4, CellState.DIFFERENT),
        ("rater", "client", "self", CellState.DIFFERENT),
        ("sd", 8.1, None, CellState.ONE_MISSING),
    }


def test_a_consensus_overwrites_neither_entry_and_alone_counts(
    twice: Database, by: Attribution
) -> None:
    decisions = {"mean": (Taken.OTHER, "13.9"), "rater": (Taken.SECOND, None),
                 "sd": (Taken.FIRST, None)}  # fmt: skip
    with writing(twice, by) as session:
        review = review_of(session)
        found = sides(session, review, "A")
        before = session.execute(
            sa.select(Result.id, reported_column("mean"), Result.version)
        ).all()
        assert list(queries.numbers_of_results(session, review).values()) == [0]
        with pytest.raises(InvalidDataError, match="3 cells"):
            reach_consensus(session, review, found, person="cleo", now=NOW)
        for cell in found.open:
            taken, value = decisions[cell.field]
            resolve(session, review, found, cell.id, taken=taken, value=value,
                    reason="Table 2", person="cleo", now=NOW)  # fmt: skip
        entry = reach_consensus(
            session, review, sides(session, review, "A"), person="cleo", now=NOW
        )
        assert entry.kind is EntryKind.CONSENSUS
    with twice.reading() as session:
        review = review_of(session)
        rows = session.execute(sa.select(Result.id, reported_column("mean"), Result.version)).all()
        assert rows[: len(before)] == before
        assert list(queries.numbers_of_results(session, review).values()) == [2]
        counted = [item for _, item in evidence(session, [review.id])]
        assert {(i.arm.label, i.rater.value, i.numbers.mean, i.numbers.sd) for i in counted} == {
            ("Video", "client", 13.9, 8.1), ("In person", "self", 13.0, 8.1),
        }  # fmt: skip
        assert {i.entry_kind for i in counted} == {"consensus"}
        study = queries.study_called(session, review, "A")
        assert [a.n_randomised for a in queries.arms(session, [study.id])] == [52, 52]
        (video,) = (t for t in trace(session, review, "A") if t.place.startswith("Video"))
        (decision,) = video.decisions
        (person,) = (t for t in trace(session, review, "A") if t.place.startswith("In person"))
        assert {d.field for d in person.decisions} == {"rater", "sd"}
        assert (decision.first, decision.second, decision.value) == (14.2, 12.4, 13.9)
        assert sides(session, review, "A").agreed
    with writing(twice, by) as session, pytest.raises(InvalidDataError, match="consensus"):
        actions.reopen_entry(session, review_of(session), study="A", person="anna")


def test_a_decision_needs_a_reason_a_cell_and_a_fitting_value(
    twice: Database, by: Attribution
) -> None:
    with writing(twice, by) as session:
        review = review_of(session)
        found = sides(session, review, "A")
        (mean,) = (c for c in found.open if c.field == "mean")
        said: dict[str, Any] = {"taken": Taken.OTHER, "value": "x", "person": "c", "now": NOW}
        with pytest.raises(InvalidDataError, match="say why"):
            resolve(session, review, found, mean.id, reason=" ", **said)
        with pytest.raises(InvalidDataError, match="not a number"):
            resolve(session, review, found, mean.id, reason="r", **said)
        with pytest.raises(NotFoundError, match="no differing cell"):
            resolve(session, review, found, "00000000", reason="r", **said)


def test_a_row_that_one_has_alone_is_taken_whole_or_left_out(
    made: Database, by: Attribution
) -> None:
    with writing(made, by) as session:
        later = {**VIDEO, "timepoint": "6 months", "analysis_set": "itt", "rater": "clinician"}
        take(session, [VIDEO, later], "anna", EntryKind.BLIND)
        take(session, [VIDEO], "ben", EntryKind.BLIND)
        review = review_of(session)
        found = sides(session, review, "A")
        (cell,) = found.open
        assert (cell.field, cell.second, cell.state) == (ROW, None, CellState.ONE_MISSING)
        resolve(session, review, found, cell.id, taken=Taken.SECOND, reason="not in the report",
                person="cleo", now=NOW)  # fmt: skip
        reach_consensus(session, review, sides(session, review, "A"), person="cleo", now=NOW)
        counted = [item for _, item in evidence(session, [review.id])]
        assert [item.timepoint for item in counted] == ["post"]


def test_arms_that_only_a_blind_entry_names_are_not_arms_of_the_study(
    made: Database, by: Attribution
) -> None:
    def arms() -> list[str]:
        study = queries.study_called(session, review, "A")
        return [arm.label for arm in queries.arms_that_count(session, [study.id])]

    with writing(made, by) as session:
        review = review_of(session)
        take(session, [VIDEO, PERSON], "anna", EntryKind.BLIND)
        take(session, [VIDEO, {**PERSON, "arm": "In the room"}], "ben", EntryKind.BLIND)
        assert arms() == []
        while open_ := sides(session, review, "A").open:
            resolve(session, review, sides(session, review, "A"), open_[0].id, taken=Taken.FIRST,
                    reason="as the report says", person="cleo", now=NOW)  # fmt: skip
        reach_consensus(session, review, sides(session, review, "A"), person="cleo", now=NOW)
        assert arms() == ["In person", "Video"]


def test_single_entries_and_double_entries_do_not_mix(twice: Database, by: Attribution) -> None:
    with pytest.raises(FileError, match="--entry blind"), writing(twice, by) as session:
        take(session, [VIDEO], "cleo", None)
    with pytest.raises(FileError, match="no consensus"), writing(twice, by) as session:
        take(session, [VIDEO], "cleo", EntryKind.CONSENSUS)


@pytest.mark.parametrize("carried", [1, None])
def test_a_stale_form_is_refused_with_both_versions_shown(
    made: Database, by: Attribution, carried: int | None
) -> None:
    with writing(made, by) as session:
        take(session, [VIDEO], "anna", None)
    with writing(made, by) as session:
        take(session, [{**VIDEO, "mean": 15.0, "version": 1}], "anna", None)
    late = {**VIDEO, "mean": 16.0, "version": carried}
    if carried is None:
        with writing(made, by) as session:
            (change,) = take(session, [late], "ben", None).corrections
            assert (change.old, change.new) == (15.0, 16.0)
        return
    with pytest.raises(StaleFormError) as caught, writing(made, by) as session:
        take(session, [late], "ben", None)
    (conflict,) = caught.value.conflicts
    assert (conflict.form, conflict.stored) == (16.0, 15.0)
    assert (conflict.form_version, conflict.stored_version) == (1, 2)
    with made.reading() as session:
        assert session.scalars(sa.select(reported_column("mean"))).one() == 15.0
    with writing(made, by) as session:  # a stale form that says what is stored harms nobody
        assert take(session, [{**late, "mean": 15.0}], "ben", None).nothing_new


@pytest.mark.parametrize(("column", "value"), [("year", 2021), ("role", "wait_list")])
def test_stale_facts_of_study_and_arm_are_refused_too(
    made: Database, by: Attribution, column: str, value: object
) -> None:
    versions = {"study_version": 1, "arm_version": 1}
    with writing(made, by) as session:
        take(session, [{**VIDEO, "year": 2020, "role": "intervention"}], "anna", None)
        study = queries.study_called(session, review_of(session), "A")
        (arm,) = queries.arms(session, [study.id])
        versions = {"study_version": study.version, "arm_version": arm.version}
    with writing(made, by) as session:
        take(session, [{**VIDEO, column: value, **versions}], "anna", None)
    with pytest.raises(StaleFormError), writing(made, by) as session:
        take(session, [{**VIDEO, "year": 2030, "role": "placebo", **versions}], "ben", None)


def test_a_file_that_contradicts_itself_is_refused(made: Database, by: Attribution) -> None:
    rows = [{**VIDEO, "year": 2020}, {**PERSON, "year": 2021}]
    with (
        pytest.raises(FileError, match="line 3, column year: line 2 says 2020"),
        writing(made, by) as session,
    ):
        take(session, rows, "anna", None)


def test_a_custom_value_of_a_known_study_and_arm_is_taken_and_corrected(
    made: Database, by: Attribution
) -> None:
    specs = [
        FieldSpec("kind", FieldLevel.STUDY, "Kind", FieldKind.TEXT),
        FieldSpec("place", FieldLevel.STUDY, "Place", FieldKind.TEXT),
        FieldSpec("dose", FieldLevel.ARM, "Dose", FieldKind.NUMBER),
    ]
    with writing(made, by) as session:
        for spec in specs:
            actions.define_field(session, review_of(session), spec, now=NOW)
        take(session, [VIDEO], "anna", None)
    before = _form_versions(made)
    for kind, dose in (("home", 10.0), ("clinic", 12.0)):
        custom = {"kind": kind, "place": f"{kind} town", "dose": dose}
        with writing(made, by) as session:
            take(session, [{**VIDEO, "custom": custom}], "anna", None)
    with made.reading() as session:
        study = queries.study_called(session, review_of(session), "A")
        (entry,) = queries.entries(session, [study.id])
        values = {value.name: value.value for value in queries.entry_values(session, [entry])}
    assert values == {"kind": "clinic", "place": "clinic town", "dose": 12.0}
    assert _form_versions(made) == [version + 2 for version in before], "older forms are stale"


def _form_versions(database: Database) -> list[int]:
    with database.reading() as session:
        study = queries.study_called(session, review_of(session), "A")
        return [study.version, *(arm.version for arm in queries.arms(session, [study.id]))]


def test_changing_a_form_never_deletes_an_entry(made: Database, by: Attribution) -> None:
    spec = FieldSpec("kind", FieldLevel.STUDY, "Kind", FieldKind.CHOICE, ("clinic", "home"))
    with writing(made, by) as session:
        actions.define_field(session, review_of(session), spec, now=NOW)
        take(session, [{**VIDEO, "custom": {"kind": "home"}}], "anna", None)
    with writing(made, by) as session:
        review = review_of(session)
        newer = FieldSpec("kind", FieldLevel.STUDY, "Kind", FieldKind.CHOICE, ("clinic", "other"))
        assert actions.define_field(session, review, newer, now=NOW).number == 2
        assert actions.retire_field(session, review, slug="kind", now=NOW).number == 3
        with pytest.raises(InvalidDataError, match="like that already"):
            actions.retire_field(session, review, slug="kind", now=NOW)
    with made.reading() as session:
        review = review_of(session)
        (entry,) = queries.entries(session, [queries.study_called(session, review, "A").id])
        (value,) = queries.entry_values(session, [entry])
        assert value.value == "home"
        (told,) = queries.entered(session, [entry])
        assert told.values["kind"] == "home"


def test_columns_that_a_file_does_not_have_are_left_alone(made: Database, by: Attribution) -> None:
    with writing(made, by) as session:
        take(session, [{**VIDEO, "quote": "as printed", "page": "3"}], "anna", None)
        changed = {k: VIDEO[k] for k in ("study", "arm", "instrument", "rater")} | {"page": "4"}
        report = take(session, [changed], "anna", None)
        assert [(c.field, c.old, c.new) for c in report.corrections] == [("page", "3", "4")]
        assert session.scalars(sa.select(Result.quote)).one() == "as printed"


def test_a_person_has_one_blind_entry_of_a_study(twice: Database) -> None:
    with twice.reading() as session:
        people = [(e.person.handle, e.kind) for e in session.scalars(sa.select(Entry))]
    assert sorted(people) == [("anna", EntryKind.BLIND), ("ben", EntryKind.BLIND)]


def _entered(person: str, *keys: ResultKey, **values: Any) -> Entered:
    results = {key: EnteredResult(i, 1, values) for i, key in enumerate(keys)}
    return Entered(1, "A", EntryKind.BLIND, person, True, None, {}, {}, results)


def test_numbers_are_compared_with_a_tolerance_and_choices_exactly() -> None:
    key = ResultKey("x", None, "bdi", "client", "post", "itt", None)
    one, other = _entered("a", key, mean=5.6, page="3"), _entered("b", key, mean=5.64, page="3 ")
    assert [c.field for c in compare(one, other).differing] == ["mean", "page"]
    assert [c.field for c in compare(one, other, tolerance=0.05).differing] == ["page"]


def test_results_whose_key_differs_are_paired_by_likeness() -> None:
    key = ResultKey("x", None, "bdi", "client", "post", "itt", None)
    late = key._replace(timepoint="6 months")
    one = _entered("a", key, late, mean=5.0)
    other = _entered("b", key, late._replace(rater="self"), mean=5.0)
    (cell,) = compare(one, other).differing
    assert (cell.field, cell.first, cell.second) == ("rater", "client", "self")
