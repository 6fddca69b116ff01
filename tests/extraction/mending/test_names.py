"""Near twins: asked about at import, found by check, mended by rename and merge."""

from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.cli import main
from review.db import Database
from review.errors import ReviewError
from review.extraction import queries
from review.extraction.mending import merging, renaming
from review.extraction.models import Result, natural_key
from review.history.actions import Attribution, writing
from review.protocol.queries import review_called
from tests.extraction.mending.conftest import Cli, evidence_of, fingerprints, shown
from tests.faults import TABLES as DATA

ADAMS, TWIN = "Synthetic Adams 2015", "Synthetic Adams (2015)"
ANSWERS = ("--distinct", "Video-CBT", "--distinct", "In-person CBT", "--distinct", TWIN)


def test_an_import_asks_about_all_near_names_at_once_and_stores_nothing(
    trials: Cli, database: Database
) -> None:
    before = evidence_of(database)
    said = trials("extract", "import", DATA / "two_spellings.csv", status=1).stderr
    for line, name, other in (
        (2, "Video-CBT", "Video CBT"), (3, "In-person CBT", "In person CBT"), (4, TWIN, ADAMS),
    ):  # fmt: skip
        assert f"line {line}, column" in said
        assert f'"{name}" is nearly "{other}"' in said
        assert f'--distinct "{name}"' in said
    assert evidence_of(database) == before


def test_the_answers_are_yes_they_are_one_or_no_they_are_two(trials: Cli) -> None:
    same = [
        part
        for pair in (f"{TWIN}={ADAMS}", "Video-CBT=Video CBT", "In-person CBT=In person CBT")
        for part in ("--same", pair)
    ]
    done = shown(trials("extract", "import", DATA / "two_spellings.csv", *same, "--json"))
    assert (done["studies_added"], done["arms_added"], done["results_added"]) == ([], 0, 4)
    found = shown(trials("extract", "check", "--json"))
    assert [d for d in found if d["kind"] == "nearly_one_name"] == []


def test_what_was_said_to_be_distinct_is_no_open_doubt(trials: Cli) -> None:
    trials("extract", "import", DATA / "two_spellings.csv", *ANSWERS)
    found = shown(trials("extract", "check", "--dismissed", "--json"))
    twins = [d for d in found if d["kind"] == "nearly_one_name"]
    assert {d["numbers"]["name"] for d in twins} == {TWIN, "Video-CBT", "In-person CBT"}
    assert all(d["dismissed_because"] for d in twins)


def test_check_finds_twins_that_came_before_anybody_asked(
    trials: Cli,
) -> None:
    trials("extract", "import", DATA / "two_spellings.csv", *ANSWERS)
    trials("study", "rename", TWIN, "Adams 15")
    trials("study", "rename", "Adams 15", "synthetic adams - 2015")
    found = shown(trials("extract", "check", "--json"))
    (twin,) = [d for d in found if d["kind"] == "nearly_one_name"]
    assert 'review study merge "synthetic adams - 2015" --into' in twin["message"]


def test_a_merge_lists_what_differs_and_does_nothing_until_it_is_said(
    trials: Cli, database: Database, tmp_path: Path
) -> None:
    table = tmp_path / "twin.csv"
    table.write_text(
        "study,year,diagnosis,funding,arm,treatment,delivery_mode,n_randomised,instrument,rater,"
        "timepoint,analysis_set,n,mean,sd,t\n"
        f"{TWIN},2016,depression,public,Video CBT,CBT,videoconference,60,wai-c,client,post,itt,"
        "55,199,30,\n"
        f"{TWIN},2016,depression,public,In person CBT,CBT,face_to_face,60,wai-c,client,post,itt,"
        "54,205,29,1.2\n"
    )
    trials("extract", "import", table, "--distinct", TWIN)
    before = evidence_of(database)
    merge = ("study", "merge", TWIN, "--into", ADAMS, "--reason", "one trial")
    said = trials(*merge, status=1).stderr
    assert "study, year: 2015 and 2016" in said
    assert "Video CBT, wai-c, client, post, itt, mean: 198 and 199" in said
    assert evidence_of(database) == before

    looked = shown(trials(*merge, "--keep", ADAMS, "--dry-run", "--json"))
    assert looked["done"] is False
    assert looked["analyses"] == ["alliance", "symptoms"]
    assert evidence_of(database) == before

    done = shown(trials(*merge, "--keep", ADAMS, "--json"))
    assert any("mean 199.0" in detail for detail in done["details"])
    assert "study: funding public comes from Synthetic Adams (2015)" in done["details"]
    after = {item.result_id: item for item in evidence_of(database)}
    assert len(after) == len(before) - 2
    assert TWIN not in {item.study for item in after.values()}
    post = [i for i in after.values() if i.study == ADAMS and i.timepoint == "post"]
    kept = {i.numbers.mean: i.numbers.t for i in post if i.instrument == "wai-c"}
    assert kept == {198.0: None, 205.0: 1.2}
    withdrawn = shown(trials("extract", "withdrawn", "--json"))
    assert len(withdrawn) == 2
    assert all("the same result twice" in w["because"] for w in withdrawn)
    assert "no study" in trials("study", "show", TWIN, status=1).stderr


