"""Effects as risks, and numbers needed to treat, at the risks that a plan states: what is said."""

from __future__ import annotations

from collections.abc import Iterator

from review.canonical import own_decimals
from review.export.manuscript.document import Cite, Number, Spans, filled, listed
from review.export.manuscript.facts import Analysed, Planned, printer_of
from review.export.manuscript.printer import Printer
from review.export.manuscript.scaled import with_limits
from review.export.tables.printing import NumberStyle
from review.living.reports.absolute import AtRisk, Needed, at_risks


def absolute_methods(analysis: Analysed | Planned, style: NumberStyle) -> Spans:
    """Return at which risks absolute effects are told, and how; nothing where none is stated."""
    plan = analysis.plan
    if plan.baseline_rates:
        return _rates_methods(analysis, style)
    told = [
        (printer_of(analysis, style).chosen(risk, "plan", "baseline_risks", place),)
        for place, risk in enumerate(plan.baseline_risks)
    ]
    if not told:
        return ()
    return filled(
        "Absolute effects are told at a risk with {comparator} of {risks}, which counts as known, "
        "with the number of persons to be treated for one more to benefit (NNTB) or to be harmed "
        "(NNTH) and its interval {altman}{scores}",
        comparator=plan.comparator.label,
        risks=listed(told),
        altman=Cite("altman1998"),
        scores=filled(
            "; they are shares of responders, scores above a threshold, which count as normal with "
            "one SD {furukawa}",
            furukawa=Cite("furukawa2011"),
        )
        if _of_scores(analysis)
        else (),
    )


def _rates_methods(analysis: Analysed | Planned, style: NumberStyle) -> Spans:
    plan, printer = analysis.plan, printer_of(analysis, style)
    told = [
        (printer.chosen(rate, "plan", "baseline_rates", place),)
        for place, rate in enumerate(plan.baseline_rates)
    ]
    return filled(
        "Absolute effects are told at a rate with {comparator} of {rates} events per person-year, "
        "which counts as known, with the person-years of treatment for one event of benefit (NNTB) "
        "or of harm (NNTH) and their interval {altman}",
        comparator=plan.comparator.label,
        rates=listed(told),
        altman=Cite("altman1998"),
    )


def _of_scores(analysis: Analysed | Planned) -> bool:
    measure = (
        analysis.latest.scale.measure if isinstance(analysis, Analysed) else analysis.plan.measure
    )
    return measure is not None and measure.facts.standardized


def absolute_sentences(analysed: Analysed, printer: Printer) -> Iterator[Spans]:
    """Yield what the pooled effect amounts to at each risk that the plan states."""
    plan, latest = analysed.plan, analysed.latest
    if not (plan.baseline_risks or plan.baseline_rates):
        return
    found = at_risks(latest.inputs, latest.results)
    if isinstance(found, str):
        yield (found,)
        return
    for one in found:
        yield _at_risk(one, analysed, printer)


def _at_risk(one: AtRisk, analysed: Analysed, printer: Printer) -> Spans:
    found, plan = one.found, analysed.plan
    at = f"at_{found.baseline:g}"
    baseline = one.per * found.baseline
    low, high = found.risk_ci
    return filled(
        "At a {share} of {baseline} {unit} with {comparator}, that with {intervention} was "
        "{risk}; {needed}.",
        share="rate" if one.timed else "share of responders" if _of_scores(analysed) else "risk",
        baseline=printer.number(
            baseline, "pooled", f"baseline_{at}", decimals=own_decimals(baseline, 0)
        ),
        unit=one.unit,
        comparator=plan.comparator.label,
        intervention=plan.intervention.label,
        risk=with_limits(
            printer,
            printer.number(one.per * found.risk, "pooled", f"risk_{at}", decimals=one.decimals),
            printer.limits(
                (one.per * low, one.per * high), "pooled", f"risk_ci_{at}", decimals=one.decimals,
                level=analysed.latest.results.pooled.level, none=baseline,
            ),
        ),
        needed=_needed(one, at, printer),
    )  # fmt: skip


def _needed(one: AtRisk, at: str, printer: Printer) -> Spans:
    if one.number is None:
        return ("no difference",)

    def persons(needed: Needed, end: str) -> Number | str:
        if needed.persons is None:
            return needed.shown
        return printer.integer(needed.persons, "pooled", f"needed{end}_{at}")

    first, last = one.limits
    through = one.found.through_infinity
    return filled(
        "{name} {n} ({other}{first}{to}{same}{last}){of}",
        of=one.of,
        name=one.number.name,
        n=persons(one.number, ""),
        other=f"{first.name} " if through else "",
        first=persons(first, "_first"),
        to=" to ∞ to " if through else " to ",
        same=f"{last.name} " if through else "",
        last=persons(last, "_last"),
    )
