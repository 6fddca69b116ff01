"""The results section: a paragraph an analysis, from the class of its interval."""

from __future__ import annotations

from collections.abc import Mapping

from review.canonical import decimals_for, own_decimals
from review.export.manuscript.absolute import absolute_sentences
from review.export.manuscript.asymmetry import asymmetry_sentences
from review.export.manuscript.bayes import bayes_sentences
from review.export.manuscript.change import change_sentences
from review.export.manuscript.document import (
    Cite,
    Number,
    Paragraph,
    Reference,
    Spans,
    Term,
    filled,
    joined,
    listed,
    sentences,
)
from review.export.manuscript.facts import Analysed, Facts, printer_of
from review.export.manuscript.heterogeneity import heterogeneity_sentences
from review.export.manuscript.joint import joint_opening, joint_sentences
from review.export.manuscript.levels import levels_sentences
from review.export.manuscript.network import (
    moderated_sentences,
    network_opening,
    network_sentences,
)
from review.export.manuscript.noticed import NO_NAMES, beside_sentences
from review.export.manuscript.printer import Printer
from review.export.manuscript.scaled import SETTINGS, estimate_of, limits_of, with_limits
from review.export.manuscript.sensitivity import moderator_sentences, variant_sentences
from review.export.manuscript.sentences import (
    ComparedSides,
    association_sentence,
    class_sentence,
    count,
    heterogeneity_words,
    prediction_words,
)
from review.export.tables.printing import NumberStyle
from review.living.reports.notices import NoticeKind
from review.living.runs.results import MarginReading, PooledLine, RunResults
from review.living.runs.scales import EffectScale
from review.measures import measure_named
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind
from review.wording import lowered


def estimate(analysed: Analysed, printer: Printer, *, pooled: bool = False) -> Spans:
    """Return the effect with its interval and p: ``Hedges g 0.80, 95% CI [0.50, 1.09], p < .001``.

    p never stands alone, and is left out where the run has none. Told of a pooled effect it is
    ``Hedges g was 0.80 ...``.
    """
    line, scale = analysed.latest.results.pooled, analysed.latest.scale
    tested = line.p is not None and analysed.plan.has_null
    p = printer.p(line.p, "pooled", "p") if line.p is not None and tested else ()
    return filled(
        "{label} {is_}{told}",
        label=effect_words(analysed.plan, scale),
        is_="was " if pooled else "",
        told=with_limits(
            printer,
            estimate_of(line.estimate, line.ci, scale, printer, "pooled"),
            *_limits_of_line(analysed, printer),
            p,
        ),
    )


def _limits_of_line(analysed: Analysed, printer: Printer) -> tuple[Spans, ...]:
    """Return the interval, and what is transformed back: in brackets, unless it stands in some."""
    line, natural = analysed.latest.results.pooled, _natural(analysed, printer)
    ci = limits_of(line.ci, analysed.latest.scale, printer, "pooled", "ci", level=line.level)
    if SETTINGS[printer.style].last or not natural:
        return ci, natural
    return (joined([*ci, " (", *natural, ")"]),)


def _natural(analysed: Analysed, printer: Printer) -> Spans:
    """Return the pooled line transformed back where that is no ratio: r, a proportion."""
    line = analysed.latest.results.pooled
    if line.natural is None:
        return ()
    decimals = decimals_for(line.natural.ci)
    return filled(
        "{scale} {estimate}, {ci}",
        scale=line.natural.scale,
        estimate=printer.number(
            line.natural.estimate, "pooled", "natural", "estimate", decimals=decimals
        ),
        ci=printer.limits(
            line.natural.ci, "pooled", "natural", "ci", level=line.level, decimals=decimals
        ),
    )


def _direction(analysed: Analysed) -> str:
    """Return what the sides of no effect mean."""
    return analysed.latest.scale.direction(analysed.plan)


def effect_words(plan: Plan, scale: EffectScale) -> str:
    """Return what a sentence calls the effect; ratios are told as ratios."""
    if plan.effect is not None:
        return lowered(plan.effect)
    if scale.as_ratio and scale.ratio is not None:
        ratio = measure_named(scale.ratio)
        return ratio.words if ratio is not None else lowered(scale.ratio)
    if not plan.correct and plan.measure.facts.uncorrected:
        return plan.measure.facts.uncorrected
    return plan.measure.words


def analysis_blocks(facts: Facts, analysed: Analysed, style: NumberStyle) -> list[Paragraph]:
    """Return the paragraphs of one analysis: its result, its sensitivity, its change."""
    printer = printer_of(analysed, style)
    texts = [
        sentences(*result_sentences(analysed, printer, facts.names), *_certainty(facts, analysed)),
        sentences(
            *variant_sentences(analysed, printer),
            *moderator_sentences(analysed, printer, facts.instruments),
            *moderated_sentences(analysed, printer),
        ),
        sentences(*heterogeneity_sentences(analysed, printer)),
        sentences(*change_sentences(analysed, style)),
    ]
    return [Paragraph(text) for text in texts if text]


