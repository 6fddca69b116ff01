"""Doubts: gross errors are found, clean numbers left alone, each kind by a case of its own."""

from __future__ import annotations

import csv
from collections import Counter
from typing import Any
from zlib import crc32

import pytest

from review.config import shipped
from review.db import Database
from review.extraction.evidence import Allocation, ArmSide, Evidence, ScoreRange
from review.extraction.evidence_queries import evidence
from review.extraction.plausibility import Finding, Kind, findings
from review.extraction.plausibility.rounding import digits, half_unit
from review.extraction.vocabulary import Level, Positive, Randomised
from review.protocol.vocabulary import AnalysisSet, Rater
from tests.extraction.reported import changed, evidence_with
from tests.extraction.simulation import (
    GROSS,
    SMALL,
    STUDIES,
    clean_rows,
    evidence_of,
    with_errors,
)

SEEDS = range(3)


def _named(found: list[Finding]) -> set[tuple[str, str, str]]:
    return {(f.kind.value, f.study, f.place) for f in found}


def test_gross_errors_are_found_and_clean_studies_left_alone() -> None:
    # An error counts as found only if mending it alone takes a doubt about its study away.
    found: Counter[str] = Counter()
    made: Counter[str] = Counter()
    alarmed = 0
    for seed in SEEDS:
        clean = clean_rows(seed)
        alarmed += len({f.study for f in findings(evidence_of(clean))})
        rows, errors = with_errors(clean, seed + 1000)
        every = _named(findings(evidence_of(rows)))
        for error in errors:
            mended = [dict(row) for row in rows]
            for place, before in zip(error.rows, error.before, strict=True):
                mended[place] = dict(before)
            gone = every - _named(findings(evidence_of(mended)))
            made[error.kind] += 1
            found[error.kind] += any(f[1] == rows[error.rows[0]]["study"] for f in gone)
    assert set(made) == {*GROSS, *SMALL}
    assert len(made) == 10
    gross = sum(found[kind] for kind in GROSS) / sum(made[kind] for kind in GROSS)
    assert gross >= 0.80
    assert alarmed / (STUDIES * len(SEEDS)) < 0.05


def _id(study: int, arm: str) -> int:
    return crc32(f"{study} {arm}".encode())


def _result(study: int = 1, **given: Any) -> Evidence:
    arm = given.pop("arm", "Video")
    label = f"Invented {study}"
    versus = given.pop("versus", None)
    design = Allocation(Randomised.INDIVIDUAL, None, None, given.pop("registration", None))
    return evidence_with(
        result_id=given.pop("result_id", _id(study, arm)),
        entry_kind="single", study_id=study, study=label, year=2020, excluded_because=None,
        outcome="mood", instrument="bdi", instrument_name="BDI", higher_is_better=False,
        rater=Rater.CLIENT, timepoint=given.pop("timepoint", "post"),
        analysis_set=AnalysisSet.ITT,
        arm=ArmSide(_id(study, arm), arm, arm, None, None, given.pop("randomised", None)),
        versus=ArmSide(_id(study, versus), versus, versus, None) if versus else None,
        level=given.pop("level", Level.CONTRAST if versus else Level.ARM),
        design=design, scale=given.pop("scale", ScoreRange()), **given,
    )  # fmt: skip


def kinds(*items: Evidence) -> list[Kind]:
    return [f.kind for f in findings(items)]


OTHERS = [_result(i, n=40 + i, mean=15.0 + 0.37 * i, sd=8.0 + 0.31 * i) for i in range(2, 8)]


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ({"n": 64, "mean": 15.21, "sd": 1.06}, Kind.SE_AS_SD),
        ({"n": 64, "mean": 15.21, "sd": 72.3}, Kind.VARIANCE_AS_SD),
        ({"n": 64, "mean": 15.21, "se": 8.5}, Kind.SD_AS_SE),
        ({"n": 3, "mean": 15.21, "sd": 1.1}, Kind.SD_UNLIKE_OTHERS),
        ({"n": 64, "mean": 15.21, "sd": 0.0}, Kind.SD_ZERO),
    ],
)
def test_a_spread_is_read_beside_the_other_studies(numbers: dict[str, float], kind: Kind) -> None:
    assert kinds(*OTHERS) == []
    assert kinds(*OTHERS, _result(1, **numbers)) == [kind]


