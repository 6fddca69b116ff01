"""tau² by level as a figure: the run's own numbers, and why there is none."""

from __future__ import annotations

import pytest

from review.errors import InvalidDataError
from review.export.drawings.heterogeneity import NO_INTERVAL, heterogeneity_of
from review.figures.estimates import estimates_pages
from tests.living.estimates.test_heterogeneity import DATA, GROUPS, inputs_of, plan, results_of

NAME = next(iter(GROUPS))
BY = GROUPS[NAME]["by"]


@pytest.mark.parametrize("name", GROUPS)
def test_each_level_has_its_line_with_the_numbers_of_the_run(name: str) -> None:
    inputs = inputs_of(plan(GROUPS[name]["by"]), DATA[name])
    results = results_of(inputs)
    (line,) = results.heterogeneity
    drawn = heterogeneity_of(inputs, results)
    assert drawn.reference == line.same_tau2
    assert f"df {line.df}" in drawn.note
    for row, term in zip(drawn.rows, line.terms, strict=True):
        assert row.before == (str(term.k),)
        if term.tau2_ci is None:
            assert row.estimate is None
            assert term.tau2 is None or row.after[0].endswith(NO_INTERVAL)
        else:
            assert (row.estimate, (row.ci_low, row.ci_high)) == (term.tau2, term.tau2_ci)
    (page,) = estimates_pages(drawn)
    found = {item.get_gid() for item in page.findobj() if item.get_gid()}
    assert {f"dot-{i}" for i, row in enumerate(drawn.rows) if row.estimate is not None} <= found


def test_why_there_is_none_is_said() -> None:
    inputs = inputs_of(plan(BY), DATA[NAME])
    results = results_of(inputs)
    with pytest.raises(InvalidDataError, match="no heterogeneity by colour was planned"):
        heterogeneity_of(inputs, results, "colour")
    none = results.model_copy(update={"heterogeneity": ()})
    with pytest.raises(InvalidDataError, match="no heterogeneity of levels was planned"):
        heterogeneity_of(inputs, none)
    (line,) = results.heterogeneity
    for change, words in (
        ({"p": None, "note": "too few trials"}, "too few trials"),
        ({"by_level": False}, "has no levels to draw"),
    ):
        changed = results.model_copy(update={"heterogeneity": (line.model_copy(update=change),)})
        with pytest.raises(InvalidDataError, match=words):
            heterogeneity_of(inputs, changed, BY)
