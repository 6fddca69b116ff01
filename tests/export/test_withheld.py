"""A contradiction about a number that entered: no conclusion is printed before it is settled."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.db import Database
from review.export.drawings.forest import forest_of
from review.export.manuscript.document import plain
from review.export.manuscript.facts import facts_of, printer_of
from review.export.manuscript.results import result_sentences
from review.export.tables.printing import NumberStyle
from review.living.job.noticing import notices_of_job
from review.living.job.notify import message_of
from review.living.job.repool import repool
from review.protocol.queries import review_called
from tests.conftest import NOW
from tests.extraction.test_signs import EVENTS, HEADER, PROTOCOL, SCORES, TWO

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

CONFLICT = f"A,{TWO},bdi-ii,50,52,,,,,,,3,1.69,,,MD,,\n"
CLEAR = "".join(row.replace("A,", "B,", 1) + "\n" for row in SCORES.strip().split("\n"))
MORE = "".join(
    f"{name},{arm},bdi-ii,60,,{mean},8,,,,,,,,,,,\n"
    for name in "CDEF"
    for arm, mean in (("Video,videoconference,,", 8), ("Clinic,face_to_face,,", 25))
) + CONFLICT.replace("A,", "C,", 1)
WORDS = ("superior", "noninferior", "inferior", "inconclusive")


def test_the_headline_is_withheld_everywhere_until_a_person_settles_it(
    cli: Callable[..., Result], database: Database, tmp_path: Path
) -> None:
    (tmp_path / "plan.yaml").write_text(PROTOCOL)
    cli("new", "--file", tmp_path / "plan.yaml")
    (tmp_path / "rows.csv").write_text(HEADER + SCORES + CLEAR + CONFLICT + EVENTS)
    cli("extract", "import", tmp_path / "rows.csv")

    told = cli("repool").stdout
    shown, listed = cli("runs", "show", "g").stdout, cli("runs", "list").stdout
    for text in (told, shown):
        assert "No conclusion until this is settled" in text
        assert "review extract dismiss" in text
        assert "withheld" in text
    assert "withheld" in listed
    for text in (told, shown, listed):
        assert not [word for word in WORDS if word in text.replace("noninferiority", "")]
    kinds = [n["kind"] for n in json.loads(cli("runs", "show", "g", "--json").stdout)["notices"]]
    assert kinds.count("withheld") == 1

    wanted = [x for n in ("pooled_estimates", "variants", "summary_of_findings", "notices")
              for x in ("--table", n)]  # fmt: skip
    cli("export", "tables", "--format", "csv", "--out", tmp_path / "t", *wanted)
    for path in (tmp_path / "t").glob("*.csv"):
        with path.open(encoding="utf-8-sig") as stream:
            for row in csv.DictReader(stream):
                assert row.get("conclusion", "withheld") in ("withheld", "")

    with database.reading() as session:
        facts = facts_of(session, review_called(session, "stat"))
    (found,) = facts.analysed
    text = " ".join(plain(s) for s in result_sentences(found, printer_of(found, NumberStyle.APA)))
    assert "No conclusion is drawn before a contradiction is settled: A: " in text
    assert "superior" not in text
    note = forest_of(found.latest.inputs, found.latest.results, withheld=True).note
    assert "No conclusion is drawn" in note
    cli("plot", "forest", "g", "--out", tmp_path / "forest.svg")
    assert "No conclusion is drawn" in (tmp_path / "forest.svg").read_text()

    (key,) = [d["doubt"] for d in json.loads(cli("extract", "check", "--json").stdout)
              if d["kind"] == "sign_conflict"]  # fmt: skip
    cli("extract", "dismiss", key, "--reason", "the difference is of another sample")
    assert "withheld" not in cli("runs", "list").stdout
    settled = cli("runs", "show", "g").stdout
    assert [word for word in WORDS if word in settled]


def test_a_message_has_no_conclusion_either(
    cli: Callable[..., Result], database: Database, tmp_path: Path
) -> None:
    (tmp_path / "plan.yaml").write_text(PROTOCOL)
    cli("new", "--file", tmp_path / "plan.yaml")
    (tmp_path / "rows.csv").write_text(HEADER + SCORES + CLEAR)
    cli("extract", "import", tmp_path / "rows.csv")
    repool(database, actor="tester")
    (tmp_path / "more.csv").write_text(HEADER + MORE)
    cli("extract", "import", tmp_path / "more.csv")
    report = repool(database, actor="tester")
    (made,) = report.recomputed
    with database.reading() as session:
        beside = notices_of_job(session, report, None).told
    message = message_of(report, NOW, beside)
    assert message is not None
    assert "changed" not in message.subject
    (change,) = message.payload["changes"]
    assert (change["withheld"], change["class_changed"]) == (True, False)
    assert change["sentence"] == made.report.unconcluded
    assert "No conclusion until this is settled" in message.text
