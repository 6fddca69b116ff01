"""The figures of the contact sheet, at the cases that it is drawn at."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "figures"


@pytest.fixture(scope="module")
def drawn() -> Any:
    """The module that draws the sheet, as `python docs/figures/make.py` imports it."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield tuple(map(import_module, ("results", "diagnostics", "synthetic")))
    finally:
        sys.path.remove(str(FOLDER))
