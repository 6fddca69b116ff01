"""Participants are counted where they are said, and a posterior needs priors that fit."""

from __future__ import annotations

from review.living.job.work import Made, work_off
from review.living.reports.posterior import posterior_of
from review.living.runs.results import Snapshot
from tests.living.job.test_work import contrast, task


def pooled(*, measure: str = "SMD", **numbers: object) -> Snapshot:
    first = contrast(1, 0.2, 0.1, **{"metric": measure, **numbers})
    (made,) = work_off([task(first, contrast(2, 0.3, 0.1, metric=measure), measure=measure)])
    assert isinstance(made, Made)
    return made.inputs, made.results


def test_participants_are_those_that_are_said() -> None:
    found = posterior_of(pooled(n=20, versus_n=22))
    assert (found.participants, found.counted, found.trials) == (42, 1, 2)


def test_each_margin_and_zero_have_a_probability() -> None:
    found = posterior_of(pooled())
    assert [belief.margin for belief in found.beliefs] == [0.5, None]
    assert 0.5 < found.beliefs[1].probability < found.beliefs[0].probability < 1
    assert "half-normal with scale 0.5" in found.note


def test_numbers_with_a_unit_have_no_posterior_by_default_priors() -> None:
    found = posterior_of(pooled(measure="MD"))
    assert found.beliefs == ()
    assert "without a unit" in found.note
