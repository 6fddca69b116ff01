"""Subgroups, meta-regressions and conditions by anything that the ledger knows."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from review.db import Database
from review.errors import InvalidDataError
from review.extraction.actions import define_field, import_extraction
from review.extraction.appraisal.actions import adopt_tool, appraise, set_assessors
from review.extraction.appraisal.catalogue import shipped_tool
from review.extraction.appraisal.form import Form, Stated, Target
from review.extraction.evidence_queries import evidence_for
from review.extraction.facts import names_of
from review.extraction.fields import FieldKind, FieldLevel, FieldSpec
from review.extraction.models import Arm, EntryValue, Study
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.history.actions import Attribution, writing
from review.living.estimates.multiverse import multiverse
from review.living.job.freshness import outdated
from review.living.job.recompute import recompute
from review.living.job.repool import repool
from review.living.job.report import RepoolReport
from review.living.reports.differences import ValueChange
from review.living.reports.noticing import notices_of
from review.living.reports.selected import chosen_of
from review.living.runs.queries import run_numbered, snapshot_of
from review.living.runs.results import ModeratorLine, Snapshot
from review.protocol.actions import (
    add_instrument,
    add_outcome,
    new_review,
    plan_analysis,
    revise_analysis,
)
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from review.synthesis import Method, Test, design, regress, subgroup_analysis
from tests.conftest import NOW, Prepared
from tests.joining import joined
from tests.living.job.test_repool import plan
from tests.tiers import MOSTLY_ON_SQLITE, WHOLE

K = 10
COUNTRIES = (
    "Norway",
    "Norway",
    "Chile",
    "Chile",
    None,
    "Norway",
    "Chile",
    "Norway",
    "Chile",
    "Fiji",
)
SESSIONS = (8, 12, 16, 8, 12, 20, 6, 10, 14, 9)
Y = (0.1, 0.2, 0.5, 0.4, 0.3, -0.1, 0.6, 0.0, 0.7, 0.2)
V = (0.04, 0.05, 0.03, 0.06, 0.04, 0.05, 0.02, 0.08, 0.05, 0.04)
TOOL = shipped_tool("rob2-parallel")


def row(number: int, **values: Any) -> NumberedRow:
    given = ExtractionRow.model_validate(
        {
            "study": f"Synthetic {number}",
            "year": 2000 + number,
            "country": COUNTRIES[number - 1],
            "arm": "video",
            "delivery_mode": "videoconference",
            "treatment": "CBT" if number % 2 else "IPT",
            "sessions": SESSIONS[number - 1],
            "versus_arm": "in person",
            "versus_delivery_mode": "face_to_face",
            "versus_treatment": "TAU" if number < 6 else "waiting",
            "instrument": "wai",
            "analysis_set": "itt" if number % 3 else "completers",
            "metric": "SMD",
            "estimate": Y[number - 1],
            "variance": V[number - 1],
            **values,
        }
    )
    custom = {"pre-registered": "yes" if number > 4 else "no", "therapists-n": float(number)}
    return replace(NumberedRow(number + 1, given), custom=custom)


@pytest.fixture
def reviewed(database: Database, by: Attribution, prepared: Prepared[None]) -> Database:
    """Ten synthetic trials with facts, custom fields and two judgements of risk of bias."""
    prepared(lambda: _enter_all(database, by))
    return database


def _enter_all(database: Database, by: Attribution) -> None:
    with writing(database, by) as session:
        review = new_review(session, ReviewSpec(slug="fixture", title="Fixture"), owner="tester")
        add_outcome(session, review, OutcomeSpec(slug="alliance", name="Alliance"))
        spec = InstrumentSpec(slug="wai", name="WAI", outcome="alliance", higher_is_better=True)
        add_instrument(session, review, spec)
        for slug, level, kind in (
            ("pre-registered", FieldLevel.STUDY, FieldKind.TEXT),
            ("therapists-n", FieldLevel.ARM, FieldKind.NUMBER),
        ):
            field = FieldSpec(slug=slug, level=level, label=slug, kind=kind)
            define_field(session, review, field, now=NOW)
        rows = [row(n) for n in range(1, K + 1)]
        import_extraction(
            session, review, rows, file="fixture", person=joined(session, review, "ada")
        )
        adopt_tool(session, review, TOOL, now=NOW)
        set_assessors(session, review, 1)
        for number in range(1, 9):
            judge(session, review, number, "low" if number < 5 else "high")


def judge(session: Any, review: Any, number: int, judgement: str) -> None:
    domains = {d.key: Stated(judgement, "as made up") for d in TOOL.domains}
    target = Target(f"Synthetic {number}", "alliance")
    form = Form(target, {}, domains, Stated(judgement, "as made up"))
    appraise(session, review, TOOL.slug, form, handle=joined(session, review, "ada"), now=NOW)


def planned(database: Database, by: Attribution, slug: str = "alliance", **changes: Any) -> Plan:
    usual = {"title": "Alliance", "measure": "SMD", "method": "DL", "test": "z", "margin": 0.5}
    made = plan(**{**usual, **changes})
    with writing(database, by) as session:
        review = review_called(session, None)
        spec = AnalysisSpec(slug=slug, plan=made)
        plan_analysis(session, review, spec, now=NOW, names=names_of(session, review))
    return made


def newest(database: Database) -> Snapshot:
    with database.reading() as session:
        return snapshot_of(run_numbered(session, review_called(session, None), "alliance", None))


def pooled(database: Database, by: Attribution, **changes: Any) -> Snapshot:
    planned(database, by, **changes)
    assert repool(database, actor="t").failed == []
    return newest(database)


def lines_of(snapshot: Snapshot) -> tuple[ModeratorLine, ...]:
    return snapshot[1].moderators


def test_subgroups_by_facts_of_studies_and_arms(reviewed: Database, by: Attribution) -> None:
    groups = ("country", "treatment", "comparator.treatment", "pre-registered", "risk_of_bias")
    country, treatment, comparator, registered, risk = lines_of(
        pooled(reviewed, by, subgroups=groups)
    )
    named = {line.label: line.k for line in country.lines}
    assert named == {"Norway": 4, "Chile": 4, "Fiji": 1}
    assert [(item.study, item.reason) for item in country.without] == [
        ("Synthetic 5", "country: not reported")
    ]
    assert country.remarks == (
        "Few trials by country: Fiji (1); at least 4 a category are advised.",
    )
    assert {line.label: line.k for line in treatment.lines} == {"CBT": 5, "IPT": 5}
    assert {line.label: line.k for line in comparator.lines} == {"TAU": 5, "waiting": 5}
    assert {line.label: line.k for line in registered.lines} == {"no": 4, "yes": 6}
    assert {line.label: line.k for line in risk.lines} == {"low": 4, "high": 4}
    assert [item.study for item in risk.without] == ["Synthetic 10", "Synthetic 9"]
    rows = [i for i, c in enumerate(COUNTRIES) if c is not None]
    ours = subgroup_analysis(
        [Y[i] for i in rows], [V[i] for i in rows], [str(COUNTRIES[i]) for i in rows],
        method=Method.DL, test=Test.Z,
    )  # fmt: skip
    assert country.stat == pytest.approx(ours.q_between, rel=1e-12)


def test_a_meta_regression_of_several_at_once_with_an_interaction(
    reviewed: Database, by: Attribution
) -> None:
    formula = "center(year) * country + `therapists-n` + risk_of_bias.D2"
    inputs, results = pooled(reviewed, by, moderators=(formula,))
    (line,) = results.moderators
    assert [item.study.split()[1] for item in line.without] == ["10", "5", "9"]
    assert line.remarks[-1] == (
        "`therapists-n` is redundant: it is a combination of intrcpt and center(year). "
        "It was left out."
    )
    formula = "center(year) * treatment + sessions"
    with writing(reviewed, by) as session:
        review = review_called(session, None)
        made = plan(method="DL", test="z", moderators=(formula,))
        revise_analysis(session, review, AnalysisSpec(slug="alliance", plan=made), now=NOW)
    repool(reviewed, actor="t")
    inputs, results = newest(reviewed)
    (line,) = results.moderators
    order = [int(trial.study.split()[1]) - 1 for trial in inputs.trials]
    data: dict[str, Any] = {
        "year": [2001 + i for i in order],
        "treatment": ["CBT" if i % 2 == 0 else "IPT" for i in order],
        "sessions": [SESSIONS[i] for i in order],
    }
    fit = regress(
        [Y[i] for i in order], [V[i] for i in order], design(formula, data),
        method=Method.DL, test=Test.Z,
    )  # fmt: skip
    assert [one.label for one in line.lines] == list(fit.terms)
    assert [one.estimate for one in line.lines] == pytest.approx(list(fit.beta), rel=1e-10)
    assert [test.term for test in line.tests] == [
        "center(year)", "treatment", "sessions", "center(year):treatment",
    ]  # fmt: skip
    assert inputs.trials[0].characteristic("sessions") == SESSIONS[order[0]]


CONDITIONS = (
    ("country == norway", {3, 4, 5, 7, 9, 10}, "country is Chile; the plan takes only trials"),
    ("country != Norway", {1, 2, 5, 6, 8}, "country is not reported"),
    ("country in Norway, Fiji", {3, 4, 5, 7, 9}, "country is Chile"),
    ("year >= 2006", {1, 2, 3, 4, 5}, "year is 2001"),
    ("sessions > 9", {1, 4, 7, 10}, "sessions is 8"),
    ("comparator.treatment = TAU", {6, 7, 8, 9, 10}, "treatment (comparator) is waiting"),
    ("analysis_set == itt", {3, 6, 9}, "analysis set is completers"),
    ("risk_of_bias == low", {5, 6, 7, 8, 9, 10}, "risk of bias is high"),
    ("risk_of_bias.D2 not in high", {5, 6, 7, 8, 9, 10}, "risk of bias (D2) is high"),
    ("pre-registered == yes", {1, 2, 3, 4}, "pre-registered is no"),
    ("therapists-n <= 3", {4, 5, 6, 7, 8, 9, 10}, "therapists-n is 4"),
)


@MOSTLY_ON_SQLITE
def test_conditions_let_in_what_fulfils_them_and_name_the_rest(
    reviewed: Database, by: Attribution
) -> None:
    for number, (where, _, _) in enumerate(CONDITIONS):
        planned(reviewed, by, f"where-{number}", where=(where,))
    assert repool(reviewed, actor="t").failed == []
    with reviewed.reading() as session:
        review = review_called(session, None)
        notices = notices_of(session, review)
        assert outdated(session, review) == {}
        for number, (where, left, reason) in enumerate(CONDITIONS):
            slug = f"where-{number}"
            inputs, _ = snapshot_of(run_numbered(session, review, slug, None))
            assert {int(item.study.split()[1]) for item in inputs.left_out} == left, where
            assert len(inputs.trials) == K - len(left)
            assert any(item.reason.startswith(reason) for item in inputs.left_out), where
            assert any(reason in text for text in notices[slug].sentences()), where
            chosen = chosen_of(session, review, slug)
            assert sum(bool(row.chosen) for row in chosen) == K - len(left)


def test_a_value_that_no_trial_has_is_said_with_what_there_is(
    reviewed: Database, by: Attribution
) -> None:
    planned(reviewed, by, where=("country in Norwey, Chile",))
    with reviewed.reading() as session:
        told = notices_of(session, review_called(session, None))["alliance"].sentences()
    assert any("no study has country “Norwey”" in text.lower().replace("norwey", "Norwey")
               and "Chile, Fiji, Norway" in text for text in told)  # fmt: skip


def test_a_trial_that_no_condition_keeps_out_has_its_own_reason(
    reviewed: Database, by: Attribution
) -> None:
    elsewhere = {"label": "on paper", "treatment": ["none of these"]}
    inputs = planned(reviewed, by, where=("year >= 2006",), comparator=elsewhere)
    report = repool(reviewed, actor="t")
    assert len(report.waiting) == 1
    with reviewed.reading() as session:
        found = notices_of(session, review_called(session, None))["alliance"]
    assert {item.what.split(";")[0] for item in found.items if item.study} >= {"no arm is on paper"}
    assert inputs.where == ("year >= 2006",)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"subgroups": ("diagnosys",)}, "did you mean diagnosis?"),
        ({"moderators": ("year * contry",)}, "did you mean country?"),
        ({"where": ("sesions > 3",)}, "did you mean sessions?"),
        ({"subgroups": ("pre_registered",)}, "pre-registered"),
        ({"subgroups": ("risk_of_bias.D9",)}, "risk_of_bias.D1"),
        ({"subgroups": ("comparator.country",)}, "is of a whole trial and has no side"),
    ],
)
def test_names_that_nothing_has_are_refused_with_what_there_is(
    reviewed: Database, by: Attribution, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidDataError, match=r"no characteristic|no side") as refused:
        planned(reviewed, by, **changes)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"moderators": ("year +",)}, "a term is missing"),
        ({"moderators": ("pre-registered",)}, "stands in backticks"),
        ({"moderators": ("__import__('os')",)}, "cannot be read"),
        ({"where": ("analysis_set == itts",)}, "did you mean itt?"),
        ({"where": ("year >= soon",)}, '"soon" is not a number'),
        ({"where": ("country",)}, "is no condition"),
        ({"where": ("country == a, b",)}, "has several values"),
    ],
)
def test_plans_that_cannot_be_read_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match="validation error") as refused:
        plan(**changes)
    assert told in str(refused.value)


PLANS: tuple[dict[str, Any], ...] = (
    {"subgroups": ("country",), "moderators": ("year",)},
    {"moderators": ("sessions + `pre-registered`",)},
    {"where": ("country == Norway",)},
    {"where": ("therapists-n >= 4", "risk_of_bias == low"), "subgroups": ("treatment",)},
    {"subgroups": ("risk_of_bias", "comparator.treatment")},
    {"subgroups": ("year",)},
)


@MOSTLY_ON_SQLITE
@pytest.mark.parametrize("number", range(len(PLANS)))
def test_a_change_of_a_used_value_pools_again_as_a_look_at_everything_would(
    reviewed: Database, by: Attribution, number: int
) -> None:
    """Whatever changes: a run if and only if a value changed that the plan uses, none missed."""
    chance = random.Random(number)
    pooled(reviewed, by, **PLANS[number])
    for step in range(6 if WHOLE else 3):
        before = newest(reviewed)[0]
        with writing(reviewed, by) as session:
            told = changed(session, chance, step)
        report = repool(reviewed, actor="t")
        assert report.failed == []
        again: RepoolReport = repool(reviewed, actor="t", everything=True)
        assert again.recomputed == [], told
        after = newest(reviewed)[0]
        assert bool(report.recomputed) == (after.fingerprint != before.fingerprint), told
        used = after.plan.characteristics
        same = [t.study for t in before.trials] == [t.study for t in after.trials] and all(
            one.characteristic(name) == other.characteristic(name)
            for one, other in zip(before.trials, after.trials, strict=True)
            for name in used
        )
        assert bool(report.recomputed) == (not same), told


def changed(session: Any, chance: random.Random, step: int) -> str:
    """Change one fact of one study at random, and say which."""
    review = review_called(session, None)
    number = chance.randrange(1, K + 1)
    study = session.scalar(sa.select(Study).where(Study.label == f"Synthetic {number}"))
    what = chance.choice(("country", "year", "funding", "sessions", "treatment", "field", "risk"))
    if what in ("country", "funding"):
        setattr(study, what, chance.choice(("Norway", "Chile", None)))
    elif what == "year":
        study.year = chance.choice((2001, 2010, 2015))
    elif what in ("sessions", "treatment"):
        arm = session.scalar(sa.select(Arm).where(Arm.study_id == study.id, Arm.label == "video"))
        if what == "sessions":
            arm.sessions = chance.choice((5.0, 9.0, None))
        else:
            arm.treatment = chance.choice(("CBT", "IPT"))
    elif what == "field":
        values = session.scalars(sa.select(EntryValue).order_by(EntryValue.id)).all()
        one = chance.choice(values)
        one.value = chance.choice(("yes", "no")) if one.arm_id is None else float(step)
    else:
        set_assessors(session, review, 2)
        set_assessors(session, review, 1)
        judge_again(session, review, number, chance.choice(("low", "high", "some_concerns")))
    return f"{what} of {number}"


def judge_again(session: Any, review: Any, number: int, judgement: str) -> None:
    with contextlib.suppress(InvalidDataError):  # it has its assessor's judgement already
        judge(session, review, number, judgement)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_variants_and_the_multiverse_keep_to_the_conditions(
    reviewed: Database, by: Attribution
) -> None:
    _, results = pooled(
        reviewed, by, where=("country in Norway, Chile", "sessions >= 8"),
        variants=("fixed", "itt_only", "by_rater", "aggregated", "three_level", "leave_one_out"),
    )  # fmt: skip
    assert results.pooled.k == 7
    sizes = {line.label: line.k for line in results.variants if "without" not in line.label}
    assert sizes.pop("intention to treat only") == 4
    assert set(sizes.values()) == {7}
    with reviewed.reading() as session:
        found = multiverse(*evidence_for(session, review_called(session, None), "alliance"))
    assert {line.k for line in found.lines} <= set(range(1, 8))
    assert sum(line.planned for line in found.lines) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_change_report_names_the_value_that_changed(reviewed: Database, by: Attribution) -> None:
    pooled(reviewed, by, subgroups=("country",))
    with writing(reviewed, by) as session:
        study = session.scalar(sa.select(Study).where(Study.label == "Synthetic 3"))
        assert study is not None
        study.country = "Norway"
    (recomputed,) = repool(reviewed, actor="t").recomputed
    assert recomputed.report.corrected == (
        ValueChange("Synthetic 3", "country", "Chile", "Norway"),
    )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_run_keeps_the_values_that_it_used(reviewed: Database, by: Attribution) -> None:
    first, _ = pooled(reviewed, by, moderators=("sessions",))
    with writing(reviewed, by) as session:
        for arm in session.scalars(sa.select(Arm).where(Arm.label == "video")):
            arm.sessions = 1.0 + arm.id
    repool(reviewed, actor="t")
    with reviewed.reading() as session:
        run = run_numbered(session, review_called(session, None), "alliance", 1)
        again = recompute(run)
        assert snapshot_of(run)[0] == first
    assert again.reproduced
    assert [t.characteristic("sessions") for t in newest(reviewed)[0].trials] != [
        t.characteristic("sessions") for t in first.trials
    ]
