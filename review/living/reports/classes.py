"""The class strip: what each analysis of a run concludes at each margin, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from review.living.runs.results import Interval, Snapshot
from review.synthesis import Conclusion, classify


@dataclass(frozen=True, slots=True)
class Classes:
    """The class at one margin (None: against zero) before and after; None where there was none."""

    margin: float | None
    before: Conclusion | None
    after: Conclusion | None
    flipped: bool


@dataclass(frozen=True, slots=True)
class StripLine:
    """One analysis at all margins."""

    analysis: str
    """``primary``, ``normal interval``, or a sensitivity analysis."""
    classes: tuple[Classes, ...]
    flipped: bool
    """Whether the class of any margin changed."""


def strip(before: Snapshot | None, after: Snapshot) -> tuple[StripLine, ...]:
    """Return the classes of the primary analysis and of each sensitivity analysis, by margin.

    Margins are those of the newer plan; where the older plan did not have one, its interval is read
    against it all the same, for a class is a reading of an interval.
    """
    margins = after[0].plan.margins or (None,)
    was = dict(_intervals(before)) if before is not None else {}
    now = dict(_intervals(after))
    lines = []
    for name in now | was:
        classes = tuple(_classes(margin, was.get(name), now.get(name)) for margin in margins)
        lines.append(StripLine(name, classes, any(one.flipped for one in classes)))
    return tuple(lines)


def _classes(margin: float | None, was: Interval | None, now: Interval | None) -> Classes:
    before, after = _class(was, margin), _class(now, margin)
    both = before is not None and after is not None
    return Classes(margin, before, after, both and before is not after)


def _intervals(snapshot: Snapshot) -> Iterator[tuple[str, Interval | None]]:
    results = snapshot[1]
    yield "primary", results.pooled.ci
    yield "normal interval", results.pooled.z_ci
    for line in results.variants:
        yield line.label, line.ci


def _class(ci: Interval | None, margin: float | None) -> Conclusion | None:
    return None if ci is None else classify(ci, margin)
