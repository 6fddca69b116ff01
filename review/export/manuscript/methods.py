"""The methods section: from the plans, the searches and the rules of conduct."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from review.canonical import own_decimals
from review.export.contents.notices import SETS
from review.export.manuscript.absolute import absolute_methods
from review.export.manuscript.assumed import assumed
from review.export.manuscript.asymmetry import small_study_methods
from review.export.manuscript.attenuation import attenuation_methods
from review.export.manuscript.bayes import bayes_methods
from review.export.manuscript.document import (
    Block,
    Cite,
    Heading,
    Number,
    Paragraph,
    Spans,
    filled,
    joined,
    listed,
    plain,
    sentences,
)
from review.export.manuscript.facts import Analysed, Facts, Planned, printer_of
from review.export.manuscript.heterogeneity import heterogeneity_methods
from review.export.manuscript.joint import joint_methods
from review.export.manuscript.levels import levels_methods
from review.export.manuscript.linking import linking_methods
from review.export.manuscript.models import METHODS, OF_RATES, OTHER_METHOD, PREDICTIONS, TESTS
from review.export.manuscript.network import network_methods
from review.export.manuscript.results import effect_words
from review.export.manuscript.selection import conduct_paragraphs
from review.export.manuscript.sensitivity import VARIANTS
from review.export.manuscript.sentences import words
from review.export.manuscript.within import within_methods
from review.export.tables.printing import NumberStyle
from review.formula import parse
from review.living.estimates.counts import of_time
from review.living.estimates.zero_cells import origin_words, rule_words
from review.measures import MIXED, OF_TABLES, Measure
from review.protocol.characteristics import in_words
from review.protocol.parts import ArmRule
from review.protocol.rules import Plan
from review.protocol.sampling import sampling_words
from review.protocol.vocabulary import AnalysisKind
from review.wording import capitalised, lowered, with_article

SEVERAL_ARMS: Final = {
    "combine": "Several arms of one side of a trial {are} combined into one",
    "split": (
        "Several intervention arms of a trial {are} each compared with their share of the "
        "comparator"
    ),
    "covariance": (
        "Several intervention arms of a trial {are} each compared with the whole comparator, their "
        "covariance taken into account"
    ),
}
CITED: Final = {
    name: Cite(key)
    for name, key in {
        "hedges": "hedges1981", "reml": "viechtbauer2005", "dl": "dersimonian1986",
        "engines": "viechtbauer2010", "knha": "knapp2003", "pm": "paule1982", "he": "hedges1983",
        "sj": "sidik2005", "eb": "morris1983", "mh": "mantel1959", "peto": "yusuf1985",
        "stijnen": "stijnen2010", "pi": "riley2011", "hts": "higgins2009",
        "partlett": "partlett2017", "trimfill": "duval2000",
        "petpeese": "stanley2014", "gibbons": "gibbons1993", "becker": "becker1988",
        "bonett": "bonett2008", "cousineau": "cousineau2020", "senior": "senior2020",
        "lajeunesse": "lajeunesse2011",
        "miller": "miller1978", "schwarzer": "schwarzer2019",
    }.items()
}  # fmt: skip


PROGRAMS: Final = {"python": "Python", "numpy": "NumPy", "scipy": "SciPy"}
"""What programs are called in print."""


Say = Callable[[Analysed | Planned], Spans]
"""What a sentence says of one analysis."""


def methods(facts: Facts, style: NumberStyle) -> list[Block]:
    """Return the methods section."""
    return [
        Heading(1, "Methods"),
        *conduct_paragraphs(facts, style),
        Heading(2, "Effect measures and synthesis"),
        Paragraph(_comparisons(facts)),
        Paragraph(sentences(*_model(facts, style), *_reading(facts, style))),
        *(
            Paragraph(text)
            for text in (sentences(*_selection(facts, style)), _sensitivity(facts, style))
            if text
        ),
        Paragraph(_software(facts)),
    ]


def _groups(facts: Facts, say: Say) -> list[tuple[str, Spans]]:
    """Return what plans say with a lead that names the analyses, where not all say the same."""
    found: dict[str, tuple[Spans, list[str]]] = {}
    for analysis in facts.analyses:
        said = say(analysis)
        found.setdefault(plain(said), (said, []))[1].append(analysis.plan.title)
    if len(found) == 1:
        return [("", said) for said, _ in found.values()]
    return [(f"For {words(_quoted(titles))}: ", said) for said, titles in found.values() if said]


def _quoted(titles: Iterable[str]) -> list[str]:
    return [f"“{title}”" for title in titles]


def _said(facts: Facts, say: Say) -> Spans:
    """Return one sentence a group; a plan that says nothing is passed over."""
    return sentences(
        *(joined([lead, *_lowered(said, lead), "."]) for lead, said in _groups(facts, say) if said)
    )


def _lowered(said: Spans, lead: str) -> Spans:
    first = said[0]
    if not lead or not isinstance(first, str):
        return said
    return (lowered(first), *said[1:])


def _side(rule: ArmRule) -> str:
    chosen = [*(mode.value.replace("_", " ") for mode in rule.delivery_mode), *rule.treatment]
    named = ", ".join(dict.fromkeys(chosen))
    return rule.label if named.casefold() == rule.label.casefold() else f"{rule.label} ({named})"


def _comparison(facts: Facts, plan: Plan) -> str:
    outcome = facts.outcomes.get(plan.outcome, plan.outcome)
    if plan.kind is AnalysisKind.ASSOCIATION:
        predicted = facts.outcomes.get(plan.predicts or "", plan.predicts or "")
        return f"the association of {lowered(outcome)} with {lowered(predicted)}"
    if plan.within_arms:
        return f"change of {lowered(outcome)} within arms of {_side(plan.intervention)}"
    if plan.kind is AnalysisKind.SINGLE_ARM:
        return f"{lowered(outcome)} in arms of {_side(plan.intervention)}"
    if plan.kind is AnalysisKind.NETWORK:
        rules = (plan.intervention, plan.comparator, *plan.other_treatments)
        return (
            f"{lowered(outcome)}, a network of {words([_side(rule) for rule in rules])}, read as "
            f"{plan.intervention.label} against {plan.comparator.label}"
        )
    compared = f"{_side(plan.intervention)} compared with {_side(plan.comparator)}"
    if plan.is_joint:
        labels = words([one.label for one in plan.outcomes])
        return f"{labels} together, {compared}, read as {plan.outcomes[0].label}"
    return f"{lowered(outcome)}, {compared}"


def _comparisons(facts: Facts) -> Spans:
    plans = [analysis.plan for analysis in facts.analyses]
    many = "One analysis was planned: " if len(plans) == 1 else "The planned analyses were: "
    told = "; ".join(f"“{plan.title}” ({_comparison(facts, plan)})" for plan in plans)
    frozen = sorted({f"{a.frozen_at:%Y-%m-%d}" for a in facts.analyses})
    when = frozen[0] if len(frozen) == 1 else f"{frozen[0]} to {frozen[-1]}"
    return sentences(
        (f"{many}{told}.",),
        (f"Plans are frozen as versions before they are run (these: {when}).",),
        _directions(facts),
    )


def _directions(facts: Facts) -> Spans:
    """Return which way is better: in one sentence where it is the side that is named first."""
    told = {a.slug: _direction(a) for a in facts.analyses}
    sides = {a.slug: f"Positive values favour {a.plan.intervention.label}." for a in facts.analyses}
    if len(set(told.values())) > 1 and told == sides:
        return ("In each of them positive values favour the side that is named first.",)
    return _said(facts, lambda analysis: (_direction(analysis).rstrip("."),))


def _direction(analysis: Analysed | Planned) -> str:
    if isinstance(analysis, Analysed):
        return analysis.latest.scale.direction(analysis.plan)
    return analysis.plan.direction


def _measure(analysis: Analysed | Planned) -> Spans:
    plan = analysis.plan
    name = filled(_methods_of(plan), **CITED)
    if plan.effect is not None:
        return joined([f"The effect was the {lowered(plan.effect)}, from ", *name])
    were = "were" if isinstance(analysis, Analysed) else "are"
    return joined([f"Effects {were} ", *name])


def _methods_of(plan: Plan) -> str:
    """Return what effects of a plan are: a correction that the plan leaves out is not told."""
    if plan.measure is Measure.SMD and not plan.correct:
        return "standardized mean differences, Cohen’s d"
    return plan.measure.facts.methods


def _sampling(analysis: Analysed | Planned) -> Spans:
    """Return formula and correction that a plan chose; nothing of the defaults."""
    told = sampling_words(analysis.plan)
    if told is None:
        return ()
    if isinstance(analysis, Analysed):
        told = told.replace("variances are", "variances were").replace("bias is", "bias was")
    return (f"{capitalised(told)} (of trials whose arms report numbers)",)


def _zero_cells(analysis: Analysed | Planned) -> Spans:
    """Return what was done about cells without events; nothing where there can be none."""
    told = rule_words(analysis.plan)
    return (f"{capitalised(told)} ({origin_words(analysis.plan)})",) if told is not None else ()


def _model_of(analysis: Analysed | Planned) -> Spans:
    plan = analysis.plan
    method = METHODS.get(plan.method, OTHER_METHOD)
    if of_time(plan.measure):
        method = OF_RATES.get(plan.method, method)
    model = filled(method, name=plan.method, **CITED)
    test = filled(TESTS[plan.test], **CITED)
    of_new = filled(PREDICTIONS[plan.prediction], **CITED)
    return joined([f"Effects {_were(analysis)} pooled by ", *model, ", with ", *test, *of_new])


def _model(facts: Facts, style: NumberStyle) -> list[Spans]:
    random = [a.plan for a in facts.analyses if a.plan.method not in ("EE", *OF_TABLES)]
    profiled = all(plan.method not in MIXED and not plan.of_several for plan in random)
    spread = filled(
        "Heterogeneity is given as τ²{interval}, I² {i2} and the prediction interval {pi}.",
        interval=filled(" with its Q-profile interval {cite}", cite=Cite("viechtbauer2007"))
        if profiled else "",
        i2=Cite("higgins2002"), pi=Cite("riley2011"),
    )  # fmt: skip
    return [
        _said(facts, _measure), attenuation_methods(facts), linking_methods(facts),
        within_methods(facts), _said(facts, _sampling), _said(facts, _zero_cells),
        _said(facts, _model_of), spread if random else (),
        _said(facts, lambda analysis: absolute_methods(analysis, style)),
        _said(facts, lambda analysis: bayes_methods(analysis, style)), network_methods(facts),
        joint_methods(facts), heterogeneity_methods(facts),
    ]  # fmt: skip


def _reading(facts: Facts, style: NumberStyle) -> list[Spans]:
    """Return how results were read: the margins of each analysis, or zero alone."""
    read = [_said(facts, lambda analysis: _margins(analysis, style))]
    if any(analysis.plan.margins for analysis in facts.analyses):
        read.append(
            filled(
                "Intervals were classed after Piaggio and colleagues {piaggio}.",
                piaggio=Cite("piaggio2012"),
            )
        )
    return read


def _margins(analysis: Analysed | Planned, style: NumberStyle) -> Spans:
    plan = analysis.plan
    if not plan.compares:
        return ()
    if plan.margin is None:
        return ("No noninferiority margin was planned; intervals were read against zero",)
    printer = printer_of(analysis, style)
    scale = analysis.latest.scale if isinstance(analysis, Analysed) else None
    shown = scale if scale is not None and scale.as_ratio else None

    def read(margin: float) -> float:
        return margin if shown is None else shown.margin(margin)

    def number(margin: float, *path: str | int) -> Number:
        return printer.number(read(margin), "plan", *path, decimals=own_decimals(read(margin)))

    others = [
        (number(margin, "other_margins", place),)
        for place, margin in enumerate(plan.other_margins)
        if margin != plan.margin
    ]
    return filled(
        "The noninferiority margin was {what}{margin}{beside}{scale}; the test of noninferiority "
        "is one-sided at {alpha}",
        what=f"{with_article(effect_words(plan, shown))} of " if shown is not None else "",
        scale=" on the log scale" if shown is None and plan.measure.facts.ratio else "",
        margin=number(plan.margin, "margin"),
        beside=filled(", and beside it {m}", m=listed(others)) if others else (),
        alpha=f"{(1 - plan.level) / 2:g}",
    )


def _preference(facts: Facts, style: NumberStyle, analysis: Analysed | Planned) -> Spans:
    plan = analysis.plan
    orders = [
        (label, [str(v) for v in values])
        for label, values in (
            ("instruments", [facts.instruments.get(i, i) for i in plan.instruments]),
            ("raters", [r.value.replace("_", " ") for r in plan.raters]),
            ("timepoints", plan.timepoints),
            ("analysis sets", [SETS[s] for s in plan.analysis_sets]),
        )
        if values
    ]
    if plan.several_results == "aggregate":
        return filled(
            "Several results of a trial {are} averaged into one, a correlation of {rho} assumed",
            rho=printer_of(analysis, style).chosen(plan.rho, "plan", "rho"),
            are=_were(analysis),
        )
    if not orders:
        return ()
    then = ", " if plan.random else " then "
    told = "; ".join(f"{label}: {then.join(values)}" for label, values in orders)
    if plan.random:
        return (f"Results {_were(analysis)} taken of these ({told})",)
    counted = "counted" if isinstance(analysis, Analysed) else "is to count"
    return (f"Of several results of a trial the first in this order {counted} ({told})",)


def _entering(analysis: Analysed | Planned) -> Spans:
    if not analysis.plan.where:
        return ()
    named = words([f"“{condition}”" for condition in analysis.plan.where])
    entered = "entered" if isinstance(analysis, Analysed) else "are to enter"
    return (f"Only trials, arms and results {entered} for which {named}",)


def _were(analysis: Analysed | Planned) -> str:
    """Return the verb of what was done, or is to be done once a trial is there."""
    return "were" if isinstance(analysis, Analysed) else "are to be"


def _selection(facts: Facts, style: NumberStyle) -> list[Spans]:
    def arms(analysis: Analysed | Planned) -> Spans:
        contrast = analysis.plan.compares
        if analysis.plan.kind is AnalysisKind.NETWORK:
            return (
                f"Several arms of one treatment of a trial {_were(analysis)} combined into one",
            )
        told = SEVERAL_ARMS[analysis.plan.several_arms].format(are=_were(analysis))
        return (told,) if contrast else ()

    def scores(analysis: Analysed | Planned) -> Spans:
        change = analysis.plan.scores == "change"
        return (f"Scores {_were(analysis)} changes since baseline",) if change else ()

    return [
        _said(facts, arms),
        _said(facts, _entering),
        _said(facts, lambda analysis: _preference(facts, style, analysis)),
        _said(facts, lambda analysis: levels_methods(analysis, style)),
        _said(facts, scores),
        _said(facts, lambda analysis: assumed(analysis, style)),
    ]


def _sensitivity(facts: Facts, style: NumberStyle) -> Spans:
    return sentences(
        _said(facts, _beside),
        _said(facts, partial(_looks, style)),
        small_study_methods(facts),
    )


def _beside(analysis: Analysed | Planned) -> Spans:
    """Return what is planned beside the main result: one sentence an analysis."""
    plan, told = analysis.plan, list[Spans]()
    if plan.subgroups:
        by = words([in_words(name) for name in plan.subgroups])
        told.append((f"subgroup analyses by {by}",))
    single = [text for text in plan.moderators if text in parse(text).names]
    if single:
        on = words([in_words(name) for name in single])
        alone = "a meta-regression" if len(single) == 1 else "meta-regressions, one at a time,"
        told.append((f"{alone} on {on}",))
    told += [
        (f"a meta-regression by the formula “{text}”",)
        for text in plan.moderators
        if text not in single
    ]
    if plan.variants:
        named = [filled(VARIANTS[variant], **CITED) for variant in plan.variants]
        others = joined([*listed(told), ", and "]) if told else ()
        told = [
            filled("{others}as sensitivity analyses {these}", others=others, these=listed(named))
        ]
    return joined(["Beside the main result were planned ", *listed(told)]) if told else ()


def _looks(style: NumberStyle, analysis: Analysed | Planned) -> Spans:
    rules = analysis.plan.sequential
    if rules is None:
        return ()
    return filled(
        "For repeated looks a panel was planned, one-sided alpha {alpha}, beta {beta}",
        alpha=printer_of(analysis, style).chosen(rules.alpha, "plan", "sequential", "alpha"),
        beta=printer_of(analysis, style).chosen(rules.beta, "plan", "sequential", "beta"),
    )


def _software(facts: Facts) -> Spans:
    versions = list(
        dict.fromkeys(tuple(sorted(analysed.software.items())) for analysed in facts.analysed)
    )
    if not versions:
        return ("No analysis has been run yet.",)
    told = "; and with ".join(
        words([f"{PROGRAMS.get(name, name)} {number}" for name, number in version])
        for version in versions
    )
    return filled(
        "Analyses were run with {told}; the formulae are those of metafor {metafor}.",
        told=told,
        metafor=Cite("viechtbauer2010"),
    )
