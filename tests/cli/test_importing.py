"""What an import says of a file, beside its records."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Cli = Callable[..., Result]
FAULTS = Path(__file__).parents[1] / "citations" / "faults"


@pytest.fixture(autouse=True)
def review(cli: Cli) -> None:
    """A review to import into."""
    cli("new", "synthetic", "--title", "Synthetic")


def test_a_guessed_encoding_is_said_and_another_takes_the_place_of_the_batch(
    cli: Cli, tmp_path: Path
) -> None:
    file = tmp_path / "x.ris"
    file.write_bytes("TY  - JOUR\nTI  - Léčba nespavosti\nER  - \n".encode("cp1250"))
    said = cli("import", file)
    assert "the encoding is cp1252 (guessed)" in said.stderr
    assert "--encoding NAME" in said.stderr
    again = cli("import", file, "--encoding", "cp1250")
    assert "takes the place of batch 1" in again.stdout
    (record,) = json.loads(cli("records", "list", "--json").stdout)
    assert record["title"] == "Léčba nespavosti"
    assert "already imported as batch 2" in cli("import", file, "--encoding", "cp1250").stdout


def test_a_batch_on_which_something_was_decided_is_not_replaced(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x.ris"
    file.write_bytes("TY  - JOUR\nTI  - Léčba nespavosti\nER  - \n".encode("cp1250") * 2)
    cli("import", file)
    cli("dedupe", "run")
    cli("dedupe", "link", "1", "2", "--reason", "the same")
    refused = cli("import", file, "--encoding", "cp1250", status=1)
    assert "something was decided" in refused.stderr
    assert len(json.loads(cli("records", "list", "--json").stdout)) == 2


def test_retractions_labels_and_fields_are_said(cli: Cli, tmp_path: Path) -> None:
    assert (
        "retracted: 2 records, first at line 1"
        in cli("import", FAULTS / "35_retracted.nbib").stdout
    )
    assert "RETRACTED" in cli("records", "list").stdout
    assert "notice: retracted (RIN: J Synth Sleep" in cli("records", "show", "1").stdout
    file = tmp_path / "labels.ris"
    file.write_text(
        'TY  - JOUR\nTI  - One\nN1  - RAYYAN-INCLUSION: {"Anna"=>"Included", "Bo"=>"Excluded"} | '
        "RAYYAN-EXCLUSION-REASONS: wrong population\nAD  - Nowhere\nER  - \n"
        "TY  - JOUR\nTI  - Two\nN1  - ASReview_irrelevant\nER  - \n"
    )
    said = cli("import", file)
    assert "earlier decisions of Rayyan (1 include, 1 exclude, 1 label)" in said.stdout
    assert "earlier decisions of ASReview (1 exclude)" in said.stdout
    assert "kept in the raw entry only: AD" in said.stderr
    assert json.loads(cli("records", "show", "3", "--json").stdout)["labels"] == [
        ["Rayyan", "include", "Anna: Included"],
        ["Rayyan", "exclude", "Bo: Excluded"],
        ["Rayyan", "", "exclusion reasons: wrong population"],
    ]


def test_remarks_are_counted_with_the_first_line(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x.ris"
    file.write_text("".join(f"TY  - JOUR\nTI  - {n}\nPY  - soon\nER  - \n" for n in "ABC"))
    assert "3 records, first at line 1: year not understood: soon" in cli("import", file).stderr


def test_a_file_without_a_record_counts_what_it_rejected(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x.ris"
    file.write_text("TY  - JOUR\nPY  - 2019\nER  - \n" * 30)
    (shown,) = json.loads(cli("import", file, "--json", status=1).stdout)
    assert (shown["read"], shown["stored"], shown["rejected"]) == (30, 0, 30)


@pytest.mark.parametrize("name", ["25b_settings.json", "26_marc.xml"])
def test_other_files_are_refused(cli: Cli, name: str) -> None:
    assert "nothing was stored" in cli("import", FAULTS / name, status=1).stderr


def test_columns_named_once_are_remembered_for_the_source(cli: Cli, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"Titel;Wer\nVersuch {name};Doe J\n")
    cli("search", "add", "--source", "Wiso", "--date", "2026-11-20")
    cli("import", tmp_path / "a.csv", "--search", 1, "--column", "title=Titel",
        "--column", "authors=Wer")  # fmt: skip
    cli("search", "add", "--source", "wiso", "--date", "2026-11-21")
    said = cli("import", tmp_path / "b.csv", "--search", 2)
    assert "as named for an earlier file of this source" in said.stderr
    assert "Versuch b" in cli("records", "list").stdout


def test_a_dry_run_says_what_an_import_then_does_and_stores_nothing(
    cli: Cli, tmp_path: Path
) -> None:
    known, new, bad = (tmp_path / name for name in ("known.ris", "new.ris", "bad.ris"))
    entry = "TY  - JOUR\nTI  - {}\nDO  - 10.5555/{}\nPY  - 2020\nER  - \n"
    known.write_text(entry.format("An invented survey of sleep in nurses", "a"))
    new.write_text(
        entry.format("An invented survey of sleep in nurses", "a")
        + entry.format("Another thing that is invented", "b")
        + "TY  - JOUR\nER  - \n"
    )
    bad.write_bytes(b"%PDF-1.4")
    cli("import", known)
    cli("dedupe", "run")
    told = cli("import", known, new, bad, "--dry-run", status=1)
    assert "already imported as batch 1" in told.stdout
    assert "3 read, 2 can be stored, 1 rejected." in told.stdout
    assert "Of 2 records that can be imported, 1 is a certain duplicate" in told.stdout
    found = json.loads(cli("import", new, "--dry-run", "--json").stdout)
    assert (found["certain_duplicates"], found["possible_duplicates"]) == (1, 0)
    assert len(json.loads(cli("records", "list", "--json").stdout)) == 1
    cli("import", new)
    stats = json.loads(cli("dedupe", "run", "--json").stdout)
    assert (stats["certain"], stats["possible"]) == (1, 0)
