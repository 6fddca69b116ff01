"""What commands import as they start: nobody waits for a library that a command does not use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from review.cli import COMMANDS, extract, screen
from tests.loaded import PATIENCE

ENGINE = {"numpy", "scipy"}
DRAWN_OR_WRITTEN = {"matplotlib", "pandas", "openpyxl", "docx", "xlsxwriter", "bibtexparser"}
"""What no module of the command line imports before it draws, or reads or writes such a file."""

HEAVY = ENGINE | DRAWN_OR_WRITTEN | {
    "alembic", "sqlalchemy", "sqlalchemy.dialects.postgresql", "pydantic", "rich", "lxml", "jinja2",
    "yaml", "rapidfuzz", "filelock",
    "sklearn",
}  # fmt: skip

LEDGER = {"sqlalchemy", "pydantic"}
TEXTS = {"yaml", "rapidfuzz"}
ANALYSED = LEDGER | TEXTS | ENGINE | {"jinja2", "lxml"}

ALLOWED = {
    "database demo reviews serve extract screen screen.conduct screen.guidance screen.conflicts "
    "screen.judging screen.ranking screen.sheets screen.status site keeping trust verifying":
        {"sqlalchemy"},
    "doctor": LEDGER | TEXTS | ENGINE | {"jinja2"},
    "outcome instrument": LEDGER | {"yaml"},
    "search importing batch dedupe records": {"sqlalchemy", "lxml", "rapidfuzz"},
    "history people": LEDGER | TEXTS,
    "extract.double_entry extract.field": LEDGER | {"rapidfuzz"} | ENGINE,
    "reports study timepoint extract.assigning extract.doubts extract.imports extract.trace "
    "extract.withdrawing":
        LEDGER | TEXTS | ENGINE,
    "pool network": {"sqlalchemy"} | ENGINE,
    "analysis export extract.formats extract.selection extract.sheets flow grade living plot "
    "release repool rob runs seed trace": ANALYSED,
}  # fmt: skip
"""Heavy packages by the modules with commands that may import them."""


MAPPED = """
import sqlalchemy.orm
from review.db import Base
sqlalchemy.orm.configure_mappers()
Base.metadata.sorted_tables
"""
"""Raises where tables refer to a table that the command does not import."""


def _imported(statements: str, database: str = "") -> set[str]:
    """Return the heavy packages that a new process has imported after the statements."""
    code = f"import sys\n{statements}\nprint(*sys.modules)"
    environment = {**os.environ, "REVIEW_DATABASE_URL": database, "REVIEW_ACTOR": "tester"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, timeout=PATIENCE, env=environment,
    )  # fmt: skip
    return HEAVY & set(done.stdout.splitlines()[-1].split())


def _run(*arguments: str) -> str:
    return (
        "from click.testing import CliRunner; from review.cli import main; "
        f"assert CliRunner().invoke(main, {list(arguments)}).exit_code == 0"
    )


def test_the_list_of_commands_imports_nothing_heavy() -> None:
    assert _imported(_run("--help")) == set()


def test_the_list_of_reviews_needs_no_migrations_and_no_numbers(sqlite_template: Path) -> None:
    database = f"sqlite:///{sqlite_template}"
    assert _imported(_run("list"), database) <= {"sqlalchemy", "rich"}


@pytest.mark.parametrize("modules", ALLOWED)
def test_commands_import_no_library_they_do_not_use(modules: str) -> None:
    code = "\n".join(f"import review.cli.{module}" for module in modules.split())
    code += MAPPED
    assert _imported(code) - ALLOWED[modules] == set()


def test_every_command_stands_in_the_list_of_what_may_be_imported() -> None:
    listed = [module for modules in ALLOWED for module in modules.split()]
    groups = (COMMANDS, screen.COMMANDS, extract.COMMANDS)
    assert sorted(listed) == sorted({place.module for group in groups for place in group.values()})
