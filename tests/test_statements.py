"""The list of tests that run on PostgreSQL in the long tier alone."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.statements import DIFFERS, on_sqlite_alone, shape

ROOT = Path(__file__).parents[1]


def test_each_on_the_list_is_a_test_and_none_is_of_databases_themselves() -> None:
    for name in on_sqlite_alone():
        file, _, function = name.partition("::")
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        assert function in {d.name for d in ast.walk(tree) if isinstance(d, ast.FunctionDef)}, name
        assert not name.startswith(DIFFERS)


def test_statements_that_differ_by_values_alone_are_one() -> None:
    one = "SELECT a.id FROM a WHERE a.id IN (%(id_1_1)s::INTEGER, %(id_1_2)s::INTEGER) AND b = 'x'"
    other = "SELECT a.id\nFROM a WHERE a.id IN (%(id_1_1)s::INTEGER) AND b = 'y'"
    assert shape(one) == shape(other)
    assert shape(one) != shape(one.replace("a.id", "a.name"))
