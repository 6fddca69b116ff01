"""``review screen``, ``review reports`` and ``review flow``, as a team would use them."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result

from review.citations.vocabulary import SourceKind
from review.config import settings
from review.db import Database
from review.history.actions import writing
from review.screening.models import Ranking
from tests.joining import joined
from tests.loaded import PATIENCE
from tests.screening.builders import (
    attributed,
    import_records,
    link_duplicates,
    make_review,
    the_review,
)
from tests.tiers import MOSTLY_ON_SQLITE

Team = Callable[..., Result]


@pytest.fixture
def team(
    cli: Callable[..., Result], database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Team]:
    """Run a command as somebody: ``team("anna", "screen", "next")``; six records await."""
    make_review(database)
    import_records(database, [f"Title {i}" for i in range(5)], source="PubMed")
    import_records(database, ["By hand"], source="Web", kind=SourceKind.WEBSITE)
    link_duplicates(database, [(1, 5)])

    def run(who: str, *arguments: Any, status: int = 0) -> Result:
        with writing(database, attributed(who)) as session:
            joined(session, the_review(session), who)
        monkeypatch.setenv("REVIEW_ACTOR", who)
        settings.cache_clear()
        return cli(*map(str, arguments), status=status)

    yield run
    settings.cache_clear()


def read(result: Result) -> Any:
    return json.loads(result.stdout)


@MOSTLY_ON_SQLITE
def test_from_the_queue_to_the_flow(team: Team, tmp_path: Path) -> None:
    first = read(team("anna", "screen", "next", "--json"))
    assert (first["left"], first["records"][0]["record"]) == (5, 1)
    for who in ("anna", "ben"):
        for record in (1, 2, 3):
            team(who, "screen", "decide", record, "include")
        team(who, "screen", "decide", 4, "e")
    team("anna", "screen", "decide", 6, "include", "--note", "a trial, I think")
    team("ben", "screen", "decide", 6, "exclude")
    (conflict,) = read(team("cleo", "screen", "conflicts", "--json"))
    assert [said["who"] for said in conflict["said"]] == ["anna", "ben"]
    refused = team("anna", "screen", "adjudicate", 6, "include", status=1)
    assert "third person" in refused.output
    team("cleo", "screen", "adjudicate", 6, "include", "--note", "it randomised")
    pdf = tmp_path / "day2002.pdf"
    pdf.write_bytes(b"%PDF-1.4 pages")
    team("anna", "screen", "retrieve", 1, "--pdf", pdf)
    team("anna", "screen", "retrieve", 2, 6)
    team("anna", "screen", "retrieve", 3, "--not-retrieved", "no answer")
    for who in ("anna", "ben"):
        team(who, "screen", "decide", 1, "include", "--stage", "full-text")
        team(who, "screen", "decide", 6, "include", "--stage", "full_text")
        no_reason = team(who, "screen", "decide", 2, "exclude", "-s", "full_text", status=1)
        assert "1 wrong population" in no_reason.output
        team(who, "screen", "decide", 2, "exclude", "-s", "full_text", "--reason", "2")
    team("anna", "reports", "link", 1, "Day 2002", "--new")
    team("anna", "reports", "link", 6, "Day 2002")
    listed = read(team("anna", "reports", "list", "--json"))
    assert [row["study"] for row in listed] == ["Day 2002", "Day 2002"]
    flow = read(team("anna", "flow", "--json"))
    numbers = {key: box["n"] for key, box in flow["boxes"].items() if box["n"]}
    assert numbers == {
        "records_identified": 5,
        "duplicates_removed": 1,
        "records_screened": 4,
        "records_excluded": 1,
        "reports_sought": 3,
        "reports_not_retrieved": 1,
        "reports_assessed": 2,
        "reports_excluded": 1,
        "reports_included": 1,
        "other_records_identified": 1,
        "other_records_screened": 1,
        "other_reports_sought": 1,
        "other_reports_assessed": 1,
        "other_reports_included": 1,
        "included_studies": 1,
        "included_reports": 2,
    }
    assert all(identity["closes"] for identity in flow["identities"])
    (row,) = read(team("anna", "flow", "--list", "reports_excluded", "--json"))
    assert (row["record"], row["under"]) == (2, "wrong comparator")
    files = [tmp_path / f"flow.{suffix}" for suffix in ("svg", "png", "pdf")]
    team("anna", "flow", *(part for file in files for part in ("--out", file)))
    assert [file.read_bytes()[:4] for file in files] == [b"<?xm", b"\x89PNG", b"%PDF"]
    assert "sums agree" in team("anna", "flow").output
    status = read(team("anna", "screen", "status", "--json"))
    assert status["stages"][1]["states"]["included"] == 2


@MOSTLY_ON_SQLITE
def test_every_list_command_of_the_flow_works_and_agrees(team: Team) -> None:
    flow = read(team("anna", "flow", "--json"))
    for key, box in flow["boxes"].items():
        words = box["list"].split()
        assert words[:2] == ["review", "flow"]
        rows = read(team("anna", *words[1:], "--json"))
        assert len(rows) == box["n"] - box["stated"], key


def test_a_spreadsheet_out_and_back(team: Team, tmp_path: Path) -> None:
    file = tmp_path / "anna.csv"
    team("ben", "screen", "decide", 1, "exclude")
    team("anna", "screen", "export", file)
    with file.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["record"] for row in rows] == ["1", "2", "3", "4", "6"]
    assert {row["verdict"] for row in rows} == {""}
    for row in rows[:3]:
        row["verdict"] = "include"
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    done = read(team("anna", "screen", "import", file, "--json"))
    assert (done["decided"], done["changed"], done["unchanged"]) == (3, 0, 0)
    again = read(team("anna", "screen", "import", file, "--json"))
    assert (again["decided"], again["unchanged"]) == (0, 3)
    file.write_text("record,verdict\n2,exclude\n5,include\n99,include\n")
    refused = team("anna", "screen", "import", file, status=1)
    assert "line 3: record 5 is a duplicate of record 1" in refused.output
    assert "line 4: there is no record 99" in refused.output
    shown = read(team("anna", "screen", "show", 2, "--json"))
    assert shown["card"]["mine"]["verdict"] == "exclude"  # what may be stored is


def test_a_file_comes_back_to_its_stage_and_reviewer_alone(team: Team, tmp_path: Path) -> None:
    file = tmp_path / "anna.csv"
    team("anna", "screen", "export", file)
    for who, stage in (("ben", ()), ("anna", ("--stage", "full_text"))):
        refused = team(who, "screen", "import", file, *stage, status=1)
        assert "written for title and abstract of alliance, for anna" in refused.output


def test_columns_that_were_sorted_apart_are_found(team: Team, tmp_path: Path) -> None:
    file = tmp_path / "anna.csv"
    file.write_text("record,title,verdict\n1,Title 0,i\n2,Title 2,i\n3,Title 1,e\n")
    refused = team("anna", "screen", "import", file, status=1)
    assert "record 2 is 'Title 1', not 'Title 2'; were columns sorted apart?" in refused.output
    assert "2 lines" in refused.output
    assert "1 decided" in refused.output


@MOSTLY_ON_SQLITE
def test_a_copy_that_is_found_late_hides_no_inclusion(
    cli: Callable[..., Result], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_review(database)
    files = Path(__file__).parents[2] / "screening"

    def run(who: str, *words: Any) -> Result:
        monkeypatch.setenv("REVIEW_ACTOR", who)
        settings.cache_clear()
        return cli(*map(str, words))

    for who in ("anna", "ben", "cleo"):
        run("tester", "people", "add", who)
    run("tester", "import", files / "63_late_link_a.ris")
    for who in ("anna", "ben"):
        run(who, "screen", "decide", 1, "exclude")
    run("tester", "import", files / "63_late_link_b.ris")
    for who in ("anna", "ben"):
        run(who, "screen", "decide", 2, "include")
    run("tester", "dedupe", "run")
    assert "record 1 and its duplicate 2" in run("tester", "screen", "status").output
    status = read(run("tester", "screen", "status", "--json"))
    assert status["stages"][0]["states"]["conflict"] == 1
    assert "Record 1 and its duplicate 2, found later" in run("tester", "flow").output
    (conflict,) = read(run("cleo", "screen", "conflicts", "--json"))
    assert [said["verdict"] for said in conflict["copies"][0][1]] == ["include", "include"]
    assert "of its duplicate 2: anna: include" in run("cleo", "screen", "conflicts").output
    run("cleo", "screen", "adjudicate", 1, "include")
    flow = read(run("tester", "flow", "--json"))
    assert flow["boxes"]["reports_sought"]["n"] == 1
    assert "duplicate 2" not in run("tester", "flow").output


def test_agreement_and_rules(team: Team) -> None:
    for who, verdicts in (("anna", "iiee"), ("ben", "iiei")):
        for record, verdict in zip((1, 2, 3, 4), verdicts, strict=True):
            team(who, "screen", "decide", record, verdict)
    found = read(team("cleo", "screen", "agreement", "--json"))
    assert found["pairs"][0]["kappa"]["kappa"] == pytest.approx(0.5)
    assert found["pairs"][0]["kappa"]["pabak"] == pytest.approx(0.5)
    assert "0.50" in team("cleo", "screen", "agreement").output
    by_batch = read(team("cleo", "screen", "agreement", "--by-batch", "--json"))
    assert [row["records"] for row in by_batch] == [4, 0]
    team("cleo", "screen", "rules", "--required", 3)
    rules = read(team("cleo", "screen", "rules", "--json"))
    assert rules["title_abstract"] == {"required": 3, "blind": True, "core": []}
    assert read(team("cleo", "screen", "agreement", "--json"))["records"] == 0


def test_reasons_pilots_and_people(team: Team) -> None:
    assert "4 wrong design" in team("anna", "screen", "reasons", "add", "wrong design").output
    assert len(read(team("anna", "screen", "reasons", "list", "--json"))) == 4
    team("anna", "screen", "pilot", "open", "--size", 2, "--reviewers", 3, "--seed", 4)
    assert read(team("anna", "screen", "next", "--json"))["left"] == 2
    team("anna", "screen", "pilot", "close")
    assert read(team("anna", "screen", "pilot", "list", "--json"))[0]["number"] == 1
    team("anna", "screen", "decide", 1, "i")
    team("tester", "people", "leave", "anna")
    assert "people add anna" in team("anna", "screen", "decide", 2, "i", status=1).output
    team("tester", "people", "add", "anna", "--role", "reviewer")
    team("anna", "screen", "decide", 2, "i")


def test_ranking_and_outlook(team: Team) -> None:
    assert "at least one record" in team("anna", "screen", "rank", status=1).output
    for who in ("anna", "ben"):
        team(who, "screen", "decide", 1, "i")
        team(who, "screen", "decide", 2, "e")
    made = read(team("anna", "screen", "rank", "--json"))
    assert (made["learned_included"], made["learned_excluded"], made["ranked"]) == (1, 1, 3)
    assert "score" not in json.dumps(made)
    assert read(team("anna", "screen", "rank", "--if-due", "--json")) == {"due": False}
    found = read(team("anna", "screen", "outlook", "--json"))
    assert (found["records"], found["screened"], found["may_stop"]) == (5, 2, False)
    said = team("anna", "screen", "outlook").output
    assert "does not rule out" in said
    assert "1.00" not in said


def test_removed_records_and_a_previous_version(team: Team) -> None:
    team("anna", "screen", "remove", 2, "--automation", "--reason", "RCT classifier")
    team("anna", "screen", "remove", 3, "--reason", "before 1990")
    team("anna", "screen", "restore", 3, "--reason", "1991 after all")
    team("anna", "flow", "previous", "--citation", "Norwood 2018", "--studies", 12, "--reports", 12)
    flow = read(team("anna", "flow", "--json"))
    assert flow["boxes"]["removed_by_automation_tools"]["n"] == 1
    assert flow["boxes"]["removed_for_other_reasons"]["n"] == 0
    assert flow["template"] == "updated"
    assert flow["boxes"]["total_studies"]["n"] == 12


MASK = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+\S*|[0-9a-f]{64}|\b\d+ (?:seconds|minutes)\b")
"""Times, and digests that hold random numbers, differ between any two worlds."""


def _seen_by_ben(team: Team, folder: Path) -> str:
    """All that the commands tell a reviewer who has not decided yet."""
    file = folder / "ben.csv"
    calls: tuple[tuple[str, ...], ...] = (
        ("screen", "next", "--json"), ("screen", "next", "-n", "9"),
        ("screen", "show", "1", "--json"), ("screen", "show", "1"),
        ("screen", "show", "2", "--json"), ("screen", "status", "--json"), ("screen", "status"),
        ("screen", "conflicts", "--json"), ("screen", "agreement", "--json"),
        ("screen", "agreement", "--newest", "--json"), ("screen", "outlook", "--json"),
        ("screen", "export", str(file)), ("flow", "--json"), ("flow",),
        ("flow", "--list", "awaiting_screening", "--json"),
        ("flow", "--list", "records_excluded", "--json"), ("reports", "list", "--json"),
        ("history", "--json"), ("history",),
    )  # fmt: skip
    told = [f"{words}\n{team('ben', *words).output}" for words in calls]
    told.append(file.read_text(encoding="utf-8-sig"))
    told += [
        team("ben", *words, status=1).output
        for words in (
            ("screen", "adjudicate", "1", "include"),
            ("screen", "retrieve", "1"),
            ("screen", "decide", "1", "include", "--stage", "full_text"),
            ("reports", "link", "1", "Day 2002", "--new"),
            ("screen", "rank"),
        )
    ]
    return MASK.sub("…", "\n".join(told).replace(str(folder), ""))


@MOSTLY_ON_SQLITE
def test_a_blinded_reviewer_sees_the_same_in_two_worlds(
    team: Team, tmp_path: Path, database: Database
) -> None:
    """Anna's verdict is turned round; nothing that Ben can call differs by a byte."""
    team("anna", "screen", "decide", 1, "include")
    team("anna", "screen", "decide", 2, "exclude")
    one = _seen_by_ben(team, tmp_path)
    assert "awaiting_screening" in one
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM decision").scalar_one() == 2
    mirrored = _mirror(team, tmp_path, database)
    assert one == mirrored


