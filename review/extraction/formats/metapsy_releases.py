"""What a release of Metapsy's did to a row that its cells alone do not say."""

from __future__ import annotations

from collections.abc import Iterable
from math import log
from typing import Final

from review.extraction.formats.source import Flag, SourceRow, same_number


def totals(arm: int) -> tuple[str, str]:
    """Return the names that the column of an arm's participants has beside events."""
    return f"totaln_arm{arm}", f".totaln_arm{arm}"


def log_risk_ratio(row: SourceRow) -> float | None:
    """Return the log risk ratio of a row's counts as metapsyTools computes it; None without them.

    1/2 is added to events and persons of both arms where a cell is zero. It is used to see whether
    counts say the same as an effect that they replace, and never to pool.
    """
    cells = [row.number(f"{what}_arm{arm}", f".{what}_arm{arm}")
             for what in ("event", "totaln") for arm in (1, 2)]  # fmt: skip
    if any(cell is None for cell in cells):
        return None
    e1, e2, n1, n2 = (float(cell) for cell in cells if cell is not None)
    half = 0.5 if 0 in (e1, e2, n1 - e1, n2 - e2) else 0.0
    try:
        return log((e1 + half) / (n1 + half)) - log((e2 + half) / (n2 + half))
    except (ValueError, ZeroDivisionError):
        return None


def moved(old: SourceRow, new: SourceRow) -> bool:
    """Whether the numbers of persons went from the n columns to those of events and totals."""
    return all(
        (before := old.number(f"n_arm{arm}")) is not None
        and new.number(f"n_arm{arm}") is None
        and (after := new.number(*totals(arm))) is not None
        and same_number(before, after)
        for arm in (1, 2)
    )


def metapsy_flags(old: SourceRow, new: SourceRow) -> Iterable[Flag]:
    """Yield what a release did to one row that its cells alone do not say."""
    study = new.cells["study"]
    if moved(old, new):
        went = "{:g} and {:g}".format(*(old.number(f"n_arm{arm}") or 0 for arm in (1, 2)))
        yield Flag(
            "moved", study, new.line, "n_arm1, n_arm2",
            "the numbers of persons moved to the totals of the events", went, went,
        )  # fmt: skip
    before = old.number(".log_rr", "precalc_log_rr")
    if before is None or new.number(".log_rr", "precalc_log_rr") is not None:
        return
    after = log_risk_ratio(new)
    if after is None or abs(after - before) > AS_COUNTED:
        counted = None if after is None else f"{after:.9g}"
        reason = "the effect is gone, and the counts of the row do not give it"
        yield Flag("effect_changed", study, new.line, ".log_rr", reason, f"{before:.9g}", counted)


AS_COUNTED: Final = 1e-6
"""Difference up to which counts give the effect that they replace."""
