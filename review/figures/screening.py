"""Screening over time: how many records each person has judged, and conflicts outstanding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from review.errors import InvalidDataError
from review.figures.chart import Chart, Frame, Scale, draw_charts, say_empty
from review.figures.chart_key import Key, Sample
from review.figures.paper import paper
from review.figures.style import BLACK, BLUE, VERMILLION, own_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito's palette without vermillion, which is for conflicts, from dark to light and apart in
# grey.
LINES: Final = (BLACK, "#E69F00", BLUE)
DASHES: Final = (Sample.LINE, Sample.DASHED, Sample.DASH_DOT)
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")

FEW: Final = 3
"""Lines that colour and dash tell apart; of more each has its marker, since several lie on each
other where people judge the same records."""

BETWEEN_MARKERS: Final = 0.16
"""Of a line, in diagonals of the plot."""

STEPS: Final = (
    *(timedelta(minutes=m) for m in (1, 5, 15, 30)),
    *(timedelta(hours=h) for h in (1, 3, 6, 12)),
    *(timedelta(days=d) for d in (1, 2, 7, 14, 28, 91, 182, 365, 730, 1826, 3652)),
)
"""Between two ticks of the axis of time."""

MOST_MARKS: Final = 6
"""Steps on the axis of time: dates are long."""


@dataclass(frozen=True, slots=True)
class Course:
    """A count over time: from each time on it is the count beside it."""

    label: str
    times: tuple[datetime, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.times) != len(self.counts):
            raise InvalidDataError(f'"{self.label}" has not one count for each time.')
        if any(not a < b for a, b in pairwise(self.times)):
            raise InvalidDataError(f'"{self.label}": times must increase.')


@dataclass(frozen=True, slots=True)
class StageCourse:
    """One stage: what each person has judged, conflicts, and how many records there are."""

    name: str
    records: int
    persons: tuple[Course, ...]
    conflicts: Course


@dataclass(frozen=True, slots=True)
class ScreeningCourse:
    """All that the figure says."""

    title: str
    stages: tuple[StageCourse, ...]
    note: str = ""


def screening_plot(course: ScreeningCourse) -> Figure:
    """Draw a chart for each stage: a line a person, and one for conflicts outstanding.

    Parameters
    ----------
    course : ScreeningCourse
        Any number of stages, none included.

    Returns
    -------
    Figure
        Person i of stage s has the gid ``person-s-i``, conflicts have ``conflicts-s``; the count of
        records is the line ``records-s``. Horizontally stand days since 1970.
    """
    with own_settings():
        stages = course.stages
        start, stop = _span(stages)
        frames = draw_charts(_charts(course, start, stop))
        for s, (frame, stage) in enumerate(zip(frames, stages, strict=False)):
            frame.axes.axhline(
                stage.records, color=BLACK, lw=0.8, ls=(0, (1, 2)), zorder=1, gid=f"records-{s}"
            )
            several = len(stage.persons)
            for i, person in enumerate(stage.persons):
                drawn = look(i, several)
                _draw(frame, person, stop, drawn, 1.3, f"person-{s}-{i}", (i + 0.5) / several)
            conflicts = (VERMILLION, Sample.LINE, "")
            _draw(frame, stage.conflicts, stop, conflicts, 2.2, f"conflicts-{s}")
        if not stages:
            say_empty(frames[0], "No decisions yet")
    return frames[0].figure


Look = tuple[str, Sample, str]


def look(i: int, of: int) -> Look:
    """Return colour, dash and marker of a person's line: told apart in grey as well.

    Of up to three, lines differ in colour and dash. Of more, eight differ in their markers, 24 in
    marker and dash, and 72 in all.
    """
    if of <= FEW:
        return LINES[i], DASHES[i], ""
    turn, place = divmod(i, len(MARKERS))
    round_, turn = divmod(turn, len(DASHES))
    colour = LINES[(i + round_) % len(LINES)]
    return colour, DASHES[turn], MARKERS[place]


def _draw(
    frame: Frame, course: Course, stop: datetime, drawn: Look, wide: float, gid: str,
    first: float = 0.0,
) -> None:  # fmt: skip
    """Draw a line with its first marker at some part of what lies between two of them."""
    colour, dash, marker = drawn
    if course.times:
        frame.axes.plot(
            [*map(days, course.times), days(stop)], [*course.counts, course.counts[-1]],
            drawstyle="steps-post", color=colour, ls=dash.value, lw=wide, marker=marker or None,
            ms=4, markevery=(BETWEEN_MARKERS * first, BETWEEN_MARKERS), zorder=3, gid=gid,
        )  # fmt: skip


def days(at: datetime) -> float:
    """Days since 1970, the unit of the axis."""
    return at.timestamp() / 86_400


def _span(stages: Sequence[StageCourse]) -> tuple[datetime, datetime]:
    times = [t for stage in stages for c in (*stage.persons, stage.conflicts) for t in c.times]
    if not times:
        return datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC)
    start, stop = min(times), max(times)
    air = max((stop - start) * 0.03, timedelta(minutes=1))
    return start - air, stop + air


def time_marks(start: datetime, stop: datetime) -> list[tuple[float, str]]:
    """Round times between two, in UTC, as (days since 1970, words): dates, within days hours."""
    step = next((s for s in STEPS if (stop - start) / s <= MOST_MARKS), STEPS[-1])
    midnight = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + step * max(0, -((midnight - start) // step))
    form = "%Y-%m-%d"
    if step < timedelta(days=1):
        form = "%H:%M" if start.date() == stop.date() else "%m-%d %H:%M"
    found = []
    while at <= stop:
        if at >= start:
            found.append((days(at), f"{at:{form}}"))
        at += step
    return found


def _charts(course: ScreeningCourse, start: datetime, stop: datetime) -> list[Chart]:
    stages: Sequence[StageCourse | None] = course.stages or (None,)
    marks = tuple(time_marks(start, stop)) if course.stages else ()
    day = f" on {start:%Y-%m-%d}" if start.date() == stop.date() else ""
    charts = []
    for s, stage in enumerate(stages):
        last = s == len(stages) - 1
        across = Scale(days(start), days(stop), f"Time (UTC){day}" if last else "", marks)
        most = 1 if stage is None else _most(stage)
        keys: list[Key] = []
        if stage is not None:
            keys = [
                Key(person.label, dash, colour, marker)
                for i, person in enumerate(stage.persons)
                for colour, dash, marker in [look(i, len(stage.persons))]
            ]
            keys.append(Key("conflicts outstanding", Sample.LINE, VERMILLION))
            keys.append(Key(f"records: {stage.records:,}", Sample.DOTTED, BLACK))
        heading = "" if stage is None else stage.name
        charts.append(
            Chart(
                title=f"{course.title}{': ' if heading else ''}{heading}" if s == 0 else heading,
                x=across,
                y=Scale(0.0, 1.06 * most, "Records", whole=True),
                keys=tuple(keys),
                height=2.1 if paper().narrow else 2.4,
                note=course.note if last else "",
            )
        )
    return charts


def _most(stage: StageCourse) -> int:
    counts = [c for course in (*stage.persons, stage.conflicts) for c in course.counts]
    return max([1, stage.records, *counts])
