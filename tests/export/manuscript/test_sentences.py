"""Each class of conclusion has its sentence, and no sentence says more than the interval does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from review.effects import Measure
from review.export.manuscript.change import change_sentences
from review.export.manuscript.document import plain
from review.export.manuscript.facts import Planned, printer_of
from review.export.manuscript.noticed import no_trial
from review.export.manuscript.printer import Printer
from review.export.manuscript.results import result_sentences
from review.export.manuscript.sensitivity import moderator_sentences, variant_sentences
from review.export.manuscript.sentences import (
    AGAINST_MARGIN,
    AGAINST_ZERO,
    BANDS,
    ComparedSides,
    class_sentence,
    heterogeneity_words,
    prediction_words,
)
from review.export.tables.printing import NumberStyle
from review.living.runs.contents import RunInputs
from review.living.runs.results import ModeratorLine, VariantLine
from review.protocol.vocabulary import AnalysisKind
from review.synthesis.noninferiority import Conclusion
from tests.conftest import NOW
from tests.export.manuscript.written import analysed, result, said
from tests.living.estimates.test_counts import plan as deaths
from tests.living.estimates.test_counts import pooled as pooled_counts
from tests.living.estimates.test_counts import trials as counts
from tests.living.job.test_repool import plan
from tests.living.reports.test_changes import run

C = Conclusion
OF_CLASS = {
    C.SUPERIOR: {1: (0.5, 0.01), 2: (0.6, 0.01)},
    C.NONINFERIOR: {1: (0.0, 0.01), 2: (0.05, 0.01)},
    C.NONINFERIOR_WORSE: {1: (-0.25, 0.002), 2: (-0.2, 0.002)},
    C.INCONCLUSIVE: {1: (-0.4, 0.1), 2: (0.0, 0.1)},
    C.INCONCLUSIVE_WORSE: {1: (-0.5, 0.01), 2: (-0.5, 0.01)},
    C.INFERIOR: {1: (-0.9, 0.01), 2: (-0.9, 0.01)},
}
"""Trials (estimate, variance) whose normal interval has the class against a margin of 0.5."""
WORDS = {
    C.SUPERIOR: "A was superior to b: the interval lay wholly above zero",
    C.NONINFERIOR: "A was noninferior to b at the margin of 0.50: the lower limit lay above −0.50",
    C.NONINFERIOR_WORSE: "noninferior to b at the margin of 0.50 and, at the same time, stat",
    C.INCONCLUSIVE: "inconclusive: the interval reached from −0.50 or below to zero or above",
    C.INCONCLUSIVE_WORSE: "inconclusive about noninferiority, and a was statistically worse than b",
    C.INFERIOR: "A was inferior to b: the interval lay wholly below the margin of −0.50",
}


@pytest.mark.parametrize("conclusion", list(C))
def test_each_class_has_its_sentence(conclusion: Conclusion) -> None:
    found = analysed(OF_CLASS[conclusion], test="z", margin=0.5)
    assert found.latest.results.headline.conclusion is conclusion
    assert WORDS[conclusion] in result(found)


def test_no_class_is_without_a_sentence() -> None:
    assert set(AGAINST_MARGIN) == set(C)
    assert set(AGAINST_ZERO) == {C.SUPERIOR, C.INCONCLUSIVE, C.INFERIOR}


@pytest.mark.parametrize("conclusion", list(C))
@pytest.mark.parametrize("margin", [None, 0.5])
def test_nothing_is_called_no_effect_or_told_from_p(
    conclusion: Conclusion, margin: float | None
) -> None:
    told = result(analysed(OF_CLASS[conclusion], test="z", margin=margin)).casefold()
    for phrase in ("no effect", "no difference", "equivalent", "not significant", "significant"):
        assert phrase not in told
    before_p = told.split(" p = ")[0].split(" p < ")[0]
    assert "95% ci [" in before_p, "p stands behind its interval"


def test_without_a_margin_the_interval_is_read_against_zero() -> None:
    told = result(analysed(OF_CLASS[C.INCONCLUSIVE], test="z"))
    assert "a difference between a and b was not shown in either direction" in told
    assert "nor does this show that they are alike" in told
    with pytest.raises(KeyError):
        class_sentence(C.NONINFERIOR, ComparedSides("a", "b"), None)


def test_a_lone_trial_is_not_called_pooled() -> None:
    told = result(analysed({7: (0.3, 0.04)}))
    assert told.startswith("One trial, Synthetic 7, is all there is so far (k = 1): ")
    assert "Nothing was pooled, and heterogeneity cannot be told." in told
    assert "I²" not in told
    assert "prediction" not in told


def test_an_analysis_without_a_trial_concludes_nothing() -> None:
    told = plain(no_trial(Planned("made-up", plan(), 1, NOW)))
    assert told.startswith(
        "No trial comparing video with in person has contributed a usable result"
    )
    assert "nothing is concluded from that" in told


def test_associations_and_single_arms_are_not_told_as_comparisons() -> None:
    trials = OF_CLASS[C.SUPERIOR]
    kind = AnalysisKind.ASSOCIATION
    told = result(analysed(trials, kind=kind, predicts="symptoms", measure=Measure.ZCOR, test="z"))
    assert (
        "The pooled Fisher’s z was 0.55, 95% CI [0.41, 0.69] (r 0.50, 95% CI [0.39, 0.60])" in told
    )
    assert "The association was positive: the interval lay wholly above zero." in told
    alone = result(analysed(trials, kind=AnalysisKind.SINGLE_ARM, measure=Measure.MN, test="z"))
    assert "The pooled mean was 0.55" in alone
    assert "superior" not in told + alone
    assert "favour" not in told + alone


def test_other_margins_are_read_class_by_class() -> None:
    told = result(analysed(OF_CLASS[C.NONINFERIOR], test="z", margin=0.5, other_margins=(0.1, 0.3)))
    assert "Against the other margins the result was “inconclusive” at 0.10 (p = " in told
    assert "and “noninferior” at 0.30 (p < .001)" in told


def test_a_normal_interval_of_another_class_is_told() -> None:
    told = result(analysed({1: (0.3, 0.01), 2: (0.1, 0.01)}, method="REML", test="adhoc"))
    assert (
        "By the normal interval, as older reviews print it, the conclusion would be “superior”."
        in told
    )


def test_heterogeneity_is_told_by_the_bands_of_the_handbook() -> None:
    assert heterogeneity_words(0.0) == "perhaps unimportant"
    assert heterogeneity_words(35.0) == "perhaps unimportant to moderate"
    assert heterogeneity_words(55.0) == "moderate to substantial"
    assert heterogeneity_words(100.0) == "considerable"
    assert all(heterogeneity_words(step / 2) for step in range(201))
    assert BANDS[0][0] == 0.0
    assert BANDS[-1][1] == 100.0


def test_a_prediction_interval_is_read_against_zero_and_the_margin() -> None:
    assert prediction_words((0.1, 0.9), 0.5) == "wholly above zero"
    assert prediction_words((-0.9, -0.1), 0.5) == "wholly below zero"
    assert prediction_words((-0.4, 0.2), 0.5) == "which includes zero and lies above the margin"
    assert prediction_words((-0.6, 0.2), 0.5).endswith("reaches the margin or beyond")
    assert prediction_words((-0.6, 0.2), None) == "which includes zero"


def _line(label: str, conclusion: str | None, **more: object) -> VariantLine:
    numbers = {"estimate": 0.1, "ci": (-0.1, 0.3)} if conclusion else {}
    return VariantLine.model_validate(
        {"variant": "fixed", "label": label, "k": 3, "conclusion": conclusion, **numbers, **more}
    )


def test_sensitivity_analyses_that_differ_are_named() -> None:
    found = analysed(OF_CLASS[C.SUPERIOR], test="z")
    lines = (
        _line("common effect", "superior"),
        _line("normal interval", "inconclusive"),
        _line("trim and fill", None, note="too few trials"),
    )
    results = found.latest.results.model_copy(update={"variants": lines})
    object.__setattr__(found.latest, "results", results)
    told = said(variant_sentences(found, printer_of(found, NumberStyle.APA)))
    assert told.startswith(
        "Of 2 sensitivity analyses, 1 changed the conclusion (“superior”): it was “inconclusive” "
        "with a common-effect model (k = 3, 0.10, 95% CI [−0.10, 0.30])."
    )
    assert told.endswith("Not computed: trim and fill (too few trials).")


def test_intervals_of_variants_have_the_level_of_the_plan() -> None:
    found = analysed(OF_CLASS[C.SUPERIOR], test="z", level=0.9)
    line = _line("normal interval", "inconclusive")
    results = found.latest.results.model_copy(update={"variants": (line,)})
    object.__setattr__(found.latest, "results", results)
    told = said(variant_sentences(found, printer_of(found, NumberStyle.APA)))
    assert told.startswith("The 1 sensitivity analysis changed the conclusion")
    assert "with a common-effect model (k = 3, 0.10, 90% CI [−0.10, 0.30])" in told


def test_subgroups_that_do_not_differ_are_not_called_alike() -> None:
    found = analysed(OF_CLASS[C.SUPERIOR], test="z")
    line = ModeratorLine(
        moderator="instrument", kind="subgroups", p=0.4, lines=(_line("bdi", "superior"),)
    )
    results = found.latest.results.model_copy(update={"moderators": (line,)})
    object.__setattr__(found.latest, "results", results)
    names = {"bdi": "Beck Depression Inventory"}
    told = said(moderator_sentences(found, printer_of(found, NumberStyle.APA), names))
    assert told.startswith("By instrument: Beck Depression Inventory (")
    assert told.endswith("a difference between subgroups was not shown (p = .400).")


def test_a_meta_regression_is_told_by_its_coefficients_without_the_intercept() -> None:
    found = analysed(OF_CLASS[C.SUPERIOR], test="z")
    terms = (_line("intrcpt", "superior"), _line("year", "superior"))
    line = ModeratorLine(moderator="year", kind="meta-regression", p=0.4, lines=terms)
    results = found.latest.results.model_copy(update={"moderators": (line,)})
    found = replace(found, latest=replace(found.latest, results=results))
    told = said(moderator_sentences(found, printer_of(found, NumberStyle.APA), {}))
    assert told == (
        "By meta-regression a change of the effect was not shown with year (slope 0.10, 95% CI "
        "[−0.10, 0.30], k = 3, p = .400)."
    )
    assert "intrcpt" not in told


def test_a_ratio_is_told_as_it_was_measured() -> None:
    # Fleiss 1993 by metafor: the odds ratio of dying, lower being better.
    inputs = RunInputs(plan=deaths("OR"), trials=counts(higher=False), left_out=())
    latest = replace(
        analysed(OF_CLASS[C.SUPERIOR]).latest,
        inputs=inputs,
        results=pooled_counts(inputs.plan, inputs.trials),
    )
    told = result(replace(analysed(OF_CLASS[C.SUPERIOR]), latest=latest))
    assert "The pooled odds ratio was 0.90, 95% CI [0.84, 0.96], p = .001" in told
    assert "OR below 1 favours Aspirin." in told
    assert "the interval lay wholly below 1" in told


def test_a_limit_beside_no_effect_is_not_printed_as_none() -> None:
    told = said([Printer(NumberStyle.APA, "x").limits((-0.96, -0.0018), "ci", level=0.95)])
    assert told == "95% CI [−0.960, −0.002]"
    told = said([Printer(NumberStyle.APA, "x").limits((0.0, 1.2), "ci", level=0.95)])
    assert told == "95% CI [0.00, 1.20]"


def test_a_change_says_what_moved_and_why() -> None:
    before = run({1: (-0.4, 0.1), 2: (0.0, 0.1)}, test="z", margin=0.5)
    found = analysed({1: (0.1, 0.01), 3: (0.2, 0.01)}, before=before, test="z", margin=0.5)
    told = said(change_sentences(found, NumberStyle.APA))
    assert "with 1 trial added, 1 trial removed and 1 trial corrected, the estimate went" in told
    assert "from −0.20, 95% CI [−0.64, 0.24] (2 trials), to 0.15, 95% CI [0.01, 0.29]" in told
    assert "The conclusion changed from “inconclusive” to “superior”." in told
    assert change_sentences(analysed({1: (0.1, 0.01)}), NumberStyle.APA) == []


def test_styles_print_the_same_numbers_in_their_own_way() -> None:
    found = analysed(OF_CLASS[C.SUPERIOR], test="z")
    assert "95% CI [0.41, 0.69], p < .001" in result(found)
    cochrane = said(
        change_sentences(
            analysed(OF_CLASS[C.SUPERIOR], before=run(OF_CLASS[C.INFERIOR], test="z"), test="z"),
            NumberStyle.COCHRANE,
        )
    )
    assert "95% CI 0.41 to 0.69" in cochrane


def test_an_estimate_and_what_stands_beside_it_are_set_by_the_style() -> None:
    trials = {1: (0.55, 0.005), 2: (0.55, 0.005)}
    found = analysed(trials, before=run(OF_CLASS[C.INFERIOR], test="z"), test="z")
    told = {
        NumberStyle.APA: ("was 0.55, 95% CI [0.45, 0.65], p < .001, from", "0.65] (2 trials)."),
        NumberStyle.AMA: ("was 0.55 (95% CI, 0.45-0.65; P < .001), from", "0.45-0.65; 2 trials)."),
        NumberStyle.COCHRANE: (
            "was 0.55, 95% CI 0.45 to 0.65; P < 0.001, from", "0.45 to 0.65 (2 trials).",
        ),
    }  # fmt: skip
    for style, (pooled, moved) in told.items():
        text = " ".join(map(plain, result_sentences(found, printer_of(found, style))))
        assert pooled in text.replace("\u00a0", " ")
        assert moved in said(change_sentences(found, style)).replace("\u00a0", " ")
