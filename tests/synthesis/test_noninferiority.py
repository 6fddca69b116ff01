"""The reading of intervals against a margin, against published and hand-made cases."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import InvalidDataError
from review.synthesis.noninferiority import (
    Conclusion,
    classify,
    classify_many,
    margin_curve,
    noninferiority_p,
    reading_of_published,
)


@pytest.mark.parametrize(
    ("ci", "expected"),
    [
        ((0.01, 0.3), Conclusion.SUPERIOR),
        ((-0.49, 0.3), Conclusion.NONINFERIOR),
        ((-0.49, -0.01), Conclusion.NONINFERIOR_WORSE),
        ((-0.51, 0.3), Conclusion.INCONCLUSIVE),
        ((-0.51, -0.01), Conclusion.INCONCLUSIVE_WORSE),
        ((-0.9, -0.51), Conclusion.INFERIOR),
        # ties go to the weaker class
        ((0.0, 0.3), Conclusion.NONINFERIOR),
        ((-0.5, 0.3), Conclusion.INCONCLUSIVE),
        ((-0.4, 0.0), Conclusion.NONINFERIOR),
        ((-0.6, 0.0), Conclusion.INCONCLUSIVE),
        ((-0.9, -0.5), Conclusion.INCONCLUSIVE_WORSE),
        ((-math.inf, math.inf), Conclusion.INCONCLUSIVE),
    ],
)
def test_each_class_has_its_rule(ci: tuple[float, float], expected: Conclusion) -> None:
    assert classify(ci, 0.5) is expected


@pytest.mark.parametrize(
    ("ci", "expected"),
    [
        ((0.01, 0.3), Conclusion.SUPERIOR),
        ((0.0, 0.3), Conclusion.INCONCLUSIVE),
        ((-0.3, 0.0), Conclusion.INCONCLUSIVE),
        ((-0.3, -0.01), Conclusion.INFERIOR),
    ],
)
def test_without_a_margin_there_are_three_classes(
    ci: tuple[float, float], expected: Conclusion
) -> None:
    assert classify(ci, None) is expected


def test_awkward_classes_are_printed_in_full() -> None:
    assert [str(c) for c in Conclusion] == [
        "superior",
        "noninferior",
        "noninferior but statistically worse",
        "inconclusive",
        "inconclusive, statistically worse",
        "inferior",
    ]


def test_norwood_alliance_is_inconclusive_by_its_summary() -> None:
    r = reading_of_published(-0.30, -0.67, 0.07, 0.95, [0.25, 0.30, 0.50])
    assert r.se == pytest.approx(0.18877898, abs=5e-9)
    assert r.z == pytest.approx(-1.589160, abs=5e-7)
    assert r.p == pytest.approx(0.1120243, abs=5e-8)
    assert r.p_noninferior[2] == pytest.approx(0.1446997, abs=5e-8)
    assert 1 - r.p_noninferior[2] == pytest.approx(0.8553, abs=5e-5)
    assert r.ci90 == pytest.approx((-0.610514, 0.010514), abs=5e-7)
    assert r.smallest == 0.67
    assert set(r.conclusions) == {Conclusion.INCONCLUSIVE}
    assert (0.5 - 0.3) / r.se == pytest.approx(1.0594400, abs=5e-7)


def test_norwood_symptoms_are_within_the_margin() -> None:
    r = reading_of_published(-0.03, -0.45, 0.40, 0.95, [0.5])
    assert r.conclusions == (Conclusion.NONINFERIOR,)
    assert r.equivalent == (True,)


def test_steinert_2017_is_noninferior_but_statistically_worse() -> None:
    # g = -0.153 with a 90 % interval; the paper printed p = .016 for the equivalence test
    r = reading_of_published(-0.153, -0.227, -0.079, 0.90, [0.25])
    assert r.se == pytest.approx(0.0449888, abs=5e-8)
    assert r.p_noninferior[0] == pytest.approx(0.0155383, abs=1e-7)
    assert r.p == pytest.approx(0.000672, abs=5e-7)
    curve = margin_curve(r.estimate, r.se, None, [0.25])
    assert curve.ci == pytest.approx((-0.241176, -0.064824), abs=5e-7)
    assert curve.conclusions == (Conclusion.NONINFERIOR_WORSE,)
    assert curve.equivalent == (True,)


def test_the_curve_uses_t_where_degrees_of_freedom_are_given() -> None:
    # k = 4 of the synthetic fixture: modified Hartung-Knapp interval of living_updating section 0
    curve = margin_curve(-0.3004927661, 0.1887256437, 3, [0.5, 0.95])
    assert curve.ci == pytest.approx((-0.9011019938, 0.3001164615), abs=1e-9)
    assert curve.conclusions == (Conclusion.INCONCLUSIVE, Conclusion.NONINFERIOR)
    assert curve.smallest == pytest.approx(0.9011019938, abs=1e-9)
    # t(3) at 1.0571284: closed form of the t distribution with three degrees of freedom
    t = 1.0571283791
    theta = math.atan(t / math.sqrt(3))
    upper = 0.5 - (theta + math.sin(theta) * math.cos(theta)) / math.pi
    assert curve.p[0] == pytest.approx(upper, rel=1e-8)


def test_superiority_shows_every_margin() -> None:
    curve = margin_curve(0.5, 0.1, None, [0.01])
    assert curve.smallest == 0
    assert curve.conclusions == (Conclusion.SUPERIOR,)


@given(
    st.floats(-2, 2), st.floats(0.01, 1), st.floats(0.05, 1), st.one_of(st.none(), st.floats(1, 50))
)
def test_p_below_a_half_alpha_is_a_lower_limit_above_the_margin(
    estimate: float, se: float, margin: float, ddf: float | None
) -> None:
    curve = margin_curve(estimate, se, ddf, [margin])
    if abs(curve.p[0] - 0.025) > 1e-9:
        shown = (Conclusion.SUPERIOR, Conclusion.NONINFERIOR, Conclusion.NONINFERIOR_WORSE)
        assert (curve.p[0] < 0.025) == (curve.conclusions[0] in shown)


@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(0, 2)), min_size=1, max_size=20))
def test_many_are_classified_as_one_by_one(pairs: list[tuple[float, float]]) -> None:
    low = np.array([a for a, _ in pairs])
    high = low + np.array([w for _, w in pairs])
    for margin in (None, 0.5):
        each = [classify((a, b), margin) for a, b in zip(low, high, strict=True)]
        assert [tuple(Conclusion)[i] for i in classify_many(low, high, margin)] == each


@pytest.mark.parametrize("margin", [0.0, -0.5, math.nan, math.inf])
def test_a_margin_is_a_positive_distance(margin: float) -> None:
    with pytest.raises(InvalidDataError):
        classify((-0.1, 0.1), margin)


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: classify((0.2, 0.1), 0.5), "from 0.2 to 0.1 cannot be read"),
    (lambda: classify((math.nan, 0.1), 0.5), "from nan to 0.1 cannot be read"),
    (lambda: noninferiority_p(0.1, 0.0, 0.5, None), "standard error 0.0 cannot be read"),
    (lambda: noninferiority_p(math.inf, 0.1, 0.5, None), "An estimate inf with"),
    (lambda: noninferiority_p(0.1, 0.1, 0.5, 0.0), "0.0 degrees of freedom cannot be read"),
    (lambda: noninferiority_p(0.1, 0.1, -0.5, None), "margin of -0.5 is not a distance"),
    (lambda: margin_curve(0.1, -0.1, None, []), "standard error -0.1 cannot be read"),
    (lambda: margin_curve(0.1, 0.1, None, [-0.5]), "margin of -0.5 is not a positive distance"),
    (lambda: margin_curve(0.1, 0.1, None, [0.0]), "margin of 0.0 is not a positive distance"),
    (lambda: margin_curve(0.1, 0.1, None, [0.5], level=95), "level of 95 is not between 0 and 1"),
    (lambda: margin_curve(0.1, 0.1, None, [0.5], level=1.0), "level of 1.0 is not between"),
    (lambda: margin_curve(0.1, 0.1, None, [0.5], level=0.0), "level of 0.0 is not between"),
    (lambda: reading_of_published(0.5, -0.2, 0.1, 0.95, [0.5]), "does not lie in its interval"),
    (lambda: reading_of_published(0.1, 0.1, 0.1, 0.95, [0.5]), "does not lie in its interval"),
    (lambda: reading_of_published(0.1, 0.0, 0.2, 1.0, [0.5]), "level of 1.0 is not between"),
    (lambda: reading_of_published(0.1, 0.0, 0.2, 0.95, [-0.5]), "-0.5 is not a positive distance"),
    (lambda: reading_of_published(0.1, 0.0, math.inf, 0.95, []), "error inf cannot be read"),
]


@pytest.mark.parametrize(("ask", "reason"), REFUSED)
def test_what_cannot_be_read_is_refused(ask: Callable[[], object], reason: str) -> None:
    with pytest.raises(InvalidDataError, match=reason):
        ask()


def test_superiority_is_noninferiority_by_a_margin_of_nothing() -> None:
    """Half of the two-sided p, 0.0455003 at two errors above zero (tables of the normal)."""
    assert noninferiority_p(0.5, 1.0, 0.5, 1.0) == pytest.approx(0.25)  # t on one: Cauchy's quarter
    assert noninferiority_p(0.2, 0.1, 0.0, None) == pytest.approx(0.022750132, rel=1e-7)


def test_equivalence_is_shown_inside_both_margins_and_not_on_either() -> None:
    """From -0.2 to 0.3 as printed, and limits of a curve that are -0.25 and 0.25."""
    read = reading_of_published(0.05, -0.2, 0.3, 0.95, [0.2, 0.25, 0.3, 0.31])
    assert read.equivalent == (False, False, False, True)
    worse = reading_of_published(-0.05, -0.3, 0.2, 0.95, [0.25, 0.3, 0.31])
    assert worse.equivalent == (False, False, True)
    half = margin_curve(0.0, 1.0, None, []).ci[1]
    assert margin_curve(0.0, 1.0, None, [half, 1.001 * half]).equivalent == (False, True)
    left, right = (margin_curve(x, 1.0, None, []).ci for x in (-0.5, 0.5))  # -2.46 to 1.46, turned
    assert margin_curve(-0.5, 1.0, None, [2.0, -left[0], 2.5]).equivalent == (False, False, True)
    assert margin_curve(0.5, 1.0, None, [2.0, right[1], 2.5]).equivalent == (False, False, True)
    below = margin_curve(-10.0, 1.0, None, [5.0])
    assert (below.conclusions, below.equivalent) == ((Conclusion.INFERIOR,), (False,))
    above = margin_curve(10.0, 1.0, None, [5.0])
    assert (above.conclusions, above.equivalent) == ((Conclusion.SUPERIOR,), (False,))


def test_an_estimate_may_be_printed_as_its_own_limit() -> None:
    """Rounding to one decimal does that to a precise trial: 0.14 with limits 0.11 and 0.18."""
    assert reading_of_published(0.1, 0.1, 0.2, 0.95, [0.5]).se == pytest.approx(0.0255107, abs=1e-7)
    assert reading_of_published(0.2, 0.1, 0.2, 0.95, [0.5]).smallest == 0