def result_sentences(
    analysed: Analysed, printer: Printer, names: Mapping[str, str] = NO_NAMES
) -> list[Spans]:
    """Return what an analysis found: estimate, class, margins, spread, what was left out."""
    line = analysed.latest.results.pooled
    network, joint = analysed.latest.results.network, analysed.latest.results.joint
    levels = analysed.latest.results.levels
    called = effect_words(analysed.plan, analysed.latest.scale)
    if network is not None:
        opening = network_opening(analysed, network, printer, called)
    elif joint is not None:
        opening = joint_opening(analysed, joint, printer, called)
    else:
        lone = line.k == 1 and levels is None
        opening = _lone(analysed, printer) if lone else _several(analysed, printer)
    return [
        opening,
        *_conclusion(analysed, printer),
        *absolute_sentences(analysed, printer),
        *bayes_sentences(analysed, printer),
        *([] if line.k == 1 else _spread(analysed, printer)),
        *([] if network is None else network_sentences(analysed, network, printer)),
        *([] if joint is None else joint_sentences(analysed, joint, printer)),
        *([] if levels is None else levels_sentences(analysed, levels, printer)),
        *asymmetry_sentences(analysed, printer),
        *beside_sentences(analysed, printer, names),
    ]


def _several(analysed: Analysed, printer: Printer) -> Spans:
    return filled(
        "The pooled {estimate}, from {trials}{figure}. {direction}",
        trials=entered_words(analysed, printer),
        estimate=estimate(analysed, printer, pooled=True),
        figure=Reference("figure", f"forest_{analysed.slug}", aside=True),
        direction=_direction(analysed),
    )


def entered_words(analysed: Analysed, printer: Printer) -> Spans:
    """Return how many trials an estimate rests on, and how many people where all reports say so."""
    line = analysed.latest.results.pooled
    effects = analysed.latest.results.effects
    one, other = [e.n_intervention for e in effects], [e.n_comparator for e in effects]
    trials = count(printer.integer(line.k, "pooled", "k"), "trial")
    people: Spans = ()
    k = {e.study_id for e in effects}
    levels = analysed.latest.results.levels
    if levels is not None:
        results = count(printer.integer(levels.effects, "levels", "effects"), "result")
        trials = filled("{results} of {trials}", results=results, trials=trials)
    elif len(k) < len(effects):
        trials = filled(
            "{n} arms of {k}",
            n=printer.integer(len(effects), "pooled", "k"),
            k=count(printer.counted(len(k), "trials", "effects"), "trial"),
        )
    elif all(n is not None for n in (*one, *other)):
        total = sum(n for n in (*one, *other) if n is not None)
        people = filled(" ({n} participants)", n=printer.counted(total, "participants", "effects"))
    return (*trials, *people)


def _lone(analysed: Analysed, printer: Printer) -> Spans:
    effect = analysed.latest.results.effects[0]
    return filled(
        "One trial, {study}, is all there is so far ({k} = {n}): {estimate}, by its own normal "
        "interval{figure}. Nothing was pooled, and heterogeneity cannot be told. {direction}",
        study=effect.study,
        k=Term("k"),
        n=printer.integer(1, "pooled", "k"),
        estimate=estimate(analysed, printer),
        figure=Reference("figure", f"forest_{analysed.slug}", aside=True),
        direction=_direction(analysed),
    )


def conclusion_sentence(analysed: Analysed, printer: Printer) -> list[Spans]:
    """Return what the interval says at the planned margin, or that nothing is concluded."""
    plan, results = analysed.plan, analysed.latest.results
    if plan.kind is AnalysisKind.SINGLE_ARM:
        return []
    if analysed.latest.notices.withheld:
        told = analysed.latest.notices.of(NoticeKind.WITHHELD)
        why = "; ".join(f"{item.study}: {item.what}" for item in told)
        return [(f"No conclusion is drawn before a contradiction is settled: {why}.",)]
    if plan.kind is AnalysisKind.ASSOCIATION:
        return [association_sentence(results.headline.conclusion)]
    sides = ComparedSides(plan.intervention.label, plan.comparator.label)
    first = results.headline
    scale = analysed.latest.scale
    margin = (
        _margin(printer, scale, first.margin, "plan", "margin")
        if first.margin is not None
        else None
    )
    return [class_sentence(first.conclusion, sides, margin, scale)]


def _conclusion(analysed: Analysed, printer: Printer) -> list[Spans]:
    concluded = conclusion_sentence(analysed, printer)
    if not analysed.plan.compares or analysed.latest.notices.withheld:
        return concluded
    first = analysed.latest.results.headline
    return [
        *concluded,
        *_noninferiority(first, printer),
        *_other_margins(analysed, printer),
        *_by_normal_interval(first),
    ]


