"""Margin curve, sequential panel, class strip, specification curve, screening."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.figures.classes import LOOKS, ClassStrip, StripRow, class_strip_plot
from review.figures.estimates import EstimateRow, Estimates, estimates_plot
from review.figures.margins import Margins, PlannedMargin, margins_plot
from review.figures.paper import COLUMNS, MM, Paper, on_paper
from review.figures.screening import (
    Course,
    ScreeningCourse,
    StageCourse,
    days,
    screening_plot,
    time_marks,
)
from review.figures.sequential import Sequential, SequentialLook, sequential_plot
from review.figures.specification import SpecificationCurve, Specified, specification_plot
from review.figures.text import ELLIPSIS
from review.synthesis.noninferiority import Conclusion
from tests.figures.artists import by_gid, point, words

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_an_estimate_stands_at_its_number_and_what_changed_is_bold() -> None:
    rows = (
        EstimateRow("1", 0.2, -0.1, 0.5, ("2026-01-01",), ("inconclusive",)),
        EstimateRow("2", 0.4, 0.1, 0.7, ("2026-02-01",), ("superior",), strong=True),
        EstimateRow("3", None, None, None, ("2026-03-01",), ("",)),
    )
    figure = estimates_plot(
        Estimates("By version", rows, "Run", ("Date",), ("Conclusion",), reference=0.3)
    )
    drawn, said = by_gid(figure), words(figure)
    assert point(drawn["dot-1"]) == (0.4, 1)
    assert list(drawn["interval-0"].get_xdata()) == [-0.1, 0.5]
    assert list(drawn["reference-line"].get_xdata()) == [0.3, 0.3]
    assert (said["before-0-1"], said["after-0-1"]) == ("2026-02-01", "superior")
    assert said["value-2"] == "not estimable"
    assert "dot-2" not in drawn
    fonts = [str(drawn[f"label-{i}"].get_fontproperties().get_file()) for i in range(2)]
    assert ["Bold" in file for file in fonts] == [False, True]


def test_a_row_must_have_an_entry_for_each_column() -> None:
    with pytest.raises(InvalidDataError, match="one entry for each column"):
        Estimates("By version", (EstimateRow("1", 0.2, -0.1, 0.5),), before_headers=("Date",))
    with pytest.raises(InvalidDataError, match="only some"):
        EstimateRow("1", 0.2, None, 0.5)


def test_the_margin_curve_and_its_planned_margins_stand_at_their_p() -> None:
    planned = (PlannedMargin(0.5, 0.002, "noninferior"), PlannedMargin(0.25, 0.09, "inconclusive"))
    figure = margins_plot(
        Margins("Margins", (0.0, 0.25, 0.5), (0.4, 0.09, 0.002), planned, smallest=0.34)
    )
    drawn, said = by_gid(figure), words(figure)
    assert list(drawn["curve"].get_ydata()) == [math.log10(p) for p in (0.4, 0.09, 0.002)]
    assert point(drawn["planned-0"]) == (0.5, math.log10(0.002))
    assert drawn["level"].get_ydata()[0] == math.log10(0.025)
    assert drawn["shown"].get_x() == 0.34
    assert said["key-3"] == "deciding margin 0.50: p = 0.002, noninferior"
    assert said["planned-label-1"] == "0.25"


def test_a_margin_far_below_the_axis_has_an_arrow() -> None:
    planned = (PlannedMargin(0.5, 1e-30, "superior"),)
    drawn = by_gid(figure := margins_plot(Margins("M", (0.0, 0.5), (0.5, 1e-30), planned)))
    assert "planned-0-cut" in drawn
    assert drawn["key-sample-2"].get_marker() == drawn["planned-0-cut"].get_marker() == "v"
    assert words(figure)["key-2"].endswith("superior (below the axis)")


def looks() -> tuple[SequentialLook, ...]:
    return (
        SequentialLook(3, -0.2, -math.inf, 0.4, 0.2, 1.1, math.inf),
        SequentialLook(5, -0.1, -0.6, 0.3, 0.6, 2.9, 2.7, crossed=True),
        SequentialLook(6, -0.1, -0.4, 0.2, 0.5, 2.5, None),
    )


def test_looks_stand_at_their_information_with_z_and_its_boundary() -> None:
    figure = sequential_plot(Sequential("Looks", looks(), margin=0.5))
    drawn, said = by_gid(figure), words(figure)
    assert point(drawn["estimate-1"]) == (0.6, -0.1)
    assert list(drawn["sequence-1"].get_ydata()) == [-0.6, 0.3]
    assert point(drawn["z-1"]) == (0.6, 2.9)
    assert (drawn["z-1"].get_marker(), drawn["z-0"].get_marker()) == ("D", "o")
    assert list(drawn["bounds-high"].get_xdata()) == [0.2, 0.6]  # the third was not tested
    assert drawn["bounds-high"].get_ydata()[1] == 2.7
    assert drawn["bounds-high"].get_ydata()[0] > figure.axes[1].get_ylim()[1]
    assert "bounds-low" not in drawn
    assert "sequence-0-cut-low" in drawn
    assert list(drawn["required"].get_xdata()) == [1.0, 1.0]
    assert "Information shrinks" in said["chart-1-note-0"]


def test_without_a_margin_boundaries_lie_on_both_sides_and_without_fractions_trials_count() -> None:
    only = (SequentialLook(3, -0.2, -1.0, 0.4), SequentialLook(5, -0.1, -0.6, 0.3))
    figure = sequential_plot(Sequential("Looks", only, two_sided=True))
    drawn, said = by_gid(figure), words(figure)
    assert point(drawn["estimate-1"]) == (5.0, -0.1)
    assert {"conventional-high", "conventional-low"} <= set(drawn)
    assert said["chart-1-x-label-0"] == "Trials"
    assert "required" not in drawn
    keys = [text for gid, text in said.items() if gid.startswith("chart-1-key")]
    assert keys == ["z", "boundary of a single look"]  # nothing else is drawn


def test_every_class_has_its_own_sign_and_colour() -> None:
    signs, faces = ({look[n] for look in LOOKS.values()} for n in (0, 1))
    assert set(LOOKS) == set(Conclusion)
    assert len(signs) == len(faces) == len(Conclusion)


def test_a_cell_has_colour_and_sign_of_its_class_and_long_histories_go_on_below() -> None:
    cells = (None, Conclusion.INFERIOR, *[Conclusion.SUPERIOR] * 12)
    columns = tuple((str(i + 1), "2026-01-01") for i in range(14))
    figure = class_strip_plot(ClassStrip("Classes", columns, (StripRow("Margin 0.50", cells),)))
    drawn, said = by_gid(figure), words(figure)
    assert "cell-0-0" not in drawn
    assert (said["sign-0-1"], said["sign-0-2"]) == ("I", "S")
    assert drawn["cell-0-13"].get_x() == drawn["cell-0-1"].get_x()
    assert drawn["cell-0-13"].get_y() > drawn["cell-0-1"].get_y()
    assert (said["legend-0"], said["legend-1"]) == ("superior", "inferior")
    with pytest.raises(InvalidDataError, match="1 cells for 14 columns"):
        ClassStrip("Classes", columns, (StripRow("Margin", (None,)),))


def test_specifications_are_sorted_and_their_choices_marked_below() -> None:
    found = (
        Specified(0.3, 0.1, 0.5, ("as planned", "REML"), planned=True),
        Specified(0.1, -0.1, 0.3, ("client", "REML")),
        Specified(0.2, 0.0, 0.4, ("client", "DL")),
    )
    figure = specification_plot(SpecificationCurve("Curve", ("trials", "model"), found))
    drawn = by_gid(figure)
    assert [point(drawn[f"estimate-{i}"]) for i in range(3)] == [(0, 0.1), (1, 0.2), (2, 0.3)]
    names = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert names == ["as planned", "client", "REML", "DL"]
    assert [list(drawn[f"choice-{r}"].get_xdata()) for r in range(4)] == [[2], [0, 1], [0, 2], [1]]
    assert drawn["estimate-2"].get_marker() == "D"
    with pytest.raises(InvalidDataError, match="one choice of each"):
        SpecificationCurve("Curve", ("trials",), found)


def test_what_was_chosen_is_said_in_full_in_a_single_column() -> None:
    choices = ("as planned, influential left out", "REML, Hartung-Knapp", "influential left out")
    curve = SpecificationCurve("C", ("a", "b", "c"), (Specified(0.3, 0.1, 0.5, choices),))
    with on_paper(Paper(COLUMNS["single"] * MM)):
        figure = specification_plot(curve)
    names = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert names[1:] == list(choices[1:])
    assert ELLIPSIS in names[0], "what is too long is cut, with a key"


def test_counts_of_screening_rise_at_their_times() -> None:
    times = tuple(START + timedelta(hours=h) for h in (0, 2, 5))
    anna = Course("anna", times, (1, 2, 3))
    conflicts = Course("conflicts", times, (0, 1, 0))
    stage = StageCourse("Titles and abstracts", 7, (anna,), conflicts)
    drawn = by_gid(screening_plot(ScreeningCourse("Screening", (stage,))))
    line = drawn["person-0-0"]
    assert list(line.get_xdata())[:3] == [days(at) for at in times]
    assert list(line.get_ydata()) == [1, 2, 3, 3]
    assert line.get_drawstyle() == "steps-post"
    assert list(drawn["conflicts-0"].get_ydata()) == [0, 1, 0, 0]
    assert drawn["records-0"].get_ydata()[0] == 7
    with pytest.raises(InvalidDataError, match="times must increase"):
        Course("anna", (START, START), (1, 2))


def test_lines_that_lie_on_each_other_show_each_persons_marker() -> None:
    times = tuple(START + timedelta(hours=h) for h in range(9))
    persons = tuple(Course(f"reviewer {i}", times, tuple(range(1, 10))) for i in range(8))
    conflicts = Course("conflicts", times, (0,) * 9)
    stage = StageCourse("Titles and abstracts", 9, persons, conflicts)
    drawn = by_gid(screening_plot(ScreeningCourse("Screening", (stage,))))
    lines = [drawn[f"person-0-{i}"] for i in range(8)]
    assert len({line.get_marker() for line in lines}) == 8
    starts, steps = zip(*(line.get_markevery() for line in lines), strict=True)
    (step,) = set(steps)
    gaps = np.diff([*sorted(starts), min(starts) + step])
    assert gaps.min() > 0.9 * step / 8, "markers stand beside each other"


@pytest.mark.parametrize(
    ("span", "first"),
    [
        (timedelta(hours=5), "08:00"),
        (timedelta(hours=40), "03-02 12:00"),
        (timedelta(days=30), "2026-03-09"),
    ],
)
def test_ticks_of_time_are_round(span: timedelta, first: str) -> None:
    marks = time_marks(START, START + span)
    assert marks[0][1] == first
    assert 2 <= len(marks) <= 7
    assert all(days(START) <= at <= days(START + span) for at, _ in marks)
