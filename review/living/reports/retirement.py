"""Whether a living analysis is ready to retire: three criteria, each with what it is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from review.extraction.appraisal.certainty import Rated
from review.extraction.appraisal.vocabulary import Certainty
from review.living.reports.forecast import READY, Outlook
from review.living.reports.repeated_looks import Panel
from review.synthesis import Conclusion

ENOUGH: Final = frozenset({Certainty.MODERATE, Certainty.HIGH})
"""GRADE certainty with which a question may be left alone."""

_OPEN: Final = frozenset({Conclusion.INCONCLUSIVE.value, Conclusion.INCONCLUSIVE_WORSE.value})


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion, what it is now, and whether it is met; None where that is not known."""

    name: str
    wanted: str
    now: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """The criteria of retirement; ready when all are met."""

    ready: bool
    sentence: str
    criteria: tuple[Criterion, ...]


def readiness(panel: Panel | None, outlook: Outlook | None, rated: Rated | None) -> Readiness:
    """Return the readiness of an analysis to retire.

    References
    ----------
    Living updating, section 3.6 point 9; Murad et al. 2023, BMJ EBM 28:348.
    """
    criteria = (_sequence(panel), _forecast(outlook), _certainty(rated))
    missing = [c.name for c in criteria if not c.met]
    if missing:
        told = f"Not ready to retire, for want of: {'; '.join(missing)}."
    else:
        told = "Ready to retire: all criteria are met. Whether it retires is for people to decide."
    return Readiness(not missing, told, criteria)


def _sequence(panel: Panel | None) -> Criterion:
    name, wanted = "confidence sequence", "conclusive"
    if panel is None or not panel.looks:
        return Criterion(
            name,
            wanted,
            "none: it wants three trials, and a margin or sequential: delta in the plan",
            None,
        )
    newest = panel.looks[-1]
    low, high = newest.sequence
    now = newest.sequence_class or _against_zero(low, high)
    return Criterion(name, wanted, f"{now} [{low:.2f}, {high:.2f}]", now not in _OPEN)


def _against_zero(low: float, high: float) -> str:
    if low > 0:
        return Conclusion.SUPERIOR.value
    return Conclusion.INFERIOR.value if high < 0 else Conclusion.INCONCLUSIVE.value


def _forecast(outlook: Outlook | None) -> Criterion:
    name, wanted = "forecast of the next trial", f"any change below {READY:g}"
    if outlook is None:
        return Criterion(name, wanted, "not forecast", None)
    most = max(trial.change for trial in outlook.trials)
    return Criterion(name, wanted, f"any change {most:.3f} at most", most < READY)


def _certainty(rated: Rated | None) -> Criterion:
    name, wanted = "certainty (GRADE)", "moderate or high"
    if rated is None:
        return Criterion(name, wanted, "not rated", None)
    return Criterion(
        name, wanted, certainty_text(rated), rated.certainty in ENOUGH and not rated.outdated
    )


def certainty_text(rated: Rated | None) -> str:
    """Return ``moderate (rated on run 2)``; nothing for None."""
    if rated is None:
        return ""
    run = "before any run" if rated.run_number is None else f"on run {rated.run_number}"
    older = ", of an older plan" if rated.outdated else ""
    return f"{rated.certainty.value.replace('_', ' ')} (rated {run}{older})"
