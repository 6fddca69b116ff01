"""Synthetic data for looking at figures: every case that has ever broken one.

Nothing here is from a trial. Values come from a seeded generator, titles say "synthetic".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from review.figures.forest_values import Diamond, Forest, ForestRow, Heading
from review.figures.risk_of_bias import BiasDomain, Blank, Category
from review.figures.scale import Notation

LONG = (
    "Internet-delivered acceptance and commitment therapy with weekly guidance by telephone "
    "Collaborative Study Group (2014)"
)


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


def pooled(rows: tuple[Study, ...]) -> tuple[float, float, float]:
    """Return an inverse-variance mean with its interval; the figures do not check it."""
    weights = [1 / (s.vi + 0.05) for s in rows]
    mean = sum(w * s.yi for w, s in zip(weights, rows, strict=True)) / sum(weights)
    half = 1.959964 / math.sqrt(sum(weights))
    return mean, mean - half, mean + half


SIDES = ("favours face-to-face therapy", "favours videoconferencing")
NOTE = "Synthetic data: no trial is shown here."
SCALE = (
    Category("Low risk", "+", "green"),
    Category("Some concerns", "!", "yellow"),
    Category("High risk", "−", "vermillion"),
)
DOMAINS = (
    BiasDomain("D1", "Randomisation process"),
    BiasDomain("D2", "Deviations from the intended interventions"),
    BiasDomain("D3", "Missing outcome data"),
    BiasDomain("D4", "Measurement of the outcome"),
    BiasDomain("D5", "Selection of the reported result"),
    BiasDomain("Overall", "Overall"),
)


def _title(what: str, case: Case) -> str:
    return f"{what} (synthetic, {case.name})"


def _weights(rows: tuple[Study, ...]) -> list[float]:
    raw = [1 / (s.vi + 0.05) for s in rows]
    return [100 * w / sum(raw) for w in raw]


def _diamond(label: str, rows: tuple[Study, ...]) -> Diamond:
    mean, low, high = pooled(rows)
    wide = len(rows) > 2
    return Diamond(
        label, mean, low, high, low - 0.5 if wide else None, high + 0.5 if wide else None
    )


def _row(study: Study, weight: float, columns: tuple[str, ...]) -> ForestRow:
    return ForestRow(study.label, study.yi, *study.ci, weight, columns)


def forest(case: Case) -> Forest:
    """Return a plain forest plot."""
    rows = studies(case)
    drawn = tuple(
        _row(s, w, tuple(map(str, s.n))) for s, w in zip(rows, _weights(rows), strict=True)
    )
    return Forest(
        _title("Working alliance", case), drawn,
        (_diamond(f"Pooled (k = {case.k})", rows),) if rows else (),
        effect_label="Hedges g", favours_left=SIDES[0], favours_right=SIDES[1], margin=0.5,
        column_headers=("n video", "n face to face"), note=NOTE,
    )  # fmt: skip


def full_forest(case: Case) -> Forest:
    """Return a forest plot with everything: subgroups, arm data, risk of bias, ratios."""
    rows = studies(case)
    judged = [
        tuple(
            Blank.NOT_ASSESSED if (i + d) % 11 == 10 else (i * 7 + d * 5) % 3
            for d in range(len(DOMAINS))
        )
        for i in range(len(rows))
    ]
    drawn: list[ForestRow | Heading | Diamond] = []
    weights = _weights(rows)
    for g, heading in enumerate(("Client-rated", "Therapist-rated")):
        members = [i for i in range(len(rows)) if i % 2 == g]
        if not members:
            continue
        drawn.append(Heading(heading))
        for i in members:
            s = rows[i]
            events = tuple(f"{round(n * 0.3)}/{n}" for n in s.n)
            drawn.append(ForestRow(s.label, s.yi, *s.ci, weights[i], events, judgements=judged[i]))
        drawn.append(_diamond(f"Subgroup (k = {len(members)})", tuple(rows[i] for i in members)))
    return Forest(
        _title("Dropout, by rater", case), tuple(drawn),
        (_diamond(f"Pooled (k = {case.k})", rows),) if rows else (),
        effect_label="Odds ratio", favours_left=SIDES[0], favours_right=SIDES[1], margin=0.5,
        column_headers=("Events/total", "Events/total"),
        column_groups=(("videoconferencing", 1), ("face-to-face therapy", 1)),
        note=f"{NOTE} Test for subgroup differences: Q = 0.41, df 1, p = 0.522.",
        domains=DOMAINS, categories=SCALE, notation=Notation.RATIO,
    )  # fmt: skip