def test_a_doubt_says_what_the_other_reading_gives() -> None:
    (found,) = findings([*OTHERS, _result(1, n=64, mean=15.21, sd=1.06)])
    assert found.numbers == {"sd": 1.06, "n": 64, "sd_read_so": 8.48}
    assert "read so, the SD is 8.48" in found.message


def test_the_key_of_a_doubt_follows_its_numbers() -> None:
    keys = {
        findings([*OTHERS, _result(1, n=64, mean=15.21, sd=sd)])[0].key for sd in (1.06, 1.06, 1.07)
    }
    assert len(keys) == 2


BOUNDED = ScoreRange(0.0, 63.0, 1.0)


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ({"n": 20, "mean": 64.0, "sd": 5.0}, Kind.MEAN_OUT_OF_RANGE),
        ({"n": 20, "mean": -0.5, "sd": 5.0}, Kind.MEAN_OUT_OF_RANGE),
        # the published example of Brown & Heathers (2017): 3.45 is not a mean of 19 integers
        ({"n": 19, "mean": 3.45, "sd": 2.0}, Kind.MEAN_IMPOSSIBLE),
        ({"n": 20, "mean": 60.0, "sd": 20.0}, Kind.SD_IMPOSSIBLE),
        ({"n": 20, "mean": 12.0, "sd": 5.0, "randomised": 19}, Kind.N_ABOVE_RANDOMISED),
        ({"n": 5, "mean": 12.0, "sd": 5.0, "randomised": 50}, Kind.N_FAR_BELOW_RANDOMISED),
    ],
)
def test_what_cannot_be(numbers: dict[str, Any], kind: Kind) -> None:
    assert kinds(_result(scale=BOUNDED, **numbers)) == [kind]


def test_possible_means_pass_grim() -> None:
    for total in range(30, 60):
        mean = round(total / 19, 2)
        assert kinds(_result(scale=BOUNDED, n=19, mean=mean, sd=2.0)) == []


def test_all_at_the_ends_of_a_scale_is_the_greatest_sd() -> None:
    # ten zeros and ten 63s: mean 31.5, SD 63/2 sqrt(20/19) = 32.318
    assert kinds(_result(scale=BOUNDED, n=20, mean=31.5, sd=32.3)) == []
    assert kinds(_result(scale=BOUNDED, n=20, mean=31.5, sd=32.5)) == [Kind.SD_IMPOSSIBLE]


def pair(**given: Any) -> list[Evidence]:
    control = {"n": 40, "mean": 20.0, "sd": 8.3} | given.pop("control", {})
    return [
        _result(arm="Video", **({"n": 40, "mean": 16.0, "sd": 8.1} | given)),
        _result(arm="Waiting", **control),
    ]


def test_direction_against_the_words_of_the_report() -> None:
    assert kinds(*pair(favours="Video")) == []
    assert kinds(*pair(favours="neither")) == []
    assert kinds(*pair(favours="Waiting")) == [Kind.DIRECTION]


def test_events_in_person_time_are_compared_by_their_rates() -> None:
    """More events in the longer time are the lower rate."""
    arms = [
        _result(arm="Video", events=30, person_years=90.0),
        _result(arm="Waiting", events=20, person_years=30.0),
    ]
    ratio: dict[str, Any] = {"versus": "Waiting", "ci_low": 0.2, "ci_high": 0.6, "metric": "IRR"}
    fits = _result(arm="Video", result_id=7, estimate=0.35, **ratio)
    assert kinds(*arms, fits) == []
    against = {**ratio, "ci_low": 1.66, "ci_high": 5.0}
    assert kinds(*arms, _result(arm="Video", result_id=7, estimate=2.88, **against)) == [
        Kind.SIGN_CONFLICT
    ]


