"""Two tiers: a seeded sample that `make test` tries, and everything, which `make trust` does."""

from __future__ import annotations

import os
from typing import Final

WHOLE: Final = bool(os.environ.get("REVIEW_TRUST"))
"""Whether everything is tried."""


def seeds(few: int, many: int) -> range:
    """Seeds of generated cases: few of them, or many where everything is tried."""
    return range(many if WHOLE else few)
