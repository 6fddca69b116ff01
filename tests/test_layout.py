"""The layout holds by itself: what calls itself pure is, and each stage is under the contracts."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
IMPURE = ("sqlalchemy", "click", "review.db")
ROLES = {"actions", "queries", "models", "rules"}


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
        for path in (ROOT / "review").rglob("*.py")
        if re.search(r"\bPure\b", ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")
    }
    assert len(pure) > 20
    chains = {
        (module, other): graph.find_shortest_chain(module, other, as_packages=False)
        for module in pure
        for other in IMPURE
    }
    assert {pair: chain for pair, chain in chains.items() if chain is not None} == {}


def test_every_stage_is_under_the_contract_of_roles() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (contract,) = (
        one
        for one in settings["tool"]["importlinter"]["contracts"]
        if one["name"] == "Roles inside a stage"
    )
    stages = {
        named(path.parent / "__init__.py")
        for path in (ROOT / "review").rglob("*.py")
        if path.stem in ROLES
        and len(ROLES & {other.stem for other in path.parent.glob("*.py")}) > 1
    }
    assert stages == set(contract["containers"])
