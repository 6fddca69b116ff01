"""Small inputs of invented numbers that once went wrong: one copy, for the tests of each kind."""

from __future__ import annotations

from pathlib import Path
from typing import Final

TABLES: Final = Path(__file__).parent / "tables"
POOL: Final = Path(__file__).parent / "pool"
