"""Subgroups and meta-regressions of a planned network: the engine's, a contrast's of two, and why.

The engine is held against metafor in ``tests/synthesis/network``; both scripts compute what a run
has again in ``tests/export/reproduction/test_script_networks.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest

from review.extraction.evidence import Evidence, Facts
from review.living.estimates.effects import trial_effects
from review.living.estimates.networks import studies_of
from review.living.reports.run_sections import robustness_sections
from review.living.runs.results import ModeratorLine
from review.protocol.rules import Plan
from review.synthesis import design
from review.synthesis.network import grouped, moderated
from tests.living.networks import TRIALS, items_of, network_plan, run_of

YEARS = {1: 1999, 2: 2004, 3: 2001, 4: 2010, 5: 2007, 6: 2012, 7: 2003, 8: 2009}
COUNTRIES = dict(zip(range(1, 9), ("Japan", "Chile") * 4, strict=True))


def items(
    of: Mapping[int, str] = COUNTRIES, arms: Mapping[str, str] = MappingProxyType({})
) -> list[Evidence]:
    """The trials' arms with a year and a country, and of some arms (by treatment) a setting."""
    found = []
    for one in items_of():
        country = of.get(one.study_id)
        facts = Facts(
            {} if country is None else {"country": country},
            {} if one.arm.treatment not in arms else {"setting": arms[one.arm.treatment]},
            {}, {}, frozenset({"setting"}),
        )  # fmt: skip
        found.append(one._replace(year=YEARS[one.study_id], facts=facts))
    return found


def lines_of(given: Sequence[Evidence] | None = None, **changes: object) -> list[ModeratorLine]:
    return list(run_of(network_plan(**changes), given or items())[1].moderators)


def test_a_run_has_the_numbers_of_the_engine() -> None:
    plan = network_plan(subgroups=["country"], moderators=["year"], margin=2.0)
    inputs, results = run_of(plan, items())
    studies = studies_of(inputs, trial_effects(inputs))
    years = [float(YEARS[int(s.study)]) for s in studies]
    groups, slope = results.moderators
    engine = moderated(studies, design("year", {"year": years}), reference="in person")
    assert [line.label for line in slope.lines] == ["intrcpt", "year"]
    assert slope.lines[1].estimate == engine.slopes[0].estimate
    assert (slope.stat, slope.df, slope.p) == (engine.test.stat, 1, engine.test.p)
    told = [(line.label, line.estimate) for line in slope.by_treatment]
    assert told == [(f"{one.treatment}: year", one.estimate) for one in engine.apart]
    assert len(told) == 3
    assert slope.alike is not None
    assert engine.alike is not None
    assert slope.alike.p == engine.alike.p
    there = engine.at("book", [sum(years) / 8])
    assert slope.at_mean is not None
    assert slope.at_mean.others[1].treatment == "book"
    assert slope.at_mean.others[1].estimate == pytest.approx(there.estimate)
    apart = grouped(studies, [COUNTRIES[int(s.study)] for s in studies], reference="in person")
    own = apart.test_of("video")
    assert own is not None
    assert (groups.stat, groups.p) == (own.stat, own.p)
    assert [line.label for line in groups.lines] == ["Japan", "Chile"]
    assert groups.lines[0].others[0].treatment == "wait list"
    assert [test.term for test in groups.tests] == ["wait list - in person", "all comparisons"]
    assert groups.lines[0].conclusion is not None


@pytest.mark.parametrize("test", ["z", "t", "knha", "adhoc"])
@pytest.mark.parametrize("formula", ["year", "country", "year + country", "0 + country"])
def test_two_treatments_are_a_contrast(formula: str, test: str) -> None:
    two = [one for one in items() if one.arm.treatment != "wait list"]
    net = network_plan("music", test=test, moderators=[formula], subgroups=["country"])
    values = net.model_dump(mode="json", exclude={"other_treatments", "kind"})
    _, results = run_of(net, two)
    _, plain = run_of(Plan.model_validate(values), two)
    for own, other in zip(results.moderators, plain.moderators, strict=True):
        assert own.note == other.note
        assert (own.stat, own.df, own.p) == pytest.approx((other.stat, other.df, other.p), abs=1e-9)
        assert own.remarks == other.remarks
        for one, theirs in zip(own.lines, other.lines, strict=True):
            assert (one.label, one.k, one.conclusion) == (theirs.label, theirs.k, theirs.conclusion)
            assert one.estimate == pytest.approx(theirs.estimate, abs=1e-8)
            assert one.ci == pytest.approx(theirs.ci, abs=1e-8)
            assert one.p == pytest.approx(theirs.p, abs=1e-8)
        assert (own.at_mean is None) is (other.at_mean is None)
        assert (own.by_treatment, own.alike) == ((), None)


