"""Running what was exported: by R with metafor, and by a Python that cannot see this program."""

from __future__ import annotations

import csv
import gzip
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from review.db import Database
from review.export.reproduction.script import write_scripts
from review.export.runs import latest_runs
from review.protocol.queries import review_called

LARGEST = re.compile(r" (\d\.\de[+-]\d+) ok$", re.MULTILINE)


@cache
def without_r() -> str | None:
    """Why R cannot be used here; None where it can."""
    if shutil.which("Rscript") is None:
        return "no Rscript on this machine"
    found = subprocess.run(
        ["Rscript", "-e", "library(metafor); library(clubSandwich)"], capture_output=True
    )
    return None if found.returncode == 0 else "R has no metafor and clubSandwich here"


def needs_r() -> None:
    """Skip a test where R is absent."""
    reason = without_r()
    if reason is not None:
        pytest.skip(reason)


def rscript(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    needs_r()
    return subprocess.run(["Rscript", "--vanilla", path.name, *options], cwd=path.parent, text=True,
                          capture_output=True, encoding="utf-8")  # fmt: skip


def python(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it isolated (-I): without PYTHONPATH and this checkout in the path."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run([sys.executable, "-I", path.name, *options], cwd=path.parent, text=True,
                          capture_output=True, encoding="utf-8", env=environment)  # fmt: skip


def furthest(output: str) -> float:
    """The largest difference that a script printed."""
    return max(float(found) for found in LARGEST.findall(output))


def written(database: Database, slug: str, folder: Path) -> Path:
    """Write the scripts of a review's newest runs; return the folder."""
    with database.reading() as session:
        write_scripts(slug, latest_runs(session, review_called(session, slug)), folder)
    return folder


def expected_of(folder: Path) -> list[dict[str, str]]:
    """Return the numbers that the scripts in a folder compute again."""
    with gzip.open(folder / "expected.csv.gz", "rt", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def first_is_altered(place: Path) -> None:
    """Add 0.2 to the last number of a table's first row."""
    lines = place.read_text("utf-8-sig").splitlines()
    cells = lines[1].split(",")
    cells[-1] = str(float(cells[-1]) + 0.2)
    place.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", encoding="utf-8")
