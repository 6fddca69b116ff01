"""The layout holds by itself: what calls itself pure is, and stages keep their roles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from statistics import median

import grimp
import pytest

ROOT = Path(__file__).parents[1]
IMPURE = ("sqlalchemy", "click", "review.db")
ROLES = ("vocabulary", "rules", "models", "queries", "actions")
"""Of the modules of a stage: each imports those before it only."""
SOURCES = sorted((ROOT / "review").rglob("*.py"))


def named(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("review", include_external_packages=True, cache_dir=None)


def test_a_module_that_calls_itself_pure_reaches_no_database_and_no_command_line(
    graph: grimp.ImportGraph,
) -> None:
    pure = {
        named(path)
        for path in SOURCES
        if re.search(r"\bPure\b", ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")
    }
    assert len(pure) > 20
    chains = {
        (module, other): graph.find_shortest_chain(module, other, as_packages=False)
        for module in pure
        for other in IMPURE
    }
    assert {pair: chain for pair, chain in chains.items() if chain is not None} == {}


def test_values_of_rules_and_of_the_engine_are_frozen() -> None:
    engine = (ROOT / "review/synthesis", ROOT / "review/effects")
    values = {
        one
        for path in SOURCES
        if path.name == "rules.py" or any(path.is_relative_to(part) for part in engine)
        for one in vars(import_module(named(path))).values()
        if isinstance(one, type) and is_dataclass(one) and one.__module__ == named(path)
    }
    assert len(values) > 60
    loose = {v for v in values if not hasattr(v, "__slots__") or not _is_frozen(v)}
    assert loose == set()


def _is_frozen(value: type) -> bool:
    return bool(vars(value)["__dataclass_params__"].frozen)


def test_in_every_stage_rules_know_no_tables_tables_no_queries_and_queries_no_actions(
    graph: grimp.ImportGraph,
) -> None:
    found = {
        f"{stage}.{lower} -> {stage}.{higher}"
        for stage in {named(path.parent / "__init__.py") for path in SOURCES}
        for place, lower in enumerate(ROLES)
        for higher in ROLES[place + 1 :]
        if {f"{stage}.{lower}", f"{stage}.{higher}"} <= graph.modules
        and graph.find_shortest_chain(f"{stage}.{lower}", f"{stage}.{higher}") is not None
    }
    assert found == set()


MOST_LINES = 430
"""Of a module: what one noun takes."""

USUAL_BODY = 6
"""Lines of a function's body, docstring aside, that half of all functions do not exceed."""


def test_no_module_is_longer_than_one_noun_takes() -> None:
    lines = {named(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert {name: n for name, n in lines.items() if n > MOST_LINES} == {}


def bodies() -> Iterator[int]:
    """Yield the lines of each function's body in the program."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[ast.get_docstring(node) is not None :]
                yield (first[-1].end_lineno or 0) - first[0].lineno + 1 if first else 0


def test_half_of_all_functions_are_read_at_a_glance() -> None:
    assert median(bodies()) <= USUAL_BODY


def room_of(path: Path) -> str:
    """Return where a name has one meaning: the stage, or in extraction the room within it."""
    stage, *rooms = path.relative_to(ROOT / "review").parts[:-1] or ("",)
    return "/".join([stage, *rooms]) if stage == "extraction" else stage


def test_the_name_of_a_class_means_one_thing_in_a_stage() -> None:
    places: dict[tuple[str, str], list[str]] = {}
    for path in SOURCES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault((room_of(path), node.name), []).append(named(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
