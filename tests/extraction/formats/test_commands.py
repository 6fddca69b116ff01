"""From another program's file to a pooled line, and back to the row that a number is from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result as Ran

from tests.extraction.formats.files import metapsy, rm5, sample, trial


@pytest.fixture
def review(cli: Callable[..., Ran]) -> Callable[..., Ran]:
    """The command line with a review to import into."""
    cli("init")
    cli("new", "r", "--title", "R")
    return cli


def plan(cli: Callable[..., Ran], outcome: str, one: str, two: str, *options: str) -> None:
    cli(
        "analysis", "add", "a", "--title", "A", "--outcome", outcome,
        "--intervention", one, "--intervention-treatment", one,
        "--comparator", two, "--comparator-treatment", two, *options,
    )  # fmt: skip


def test_counts_of_a_revman_file_pooled_by_mantel_haenszel(
    review: Callable[..., Ran], tmp_path: Path
) -> None:
    path = tmp_path / "r.rm5"
    path.write_bytes(rm5())
    found = json.loads(review("extract", "import", "--format", "revman", path, "--json").stdout)
    assert (found["added"], found["without_direction"]) == (2, [])
    (line,) = found["pools"]
    assert (line["how"], line["agrees"]) == ("MH OR, fixed", False)
    plan(review, "death", "Drug", "Placebo", "--measure", "OR", "--method", "MH")
    review("repool")
    shown = review("runs", "show", "a").stdout
    ratio = (160 / 98 + 78 / 61) / (368 / 98 + 135 / 61)
    assert f"Drug against Placebo: OR {ratio:.7f}" in shown
    assert f"{ratio:.2f}" in shown  # as measured, though fewer events are better


def test_the_published_review_pooled_by_mantel_haenszel(review: Callable[..., Ran]) -> None:
    """OR 0.8968656 (0.8405144, 0.9569947), chi² 9.946056."""
    review("extract", "import", "--format", "revman", sample("revman/meta_Fleiss1993.rm5"))
    outcome = "aspirin-for-preventing-death-after-myocardial-infarction"
    plan(review, outcome, "Aspirin", "Control", "--measure", "OR", "--method", "MH")
    review("repool")
    shown = review("runs", "show", "a").stdout
    assert "OR 0.8968656 (0.8405144, 0.9569947)" in shown
    assert "9.95 (df 6, p 0.127)" in shown


def test_ready_effects_of_a_metapsy_file_are_pooled(
    review: Callable[..., Ran], tmp_path: Path
) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(metapsy([trial("A 2001"), trial("B 2002", **{".g": "-0.1"})]))
    review("extract", "import", "--format", "metapsy", path, "--better", "lower")
    plan(review, "msd", "cbt", "cau", "--method", "EE", "--test", "z")
    review("repool")
    assert "0.30" in review("runs", "show", "a").stdout


def test_a_result_leads_back_to_its_row_with_every_column(
    review: Callable[..., Ran], tmp_path: Path
) -> None:
    assert "None" in review("extract", "releases").stdout
    for number, g in (("1", "-0.5"), ("2", "-0.6")):
        path = tmp_path / f"v{number}.csv"
        path.write_bytes(metapsy([trial("A 2001", **{".g": g}), trial("B 2002")]))
        review("extract", "import", "--format", "metapsy", path)
    releases = json.loads(review("extract", "releases", "--json").stdout)
    assert [(r["release"], r["file"], r["rows"]) for r in releases] == [
        (1, "v1.csv", 2), (2, "v2.csv", 2),
    ]  # fmt: skip
    assert "v2.csv" in review("extract", "releases").stdout
    rows = json.loads(review("extract", "source", "A 2001", "--json").stdout)
    assert [(r["release"], r["line"], r["cells"][".g"]) for r in rows] == [
        (2, 2, "-0.6"), (1, 2, "-0.5"),
    ]  # fmt: skip
    assert "country: Norway" in review("extract", "source", "A 2001").stdout


def test_blind_entries_are_not_taken_from_other_programs(
    review: Callable[..., Ran], tmp_path: Path
) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(metapsy([trial("A 2001")]))
    ran = review("extract", "import", "--format", "metapsy", path, "--entry", "blind", status=2)
    assert "our own table" in ran.stderr