def test_effects_that_are_large_or_unlike_the_others() -> None:
    assert kinds(*pair(mean=-5.0)) == [Kind.EFFECT_LARGE]
    others = [
        _result(study, arm=arm, n=40, mean=mean + 0.11 * study, sd=8.0 + 0.13 * study)
        for study in range(2, 9)
        for arm, mean in (("Video", 16.0), ("Waiting", 20.0))
    ]
    assert kinds(*others, *pair()) == []
    assert kinds(*others, *pair(mean=30.0)) == [Kind.EFFECT_UNLIKE_OTHERS]


def test_baseline_imbalance_and_unequal_arms() -> None:
    fair = {"baseline_mean": 25.0, "baseline_sd": 8.0}
    far = {"baseline_mean": 33.0, "baseline_sd": 8.0}
    assert kinds(*pair(**fair, control=fair)) == []
    assert kinds(*pair(**far, control=fair)) == [Kind.BASELINE_IMBALANCE]
    assert kinds(*pair(n=400)) == [Kind.ARMS_UNEQUAL]


@pytest.mark.parametrize(
    ("statistic", "kind"),
    [
        # means 16 and 20, SDs 8.1 and 8.3, 40 each: t -2.1813, p 0.0322, by t.test's formula
        ({"t": -2.18}, None),
        ({"t": 2.18}, Kind.TEST_MISMATCH),
        ({"t": -4.1}, Kind.TEST_MISMATCH),
        ({"p": 0.032}, None),
        ({"p": 0.0001}, Kind.TEST_MISMATCH),
        ({"p": 0.60}, Kind.TEST_MISMATCH),
        ({"p_below": 0.05}, None),
        ({"p_below": 0.001}, Kind.TEST_MISMATCH),
        ({"t": -4.1, "adjusted": True}, None),
        ({"estimate": -0.48, "se": 0.227, "metric": "SMD", "n": 40, "versus_n": 40}, None),
        ({"estimate": 0.48, "se": 0.227, "metric": "SMD", "n": 40, "versus_n": 40},
         Kind.SIGN_CONFLICT),
        ({"estimate": 0.48, "se": 0.227, "metric": "SMD", "n": 40, "versus_n": 40,
          "positive": Positive.BETTER}, None),
        ({"estimate": -0.48, "se": 0.227, "metric": "SMD", "n": 40, "versus_n": 40,
          "positive": Positive.BETTER}, Kind.SIGN_CONFLICT),
        ({"estimate": -4.0, "se": 1.8, "metric": "MD", "n": 40, "versus_n": 40}, None),
        ({"estimate": 4.0, "se": 1.8, "metric": "MD", "n": 40, "versus_n": 40},
         Kind.SIGN_CONFLICT),
    ],
)  # fmt: skip
def test_a_reported_test_is_held_against_the_means(
    statistic: dict[str, Any], kind: Kind | None
) -> None:
    contrast = _result(arm="Video", versus="Waiting", **statistic)
    assert kinds(*pair(), contrast) == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ({"estimate": -4.0, "ci_low": -7.6, "ci_high": -0.4}, None),
        ({"estimate": 4.0, "ci_low": -7.6, "ci_high": -0.4}, Kind.INTERVAL_MISMATCH),
        ({"estimate": -2.0, "ci_low": -7.6, "ci_high": -0.4}, Kind.INTERVAL_MISMATCH),
        ({"estimate": -4.0, "ci_low": -7.6, "ci_high": -0.4, "se": 3.6}, Kind.INTERVAL_MISMATCH),
        ({"estimate": 2.0, "ci_low": 1.0, "ci_high": 4.0, "metric": "odds ratio"}, None),
        ({"estimate": -0.7, "ci_low": -1.4, "ci_high": 0.0, "metric": "odds ratio"},
         Kind.NOT_A_RATIO),
    ],
)  # fmt: skip
def test_an_estimate_is_held_against_its_interval(
    numbers: dict[str, Any], kind: Kind | None
) -> None:
    assert kinds(_result(versus="Waiting", **numbers)) == ([kind] if kind else [])


