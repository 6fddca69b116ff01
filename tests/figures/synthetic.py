"""Made-up studies for plots of points, from a seeded generator; no trial has these numbers."""

from __future__ import annotations

import numpy as np

NAMES = ("Smith (2001)", "Müller-Lüdenscheidt, O'Brien & the Very Long Named Group (1999b)")
SIZES = (0, 1, 3, 20, 70, 200)


def studies(k: int, *, extreme: bool = False) -> list[tuple[str, float, float]]:
    """Name, effect and sampling variance of each; some far off where `extreme`."""
    rng = np.random.default_rng(k)
    vi = rng.uniform(0.01, 0.2, k)
    yi = rng.normal(0.4, np.sqrt(vi + 0.05))
    if extreme and k > 1:
        yi[0], vi[1] = 900.0, 4e4
    return [(NAMES[i % 2], float(yi[i]), float(vi[i])) for i in range(k)]
