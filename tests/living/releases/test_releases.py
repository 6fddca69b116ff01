"""Releases: frozen, checkable, comparable."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from click.testing import Result

from review.db import Database
from review.history.actions import Attribution
from tests.living.fixture import Y, begin, enter


@pytest.fixture
def released(
    cli: Callable[..., Result], database: Database, by: Attribution, tmp_path: Path
) -> Callable[..., Result]:
    """Two releases: after four trials, and after all eight."""
    begin(database, by)
    cli("living", "search", "PubMed", "--every", "30", "--searched", "2026-10-01")
    for version, numbers in (("1.0", range(1, 5)), ("1.1", range(5, 9))):
        enter(database, by, numbers)
        cli("repool")
        out = tmp_path / version
        cli(
            "release", "create", version, "--out", out, "--because", "a test",
            "--author", "Example, A.", "--no-figures",
        )  # fmt: skip
        cli("living", "search", "PubMed", "--searched", "2026-11-01")
    return cli


@pytest.mark.usefixtures("released")
def test_a_release_can_be_checked_and_cited(tmp_path: Path) -> None:
    folder = tmp_path / "1.1"
    lines = [line.split("  ") for line in (folder / "SHA256SUMS").read_text().splitlines()]
    sums = {name: seal for seal, name in lines}
    assert sums.keys() == {p.name for p in folder.iterdir()} - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["runs"]["alliance"]["k"] == 8
    assert manifest["previous"] == "1.0"
    assert manifest["searches"] == {"PubMed": "2026-11-01T00:00:00.000000Z"}
    with (folder / "effects.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["yi"]) for row in rows] == list(Y)
    codebook = json.loads((folder / "codebook.json").read_text())
    assert list(rows[0]) == list(codebook["effects.csv"])
    cited = yaml.safe_load((folder / "CITATION.cff").read_text())
    assert cited["version"] == "1.1"
    assert cited["authors"] == [{"family-names": "Example", "given-names": "A."}]
    assert json.loads((folder / ".zenodo.json").read_text())["upload_type"] == "dataset"
    assert "changed from inconclusive" in (folder / "CHANGES.md").read_text()


def test_two_releases_are_compared(released: Callable[..., Result], tmp_path: Path) -> None:
    found = json.loads(released("release", "diff", "1.0", "1.1", "--json").stdout)
    ((name, report),) = found["changes"]
    assert (name, len(report["added"])) == ("alliance", 4)
    assert found["searches"][0][0] == "PubMed"
    told = released("release", "diff", "1.0", "1.1", "--out", tmp_path / "d.md").output
    assert "Wrote" in told
    assert "| trials (k) | 4 | 8 |" in (tmp_path / "d.md").read_text()
    assert "1.1" in released("release", "list").output
    assert len(json.loads(released("release", "list", "--json").stdout)) == 2
    told = released("release", "diff", "1.0", "9", status=1).output
    assert "no release '9' (1.0, 1.1)" in told


def test_what_is_refused(
    released: Callable[..., Result], database: Database, by: Attribution, tmp_path: Path
) -> None:
    def create(version: str, folder: str) -> str:
        return released(
            "release", "create", version, "--out", tmp_path / folder, "--because", "x",
            "--no-figures", status=1,
        ).output  # fmt: skip

    assert "already has a release 1.0" in create("1.0", "new")
    assert "numbers with dots" in create("one", "new")
    assert "exists already" in create("2.0", "1.0")
    with pytest.raises(sa.exc.DatabaseError), database.transaction() as session:
        session.execute(sa.text("UPDATE release SET version = '3'"))
    from review.extraction.actions import exclude_study
    from review.history.actions import writing
    from review.protocol.queries import review_called

    with writing(database, by) as session:
        exclude_study(session, review_called(session, None), label="Synthetic 1", reason="x")
    assert "compute the analyses first, with: review repool" in create("2.0", "new")
    assert not (tmp_path / "new").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".release")] == []


def test_figures_come_along(
    cli: Callable[..., Result], database: Database, by: Attribution, tmp_path: Path
) -> None:
    begin(database, by)
    enter(database, by, range(1, 5))
    cli("repool")
    told = cli("release", "create", "1", "--out", tmp_path / "r", "--because", "first").output
    assert "Released 1: 10 files" in told
    assert (tmp_path / "r" / "forest_alliance.svg").stat().st_size > 5_000
    traced = json.loads(cli("trace", tmp_path / "r" / "forest_alliance.svg", "--json").stdout)
    assert [run["number"] for run in traced["runs"]] == [1]