def _mirror(team: Team, folder: Path, database: Database) -> str:
    """The same world with Anna's verdicts the other way round, made by editing the rows."""
    swap = (
        "UPDATE decision SET verdict = "
        "CASE verdict WHEN 'include' THEN 'exclude' ELSE 'include' END"
    )
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER decision_no_update")
        else:
            connection.exec_driver_sql("ALTER TABLE decision DISABLE TRIGGER ALL")
        connection.exec_driver_sql(swap)
    _reseal(database)
    return _seen_by_ben(team, folder)


def test_a_decision_that_was_turned_in_the_file_is_named(team: Team, database: Database) -> None:
    team("anna", "screen", "decide", 1, "include")
    assert "what was judged is as it was sealed" in team("anna", "verify").output
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER decision_no_update")
        else:
            connection.exec_driver_sql("ALTER TABLE decision DISABLE TRIGGER ALL")
        connection.exec_driver_sql("UPDATE decision SET verdict = 'maybe'")
    refused = team("anna", "verify", status=1)
    assert (
        "decision 1, what was judged: as sealed became something else (last event" in refused.output
    )


def _reseal(database: Database) -> None:
    """Seal the turned decisions as if they had been made so."""
    import sqlalchemy as sa

    from review.screening.models import Decision
    from review.screening.queries import seal_of

    with database.reading() as session:
        seals = {d.id: seal_of(d) for d in session.scalars(sa.select(Decision))}
    with database.engine.begin() as connection:
        for number, seal in seals.items():
            connection.exec_driver_sql(f"UPDATE decision SET seal = '{seal}' WHERE id = {number}")


@MOSTLY_ON_SQLITE
def test_a_ranking_is_renewed_beside_the_screening(team: Team, database: Database) -> None:
    for who in ("anna", "ben"):
        team(who, "screen", "decide", 1, "i")
        team(who, "screen", "decide", 2, "e")
    made = read(team("anna", "screen", "rank", "--json"))
    records = import_records(database, [f"Another title {i}" for i in range(12)], source="Embase")
    for record in records[:10]:
        for who in ("anna", "ben"):
            team(who, "screen", "decide", record, "e")
    until = time.monotonic() + PATIENCE
    newest = made["id"]
    while newest == made["id"] and time.monotonic() < until:
        time.sleep(0.2)
        with database.reading() as session:
            newest = session.scalar(sa.select(sa.func.max(Ranking.id)))
    assert newest > made["id"], "no process ranked"
    team("anna", "screen", "decide", records[11], "e")  # nothing waits, nothing is locked
