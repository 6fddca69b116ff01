"""Running what was exported: by R with metafor, and by a Python that cannot see this program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

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
