"""What the results section says of several outcomes: sentences, each number with its origin."""

from __future__ import annotations

from collections.abc import Sequence

from review.export.manuscript.document import Cite, Reference, Spans, Term, filled, listed
from review.export.manuscript.facts import Analysed, Facts
from review.export.manuscript.printer import Printer
from review.export.manuscript.scaled import estimate_of, limits_of, with_limits
from review.export.manuscript.sentences import count, words
from review.living.reports.joint import STRUCTURES
from review.living.runs.joint import (
    CorrelationLine,
    DifferenceLine,
    JointLine,
    OutcomeLine,
    RobustLine,
)
from review.wording import capitalised

_OUTCOMES = ("joint", "outcomes")
_DIFFERENCES = ("joint", "differences")


def joint_opening(analysed: Analysed, line: JointLine, printer: Printer, called: str) -> Spans:
    """Return the outcome that decides; `called` names the effect."""
    scale, pooled = analysed.latest.scale, analysed.latest.results.pooled
    p = printer.p(pooled.p, "pooled", "p") if pooled.p is not None else ()
    return filled(
        "In one model of {outcomes} with {effects} from {trials}, the {called} of {first} was "
        "{told}{figure}. {direction}",
        outcomes=count(printer.counted(len(line.outcomes), "outcomes", *_OUTCOMES), "outcome"),
        effects=count(printer.integer(line.effects, "joint", "effects"), "effect"),
        trials=count(printer.integer(line.trials, "joint", "trials"), "trial"),
        called=called,
        first=line.deciding.label,
        told=with_limits(
            printer,
            estimate_of(pooled.estimate, pooled.ci, scale, printer, "pooled"),
            limits_of(pooled.ci, scale, printer, "pooled", "ci", level=pooled.level),
            p,
        ),
        figure=Reference("figure", f"forest_{analysed.slug}", aside=True),
        direction=scale.direction(analysed.plan),
    )


def joint_sentences(analysed: Analysed, line: JointLine, printer: Printer) -> list[Spans]:
    """Return what several outcomes say beside the one that decides."""
    others = [_outcome(analysed, i, one, printer) for i, one in enumerate(line.outcomes) if i]
    called = "The others" if len(others) > 1 else "The other"
    told = listed(others, comma="; ")
    found = [filled("{called}: {told}.", called=called, told=told)] if others else []
    found += [_alone(analysed, line, printer)]
    found += [_difference(analysed, i, one, printer) for i, one in enumerate(line.differences)]
    if line.equal_p is not None and len(line.differences) > 1:
        found.append(_equal(line, printer))
    found.append(
        filled(
            "The correlation of sampling errors within a trial was assumed to be {rho}{stated}.",
            rho=printer.number(line.rho, "joint", "rho"),
            stated=stated_spans(line.stated, printer, "joint"),
        )
    )
    if line.without:
        found.append((f"No trial had {', '.join(line.without)}.",))
    return found


def stated_spans(pairs: Sequence[CorrelationLine], printer: Printer, *here: str) -> Spans:
    """Return the correlations that a plan states of two, after the one of all others."""
    told = [
        filled(
            "{value} of {first} and {second}",
            value=printer.number(one.value or 0.0, *here, "stated", i, "value"),
            first=one.first,
            second=one.second,
        )
        for i, one in enumerate(pairs)
    ]
    return filled(", but {told}", told=listed(told)) if told else ()


def _outcome(analysed: Analysed, i: int, one: OutcomeLine, printer: Printer) -> Spans:
    scale, level = analysed.latest.scale, analysed.latest.results.pooled.level
    return filled(
        "{label} {told}",
        label=one.label,
        told=with_limits(
            printer,
            estimate_of(one.estimate, one.ci, scale, printer, *_OUTCOMES, i),
            limits_of(one.ci, scale, printer, *_OUTCOMES, i, "ci", level=level),
        ),
    )


def _alone(analysed: Analysed, line: JointLine, printer: Printer) -> Spans:
    """Return what the deciding outcome's own trials say."""
    scale, one = analysed.latest.scale, line.deciding
    return filled(
        "Alone, its {trials} give {told}.",
        trials=count(printer.integer(one.k, *_OUTCOMES, 0, "k"), "trial"),
        told=with_limits(
            printer,
            estimate_of(one.alone, one.alone_ci, scale, printer, *_OUTCOMES, 0, name="alone"),
            limits_of(
                one.alone_ci, scale, printer, *_OUTCOMES, 0, "alone_ci",
                level=analysed.latest.results.pooled.level,
            ),
        ),
    )  # fmt: skip


def _difference(analysed: Analysed, i: int, one: DifferenceLine, printer: Printer) -> Spans:
    """Return whether an outcome is lower or higher than the first."""
    scale, level = analysed.latest.scale, analysed.latest.results.pooled.level
    here = (*_DIFFERENCES, i)
    return filled(
        "{label} differed from {versus} by {told}{robust}.",
        label=capitalised(one.label),
        versus=one.versus,
        told=with_limits(
            printer,
            estimate_of(one.estimate, one.ci, scale, printer, *here),
            limits_of(one.ci, scale, printer, *here, "ci", level=level),
            printer.p(one.p, *here, "p"),
        ),
        robust=_robust(one.robust, printer, *here, "robust"),
    )


def _robust(line: RobustLine | None, printer: Printer, *here: str | int) -> Spans:
    if line is None:
        return ()
    df = printer.number(line.df, *here, "df", decimals=1)
    if line.p is None:
        return filled(" (no robust test: {df} degrees of freedom)", df=df)
    return filled("; with robust errors {p}", p=printer.p(line.p, *here, "p"))


def _equal(line: JointLine, printer: Printer) -> Spans:
    assert line.equal_stat is not None
    assert line.equal_p is not None
    ddf = (
        filled(", {ddf}", ddf=printer.integer(int(line.equal_ddf), "joint", "equal_ddf"))
        if line.equal_ddf is not None
        else ()
    )
    return filled(
        "The test that all outcomes have one mean gave {name}({df}{ddf}) = {stat}, {p}.",
        name="χ²" if line.equal_ddf is None else Term("F"),
        df=printer.integer(line.equal_df, "joint", "equal_df"),
        ddf=ddf,
        stat=printer.number(line.equal_stat, "joint", "equal_stat"),
        p=printer.p(line.equal_p, "joint", "equal_p"),
    )


def joint_methods(facts: Facts) -> Spans:
    """Return how several outcomes were taken together; nothing where none were."""
    plans = [analysis.plan for analysis in facts.analyses if analysis.plan.is_joint]
    if not plans:
        return ()
    told = "; ".join(dict.fromkeys(STRUCTURES[plan.structure] for plan in plans))
    rhos = words(list(dict.fromkeys(f"{plan.rho:g}" for plan in plans)))
    return filled(
        "Several outcomes of the same trials were pooled in one multivariate model {jackson} "
        "({told}); covariances of sampling errors, which reports do not give, were computed from "
        "an assumed correlation of {rhos}{stated}, and other correlations were tried. Differences "
        "of outcomes were also tested with cluster-robust errors (CR2) and Satterthwaite’s degrees "
        "of freedom {pustejovsky}.",
        jackson=Cite("jackson2011"), told=told, rhos=rhos,
        stated=", or as stated of two" if any(plan.correlations for plan in plans) else "",
        pustejovsky=Cite("pustejovsky2018"),
    )  # fmt: skip