def test_a_merge_is_pooled_again_and_the_report_says_why(trials: Cli, database: Database) -> None:
    trials(
        "extract", "import", DATA / "two_spellings.csv", "--distinct", TWIN,
        "--same", "Video-CBT=Video CBT", "--same", "In-person CBT=In person CBT",
    )  # fmt: skip
    with database.reading() as session:
        assert len(queries.studies(session, review_called(session, None))) == 9
    trials("study", "merge", TWIN, "--into", ADAMS, "--reason", "one trial")
    with database.reading() as session:
        assert len(queries.studies(session, review_called(session, None))) == 8
    items = [item for item in evidence_of(database) if item.study == ADAMS]
    assert {item.arm.label for item in items} == {"Video CBT", "In person CBT"}


def test_arms_that_were_compared_are_not_one(trials: Cli) -> None:
    said = trials(
        "arm", "merge", "Synthetic Baker 2016", "Video CBT", "--into", "In person CBT",
        "--reason", "x", status=1,
    ).stderr  # fmt: skip
    assert "differ" in said or "compare" in said or "different things" in said


def test_a_name_that_a_plan_selects_by_is_not_taken_from_it(trials: Cli) -> None:
    said = trials("instrument", "rename", "wai-c", "wai-client", status=1).stderr
    assert "the plan of alliance selects the instrument wai-c" in said
    assert "wai-therapist" in trials("instrument", "rename", "wai-t", "wai-therapist").stdout


def test_an_arm_is_renamed_where_the_report_says_who_did_better(
    trials: Cli, database: Database, tmp_path: Path
) -> None:
    table = tmp_path / "f.csv"
    table.write_text(
        "study,arm,treatment,delivery_mode,versus_arm,versus_treatment,versus_delivery_mode,"
        "instrument,timepoint,n,versus_n,f,favours\n"
        "Synthetic Zorn 2020,Video,CBT,videoconference,Room,CBT,face_to_face,phq-9,post,30,31,"
        "4.2,Video\n"
    )
    trials("extract", "import", table)
    trials("repool")
    before = fingerprints(database)
    trials("arm", "rename", "Synthetic Zorn 2020", "Video", "Video link")
    trials("repool")
    assert fingerprints(database) == before
    (item,) = [i for i in evidence_of(database) if i.study == "Synthetic Zorn 2020"]
    assert (item.arm.label, item.favours) == ("Video link", "Video link")


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    place=st.integers(0, 7),
    of=st.integers(0, 1),
    name=st.text("abc (2015)-é", min_size=3, max_size=12).map(lambda text: f"{text}x"),
)
def test_a_new_name_changes_no_number(
    pooled: Cli, database: Database, by: Attribution, place: int, of: int, name: str
) -> None:
    before, runs = evidence_of(database, names=False), fingerprints(database)
    with writing(database, by) as session:
        review = review_called(session, None)
        study = sorted(queries.studies(session, review), key=lambda s: s.id)[place]
        with suppress(ReviewError):
            renaming.rename_study(session, review, label=study.label, to=name)
            arm = queries.arms(session, [study.id])[of].label
            renaming.rename_arm(session, review, study=study.label, label=arm, to=f"{name} arm")
            (report, *_) = queries.reports(session, [study.id])
            renaming.rename_report(
                session, review, study=study.label, citation=report.citation, to=f"{name} cited"
            )
            renaming.rename_treatment(session, review, name="CBT", to=f"CBT {name}")
            new = f"CBT {' '.join(name.split())}"
            renaming.rename_treatment(session, review, name=new, to="CBT")
    assert evidence_of(database, names=False) == before
    pooled("repool")
    assert fingerprints(database) == runs


def test_no_result_is_lost_by_a_merge(trials: Cli, database: Database, by: Attribution) -> None:
    trials("extract", "import", DATA / "two_spellings.csv", *ANSWERS)
    with database.reading() as session:
        every = session.query(Result).count()
    with writing(database, by) as session:
        review = review_called(session, None)
        merging.merge_studies(
            session, review, goes=TWIN, stays=ADAMS, reason="one", person="tester", now=by.time
        )
        for goes, stays in (("Video-CBT", "Video CBT"), ("In-person CBT", "In person CBT")):
            merging.merge_arms(
                session,
                review,
                study=ADAMS,
                goes=goes,
                stays=stays,
                reason="one arm",
                person="tester",
            )
    with database.reading() as session:
        standing = session.query(Result).all()
        assert len({natural_key(result) for result in standing}) == len(standing)
        rows = session.query(Result).execution_options(withdrawn=True).all()
    assert len(rows) == every
    assert all(r.withdrawn_because for r in rows if r.id not in {s.id for s in standing})
    with (DATA / "two_spellings.csv").open() as file:
        given = {(float(r["mean"]), float(r["sd"])) for r in csv.DictReader(file)}
    assert given <= {(r.numbers.mean, r.numbers.sd) for r in standing}


@pytest.mark.parametrize(
    "noun", ["study", "arm", "treatment", "timepoint", "instrument", "reports"]
)
def test_every_noun_has_help(noun: str) -> None:
    assert "rename" in CliRunner().invoke(main, [noun, "--help"]).stdout
    assert "--dry-run" in CliRunner().invoke(main, [noun, "rename", "--help"]).stdout


def test_a_new_instrument_is_asked_about_too(trials: Cli) -> None:
    add = ("instrument", "add", "phq9", "--name", "PHQ", "--outcome", "symptoms")
    assert "phq9 is nearly phq-9" in trials(*add, status=1).stderr
    trials(*add, "--distinct")
    said = trials(
        "instrument", "merge", "phq9", "--into", "phq-9", "--reason", "one scale", "--json"
    )
    assert shown(said)["sentence"] == "instrument phq9 was merged into phq-9"
    assert "phq9" not in trials("instrument", "list").stdout
    trials("verify")
