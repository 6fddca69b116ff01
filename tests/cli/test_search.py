"""``review search``, ``import``, ``dedupe`` and ``records``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from review.citations.formats.reading import read_citations
from tests.citations.test_imports import TITLES, ris

Cli = Callable[..., Result]


@pytest.fixture
def files(cli: Cli, tmp_path: Path) -> Path:
    """A review, and a folder with two overlapping files, a damaged one and a strategy."""
    cli("new", "synthetic", "--title", "Synthetic")
    (tmp_path / "one.ris").write_bytes(ris(*TITLES))
    (tmp_path / "two.txt").write_bytes(ris(TITLES[0].upper(), TITLES[1], doi="10.5555/a"))
    (tmp_path / "damaged.ris").write_bytes(b"\nJF  - A journal\nTI  - Lost\nER  - \n")
    (tmp_path / "strategy.txt").write_text("1 exp Telemedicine/\n", encoding="utf-8")
    return tmp_path


def test_from_search_to_export(cli: Cli, files: Path) -> None:
    added = cli(
        "search", "add", "--source", "PsycINFO", "--platform", "Ovid", "--date", "2026-11-20",
        "--strategy", files / "strategy.txt", "--hits", "3", "--review", "synthetic", "--json",
    )  # fmt: skip
    search = json.loads(added.stdout)
    assert (search["search"], search["strategy"]) == (1, "1 exp Telemedicine/\n")

    (done,) = json.loads(
        cli("import", files / "one.ris", "--review", "synthetic", "--search", "1", "--json").stdout
    )
    assert {name: done[name] for name in ("format", "read", "stored", "rejected")} == {
        "format": "ris", "read": 3, "stored": 3, "rejected": 0,
    }  # fmt: skip
    assert done["already_imported"] is False
    assert len(done["sha256"]) == 64

    again, other = json.loads(cli("import", files / "one.ris", files / "two.txt", "--json").stdout)
    assert again["already_imported"] is True
    assert again["stored"] == 0
    assert other["stored"] == 2

    ran = json.loads(cli("dedupe", "run", "--json").stdout)
    assert (ran["compared"], ran["removed"], ran["in_scope"]) == (5, ran["linked"], 3)
    listed = json.loads(cli("records", "list", "--json").stdout)
    assert [row["duplicate_of"] for row in listed] == [None, None, None, 1, 2]
    assert [row["source"] for row in listed][::4] == ["PsycINFO", "source unstated"]
    pages: list[dict[str, Any]] = []
    after = 0
    while page := json.loads(
        cli("records", "list", "--limit", "2", "--after", after, "--json").stdout
    ):
        pages, after = pages + page, page[-1]["id"]
    assert pages == listed

    cli("records", "export", "--format", "nbib", "-o", files / "out.nbib", "--in-scope")
    exported = read_citations((files / "out.nbib").read_bytes(), file="out.nbib").entries
    assert [entry.title for entry in exported] == list(TITLES)
    assert "status: awaiting_screening" in exported[0].raw
    shown = json.loads(cli("search", "list", "--json").stdout)
    assert shown["searches"][0]["records"] == 3
    assert [batch["identified"] for batch in shown["batches_without_search"]] == [2]


def test_a_damaged_file_is_reported_and_the_others_are_taken(cli: Cli, files: Path) -> None:
    result = cli("import", files / "damaged.ris", files / "one.ris", "--json", status=1)
    damaged, sound = json.loads(result.stdout)
    assert damaged["rejects"] == [{"line": 2, "reason": "fields without a TY line before them"}]
    assert (damaged["read"], damaged["stored"], damaged["rejected"]) == (1, 0, 1)
    assert sound["stored"] == 3
    assert "nothing was stored" in result.stderr


def test_a_file_that_is_not_there_is_an_error(cli: Cli, files: Path) -> None:
    result = cli("import", files / "none.ris", status=1)
    assert "there is no such file" in result.stderr
    result = cli("import", files / "one.ris", "--search", "7", status=1)
    assert "no search 7" in result.stderr
    result = cli("import", files / "one.ris", "--column", "title", status=2)
    assert "FIELD=NAME" in result.stderr


def test_columns_of_a_table_can_be_named(cli: Cli, files: Path) -> None:
    (files / "x.csv").write_text("Titel;Wer\nEine Studie;Doe J\n", encoding="utf-8")
    cli("import", files / "x.csv", "--column", "title=Titel", "--column", "authors=Wer")
    (row,) = json.loads(cli("records", "list", "--containing", "studie", "--json").stdout)
    assert row["authors"] == ["Doe J"]


def test_pairs_are_shown_decided_and_taken_back(cli: Cli, files: Path) -> None:
    (files / "a.ris").write_bytes(ris(TITLES[0], doi="10.5555/a"))
    (files / "b.ris").write_bytes(ris(TITLES[0], doi="10.5555/b"))
    cli("import", files / "a.ris", files / "b.ris")
    assert "1 for a person" in cli("dedupe", "run").stdout
    assert "No record is new" in cli("dedupe", "run").stdout
    assert "the DOIs differ" in cli("dedupe", "review").stdout
    (pair,) = json.loads(cli("dedupe", "review", "--json").stdout)
    number = pair["pair"]
    (whole,) = json.loads(cli("dedupe", "review", number, "--json").stdout)
    assert whole["evidence"]["doi"] == "different"
    cli("dedupe", "review", number, "--duplicate", "--reason", "two DOIs of one article")
    assert json.loads(cli("dedupe", "stats", "--json").stdout)["in_scope"] == 1
    assert "linked" in cli("records", "show", "2").stdout
    cli("dedupe", "undo", number)
    assert json.loads(cli("dedupe", "stats", "--json").stdout)["open"] == 1
    cli("dedupe", "review", number, "--different")
    assert "No pair waits" in cli("dedupe", "review").stdout
    assert "different" in cli("dedupe", "stats").stdout
    assert "called different" in cli(
        "dedupe", "link", "1", "2", "--reason", "x", status=0
    ).stdout or (json.loads(cli("dedupe", "stats", "--json").stdout)["linked"] == 1)
