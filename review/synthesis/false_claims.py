"""How often the panel for repeated looks claims falsely, by a table that was simulated."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from review.arrays import Floats
from review.synthesis.evidence import LEAST_TRIALS, TAU2_FLOOR

VARIANCES = (0.02, 2 / 15)
"""Of the simulated trials: 100 to 15 participants an arm."""


@dataclass(frozen=True, slots=True)
class FalseClaims:
    """Simulated rates of a false claim on one side, at any look; nominal 0.025."""

    sequence: float
    boundaries: float
    repetitions: int


def false_claims(*, distance: float, tau: float, k: int, looks: int) -> FalseClaims | None:
    """Return the rates interpolated between simulated reviews; None outside the table.

    Parameters
    ----------
    distance : float
        The margin, or the effect of interest, that the panel is designed for.
    tau : float
        SD of the true effects, in SDs of the outcome.
    k, looks : int
        Trials, and how often they were looked at.

    Notes
    -----
    ``benchmarks/false_claims.py`` made the table, of standardized mean differences.

    Examples
    --------
    >>> found = false_claims(distance=0.5, tau=0.5, k=20, looks=18)
    >>> found.sequence, found.boundaries
    (0.0512, 0.0265)
    """
    table = json.loads(files("review.synthesis").joinpath("false_claims.json").read_text("utf-8"))
    share = looks / (k - LEAST_TRIALS + 1) if looks > 1 and k > LEAST_TRIALS else 0.0
    at = {"distance": distance, "tau": tau, "k": float(k), "share": min(share, 1.0)}
    axes = table["axes"]
    if any(not axes[name][0] <= value <= axes[name][-1] for name, value in at.items()):
        return None

    def rate(name: str) -> float:
        values: Floats = np.array(table[name])
        for axis, value in at.items():
            above = int(np.clip(np.searchsorted(axes[axis], value), 1, len(axes[axis]) - 1))
            low, high = axes[axis][above - 1], axes[axis][above]
            part = (value - low) / (high - low)
            values = (1 - part) * values[above - 1] + part * values[above]
        return round(float(values), 4)

    return FalseClaims(rate("sequence"), rate("boundaries"), table["repetitions"])


def applies(variances: Floats, tau2_floor: float, alpha: float) -> bool:
    """Whether trials and design are such as were simulated."""
    middle = float(np.median(variances))
    return (tau2_floor, alpha) == (TAU2_FLOOR, 0.025) and VARIANCES[0] <= middle <= VARIANCES[1]
