"""Pooled lines that another program's file states, computed again from the file's numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from review.arrays import Floats
from review.effects import escalc
from review.errors import InvalidDataError
from review.extraction.formats.source import SourceRow, SourceTable, StatedPool
from review.synthesis import Method, Test, mantel_haenszel, peto, pool

AGREES: Final = 1e-6
"""Relative difference allowed; RevMan's CSV prints eight digits."""

_LOGARITHMS: Final = frozenset({"OR", "RR", "PETO", "PETO_OR"})


@dataclass(frozen=True, slots=True)
class RecomputedLine:
    """One stated line beside ours, both on the scale that the file prints (ratios as ratios)."""

    comparison: str
    outcome: str
    how: str
    """Such as ``MH OR, fixed``."""
    k: int
    stated: float
    stated_ci: tuple[float | None, float | None]
    stated_q: float | None
    estimate: float | None = None
    ci: tuple[float, float] | None = None
    q: float | None = None
    agrees: bool | None = None
    """None where it was not computed."""
    reason: str | None = None
    """Why it was not computed."""


@dataclass(frozen=True, slots=True)
class _Ours:
    estimate: float | None
    ci: tuple[float, float] | None
    q: float


def recompute(table: SourceTable) -> list[RecomputedLine]:
    """Return each pooled line that a file states with the same line from its numbers.

    Mantel-Haenszel and Peto with fixed effects, and inverse variance of ratios, differences and
    ready estimates with fixed or (DerSimonian and Laird) random effects. RevMan's SMD has a
    variance of its own and its random-effects Mantel-Haenszel a tau² of its own; those lines say
    so and are not computed.
    """
    found = []
    for pool_ in table.pools:
        rows = [
            row
            for row in table.rows
            if (row.cells["comparison"], row.cells["outcome"]) == (pool_.comparison, pool_.outcome)
        ]
        found.append(_recomputed(pool_, rows))
    return found


def _recomputed(stated: StatedPool, rows: Sequence[SourceRow]) -> RecomputedLine:
    line = RecomputedLine(
        comparison=stated.comparison,
        outcome=stated.outcome,
        how=f"{stated.method} {stated.measure}, {'random' if stated.random else 'fixed'}",
        k=len(rows),
        stated=stated.estimate,
        stated_ci=(stated.ci_low, stated.ci_high),
        stated_q=stated.q,
    )
    try:
        ours = _way(stated, rows)(stated, rows)
    except (_NotComputedError, InvalidDataError) as error:
        return _with(line, reason=str(error))
    ratio = stated.measure.upper() in _LOGARITHMS and stated.kind != "IV"
    estimate, ci = ours.estimate, ours.ci
    if ratio and estimate is not None and ci is not None:
        estimate, ci = float(np.exp(estimate)), (float(np.exp(ci[0])), float(np.exp(ci[1])))
    pairs = [(estimate, stated.estimate), (ours.q, stated.q)]
    if ci is not None:
        pairs += [(ci[0], stated.ci_low), (ci[1], stated.ci_high)]
    agrees = all(
        there is None or (here is not None and abs(here - there) <= AGREES * max(1.0, abs(there)))
        for here, there in pairs
    )
    return _with(line, estimate=estimate, ci=ci, q=ours.q, agrees=agrees)


def _with(line: RecomputedLine, **values: object) -> RecomputedLine:
    return replace(line, **values)  # type: ignore[arg-type]


class _NotComputedError(Exception):
    """A line that this module has no formula of RevMan's for, and why."""


def _way(
    stated: StatedPool, rows: Sequence[SourceRow]
) -> Callable[[StatedPool, Sequence[SourceRow]], _Ours]:
    if any(row.cells.get("swap_events") == "YES" for row in rows):
        raise _NotComputedError("the file counts events as non-events")
    method = stated.method.upper()
    if stated.kind == "DICH" and method in ("MH", "PETO") and not stated.random:
        return _tables
    if stated.kind == "DICH" and method == "MH":
        raise _NotComputedError(
            "RevMan's random effects around Mantel-Haenszel have their own tau²"
        )
    if stated.kind == "CONT" and stated.measure.upper() != "MD":
        raise _NotComputedError("RevMan's standardised difference has its own variance")
    if stated.kind in ("DICH", "CONT", "IV") and method == "IV":
        return _inverse_variance
    raise _NotComputedError(f"no formula for {stated.kind} by {stated.method}")


def _column(rows: Sequence[SourceRow], name: str) -> Floats:
    values = [row.number(name) for row in rows]
    if any(value is None for value in values):
        raise _NotComputedError(f"a study has no {name}")
    return np.array(values, dtype=float)


def _counts(rows: Sequence[SourceRow]) -> tuple[Floats, ...]:
    """Return events and non-events of both arms, of studies in which anybody was counted."""
    some = [row for row in rows if (row.number("total_1") or 0) and (row.number("total_2") or 0)]
    a, n1 = _column(some, "events_1"), _column(some, "total_1")
    c, n2 = _column(some, "events_2"), _column(some, "total_2")
    return a, n1 - a, c, n2 - c


def _tables(stated: StatedPool, rows: Sequence[SourceRow]) -> _Ours:
    cells = _counts(rows)
    if stated.method.upper() == "PETO":
        found = peto(*cells, level=stated.level)
    else:
        found = mantel_haenszel(*cells, measure=stated.measure.upper(), level=stated.level)
    return _Ours(found.estimate, found.ci, found.Q)


def _inverse_variance(stated: StatedPool, rows: Sequence[SourceRow]) -> _Ours:
    if stated.kind == "IV":
        yi, vi = _column(rows, "estimate"), _column(rows, "se") ** 2
    elif stated.kind == "CONT":
        names = {"m1i": "mean_1", "sd1i": "sd_1", "n1i": "total_1",
                 "m2i": "mean_2", "sd2i": "sd_2", "n2i": "total_2"}  # fmt: skip
        effects = escalc("MD", {ours: _column(rows, theirs) for ours, theirs in names.items()})
        yi, vi = effects.yi, effects.vi
    else:
        a, b, c, d = _counts(rows)
        some = np.ones(a.size, dtype=bool) if stated.measure.upper() == "RD" else (a + c) > 0
        cells = {"ai": a[some], "bi": b[some], "ci": c[some], "di": d[some]}
        effects = escalc(stated.measure.upper(), cells)
        yi, vi = effects.yi, effects.vi
    method = Method.DL if stated.random else Method.EE
    pooled = pool(yi, vi, method=method, test=Test.Z, level=stated.level)
    return _Ours(pooled.estimate, pooled.ci, pooled.Q)
