"""Recipes and journeys name what exists, and a recipe gives what it says."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.cli import export as exporting
from review.export.contents import registry
from review.export.tables.model import Column, Kind, Table
from tests.docs.running import ROOT

PLACE = re.compile(r"`((?:review|tests|docs|benchmarks)/[\w/.-]*)(?::(\w+))?`")
NAMING = ("CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md")


def _names(path: Path) -> set[str]:
    """The names that a module defines at its first level."""
    found = set[str]()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


@pytest.mark.parametrize("page", NAMING)
def test_every_place_that_a_recipe_or_a_journey_names_exists(page: str) -> None:
    named = PLACE.findall((ROOT / page).read_text(encoding="utf-8"))
    missing = [
        f"{path}:{name}" if name else path
        for path, name in named
        if not (ROOT / path).exists() or (name and name not in _names(ROOT / path))
    ]
    assert missing == []
    assert named


def test_the_index_of_decisions_is_whole() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for path in sorted(folder.glob("[0-9]*.md")):
        number = int(path.name[:4])
        title = path.read_text(encoding="utf-8").split("\n")[0].removeprefix(f"# {number}. ")
        assert f"| {number} | [{title}]({path.name}) |" in index
    numbers = [int(path.name[:4]) for path in folder.glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers)), "two decisions have one number"
    assert {*range(1, max(numbers) + 1)} - {*numbers} == {*range(8, 12), *range(13, 20)}


def test_the_drawing_is_that_of_the_code() -> None:
    import runpy

    drawn = runpy.run_path(str(ROOT / "docs" / "floors.py"))
    assert drawn["OUT"].read_text(encoding="utf-8") == drawn["drawn"](), "run python docs/floors.py"
    order = [name for floor in drawn["floors"]() for name in floor]
    for number, package in enumerate(order):
        assert drawn["imported"](package) <= {*order[number:]} | {
            p for floor in drawn["floors"]() if package in floor for p in floor
        }


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_table_is_a_function_and_an_entry(
    cli: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = (Column("study", "Study"), Column("year", "Year", Kind.INTEGER))
    made = Table("Invented: years", columns, (("Invented 1", 2020),))
    entry = registry.Content(
        "years", "years of trials", "review extract import", lambda *_: {"years": made}
    )
    longer = (*registry.CONTENTS, entry)
    for module in (registry, exporting):
        monkeypatch.setattr(module, "CONTENTS", longer)
    cli("seed", "load", "founding")
    assert "years" in cli("export", "tables", "--list").output
    cli("export", "tables", "--out", tmp_path)
    assert {"years.tex", "years.md", "years.csv"} <= {path.name for path in tmp_path.iterdir()}
    assert "Invented: years" in (tmp_path / "tables.html").read_text(encoding="utf-8")
    rows = json.loads((tmp_path / "tables.json").read_text())["years"]["rows"]
    assert rows == [["Invented 1", 2020]]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_field_of_one_review_is_a_moderator_without_code(cli: Callable[..., Result]) -> None:
    cli("seed", "load", "cbt-delivery")
    cli("extract", "field", "add", "place", "--level", "study", "--kind", "choice",
        "--choice", "clinic", "--choice", "home")  # fmt: skip
    cli(
        "analysis", "add", "placed", "--title", "T", "--outcome", "depression", "--measure", "GEN",
        "--intervention", "a", "--intervention-treatment", "Multimedia CBT",
        "--comparator", "b", "--comparator-treatment", "F2F CBT",
        "--subgroup", "place", "--moderator", "year * place",
    )  # fmt: skip
    assert "place" in cli("analysis", "show", "placed").output
    assert "place" in cli("extract", "template", "--review", "cbt-delivery").output.split("\n")[0]
