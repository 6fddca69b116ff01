"""What an arm's counts lack to be events of persons, or events in person-time."""

from __future__ import annotations

from review.extraction.numbers import ReportedNumbers


def events_lack(x: ReportedNumbers) -> str | None:
    """Return what an arm lacks to have a share of persons with an event; None where it has one.

    Examples
    --------
    >>> events_lack(ReportedNumbers(n=20, events=31, person_years=40.0))
    'its 31 events are of 20 participants, of whom some had several: plan a rate (IRR)'
    """
    if x.n is None:
        return "it needs n"
    if x.events is None:
        return "it needs events"
    if x.events > x.n:
        return (
            f"its {x.events} events are of {x.n} participants, of whom some had several: plan a "
            "rate (IRR)"
        )
    return None


def rate_lacks(x: ReportedNumbers) -> str | None:
    """Return what an arm lacks to have a rate; None where it has one.

    Examples
    --------
    >>> rate_lacks(ReportedNumbers(events=31))
    'it needs person_years'
    """
    missing = [name for name in ("events", "person_years") if getattr(x, name) is None]
    return f"it needs {' and '.join(missing)}" if missing else None
