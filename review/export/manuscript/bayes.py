"""What methods and results say of a posterior by Bayes, each number with its origin."""

from __future__ import annotations

from collections.abc import Iterator

from review.canonical import own_decimals
from review.export.manuscript.document import Cite, Spans, filled, joined, listed
from review.export.manuscript.facts import Analysed, Planned, printer_of
from review.export.manuscript.printer import Printer
from review.export.manuscript.scaled import estimate_of, limits_of, with_limits
from review.export.tables.printing import NumberStyle
from review.living.estimates.posterior import priors_of
from review.living.runs.posterior import Chance, PosteriorLine


def bayes_methods(analysis: Analysed | Planned, style: NumberStyle) -> Spans:
    """Return which posterior is computed, by which priors; nothing where none is planned."""
    rules = analysis.plan.bayes
    if rules is None:
        return ()
    printer, tau = printer_of(analysis, style), priors_of(rules)[0]
    flat: Spans = ("a flat one",)
    normal = filled(
        "a normal one with mean {mean} and SD {sd}",
        mean=printer.chosen(rules.mean, "plan", "bayes", "mean"),
        sd=printer.chosen(rules.mean_sd or 1.0, "plan", "bayes", "mean_sd"),
    )
    return filled(
        "Beside the planned estimate {was} a posterior by the normal-normal model {roever}, "
        "computed numerically, with a {family} prior of the standard deviation between trials, "
        "scale {scale}{default}, and {mean} of the mean effect; its intervals are central credible "
        "intervals (CrI)",
        was="stands" if isinstance(analysis, Analysed) else "is planned",
        roever=Cite("roever2020"),
        family=rules.tau.value,
        scale=printer.chosen(tau.scale, "plan", "bayes", "scale"),
        default=filled(" {why}", why=Cite("roever2021")) if rules.scale is None else (),
        mean=flat if rules.mean_sd is None else normal,
    )


def bayes_sentences(analysed: Analysed, printer: Printer) -> Iterator[Spans]:
    """Yield what the posterior of an analysis says; why there is none, where that is so."""
    line = analysed.latest.results.posterior
    if line is None:
        return
    if line.note is not None:
        yield (f"No posterior by Bayes was computed: {line.note}.",)
        return
    yield _sentence(line, analysed, printer)


def _sentence(line: PosteriorLine, analysed: Analysed, printer: Printer) -> Spans:
    assert line.median is not None
    assert line.ci is not None
    assert line.pi is not None
    assert line.tau is not None
    assert line.tau_ci is not None
    scale, here = analysed.latest.scale, ("posterior",)
    told = [_chance(place, one, analysed, printer) for place, one in enumerate(line.chances)]
    return filled(
        "By Bayes the posterior median of the mean effect was {median}, and of τ {tau}; the effect "
        "in a further trial lies in {pi}{chances}.",
        median=with_limits(
            printer,
            estimate_of(line.median, line.ci, scale, printer, *here, name="median"),
            limits_of(line.ci, scale, printer, *here, "ci", level=line.level, name="CrI"),
        ),
        tau=with_limits(
            printer,
            printer.number(line.tau, *here, "tau", decimals=3),
            printer.limits(line.tau_ci, *here, "tau_ci", level=line.level, decimals=3, name="CrI"),
        ),
        pi=limits_of(line.pi, scale, printer, *here, "pi", level=line.level, name="CrI"),
        chances=joined(["; the mean effect ", *listed(told)]) if told else (),
    )


def _chance(place: int, one: Chance, analysed: Analysed, printer: Printer) -> Spans:
    plan, scale, here = analysed.plan, analysed.latest.scale, ("posterior", "chances", place)
    if one.margin is None:
        what: Spans = (f"favoured {plan.intervention.label}" if plan.compares else "was positive",)
    else:
        margin = scale.margin(one.margin)
        what = filled(
            "was noninferior at the margin of {margin}",
            margin=printer.number(margin, *here, "margin", decimals=own_decimals(margin)),
        )
    return filled(
        "{what} with probability {p}", what=what, p=printer.probability(one.mean, *here, "mean")
    )
