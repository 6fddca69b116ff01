"""Every command that takes a table takes it as people send it, or says cell and reason."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from review.db import Database, database_at
from tests.faults import POOL as POOL_FILES
from tests.faults import TABLES as FILES
from tests.tabular.making import workbook

Cli = Callable[..., Result]

POOL = ("--measure", "SMD", *(
    word
    for pair in ("n1i=n_video", "m1i=mean_video", "sd1i=sd_video", "n2i=n_f2f", "m2i=mean_f2f",
                 "sd2i=sd_f2f")
    for word in ("--col", pair)
))  # fmt: skip


@pytest.fixture
def review(cli: Cli) -> Cli:
    cli("new", "--file", FILES / "protocol.yaml")
    return cli


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """One kind of database is enough: what is read does not depend on where it goes."""
    path = tmp_path / "review.db"
    shutil.copy(sqlite_template, path)
    found = database_at(f"sqlite:///{path}")
    yield found
    found.engine.dispose()


def imported(review: Cli, name: str, *options: str, status: int = 0) -> Result:
    return review("extract", "import", FILES / name, *options, status=status)


def report(review: Cli, name: str, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(imported(review, name, "--json", *options).stdout)
    return found


def stored(review: Cli, study: str) -> list[dict[str, Any]]:
    rows = json.loads(review("extract", "export", "--json").stdout)
    return [row for row in rows if row["study"] == study]


def test_decimal_commas_and_semicolons_are_read_and_said(review: Cli) -> None:
    found = report(review, "decimal_comma.csv")
    assert [(r["mean"], r["sd"]) for r in stored(review, "Synthetic Jones 2023")] == [
        (8.9, 4.9), (9.5, 5.2),
    ]  # fmt: skip
    assert [(r["line"], r["column"]) for r in found["remarks"]] == [(2, "mean"), (2, "sd")]
    again = imported(review, "decimal_comma.csv")
    assert "nothing new" in again.stdout
    assert '"9,5" is read as 9.5 (decimal comma), and so in line 3' in again.stderr


def test_numbers_as_reports_print_them_are_refused_by_cell_where_they_are_two(review: Cli) -> None:
    told = imported(review, "messy_numbers.csv", status=1).output
    assert [line.split(":")[0].strip() for line in told.splitlines()[1:]] == [
        "line 2, column mean", "line 3, column sd", "line 5, column p",
    ]  # fmt: skip


def test_what_is_left_of_them_is_read_with_a_remark(review: Cli, tmp_path: Path) -> None:
    text = (FILES / "messy_numbers.csv").read_text(encoding="utf-8")
    text = text.replace("9.5 (5.2),", "9.5,5.2").replace("4.9*", "4.9").replace(",ns", ",NR")
    path = tmp_path / "mended.csv"
    path.write_text(text, encoding="utf-8")
    found = json.loads(review("extract", "import", path, "--json").stdout)
    rows = {row["arm"]: row for row in stored(review, "Synthetic Jones 2023")}
    assert (rows["Video"]["n"], rows["Video"].get("p"), rows["Video"]["p_below"]) == (
        40,
        None,
        0.001,
    )
    assert (rows["Clinic"]["mean"], rows["Clinic"]["p"]) == (-8.9, 0.03)
    assert (rows["Clinic2"]["n"], rows["Clinic3"]["instrument"]) == (1041, "phq-9")
    assert [remark["remark"] for remark in found["remarks"]] == [
        '"n=40" is read as 40 (name before the number)',
        '"1,041" is read as 1041 (sign between thousands)',
    ]


def test_utf16_gives_what_utf8_gives(review: Cli) -> None:
    assert report(review, "truth.csv")["results_added"] == 38
    assert "nothing new in 38 rows" in imported(review, "utf16.csv").stdout


def test_other_names_of_columns(review: Cli) -> None:
    told = imported(review, "unknown_columns.csv", status=1).output
    for name, meant in (("trial", "study"), ("sd.", "sd"), ("std", "sd")):
        assert f"line 1, column {name}: unknown column; did you mean {meant}?" in told
    said = imported(review, "wrong_columns.csv").stderr
    assert 'columns read: "Study" as study, "Arm" as arm, "Instrument" as instrument' in said
    assert stored(review, "Synthetic Jones 2023")[0]["mean"] == 200


def test_a_second_sheet_is_asked_about(review: Cli) -> None:
    told = imported(review, "xl_two_sheets.xlsx", status=1).output
    assert "it has 2 sheets: alliance, symptoms; say which one is meant with --sheet NAME" in told
    assert report(review, "xl_two_sheets.xlsx", "--sheet", "symptoms")["studies_added"] == [
        "Synthetic Second 1999"
    ]


def test_a_title_above_the_header_is_skipped_with_a_remark(review: Cli) -> None:
    said = imported(review, "xl_title_row.xlsx").stderr
    assert 'sheet Sheet, row 1: "Extraction Anna" stands above the header and is skipped' in said
    assert len(stored(review, "Synthetic Lee 2023")) == 2


def test_merged_cells_and_dates_are_refused_with_the_cell(review: Cli) -> None:
    told = imported(review, "xl_merged.xlsx", status=1).output
    assert "sheet Sheet, cells A2:A3, column study: they are merged" in told
    assert "sheet Sheet, cells B2:B3, column year: they are merged" in told
    told = imported(review, "xl_dates.xlsx", status=1).output
    assert "sheet Sheet, cell J2, column mean: 2026-05-09 is not a number; Excel holds a" in told
    assert "sheet Sheet, cell J3, column mean" in told


def test_risk_of_bias_in_semicolons_and_in_a_workbook(review: Cli, tmp_path: Path) -> None:
    imported(review, "truth.csv")
    review("rob", "adopt", "rob2-parallel")
    for handle in ("ada", "ben"):
        review("people", "add", handle)
    form, tool = FILES / "rob_semicolon.csv", ("-t", "rob2-parallel")
    said = json.loads(review("rob", "assess", form, *tool, "--as", "ada", "--json").stdout)
    assert (said["stored"], said["remarks"]) == (7, [])
    rows = [*csv.reader(io.StringIO(form.read_text(encoding="utf-8-sig")), delimiter=";")]
    path = tmp_path / "form.xlsx"
    path.write_bytes(workbook(("form", [["Risk of bias, Ben"], *rows]), ("Sheet2", [])))
    said = json.loads(review("rob", "assess", path, *tool, "--as", "ben", "--json").stdout)
    assert said["stored"] == 7
    assert [r["place"] for r in said["remarks"]] == [None, "sheet form, row 1"]
    path.write_bytes(workbook(("ada", rows), ("ben", rows)))
    told = review("rob", "assess", path, *tool, "--as", "ben", status=1).output
    assert "2 sheets: ada, ben" in told


def test_a_german_file_is_pooled_as_its_english_twin(cli: Cli, tmp_path: Path) -> None:
    german = FILES / "pool_german.csv"
    first = json.loads(cli("pool", german, *POOL, "--json").stdout)
    english = tmp_path / "english.csv"
    text = german.read_text(encoding="utf-8").replace(",", ".").replace(";", ",")
    english.write_text(text, encoding="utf-8")
    second = json.loads(cli("pool", english, *POOL, "--json").stdout)
    (remark,) = first.pop("remarks")
    assert (remark["line"], remark["column"], second.pop("remarks")) == (3, "sd_f2f", [])
    assert first == second
    book = tmp_path / "book.xlsx"
    rows = [*csv.reader(io.StringIO(german.read_text(encoding="utf-8")), delimiter=";")]
    book.write_bytes(workbook(("studies", rows)))
    assert json.loads(cli("pool", book, *POOL, "--json").stdout)["estimate"] == first["estimate"]


def test_a_moderator_in_decimal_commas_is_a_number(cli: Cli, tmp_path: Path) -> None:
    rows = [("yi", "vi", "x"), ("0.1", "0.04", "1.5"), ("0.3", "0.05", "2.5"),
            ("0.2", "0.03", "3.25"), ("0.5", "0.02", "4.5")]  # fmt: skip
    first, second = tmp_path / "point.csv", tmp_path / "comma.csv"
    first.write_text("\n".join(",".join(row) for row in rows))
    second.write_text("\n".join(";".join(row) for row in rows).replace(".", ","))
    one, two = (json.loads(cli("pool", f, "--mods", "x", "--json").stdout) for f in (first, second))
    assert one["metareg"] == two["metareg"]


@pytest.mark.parametrize("header", ["yi,yi,vi", "yi,vi,note,note", " yi ,yi,vi"])
def test_a_column_that_stands_twice_is_not_pooled(cli: Cli, tmp_path: Path, header: str) -> None:
    told = cli("pool", POOL_FILES / "duplicate_header.csv", status=1).output
    assert "line 1, column yi: the column appears twice" in told
    path = tmp_path / "twice.csv"
    path.write_text(f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    assert "the column appears twice" in cli("pool", path, status=1).output


def test_decisions_come_back_from_a_workbook(cli: Cli, tmp_path: Path) -> None:
    cli("new", "mine", "--title", "Mine")
    ris = tmp_path / "a.ris"
    ris.write_text("TY  - JOUR\nTI  - A trial\nER  - \nTY  - JOUR\nTI  - Another\nER  - \n")
    cli("import", ris)
    cli("dedupe", "run")
    out = tmp_path / "out.csv"
    cli("screen", "export", out)
    header, *rows = csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig")))
    place = header.index("verdict")
    for row, verdict in zip(rows, ("include", "maybe"), strict=True):
        row[place] = verdict
    book = tmp_path / "back.xlsx"
    book.write_bytes(workbook(("records", [header, *rows]), ("Sheet2", [])))
    said = json.loads(cli("screen", "import", book, "--json").stdout)
    assert (said["decided"], len(said["remarks"])) == (2, 1)


def test_a_plan_and_a_protocol_in_utf16_are_read(review: Cli, tmp_path: Path) -> None:
    review("analysis", "revise", "alliance", "--file", FILES / "plan_utf16.yaml", "--reason", "t")
    assert "margin: 0.1" in review("analysis", "show", "alliance").stdout
    path = tmp_path / "protocol.yaml"
    text = (FILES / "protocol.yaml").read_text(encoding="utf-8").replace("slug: vcp", "slug: two")
    path.write_bytes(text.encode("utf-16-be"))
    review("new", "--file", path)
    path.write_bytes("title: Müller".encode("cp1252"))
    assert "neither UTF-8 nor UTF-16" in review("new", "--file", path, status=1).output


def test_a_name_that_stands_twice_in_a_plan_is_refused(review: Cli, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    text = (FILES / "plan_utf16.yaml").read_text(encoding="utf-16")
    path.write_text(text.replace("margin: 0.1", "margin: 0.1\nmargin: 0.5"), encoding="utf-8")
    revise = ("analysis", "revise", "alliance", "--file", path, "--reason", "t")
    told = review(*revise, status=1).output
    assert "margin stands twice" in told


def test_citations_in_a_workbook(cli: Cli, tmp_path: Path) -> None:
    cli("new", "mine", "--title", "Mine")
    rows = [
        ("Title", "Authors", "Year", "Abstract"),
        ('A "first" trial', "Alm A.; Bok B.", 2019, "a\nb"),
        ("Another", "Cid C.", 2020, "x" * 20_000),
    ]
    path = tmp_path / "records.xlsx"
    path.write_bytes(workbook(("Export", [["Search of May"], *rows]), ("Sheet2", [])))
    (said,) = json.loads(cli("import", path, "--json").stdout)
    assert (said["stored"], said["rejected"]) == (2, 0)
    shown = json.loads(cli("records", "list", "--json").stdout)
    assert {row["title"] for row in shown} == {'A "first" trial', "Another"}
    path.write_bytes(workbook(("a", rows), ("b", rows[:2])))
    assert "2 sheets: a, b" in cli("import", path, status=1).output
    (said,) = json.loads(cli("import", path, "--sheet", "b", "--json").stdout)
    assert said["stored"] == 1