def test_a_control_arm_used_twice() -> None:
    items = [
        _result(arm=arm, versus="Waiting", estimate=y, se=0.25, metric="SMD", n=40, versus_n=40)
        for arm, y in (("Video", -0.4), ("Telephone", -0.31))
    ]
    assert kinds(*items) == [Kind.CONTROL_TWICE]


def test_identical_rows_and_registrations_under_two_names() -> None:
    row = {"n": 41, "mean": 15.27, "sd": 8.13}
    assert kinds(_result(1, **row), _result(2, **row)) == [Kind.IDENTICAL_ROWS]
    assert kinds(_result(1, **row), _result(2, **(row | {"sd": 8.14}))) == []
    assert kinds(
        _result(1, n=40, mean=15.1, sd=8.0, registration="NCT1"),
        _result(2, n=44, mean=16.3, sd=9.0, registration="nct1"),
    ) == [Kind.SAME_REGISTRATION]


def test_a_column_of_variances_taken_as_standard_errors() -> None:
    # seeds/cbt-delivery calls them variances; its source file calls the column se.
    with (shipped("seeds") / "cbt-delivery" / "results.csv").open(encoding="utf-8") as file:
        seeded = list(csv.DictReader(file))
    items = [
        _result(
            number, arm=row["arm"], result_id=number, metric=row["metric"], n=int(row["n"]),
            estimate=float(row["estimate"]), se=float(row["variance"]),
        )
        for number, row in enumerate(seeded, start=1)
    ]  # fmt: skip
    raised = Counter(kinds(*items))
    # the note beside the source counts 142 of 172 arms more precise than half the least variance
    assert len(items) == 172
    assert raised[Kind.VARIANCE_AS_SE] >= 142
    right = [changed(item, se=None, variance=item.numbers.se) for item in items]
    assert kinds(*right) == []
    swapped = [changed(item, se=None, variance=item.numbers.se**0.5) for item in items
               if item.numbers.se is not None]  # fmt: skip
    # told apart by a factor of four, which a root has only below 1/16: in the larger arms
    assert Counter(kinds(*swapped))[Kind.SE_AS_VARIANCE] >= 60


def test_arms_own_estimates_are_compared_as_the_analysis_does(delivery: Database) -> None:
    """What docs/planted-faults.md says of the 172 results shipped: false alarms, and one slip."""
    with delivery.reading() as session:
        items = [item for _, item in evidence(session, [1])]
    alarms = findings(items)
    assert (len(items), {found.kind for found in alarms}) == (172, {Kind.EFFECT_LARGE})
    assert (len(alarms), len({found.study for found in alarms})) == (9, 8)
    by_hand = next(found for found in alarms if found.study == "Nezu (1986)")
    assert f"{-0.4144 + 7.4957:.2f}" in by_hand.message  # lower is better
    unseen = set()
    for number in range(0, len(items), 9):
        wrong = items[number]._replace(numbers=items[number].numbers._replace(estimate=-9.0))
        raised = findings([*items[:number], wrong, *items[number + 1 :]])
        if not any(f.kind is Kind.EFFECT_LARGE and f.study == wrong.study for f in raised):
            unseen.add(wrong.study)
    for study in unseen:  # its other arm fell about as far, as the source has it
        assert min(i.numbers.estimate or 0.0 for i in items if i.study == study) < -6.5
    assert len(unseen) <= 2


def test_doubts_of_one_study_are_those_of_all_that_are_about_it() -> None:
    """What is checked at each key is a part of what is checked of the whole review."""
    items = [
        _result(
            study, arm=arm, result_id=10 * study + place, n=n, mean=mean, sd=sd,
            timepoint={3: "follow-up", 9: "followup"}.get(study, "post"),
        )
        for study in range(1, 12)
        for place, (arm, n, mean, sd) in enumerate(
            [("Video", 40 + study, 14.2 + study % 3, 8.1 if study % 4 else 1.2),
             ("Waiting", 300 if study == 7 else 41, 13.0 if study % 5 else 40.0, 7.9)]
        )
    ]  # fmt: skip
    every = [f for f in findings(items) if not f.place.startswith("study")]
    assert len({found.kind for found in every}) >= 4
    for study in range(1, 12):
        of_study = [found for found in every if found.study_id == study]
        assert findings(items, only={study}) == of_study


