"""Seventy numbers out of all exports of the demonstration, recomputed in R from the raw files.

``recomputed.R`` reads seeds/cbt-delivery and knows nothing of this program; what it printed, by
metafor 3.8, is kept in ``recomputed.tsv`` for machines without R. Tolerance: half of the last digit
of a number in print, 1e-8 (relative above 1) of one for programs. ``pytest -s`` shows what was
drawn; ``REVIEW_TEST_SEED`` draws others.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.db import Database
from review.export.contents.registry import collect
from review.export.manuscript.facts import facts_of
from review.export.manuscript.quarto import numbers_json
from review.export.manuscript.word import render_word
from review.export.manuscript.writing import manuscript, supplement
from review.protocol.queries import review_called
from tests.export import printed_numbers as printed
from tests.export.printed_numbers import Printed
from tests.export.reproduction.programs import needs_r

HERE = Path(__file__).parent
SEEDS = HERE.parents[1] / "seeds" / "cbt-delivery"

SEED = int(os.environ.get("REVIEW_TEST_SEED", "20261130"))
EACH = 5
"""Numbers of each export that are drawn, some 70 in all."""

EXPORTS = {
    "tables, CSV", "tables, XLSX", "tables, DOCX", "summary of findings, DOCX", "numbers.json",
    "manuscript, DOCX", "supplement, DOCX",
    "numbers.json, text", "report.html", "forest plot, SVG", "release", "guideline", "RevMan",
    "FHIR",
}  # fmt: skip

Key = tuple[str, str, str]


def read(text: str) -> dict[Key, float]:
    """What R printed, by analysis, study and quantity."""
    found = {}
    for line in text.splitlines():
        analysis, study, quantity, value = line.split("\t")[:4]
        found[analysis, study, quantity] = float(value)
    return found


KEPT = read((HERE / "recomputed.tsv").read_text("utf-8"))


def test_r_computes_from_the_raw_files_what_is_kept_here() -> None:
    needs_r()
    command = ["Rscript", "--vanilla", "recomputed.R", str(SEEDS)]
    done = subprocess.run(command, cwd=HERE, text=True, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    now = read(done.stdout)
    assert now.keys() == KEPT.keys()
    assert now == pytest.approx(KEPT, rel=1e-9, abs=1e-12)


@pytest.fixture
def exported(cli: Callable[..., Result], database: Database, tmp_path: Path) -> list[Printed]:
    """Every number of every export whose meaning is known."""
    cli("seed", "load", "cbt-delivery")
    cli("repool")
    formats = [part for name in ("csv", "xlsx", "docx") for part in ("--format", name)]
    cli("export", "tables", "--out", tmp_path / "tables", *formats)
    cli("export", "report", "--out", tmp_path / "report.html")
    cli("release", "create", "1.0", "--out", tmp_path / "release", "--because", "test",
        "--no-figures")  # fmt: skip
    cli("export", "guideline", "--out", tmp_path / "guideline")
    cli("export", "bundle", "revman", "--out", tmp_path / "revman")
    cli("export", "fhir", "--out", tmp_path / "fhir.json")
    cli("plot", "forest", "multimedia", "--editable-text", "--out", tmp_path / "forest.svg")
    with database.reading() as session:
        review = review_called(session, "cbt-delivery")
        facts = facts_of(session, review)
        tables = collect(session, review, [analysed.latest for analysed in facts.analysed])
        text = manuscript(facts, tables.printed, {})
        of_text = numbers_json(text)
        for name, document in (
            ("manuscript", text), ("supplement", supplement(facts, tables.printed, {}))
        ):  # fmt: skip
            (tmp_path / f"{name}.docx").write_bytes(render_word(document))
    of_studies = {study for analysis, study, _ in KEPT if analysis == "multimedia" and study}
    return [
        *printed.of_csv(tmp_path / "tables"),
        *printed.of_xlsx(tmp_path / "tables"),
        *printed.of_docx(tmp_path / "tables" / "tables.docx"),
        *printed.of_findings_docx(tmp_path / "tables" / "tables.docx"),
        *printed.of_docx(tmp_path / "manuscript.docx", "manuscript, DOCX"),
        *printed.of_docx(tmp_path / "supplement.docx", "supplement, DOCX"),
        *printed.of_numbers_json(of_text),
        *printed.of_report(tmp_path / "report.html"),
        *printed.of_figure(tmp_path / "forest.svg", "multimedia", of_studies),
        *printed.of_release(tmp_path / "release"),
        *printed.of_guideline(tmp_path / "guideline"),
        *printed.of_revman(tmp_path / "revman"),
        *printed.of_fhir(tmp_path / "fhir.json"),
    ]


def apart(one: Printed) -> str | None:
    """Why a number is not what R computes; None where it is."""
    if one.key not in KEPT:
        return f"{one.export}, {one.place}: R has no {one.key}"
    if abs(one.value - KEPT[one.key]) <= one.within:
        return None
    return f"{one.export}, {one.place}: {one.quantity} {one.value:.10g}, R {KEPT[one.key]:.10g}"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_seventy_numbers_of_all_exports_are_those_of_r(exported: list[Printed]) -> None:
    count = Counter(one.export for one in exported)
    assert set(count) == EXPORTS, "an export has lost its numbers"
    assert min(count.values()) >= 15, count
    chance = random.Random(SEED)
    drawn = [one for name in sorted(EXPORTS) for one in chance.sample(
        [one for one in exported if one.export == name], EACH)]  # fmt: skip
    told = [f"seed {SEED}: {len(drawn)} of {len(exported)} numbers in {len(EXPORTS)} exports"]
    told += [
        f"  {one.export:26} {' '.join(one.key):60} {one.value:>16.8g} R {KEPT[one.key]:.8g}"
        for one in drawn
    ]
    sys.stdout.write("\n".join(["", *told, ""]))
    assert len(drawn) >= 60
    assert [wrong for one in drawn if (wrong := apart(one))] == []
    assert any(one.value < 0 for one in exported if one.quantity == "yi")
    # and, since they are there, all the others
    assert [wrong for one in exported if (wrong := apart(one))] == []


@pytest.mark.parametrize("change", [lambda x: -x, lambda x: x + 0.02])
def test_a_number_with_another_sign_or_digit_is_named(change: Callable[[float], float]) -> None:
    value = KEPT["multimedia", "", "estimate"]
    right = Printed("t", "p", "multimedia", "", "estimate", value, 0.005)
    wrong = Printed("t", "p", "multimedia", "", "estimate", change(value), 0.005)
    assert apart(right) is None
    assert apart(wrong) is not None
