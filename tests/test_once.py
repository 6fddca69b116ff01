"""What stood in many places stands in one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = sorted((ROOT / "review").rglob("*.py"))
MIGRATIONS = sorted((ROOT / "migrations").rglob("*.py"))


def _functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node.name


@pytest.mark.parametrize("name", ["Floats", "Ints", "Bools", "Indices"])
def test_an_array_has_its_name_in_one_module(name: str) -> None:
    said = re.compile(rf"^{name}\b.*= .*NDArray", re.MULTILINE)
    found = [p.name for p in CODE if said.search(p.read_text(encoding="utf-8"))]
    assert found == ["arrays.py"]


def test_no_module_spells_an_array_of_floats_out() -> None:
    spelled = re.compile(r"NDArray\[np\.(float64|bool_|int64|intp)\]")
    found = [p.name for p in CODE if spelled.search(p.read_text(encoding="utf-8"))]
    assert found == ["arrays.py"]


@pytest.mark.parametrize("idiom", ["forbid_changes", "copied", "freeze", "refers", "flag"])
def test_an_idiom_of_migrations_stands_once(idiom: str) -> None:
    assert [p.name for p in MIGRATIONS if idiom in _functions(p)] == ["idioms.py"]


def test_idioms_of_migrations_know_no_models() -> None:
    for path in MIGRATIONS:
        if path.name != "env.py":
            assert "review" not in re.findall(
                r"^(?:from|import) (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE
            )
