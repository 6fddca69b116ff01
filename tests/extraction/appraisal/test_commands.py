"""``review rob`` and ``review grade``, as a review uses them from beginning to end."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from review.db import Database
from review.history.actions import Attribution
from tests.extraction.appraisal.samples import CLEAN, a_review

Cli = Callable[..., Result]
ROB = ("--tool", "rob2-parallel")
ALLIANCE = (*ROB, "--outcome", "alliance")


def filled(form: str, path: Path, **changed: str) -> Path:
    """Fill in a printed form with the clean answers and some changes."""
    answers = CLEAN | {name[1:].replace("_", "."): value for name, value in changed.items()}
    rows = list(csv.DictReader(form.splitlines()))
    for row in rows:
        row["answer"] = row["answer"] or answers.get(row["item"], "")
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_from_the_form_to_the_settled_judgement(
    database: Database, by: Attribution, cli: Cli, tmp_path: Path
) -> None:
    a_review(database, by)
    form = cli("rob", "template", "Day (2002)", "Yuen (2013)", *ALLIANCE).stdout
    ada = filled(form, tmp_path / "ada.csv", q1_2="N")
    ben = filled(form, tmp_path / "ben.csv")
    said = cli("rob", "assess", ada, *ROB, "--as", "ada").stdout
    assert "2 appraisals by ada, 2 of them new" in said
    hidden = json.loads(cli("rob", "show", "Day (2002)", "--as", "ben", "--json").stdout)
    assert (hidden[0]["hidden"], hidden[0]["said"]) == (1, [])
    report = json.loads(cli("rob", "assess", ben, *ROB, "--as", "ben", "--json").stdout)
    assert report == {"read": 2, "stored": 2, "unchanged": 0, "remarks": []}
    states = json.loads(cli("rob", "status", "--json").stdout)
    assert [(s["study"], s["state"], s["assessors"]) for s in states] == [
        ("Day (2002)", "conflict", "2 of 2"),
        ("Yuen (2013)", "conflict", "2 of 2"),
    ]
    cells = json.loads(cli("rob", "compare", "--json").stdout)
    assert cells[0]["values"] == {"ada": "N", "ben": "PY"}
    assert "ada: N; ben: PY" in cli("rob", "compare").stdout
    assert "0.00" in cli("rob", "agreement").stdout
    assert "as it was sealed" in cli("rob", "check").stdout

    consensus = cli("rob", "consensus-form", "Day (2002)", *ALLIANCE).stdout
    decided = filled(consensus, tmp_path / "consensus.csv", q1_2="Y")
    assert "1 of them new" in cli("rob", "settle", decided, *ROB, "--reason", "registry").stdout
    assert "consensus, tester" in cli("rob", "show", "Day (2002)").stdout
    exported = cli("rob", "export")
    assert exported.stdout == "Study,D1,D2,D3,D4,D5,Overall\nDay (2002),Low,Low,Low,Low,Low,Low\n"
    assert "1 result is not settled" in exported.stderr
    assert "Day (2002),alliance,,,D1,1.2," in cli("rob", "export", "--long").stdout
    for kind in ("traffic-light", "summary"):
        path = tmp_path / f"{kind}.svg"
        assert f"Wrote {path}" in cli("rob", "plot", kind, "-o", path).stdout
        assert path.read_bytes().startswith(b"<?xml")


def test_tools_are_listed_adopted_and_shown(
    database: Database, by: Attribution, cli: Cli, tmp_path: Path
) -> None:
    a_review(database, by)
    listed = {t["tool"]: t["adopted"] for t in json.loads(cli("rob", "tools", "--json").stdout)}
    assert (listed["rob2-parallel"], listed["robins-i"], len(listed)) == (True, False, 5)
    assert "already uses rob2-parallel" in cli("rob", "adopt", "rob2-parallel").stdout
    assert "uses robins-i, version 2016-08-01" in cli("rob", "adopt", "robins-i").stdout
    assert "1.8   These were measured" in cli("rob", "questions", "robins-i").stdout
    own = tmp_path / "own.yaml"
    text = cli("rob", "tool-file", "rob2-parallel").stdout
    own.write_text(text.replace("slug: rob2-parallel", "slug: rob2-ours"))
    assert "uses rob2-ours" in cli("rob", "adopt", "--file", own).stdout
    assert "name a shipped tool" in cli("rob", "adopt", status=1).output
    assert "1 assessor." in cli("rob", "assessors", "1").stdout


def test_a_table_from_elsewhere_is_taken_as_one_assessors(
    database: Database, by: Attribution, cli: Cli, tmp_path: Path
) -> None:
    a_review(database, by)
    table = tmp_path / "published.csv"
    table.write_text("Study,D1,D2,D3,D4,D5,Overall\nDay (2002),Low,Low,Low,Low,Low,Low\n")
    refused = cli("rob", "import", table, *ALLIANCE, "--as", "published", status=1).output
    assert "review people add published" in refused
    cli("people", "add", "published")
    said = cli("rob", "import", table, *ALLIANCE, "--as", "published").stdout
    assert "judgements on 1 study by published, 1 of them new" in said
    again = json.loads(cli("rob", "import", table, *ALLIANCE, "--as", "published", "--json").stdout)
    assert again == {"read": 1, "stored": 0, "unchanged": 1, "remarks": []}


MISTAKES = (
    (("rob", "template", *ROB), "say of which outcome with --outcome"),
    (("rob", "status", "--tool", "rob9"), "has no tool 'rob9'"),
    (("rob", "consensus-form", "Day (2002)", *ALLIANCE), "nobody judged Day (2002) (alliance) by"),
    (("rob", "plot", "summary", "-o", "x.svg"), "nothing appraised to draw"),
    (("rob", "plot", "summary", "-o", "x.svg", "--analysis", "alliance"), "has no run yet"),
    (("grade", "rate", "mood"), "has no analysis 'mood'"),
    (("grade", "rate", "alliance", "--run", "3"), "has no run yet"),
    (
        ("grade", "rate", "alliance", "--up", "large-effect", "1", "big"),
        "only evidence from non-randomised studies",
    ),
)


def test_errors_are_sentences_with_a_remedy(database: Database, by: Attribution, cli: Cli) -> None:
    a_review(database, by)
    for arguments, words in MISTAKES:
        assert words in cli(*arguments, status=1).output


def test_certainty_from_the_command_line(database: Database, by: Attribution, cli: Cli) -> None:
    a_review(database, by)
    assert "Nothing is rated yet" in cli("grade", "show").stdout
    cli("grade", "rate", "alliance")
    rated = cli(
        "grade", "rate", "alliance",
        "--down", "imprecision", "2", "four small trials",
        "--down", "risk-of-bias", "1", "assessors knew",
    )  # fmt: skip
    assert rated.stdout == (
        "alliance: very low certainty: down 1 for risk of bias (assessors knew); "
        "down 2 for imprecision (four small trials)\n"
    )
    (newest,) = json.loads(cli("grade", "show", "--json").stdout)
    assert newest["rating"]["certainty"] == "very_low"
    assert newest["rating"]["steps"]["imprecision"] == {"levels": -2, "reason": "four small trials"}
    assert newest["look_again"] is None
    assert len(json.loads(cli("grade", "show", "alliance", "--all", "--json").stdout)) == 2
    assert "very low" in cli("grade", "show").stdout
    plan = cli("analysis", "show", "alliance").stdout
    assert "title: Alliance" in plan


def test_what_is_missing_in_a_form_is_named_by_file_line_and_remedy(
    database: Database, by: Attribution, cli: Cli, tmp_path: Path
) -> None:
    a_review(database, by)
    form = cli("rob", "template", "Day (2002)", "Yuen (2013)", *ALLIANCE).stdout
    path = tmp_path / "blank.csv"
    path.write_text(form)
    said = cli("rob", "assess", path, *ROB, "--as", "ada", status=1).output
    assert f"{path} was not accepted; nothing was stored." in said
    assert "line 2: Day (2002) (alliance): nothing is filled in; answer it, or take" in said
    gap = filled(form, path, q1_2="")
    said = cli("rob", "assess", gap, *ROB, "--as", "ada", status=1).output
    assert "line 3: Day (2002) (alliance): question 1.2 has no answer; it takes Y/PY" in said
    assert said.count("\n  line ") == 2, "one gap a study, and nothing that follows from it"
    for person in ("ada", "ben"):
        cli("rob", "assess", filled(form, path), *ROB, "--as", person)
    path.write_text(form)
    for command in (("settle", path, "--reason", "r"), ("assess", path, "--as", "ada")):
        said = cli("rob", *command, *ROB, status=1).output
        assert "blank.csv was not accepted; nothing was stored.\n  line 2: Day" in said
    table = tmp_path / "published.csv"
    table.write_text("Study,D1,D2,D3,D4,D5,Overall\nDay (2001),Low,Low,Low,Low,Low,Low\n")
    said = cli("rob", "import", table, *ALLIANCE, status=1).output
    assert "line 2: review vcp has no study 'Day (2001)'; see them with: review study list" in said


def judged_by_two(cli: Cli, tmp_path: Path) -> None:
    """Day is agreed, Yuen in conflict."""
    for person, concealed in (("ada", "Y"), ("ben", "N")):
        for study, answer in (("Day (2002)", "Y"), ("Yuen (2013)", concealed)):
            form = cli("rob", "template", study, *ALLIANCE).stdout
            path = filled(form, tmp_path / "form.csv", q1_2=answer)
            cli("rob", "assess", path, *ROB, "--as", person)


def test_the_long_form_read_back_changes_nothing(
    database: Database, by: Attribution, cli: Cli, tmp_path: Path
) -> None:
    a_review(database, by)
    judged_by_two(cli, tmp_path)
    form = cli("rob", "consensus-form", "Yuen (2013)", *ALLIANCE).stdout
    decided = filled(form, tmp_path / "decided.csv", q1_2="N")
    cli("rob", "settle", decided, *ROB, "--reason", "registry")
    exported = tmp_path / "all.csv"
    exported.write_text(cli("rob", "export", "--long").stdout)
    again = cli("rob", "settle", exported, *ROB, "--reason", "again").stdout
    assert "consensus on 2 results, 0 of them new" in again
    assert cli("rob", "export", "--long").stdout == exported.read_text()


def test_all_adopted_tools_are_shown_and_more_assessors_than_needed_are_counted(
    database: Database, by: Attribution, cli: Cli, tmp_path: Path
) -> None:
    a_review(database, by, "rob2-parallel", "robins-i")
    judged_by_two(cli, tmp_path)
    table = tmp_path / "published.csv"
    table.write_text("Study,1,2,3,4,5,6,7,Overall\nDay (2002)" + ",Serious" * 8 + "\n")
    cli("rob", "assessors", "1")
    cli("people", "add", "old")
    cli("rob", "import", table, "--tool", "robins-i", "--outcome", "alliance", "--as", "old")
    states = json.loads(cli("rob", "status", "--json").stdout)
    assert [(s["tool"], s["state"], s["assessors"]) for s in states] == [
        ("rob2-parallel", "agreed", "2 of 2"),
        ("robins-i", "single", "1 of 1"),
        ("rob2-parallel", "conflict", "2 of 2"),
    ]
    assert "robins-i" not in cli("rob", "status", "--tool", "rob2").stdout
    mixed = "rob2 and robins-i have scales of their own; draw one at a time, with --tool"
    assert mixed in cli("rob", "plot", "summary", "-o", tmp_path / "x.svg", status=1).output
    for form in ((), ("--long",)):
        assert "--tool" in cli("rob", "export", *form, status=1).output
