"""The table of posteriors: a row each, one a bound, and why there is none."""

from __future__ import annotations

from review.export.contents.posterior import posterior_table
from review.export.runs import LatestRun
from review.living.reports.bayes import moved_posterior_section
from review.living.reports.changes import compare
from tests.export.reproduction.synthetic import means, plan, run


def latest(**given: object) -> LatestRun:
    return run("one", plan("SMD", **given), means()[:4])


def missing() -> LatestRun:
    """A run in which two effects of one trial enter."""
    first, *rest = means()[:4]
    return run("two", plan("SMD", bayes={}), [first, *rest, first])


def test_each_posterior_has_its_row_and_one_a_bound() -> None:
    found = latest(margin=0.5, other_margins=[0.3], bayes={})
    line = found.results.posterior
    assert line is not None
    for print_ in (True, False):
        table = posterior_table("Review", [found, latest()], print_=print_)
        assert len(table.rows) == len(table.origins) == 4
        keys = [column.key for column in table.columns]
        cells = [dict(zip(keys, row, strict=True)) for row in table.rows]
        assert cells[0]["median"] == line.median
        assert [cell["margin"] for cell in cells[1:]] == [0.5, 0.3, None]
        assert [cell["mean"] for cell in cells[1:]] == [one.mean for one in line.chances]
        assert str(table.origins[2]).endswith("posterior/chances/1")
    assert "note" not in [
        column.key for column in posterior_table("R", [found], print_=True).columns
    ]


def test_a_posterior_that_is_none_says_why() -> None:
    table = posterior_table("Review", [missing()], print_=False)
    ((*_, note),) = table.rows
    assert "several effects of one trial" in str(note)
    was, now = latest(bayes={}), missing()
    (section,) = moved_posterior_section(
        compare((was.inputs, was.results), (now.inputs, now.results)).posterior,
        (was.scale, now.scale),
    )
    assert section.sentences[0].startswith("No posterior: several effects")
    (back,) = moved_posterior_section(
        compare((now.inputs, now.results), (was.inputs, was.results)).posterior,
        (now.scale, was.scale),
    )
    assert [row[1] for row in back.rows] == [""] * len(back.rows)