def _margin(printer: Printer, scale: EffectScale, margin: float, *path: str | int) -> Number:
    """Return a margin as people see it: of ratios the ratio that is just not acceptable."""
    shown = scale.margin(margin)
    return printer.number(shown, *path, decimals=own_decimals(shown))


def _noninferiority(first: MarginReading, printer: Printer) -> list[Spans]:
    if first.noninferiority_p is None:
        return []
    test = filled(
        "The one-sided test of noninferiority at that margin gave {p}.",
        p=printer.p(first.noninferiority_p, "readings", 0, "noninferiority_p"),
    )
    return [test]


def _other_margins(analysed: Analysed, printer: Printer) -> list[Spans]:
    """Return what the other margins say, those of one class together."""
    by_class: dict[str, list[Spans]] = {}
    scale = analysed.latest.scale
    for place, reading in enumerate(analysed.latest.results.readings[1:], start=1):
        if reading.margin is None:
            continue
        p = reading.noninferiority_p
        told = filled(
            "{margin}{p}",
            margin=_margin(printer, scale, reading.margin, "readings", place, "margin"),
            p=filled(" ({p})", p=printer.p(p, "readings", place, "noninferiority_p"))
            if p is not None
            else (),
        )
        by_class.setdefault(reading.conclusion.value, []).append(told)
    found = [
        filled("{word} at {margins}", word=f"“{word}”", margins=listed(margins))
        for word, margins in by_class.items()
    ]
    if not found:
        return []
    return [joined(["Against the other margins the result was ", *listed(found), "."])]


def _by_normal_interval(first: MarginReading) -> list[Spans]:
    if first.z_conclusion is first.conclusion:
        return []
    other = first.z_conclusion.value
    return [
        (f"By the normal interval, as older reviews print it, the conclusion would be “{other}”.",)
    ]


def _spread(analysed: Analysed, printer: Printer) -> list[Spans]:
    line, plan = analysed.latest.results.pooled, analysed.plan
    q_p = joined([", ", *printer.p(line.Q_p, "pooled", "Q_p")]) if line.Q_p is not None else ()
    results = analysed.latest.results
    told = filled(
        "{what}: {tau2}I² = {i2}, {words} by the bands of the "
        "Cochrane Handbook {handbook}; Q({df}) = {q}{q_p}.",
        what=_spread_of(results),
        tau2=_tau2(line, printer),
        i2=printer.percent(line.I2, "pooled", "I2"),
        words=heterogeneity_words(line.I2),
        handbook=Cite("deeks2024"),
        df=printer.integer(line.Q_df, "pooled", "Q_df"),
        q=printer.number(line.Q, "pooled", "Q"),
        q_p=q_p,
    )
    return [told, *_prediction(line, plan, analysed.latest.scale, printer)]


def _spread_of(results: RunResults) -> str:
    if results.joint is not None:
        return f"Heterogeneity (τ² of {results.joint.deciding.label}, I² and Q of all outcomes)"
    if results.levels is not None:
        return "Heterogeneity (τ² and I² of all random effects together, Q of all results)"
    network = results.network is not None
    return "Heterogeneity and inconsistency together" if network else "Heterogeneity"


def _tau2(line: PooledLine, printer: Printer) -> Spans:
    """Return tau² with its interval; nothing for a model of one common effect."""
    if line.tau2 is None:
        return ()
    value = printer.number(line.tau2, "pooled", "tau2", decimals=3)
    if line.tau2_ci is not None:
        ci = printer.limits(line.tau2_ci, "pooled", "tau2_ci", level=line.level, decimals=3)
        return filled("τ² = {value} ({ci}), ", value=value, ci=ci)
    empty = " (Q-profile interval empty)" if line.tau2_ci_empty else ""
    return filled("τ² = {value}{empty}, ", value=value, empty=empty)


def _prediction(line: PooledLine, plan: Plan, scale: EffectScale, printer: Printer) -> list[Spans]:
    if line.pi is None:
        return []
    name, alone = "prediction interval", plan.kind is AnalysisKind.SINGLE_ARM
    return [
        filled(
            "The {pi}{words} is where the {what} of a further trial like these is to be expected.",
            what="change" if plan.within_arms else "value" if alone else "effect",
            pi=limits_of(line.pi, scale, printer, "pooled", "pi", level=line.level, name=name),
            words="" if alone else f", {prediction_words(line.pi, plan.margin, scale)},",
        )
    ]


def _certainty(facts: Facts, analysed: Analysed) -> list[Spans]:
    rated = facts.certainties.get(analysed.slug)
    if rated is None:
        return []
    outdated = " The plan has changed since it was rated; rate it anew." if rated.outdated else ""
    level, _, why = rated.sentence.partition(" certainty: ")
    return [(f"The certainty of the evidence (GRADE) is {level}: {why}.{outdated}",)]