def test_excluded_studies_are_not_checked() -> None:
    item = _result(n=20, mean=1.0, sd=0.0)._replace(excluded_because="retracted")
    assert kinds(item) == []


def test_rounding() -> None:
    assert (half_unit(5.25), half_unit(3.0), half_unit(1500.0)) == (0.005, 0.5, 0.5)
    assert (digits(12.5), digits(0.04), digits(20.0)) == (3, 1, 1)


def difference(**given: Any) -> Evidence:
    """SDs about 8.2, 40 each: SE 1.8336, t 2.19, p 0.0284 of a normal test, 0.0313 of Student's."""
    told = {"estimate": -4.02, "metric": "MD", "n": 40, "versus_n": 40, "versus": "Waiting"}
    return _result(1, **(told | given))


@pytest.mark.parametrize(
    ("limits", "given", "found"),
    [
        ((-7.61, -0.43), {"p": 0.03}, []),
        ((-7.04, -1.01), {"p": 0.03}, [Kind.TEST_MISMATCH]),  # 90 % limits
        ((-7.04, -1.01), {"p": 0.03, "ci_level": 0.90}, []),
        ((-7.61, -0.43), {"t": -2.18}, []),
        ((-7.04, -1.01), {"t": -2.18}, [Kind.TEST_MISMATCH]),
        ((-7.61, -0.43), {}, []),
    ],
)
def test_an_interval_of_another_level_does_not_fit_its_p(
    limits: tuple[float, float], given: dict[str, float], found: list[Kind]
) -> None:
    assert kinds(difference(ci_low=limits[0], ci_high=limits[1], **given)) == found


def test_a_mean_difference_in_units_of_its_sd_is_asked_about() -> None:
    assert kinds(*OTHERS, difference(se=1.83)) == []
    (found,) = findings([*OTHERS, difference(estimate=-0.49, se=0.227)])
    assert found.kind is Kind.SD_UNLIKE_OTHERS
    assert "is it standardized (metric SMD)?" in found.message


def test_where_many_spreads_agree_a_scale_of_half_the_spread_is_asked_about() -> None:
    many = [_result(i, n=40 + i, mean=15.0 + 0.37 * i, sd=9.5 + 0.11 * i) for i in range(2, 14)]
    assert kinds(*many, _result(1, n=64, mean=15.21, sd=6.5)) == []
    assert kinds(*many, _result(1, n=64, mean=11.3, sd=4.5)) == [Kind.SD_UNLIKE_OTHERS]
    assert kinds(*many[:4], _result(1, n=64, mean=11.3, sd=4.5)) == []  # too few to tell


def test_the_mean_before_treatment_in_the_place_of_the_mean_after_it() -> None:
    before: dict[str, Any] = {"baseline_mean": 24.3, "baseline_sd": 8.0}
    assert kinds(_result(n=40, mean=24.3, sd=8.1, **before)) == [Kind.MEAN_AS_BASELINE]
    assert kinds(_result(n=40, mean=24.4, sd=8.1, **before)) == []
    assert kinds(_result(n=40, mean=24.3, sd=8.1, mean_change=0.0, **before)) == []


def test_a_contrast_printed_twice_needs_fewer_digits_where_both_sizes_agree() -> None:
    told = {"estimate": -0.38, "se": 0.24, "metric": "SMD", "n": 37, "versus": "Waiting"}
    one, two = _result(1, versus_n=33, **told), _result(2, versus_n=33, **told)
    assert kinds(one, two) == [Kind.IDENTICAL_ROWS]
    assert kinds(one, _result(2, versus_n=34, **told)) == []
