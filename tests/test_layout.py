"""The layout holds by itself: what calls itself pure is, and stages keep their roles."""

from __future__ import annotations

import ast
import re
from pathlib import Path

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
