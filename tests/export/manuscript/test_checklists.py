"""The checklists are complete, and answer from the ledger alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from review.db import Database
from review.export.manuscript.checklists import amstar, checklists_of
from review.export.manuscript.checklists.items import AMSTAR_2, PRISMA_2020, PRISMA_LSR
from review.export.manuscript.checklists.prisma import ANSWERS, AUTHORS
from review.export.manuscript.facts import Extracted, Facts, facts_of
from review.export.tables.model import Table
from review.protocol.queries import review_called


@pytest.fixture(scope="module")
def facts(delivery: Database) -> Facts:
    with delivery.reading() as session:
        return facts_of(session, review_called(session, "cbt-delivery"))


def _column(table: Table, key: str) -> dict[str, str | None]:
    at, item = table.keys.index(key), table.keys.index("item")
    return {str(row[item]): None if row[at] is None else str(row[at]) for row in table.rows}


def test_prisma_2020_has_27_items_in_42_rows() -> None:
    assert len(PRISMA_2020) == 42
    assert [*dict.fromkeys(item.number.rstrip("abcdef") for item in PRISMA_2020)] == [
        str(number) for number in range(1, 28)
    ]
    assert set(ANSWERS) < {item.number for item in PRISMA_2020}


def test_prisma_lsr_adds_four_items() -> None:
    assert [i.number for i in PRISMA_LSR if i.number.startswith("L")] == ["L1", "L2", "L3", "L4"]


def test_amstar_2_has_16_items_seven_of_them_critical() -> None:
    assert [item.number for item in AMSTAR_2] == [str(number) for number in range(1, 17)]
    critical = [item.number for item in AMSTAR_2 if item.section == "critical"]
    assert critical == ["2", "4", "7", "9", "11", "13", "15"]
    assert set(amstar.ANSWERS) == {item.number for item in AMSTAR_2}


def test_what_the_ledger_knows_is_filled_and_the_rest_is_the_authors(facts: Facts) -> None:
    tables = checklists_of(facts)
    assert {name: len(table.rows) for name, table in tables.items()} == {
        "prisma_2020": 42, "prisma_lsr": 13, "amstar_2": 16
    }  # fmt: skip
    where, told = (_column(tables["prisma_2020"], key) for key in ("where", "told"))
    assert where["3"] == where["16a"] == AUTHORS
    assert told["9"] == (
        "0 of 76 studies entered twice with consensus, 76 once (76 of them taken over from files)"
    )
    assert "Multimedia CBT against control: k = 17, superior" in str(told["20b"])
    living = _column(tables["prisma_lsr"], "told")
    assert living["16"] == "30 trials added since readers last saw it"
    assert living["L3"] == "Conclusion changed in 1 of 3 analyses (Multimedia CBT against control)"


def test_the_audit_says_no_where_the_numbers_do(facts: Facts) -> None:
    answers = _column(checklists_of(facts)["amstar_2"], "answer")
    assert answers["6"] == "No"
    assert answers["9"] == "No"
    assert answers["11"] == "No", "I² of 86 to 96 % and no planned moderator"
    assert answers["4"] == answers["5"] == answers["16"] == "Cannot be told from the database"
    assert "Yes" not in answers.values()


def test_a_sample_entered_twice_counts_where_the_entries_agreed(facts: Facts) -> None:
    def answer(equal: int) -> str:
        states = {"entered twice, consensus": 20, "extracted by one person": 56}
        read = Extracted(states, 76, 0, facts.extracted.reported, {}, compared=100, equal=equal)
        changed = replace(facts, extracted=read)
        return str(_column(checklists_of(changed)["amstar_2"], "answer")["6"])

    assert (answer(80), answer(79)) == ("Yes", "No")


def test_the_command_writes_them_on_either_database(
    cli: Callable[..., Result], tmp_path: Path
) -> None:
    cli("seed", "load", "founding")
    asked = ("export", "checklists", "--out", tmp_path, "--format", "csv", "--json")
    written = json.loads(cli(*asked).stdout)
    assert [Path(path).name for path in written] == [
        "prisma_2020.csv", "prisma_lsr.csv", "amstar_2.csv"
    ]  # fmt: skip
    with (tmp_path / "amstar_2.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16
    assert rows[10]["answer"] == "No meta-analysis"


def test_an_outdated_run_is_told(cli: Callable[..., Result], tmp_path: Path) -> None:
    cli("seed", "load", "cbt-delivery", "--until", "1990")
    cli("repool")
    cli("study", "exclude", "Taylor (1977)", "--reason", "test")
    done = cli("export", "checklists", "--out", tmp_path, "--format", "csv")
    assert "inputs of face-to-face changed since run 1" in done.stderr
