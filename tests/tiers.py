"""Two tiers: a seeded sample that `make test` tries, and everything, which `make trust` does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, TypeVar

import pytest

CaseT = TypeVar("CaseT")

WHOLE: Final = bool(os.environ.get("REVIEW_TRUST"))
"""Whether everything is tried."""

EXAMPLES: Final = 100 if WHOLE else 30
"""Of a property that does not say how many."""

MOSTLY_ON_SQLITE: Final = pytest.mark.parametrize(
    "database", ["sqlite", "postgresql"] if WHOLE else ["sqlite"], indirect=True
)
"""For what is long, and asks PostgreSQL nothing that shorter tests on it do not."""


def sample(cases: Sequence[CaseT], few: slice) -> list[CaseT]:
    """Some of the cases, or all where everything is tried."""
    return list(cases if WHOLE else cases[few])


def seeds(few: int, many: int) -> range:
    """Seeds of generated cases: few of them, or many where everything is tried."""
    return range(many if WHOLE else few)
