"""Meta-regressions and subgroups of networks: metafor's, a contrast's of two, and what has none."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis import design, regress, subgroup_analysis
from review.synthesis.design import intercept_only
from review.synthesis.network import (
    Contrast,
    Moderated,
    NetworkStudy,
    from_arms,
    from_contrasts,
    grouped,
    levels,
    moderated,
)

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "moderated.json").read_text(encoding="utf-8")
)
"""By metafor (moderated.R): the year of trials, and networks before and after its median."""


def arms_of(name: str) -> tuple[tuple[NetworkStudy, ...], list[float]]:
    rows = SETS[name]["arms"]
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    years = dict(zip(columns["study"], columns["year"], strict=True))
    studies = from_arms(
        columns["study"], columns["treatment"], columns["estimate"], columns["variance"]
    )
    return studies, [years[s.study] for s in studies]


def by_year(name: str, method: str = "REML", test: str = "z") -> Moderated:
    studies, years = arms_of(name)
    return moderated(
        studies, design("year", {"year": years}), reference=SETS[name]["reference"],
        method=method, test=test,
    )  # fmt: skip


@pytest.mark.parametrize("method", ["REML", "ML", "EE"])
@pytest.mark.parametrize("name", SETS)
def test_a_regression_is_metafors(name: str, method: str) -> None:
    case = next(one for one in SETS[name]["regressions"] if one["method"] == method)
    found = by_year(name, method)
    (slope,) = found.slopes
    # rma.mv stops within 1e-12 to 1e-8 of its likelihood, so that tau2 has few digits near zero
    assert found.tau2 == pytest.approx(case["tau2"], rel=1e-3, abs=1e-5)
    assert (slope.estimate, slope.se, slope.p) == pytest.approx(
        (case["slope"], case["se"], case["p"]), rel=1e-3, abs=1e-5
    )
    ours = [found.at(t).estimate for t in found.treatments]
    assert ours == pytest.approx(case["effects"], rel=1e-3, abs=1e-4)
    assert [f"{s.treatment}: {s.column}" for s in found.apart] == case["columns"]
    assert found.apart_tau2 == pytest.approx(case["apart_tau2"], rel=1e-3, abs=1e-5)
    assert [s.estimate for s in found.apart] == pytest.approx(case["slopes"], rel=1e-3, abs=1e-4)
    assert [s.se for s in found.apart] == pytest.approx(case["ses"], rel=1e-3, abs=1e-5)
    assert [s.p for s in found.apart] == pytest.approx(case["ps"], abs=1e-3)
    assert found.alike is not None
    assert found.alike.df == case["df"]
    assert found.alike.stat == pytest.approx(case["alike"], rel=1e-3)


@pytest.mark.parametrize("name", SETS)
def test_subgroups_are_metafors(name: str) -> None:
    case = SETS[name]["groups"]
    studies, years = arms_of(name)
    labels = ["early" if year < case["cut"] else "late" for year in years]
    found = grouped(studies, labels, reference=SETS[name]["reference"], test="z")
    for group in found.groups:
        expected = case["groups"][group.label]
        if not expected:
            assert group.found is None
            assert group.note is not None
            assert "falls into" in group.note
            continue
        assert group.found is not None
        assert group.k == expected["k"]
        assert group.found.tau2 == pytest.approx(expected["tau2"], rel=1e-3, abs=1e-5)
        for i, treatment in enumerate(expected["treatments"]):
            line = group.found.difference(treatment, found.reference)
            assert (line.estimate, line.se) == pytest.approx(
                (expected["effects"][i], expected["ses"][i]), rel=1e-3, abs=1e-4
            )
    if "together" not in case:
        assert found.together is None
        return
    assert {one.term for one in found.tests} == {one["treatment"] for one in case["tests"]}
    for one in case["tests"]:
        test = found.test_of(one["treatment"])
        assert test is not None
        assert (test.stat, test.p) == pytest.approx((one["stat"], one["p"]), rel=1e-3, abs=1e-4)
    assert found.together is not None
    assert found.together.df == case["together"]["df"]
    assert found.together.stat == pytest.approx(case["together"]["stat"], rel=1e-3)


@pytest.mark.parametrize("name", SETS)
def test_levels_are_metafors(name: str) -> None:
    case = SETS[name]
    studies, years = arms_of(name)
    g = ["early" if year < case["groups"]["cut"] else "late" for year in years]
    found = levels(studies, design("0 + g", {"g": g}), reference=case["reference"], test="z")
    ours = {f"{s.treatment}: {s.column.removeprefix('g')}": s for s in found.effects}
    assert set(ours) == set(case["levels"]["columns"])
    assert found.tau2 == pytest.approx(case["levels"]["tau2"], rel=1e-3, abs=1e-5)
    for i, column in enumerate(case["levels"]["columns"]):
        theirs = (case["levels"]["effects"][i], case["levels"]["ses"][i])
        assert (ours[column].estimate, ours[column].se) == pytest.approx(theirs, rel=1e-3, abs=1e-4)


def test_the_grid_of_cases_has_not_shrunk() -> None:
    assert len(SETS) == 5
    assert sum(len(case["regressions"]) for case in SETS.values()) == 15
    assert sum("together" in case["groups"] for case in SETS.values()) == 4
    assert any(len(s.treatments) > 2 for name in SETS for s in arms_of(name)[0])


YI = [0.2, 0.9, -0.3, 0.5, 0.4, 1.1, 0.0, 0.6]
VI = [0.1, 0.05, 0.2, 0.08, 0.04, 0.09, 0.12, 0.07]
YEAR = [1.0, 3, 2, 5, 4, 8, 7, 9]
PLACE = list("nnnnssss")


def pairs(yi: Sequence[float] = YI) -> tuple[NetworkStudy, ...]:
    return from_contrasts(
        Contrast(str(i), "b", "a", y, v) for i, (y, v) in enumerate(zip(yi, VI, strict=True))
    )


@pytest.mark.parametrize("test", ["z", "t", "knha", "adhoc"])
@pytest.mark.parametrize("method", ["REML", "DL", "PM", "EE"])
def test_of_two_treatments_it_is_a_contrasts(method: str, test: str) -> None:
    coded = design("year + place", {"year": YEAR, "place": PLACE})
    alone = regress(YI, VI, coded, method=method, test=test)  # type: ignore[arg-type]  # by name
    found = moderated(pairs(), coded, reference="a", method=method, test=test)
    assert found.at("b").estimate == pytest.approx(alone.beta[0], abs=1e-10)
    assert found.at("b").ci == pytest.approx((alone.ci_low[0], alone.ci_high[0]), abs=1e-10)
    assert [s.estimate for s in found.slopes] == pytest.approx(alone.beta[1:], abs=1e-10)
    assert [s.p for s in found.slopes] == pytest.approx(alone.p[1:], abs=1e-10)
    assert (found.test.stat, found.test.p) == pytest.approx((alone.qm, alone.qm_p), abs=1e-9)
    assert [one.stat for one in found.tests] == pytest.approx([one.stat for one in alone.tests])
    assert (found.apart, found.alike) == ((), None)
    there = alone.predict({"year": [4.0], "place": ["s"]})[0]
    here = found.at("b", [4.0, 1.0])
    assert (here.estimate, *here.ci) == pytest.approx((there.estimate, *there.ci), abs=1e-10)
    groups = subgroup_analysis(YI, VI, PLACE, method=method, test=test)  # type: ignore[arg-type]
    nets = grouped(pairs(), PLACE, reference="a", method=method, test=test)
    assert (nets.tests[0].stat, nets.tests[0].p) == pytest.approx((groups.q_between, groups.p))
    assert nets.together is not None
    assert nets.together.stat == pytest.approx(groups.q_between)


@pytest.mark.parametrize("name", ["hasselblad1998", "senn2013"])
def test_order_sign_and_names_change_nothing_else(name: str) -> None:
    studies, years = arms_of(name)
    reference = SETS[name]["reference"]
    one = by_year(name, test="adhoc")
    turned = moderated(
        studies[::-1], design("year", {"year": years[::-1]}), reference=reference, test="adhoc"
    )
    assert turned.slopes[0][2:5] == pytest.approx(one.slopes[0][2:5], rel=1e-6)
    assert one.alike is not None
    assert turned.alike is not None
    assert turned.alike.stat == pytest.approx(one.alike.stat, rel=1e-6)
    down = tuple(
        NetworkStudy(s.study, s.treatments, tuple(-e for e in s.estimates), s.covariance)
        for s in studies
    )
    other = moderated(down, design("year", {"year": years}), reference=reference, test="adhoc")
    assert other.slopes[0].estimate == pytest.approx(-one.slopes[0].estimate, rel=1e-6)
    assert other.test.stat == pytest.approx(one.test.stat, rel=1e-6)


def test_the_unit_of_a_moderator_scales_its_coefficient_alone() -> None:
    studies, years = arms_of("hasselblad1998")
    decades = design("year", {"year": [year / 10 for year in years]})
    one, ten = (
        by_year("hasselblad1998"),
        moderated(studies, decades, reference="no_contact", test="z"),
    )
    assert ten.slopes[0].estimate == pytest.approx(10 * one.slopes[0].estimate, rel=1e-6)
    assert ten.slopes[0].p == pytest.approx(one.slopes[0].p, rel=1e-6)


def loop(*more: Contrast) -> tuple[NetworkStudy, ...]:
    given = [
        Contrast("1", "b", "a", 0.5, 0.1), Contrast("2", "b", "a", 0.7, 0.1),
        Contrast("3", "c", "a", 0.2, 0.1), Contrast("4", "c", "b", -0.1, 0.1),
        Contrast("5", "b", "a", 0.1, 0.1), Contrast("6", "c", "b", 0.3, 0.1), *more,
    ]  # fmt: skip
    return from_contrasts(given)


def test_what_cannot_be_told_from_the_treatments_has_a_stated_answer() -> None:
    with pytest.raises(InvalidDataError, match="x is redundant"):
        moderated(loop(), design("x", {"x": [1] * 6}), reference="a")
    with pytest.raises(InvalidDataError, match="no moderator"):
        moderated(loop(), intercept_only(6), reference="a")
    with pytest.raises(InvalidDataError, match="do not go with"):
        moderated(loop(), design("x", {"x": [1, 2]}), reference="a")
    with pytest.raises(InvalidDataError, match="d is not in the network"):
        moderated(loop(), design("x", {"x": range(6)}), reference="d")
    with pytest.raises(InvalidDataError, match="3 effects"):
        moderated(loop()[:3], design("x", {"x": range(3)}), reference="a")
    twice = design("x + z", {"x": range(6), "z": range(0, 12, 2)})
    found = moderated(loop(), twice, reference="a")
    assert [s.column for s in found.slopes] == ["x"]
    assert found.notes[0].startswith("z is redundant")


def test_a_treatment_of_one_trial_has_no_coefficient_of_its_own() -> None:
    studies = loop(Contrast("7", "d", "a", 0.4, 0.1))
    found = moderated(studies, design("x", {"x": [1, 2, 3, 4, 5, 6, 9]}), reference="a", test="z")
    assert [s.treatment for s in found.apart] == ["b", "c"]
    (note,) = found.notes
    assert note.endswith("as no trials tell them: d: x.")
    few = moderated(loop()[:4], design("x", {"x": [1, 2, 3, 4]}), reference="a", test="z")
    assert few.apart == ()
    assert few.alike is None
    assert few.notes == (
        "A coefficient for each treatment needs more than 4 comparisons; there are 4.",
    )


def test_what_trials_tell_of_two_treatments_together_is_told_of_neither() -> None:
    """In place z no trial has the reference: b and c differ there, and neither is known of a."""
    studies = loop(Contrast("7", "c", "b", 0.9, 0.1), Contrast("8", "c", "b", 0.7, 0.1))
    found = moderated(studies, design("x", {"x": list("uuuyyyzz")}), reference="a", test="z")
    assert found.notes[0] == "xz is redundant: no row has it. It was left out."
    assert {f"{s.treatment}: {s.column}" for s in found.apart} == {"b: xy", "c: xy"}
    assert found.notes[-1].endswith("as no trials tell them: b: xz; c: xz.")
    assert found.alike is not None
    assert found.alike.df == 2


def test_a_perfect_fit_is_said() -> None:
    studies = from_contrasts(
        Contrast(str(x), name, "a", 0.5 + 0.1 * x, 0.1) for x in range(6) for name in "bc"[x % 2]
    )
    found = moderated(studies, design("x", {"x": range(6)}), reference="a", test="knha")
    assert not found.tested
    assert "fits the effects perfectly" in found.notes[-1]
    assert found.alike is not None
    assert math.isinf(found.alike.stat) or found.alike.stat == 0


def test_groups_that_have_no_network_say_why() -> None:
    studies = loop(Contrast("7", "d", "c", 0.4, 0.1), Contrast("8", "e", "f", 0.4, 0.1))
    found = grouped(studies, list("xxxxxxyz"), reference="a")
    assert found.groups[0].note is None
    notes = [group.note or "" for group in found.groups]
    assert "a is not in the network; it has c, d" in notes[1]
    assert (found.tests, found.together) == ((), None)
    apart = grouped(loop(Contrast("7", "e", "d", 0.4, 0.1)), list("xxxxyyy"), reference="a")
    assert "falls into 2 parts" in (apart.groups[1].note or "")
    with pytest.raises(InvalidDataError, match="do not fit"):
        grouped(loop(), ["x"], reference="a")
    with pytest.raises(InvalidDataError, match="at least two"):
        grouped(loop(), ["x"] * 6, reference="a")


def test_a_group_without_error_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="error is zero"):
        grouped(pairs([0.2] * 4 + YI[4:]), PLACE, reference="a", test="knha")


def test_a_treatment_of_one_group_has_no_test_there() -> None:
    found = grouped(loop(), list("xxxxyx"), reference="a")
    assert [one.term for one in found.tests] == ["b"]
    assert found.test_of("c") is None
    assert found.together is not None
    assert found.together.df == 1
    assert np.isfinite(found.together.stat)


def test_levels_without_tau2_are_networks_of_their_own() -> None:
    studies, years = arms_of("hasselblad1998")
    place = ["late" if year > -16 else "early" for year in years]
    found = levels(
        studies, design("0 + place", {"place": place}), reference="no_contact", method="EE",
        test="z",
    )  # fmt: skip
    apart = grouped(studies, place, reference="no_contact", method="EE", test="z")
    for group in apart.groups:
        assert group.found is not None
        own = {s.treatment: s for s in found.effects if s.column == f"place{group.label}"}
        for treatment, one in own.items():
            alone = group.found.difference(str(treatment), "no_contact")
            assert (one.estimate, one.se) == pytest.approx((alone.estimate, alone.se), rel=1e-9)
    assert found.tested


@pytest.mark.parametrize("test", ["z", "t", "knha", "adhoc"])
def test_levels_of_two_treatments_are_those_of_a_contrast(test: str) -> None:
    coded = design("0 + place", {"place": PLACE})
    alone = regress(YI, VI, coded, test=test)  # type: ignore[arg-type]  # by name
    found = levels(pairs(), coded, reference="a", test=test)
    assert [s.estimate for s in found.effects] == pytest.approx(alone.beta, abs=1e-10)
    assert [s.p for s in found.effects] == pytest.approx(alone.p, abs=1e-10)
    zero = found.test_of("b")
    assert zero is not None
    assert (zero.stat, zero.df, zero.p) == pytest.approx((alone.qm, 2, alone.qm_p))
    assert found.tau2 == pytest.approx(alone.tau2)


def test_levels_that_no_trials_tell_are_named() -> None:
    studies = loop(Contrast("7", "c", "b", 0.9, 0.1), Contrast("8", "d", "c", 0.4, 0.1))
    found = levels(studies, design("0 + x", {"x": list("yyyyyyzz")}), reference="a", test="z")
    assert {f"{s.treatment}: {s.column}" for s in found.effects} == {"b: xy", "c: xy"}
    assert found.untold == ("d: xy", "b: xz", "c: xz", "d: xz")
    assert found.test_of("d") is None
    with pytest.raises(InvalidDataError, match="do not go with"):
        levels(studies, design("0 + x", {"x": [1, 2]}), reference="a")
    with pytest.raises(InvalidDataError, match="f is not in the network"):
        levels(studies, design("0 + x", {"x": range(8)}), reference="f")
    only = loop()[3:4]
    with pytest.raises(InvalidDataError, match="No trials tell an effect"):
        levels(
            (*only, *from_contrasts([Contrast("9", "b", "a", 0.1, 0.1)])),
            design("0 + x", {"x": [1.0, 0.0]}), reference="a",
        )  # fmt: skip


def test_levels_that_fit_perfectly_have_no_test() -> None:
    studies = from_contrasts(
        Contrast(f"{x}{n}", "b", "a", 0.5 + x, 0.1) for x in range(2) for n in "pq"
    )
    found = levels(studies, design("0 + x", {"x": list("ppqq")}), reference="a", test="knha")
    assert not found.tested
    assert found.tests == ()
