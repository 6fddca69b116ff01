import csv
import io
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from review.export import render_csv, write_csv
from tests.export.tables.writers.samples import HOSTILE, NASTY, POOLED, UNWRITABLE

ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_header_is_the_keys_and_intervals_take_two_columns() -> None:
    header, *rows = parsed(render_csv(POOLED))
    assert ",".join(header) == "analysis,k,estimate,ci_low,ci_high,p,pi_low,pi_high,i2"
    assert len(rows) == 3
    assert rows[2][6:] == ["", "", ""]


def test_numbers_come_back_as_the_same_doubles() -> None:
    frame = pd.read_csv(io.StringIO(render_csv(POOLED)))
    for r, row in enumerate(POOLED.rows):
        assert frame["estimate"][r] == row[2]
        assert frame["p"][r] == row[4]
        assert (frame["ci_low"][r], frame["ci_high"][r]) == row[3]
    assert frame["estimate"].dtype == float
    assert frame["k"].dtype == int


def test_no_text_cell_starts_as_a_formula_and_no_number_is_changed() -> None:
    text = render_csv(HOSTILE)
    header, *rows = parsed(text)
    assert header == ["text", "y"]
    assert len(rows) == len(NASTY)
    for (shown, number), (given, y) in zip(rows, HOSTILE.rows, strict=True):
        assert not shown.startswith(ACTIVE)
        assert float(number) == y
        assert number.startswith("-")
        back = shown[1:] if re.match("'+[=+\\-@\t\r\n＝＋－＠]", shown) else shown
        assert back == given


def test_a_reader_that_splits_at_semicolons_finds_no_formula_either() -> None:
    fields = list(csv.reader(io.StringIO(render_csv(HOSTILE), newline=""), delimiter=";"))
    texts = [field for row in fields for field in row]
    assert not any(field.startswith(("=", "+", "@")) for field in texts)


def test_raw_leaves_text_alone() -> None:
    rows = parsed(render_csv(HOSTILE, raw=True))[1:]
    assert [row[0] for row in rows] == list(NASTY)


@pytest.mark.parametrize("text", UNWRITABLE)
def test_what_no_document_can_hold_is_replaced(text: str, tmp_path: Path) -> None:
    from review.export import Column, Table

    path = write_csv(Table(text, (Column("a", "A"),), ((text,),)), tmp_path / "t.csv")
    shown = parsed(path.read_text(encoding="utf-8"))[1][0]
    assert "\N{REPLACEMENT CHARACTER}" in shown
    assert len(shown) == len(text)


def test_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    first = write_csv(HOSTILE, tmp_path / "a.csv").read_bytes()
    assert write_csv(HOSTILE, tmp_path / "b.csv").read_bytes() == first
    assert not first.startswith(b"\xef\xbb\xbf")


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_numbers_as_numbers(tmp_path: Path) -> None:
    path = write_csv(POOLED, tmp_path / "pooled.csv")
    program = (
        f'd <- read.csv("{path}"); stopifnot(names(d)[1] == "analysis", is.integer(d$k), '
        "sapply(d[3:9], is.numeric), is.na(d$pi_low[3]), d$ci_low[3] == -Inf); "
        'cat(sprintf("%.17g", c(d$estimate, d$p)))'
    )
    said = subprocess.run(
        ["Rscript", "--vanilla", "-e", program], check=True, capture_output=True, text=True
    ).stdout.split()
    expected = [row[2] for row in POOLED.rows] + [row[4] for row in POOLED.rows]
    # R's own reader may miss the last bit: 15 digits are the promise.
    assert [float(x) for x in said] == pytest.approx(expected, rel=1e-15, abs=0)
