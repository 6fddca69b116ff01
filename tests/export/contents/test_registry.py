"""All tables by name: what is written, what is told as empty, and that TeX takes it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.db import Database
from review.export.contents.registry import CONTENTS, NAMES
from review.export.tables.writers.latex import write_latex
from review.history.actions import Attribution
from tests.export.contents.synthetic import pooled, rate, tables
from tests.loaded import PATIENCE

Cli = Callable[..., Result]


def test_names_are_unique_and_listed_with_what_they_are(cli: Cli) -> None:
    assert len(set(NAMES)) == len(NAMES)
    told = cli("export", "tables", "--list").stdout
    assert all(content.name in told and content.what[:20] in told for content in CONTENTS)


def test_only_the_tables_asked_for_are_written_and_empty_ones_told(
    cli: Cli, database: Database, by: Attribution, tmp_path: Path
) -> None:
    pooled(database, by)
    found = cli(
        "export", "tables", "--out", tmp_path, "--format", "csv", "--table", "results",
        "--table", "variants", "--table", "search_strategies",
    )  # fmt: skip
    assert {path.stem for path in tmp_path.glob("*.csv")} == {"results", "variants"}
    assert "No search_strategies yet" in found.stderr
    assert "review search add" in found.stderr
    nothing = cli("export", "tables", "--out", tmp_path, "--table", "search_strategies", status=1)
    assert "there is nothing to export yet" in nothing.output


def test_a_review_without_a_run_has_its_studies_exported(cli: Cli, tmp_path: Path) -> None:
    cli("seed", "load", "founding")
    cli("export", "tables", "--out", tmp_path, "--format", "csv")
    found = {path.stem for path in tmp_path.glob("*.csv")}
    assert found >= {"characteristics", "excluded_studies", "notices"}
    assert not found & {"results", "pooled", "variants"}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX is installed")
def test_tex_takes_every_table(database: Database, by: Attribution, tmp_path: Path) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("the tables are the same on both databases")
    pooled(database, by)
    rate(database, by)
    found = tables(database)[0]
    assert len(found) >= 11
    for name, table in found.items():
        write_latex(table, tmp_path / f"{name}.tex")
    body = "\n".join(rf"\input{{{name}}}\clearpage" for name in found)
    packages = "textcomp,array,booktabs,longtable,lscape"
    (tmp_path / "main.tex").write_text(
        rf"\documentclass{{article}}\usepackage[T1]{{fontenc}}\usepackage{{{packages}}}\begin{{document}}{body}\end{{document}}"
    )
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "-no-shell-escape", "main.tex"],
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