def test_a_trial_without_one_value_is_named_and_left_out_whole() -> None:
    """Of arms that differ there is no value of the trial, of whichever comparison."""
    given = items(
        arms={"video": "group", "in person": "group", "wait list": "alone", "book": "alone"}
    )
    (line,) = lines_of(given, subgroups=["setting"])
    assert {one.study for one in line.without} == {f"Synthetic {i}" for i in (2, 3, 4, 7, 8)}
    assert all("arms differ" in one.reason for one in line.without)
    assert [(one.label, one.k) for one in line.lines] == [("group", 2), ("alone", 1)]
    assert line.lines[1].estimate is None
    assert line.lines[1].note == "in person is not in the network; it has book, wait list"
    assert line.stat is None
    told = " ".join(line.remarks)
    assert "Fewer than two subgroups have video against in person" in told
    assert "No estimate by setting: alone (in person is not" in told
    (nobody,) = lines_of(moderators=["setting"])
    assert nobody.note == "no trial has a value of it"
    (nobody,) = lines_of(subgroups=["setting"])
    assert nobody.note == "no trial has a value of it"


def test_a_group_without_the_intervention_tells_the_others() -> None:
    of = {i: "Chile" if i in (3, 7) else "Japan" for i in YEARS}
    (line,) = lines_of(items(of), subgroups=["country"])
    chile = next(one for one in line.lines if one.label == "Chile")
    assert chile.note == "no trial of it has video"
    assert [one.treatment for one in chile.others] == ["wait list", "book"]
    assert line.stat is None
    assert [test.term for test in line.tests][-1] == "all comparisons"


def test_what_is_constant_or_of_one_group_says_so() -> None:
    same = [one._replace(year=2000) for one in items()]
    (line,) = lines_of(same, moderators=["year"])
    assert "year is redundant" in str(line.note)
    (line,) = lines_of(items(dict.fromkeys(YEARS, "Chile")), subgroups=["country"])
    assert line.note == "A comparison needs at least two subgroups."
    (line,) = lines_of(items(dict.fromkeys(YEARS, "Chile")), moderators=["country"])
    assert line.note is not None
    without = items({i: "Chile" if i == 3 else "Japan" for i in (3, 5, 7)})
    (line,) = lines_of(without, moderators=["country"])
    assert line.note == "no trial with a value of it has video"
    (line,) = lines_of(items({1: "Chile"}), moderators=["country"])
    assert "one level only" in str(line.note)


def test_a_run_shows_them() -> None:
    plan = network_plan(subgroups=["country"], moderators=["year"])
    told = robustness_sections(run_of(plan, items()), withheld=False)
    assert [section.heading.partition(": test")[0] for section in told] == [
        "Subgroups by country",
        "Subgroups by country: the others against the reference",
        "Meta-regression by year",
        "Meta-regression by year: the others against the reference",
        "Meta-regression by year: a coefficient for each treatment",
    ]
    sentences = " ".join(told[2].sentences)
    assert "the same change of every treatment against in person" in sentences
    assert "one coefficient for all treatments: " in sentences


def test_without_intercept_each_group_has_its_effects_under_one_tau2() -> None:
    of = {**COUNTRIES, 5: "Kenya", 7: "Chile"}
    (line,) = lines_of(items(of), moderators=["0 + country"])
    labels = [one.label for one in line.lines]
    assert labels == ["countryChile", "countryJapan", "countryKenya"]
    kenya = line.lines[2]
    assert (kenya.estimate, kenya.note, kenya.others) == (None, "no trials tell it", ())
    assert [one.treatment for one in line.lines[0].others] == ["wait list", "book"]
    assert len({one.tau2 for one in line.lines[:2]}) == 1
    assert [test.term for test in line.tests] == ["wait list - in person", "book - in person"]
    assert "book: countryKenya" in line.remarks[-1]
    (alone,) = lines_of(items(of), moderators=["0 + country"], method="EE", test="z")
    chile = [one for one in items(of) if of[one.study_id] == "Chile"]
    _, apart = run_of(network_plan(method="EE", test="z"), chile)
    assert alone.lines[0].estimate == pytest.approx(apart.pooled.estimate)
    assert alone.lines[0].ci == pytest.approx(apart.pooled.ci)


def test_order_changes_nothing() -> None:
    plan = network_plan(subgroups=["country"], moderators=["year"])
    one, other = (run_of(plan, way)[1].moderators for way in (items(), items()[::-1]))
    for a, b in zip(one, other, strict=True):
        assert (a.stat, a.p) == pytest.approx((b.stat, b.p), rel=1e-6)
        assert {x.label: x.estimate for x in a.lines} == pytest.approx(
            {x.label: x.estimate for x in b.lines}, rel=1e-5
        )
    assert len(TRIALS) == 8
