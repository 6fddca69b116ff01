"""The page of what the numbers were checked against counts what the tests have, and names them."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.docs.running import ROOT

PAGE = ROOT / "docs" / "checked-numbers.md"
TESTS = ROOT / "tests"
REFERENCE = "reference/expected/*.json"


@dataclass(frozen=True)
class Checked:
    """Results of another program, or of a book, that a test holds ours against."""

    what: str
    source: str
    test: str
    tolerance: str
    """The widest of the estimates', as the test writes it."""
    sets: str
    """Data sets: real ones, and made ones where the reference has them."""
    parts: str
    """Where the results stand: keys with a point between, any key by a star."""
    file: str = ""
    """Those of `REFERENCE` otherwise."""

    def results(self) -> list[Any]:
        """Return what stands at each part of each file."""
        files = [TESTS / self.file] if self.file else sorted(TESTS.glob(REFERENCE))
        told = [json.loads(file.read_text("utf-8")) for file in files]
        return [found for part in self.parts.split() for one in told for found in _at(one, part)]


def _at(told: Any, part: str) -> Iterator[Any]:
    """Yield what stands at a part, in each entry of a list on the way."""
    if isinstance(told, list):
        for one in told:
            yield from _at(one, part)
        return
    key, _, rest = part.partition(".")
    keys = list(told) if key == "*" else [key] if key in told else []
    for one in keys:
        if rest:
            yield from _at(told[one], rest)
        else:
            yield told[one]


_TABLE = (TESTS / "docs" / "checked_numbers.csv").read_text(encoding="utf-8")
CHECKED = [Checked(**row) for row in csv.DictReader(_TABLE.splitlines())]


def _numbers(told: Any) -> int:
    if isinstance(told, dict):
        return sum(map(_numbers, told.values()))
    if isinstance(told, list):
        return sum(map(_numbers, told))
    return isinstance(told, int | float) and not isinstance(told, bool)


@pytest.mark.parametrize("checked", CHECKED, ids=lambda one: one.what)
def test_it_names_a_test_that_reads_the_results_and_its_tolerance(checked: Checked) -> None:
    test = (TESTS / checked.test).read_text("utf-8")
    assert checked.tolerance in test
    assert (Path(checked.file).name or "reference") in test
    assert all(list(replace(checked, parts=part).results()) for part in checked.parts.split())


def test_the_page_counts_them() -> None:
    rows = [(one, _numbers(one.results())) for one in CHECKED]
    lines = [
        "| what | against | data sets | numbers | tolerance | test |", "|---|---|--:|--:|---|---|",
        *(
            f"| {one.what} | {one.source} | {one.sets} | {count:,} | {one.tolerance} "
            f"| `tests/{one.test}` |"
            for one, count in rows
        ),
        f"| **all** | | | **{sum(count for _, count in rows):,}** | | |",
    ]  # fmt: skip
    page = PAGE.read_text("utf-8")
    if os.environ.get("REVIEW_WRITE_DOCS"):
        before, rest = page.split("| what |")
        after = rest.partition("| **all** ")[2].partition("\n")[2]
        PAGE.write_text("\n".join([f"{before}{lines[0]}", *lines[1:], after]), "utf-8")
    assert "\n".join(lines) in PAGE.read_text("utf-8")
