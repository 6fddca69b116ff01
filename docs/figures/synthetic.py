"""Synthetic data for looking at figures: every case that has ever broken one.

Nothing here is from a trial. Values come from a seeded generator, titles say "synthetic".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

LONG = (
    "Internet-delivered acceptance and commitment therapy with weekly guidance by telephone "
    "Collaborative Study Group (2014)"
)
SIDES = ("favours face-to-face therapy", "favours videoconferencing")
NOTE = "Synthetic data: no trial is shown here."


@dataclass(frozen=True, slots=True)
class Case:
    """A number of studies, and whether their names are long or some effects extreme."""

    name: str
    k: int
    long: bool = False
    extreme: bool = False


CASES = (
    Case("none", 0),
    Case("one", 1),
    Case("k3", 3),
    Case("k20", 20),
    Case("long", 8, long=True),
    Case("extreme", 12, extreme=True),
    Case("k70", 70),
    Case("k200", 200),
)


@dataclass(frozen=True, slots=True)
class Study:
    """A made-up study: effect, variance, sizes."""

    label: str
    year: int
    yi: float
    vi: float
    n: tuple[int, int]

    @property
    def ci(self) -> tuple[float, float]:
        """The normal interval."""
        half = 1.959964 * math.sqrt(self.vi)
        return self.yi - half, self.yi + half


def studies(case: Case) -> tuple[Study, ...]:
    """Return the studies of a case, the same each time."""
    rng = np.random.default_rng(20_260 + case.k)
    found = []
    for i in range(case.k):
        n = int(rng.integers(12, 160)), int(rng.integers(12, 160))
        yi = float(rng.normal(-0.1, 0.35))
        vi = 1 / n[0] + 1 / n[1]
        if case.extreme and i in (2, 7):
            yi, vi = (9.5, 6.0) if i == 2 else (-14.0, 40.0)
        year = 1990 + i * 34 // max(case.k, 1)
        name = f"Study {i + 1:03d} ({year})"
        found.append(Study(f"{i + 1} {LONG}" if case.long else name, year, yi, vi, n))
    return tuple(found)
