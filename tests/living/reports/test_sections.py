"""What the numbers of a run are called."""

from __future__ import annotations

from review.export.drawings.cumulative import cumulative_of
from review.export.drawings.forest import forest_of
from review.living.job.work import Made, work_off
from review.living.reports.sections import pooled_lines
from review.living.runs.scales import scale_of_run
from tests.living.job.test_work import contrast, task


def test_one_trial_has_its_own_normal_interval_and_no_q() -> None:
    (one,) = work_off([task(contrast(1, 0.2, 0.1))])
    (two,) = work_off([task(contrast(1, 0.2, 0.1), contrast(2, 0.3, 0.1))])
    assert isinstance(one, Made)
    assert isinstance(two, Made)
    alone = pooled_lines(one.results.pooled, scale_of_run(one.inputs))
    both = pooled_lines(two.results.pooled, scale_of_run(two.inputs))
    assert "95% interval (z)" in alone
    assert "95% interval (Hartung-Knapp, floored)" not in alone
    assert "95% interval (Hartung-Knapp, floored)" in both
    assert "Q" not in alone
    assert "Q" in both
    assert "Q =" not in (forest_of(one.inputs, one.results).note or "")
    assert "Q =" in (forest_of(two.inputs, two.results).note or "")
    note = cumulative_of(two.inputs, two.results).note or ""
    assert "the first trial has its own normal interval" in note


def test_ratios_are_told_as_ratios() -> None:
    (made,) = work_off([task(contrast(1, 0.2, 0.1, metric="log OR"), measure="OR")])
    assert isinstance(made, Made)
    told = pooled_lines(made.results.pooled, scale_of_run(made.inputs))
    assert told["estimate (OR)"] == "1.22"
    assert told["95% interval (z)"] == "[0.66, 2.27]"
