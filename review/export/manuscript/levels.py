"""What the manuscript says of random effects of groups: sentences, each number with its origin."""

from __future__ import annotations

from collections.abc import Iterator

from review.export.manuscript.document import Cite, Spans, filled, listed
from review.export.manuscript.facts import Analysed, Planned, printer_of
from review.export.manuscript.joint import stated_spans
from review.export.manuscript.printer import Printer
from review.export.manuscript.scaled import limits_of
from review.export.tables.printing import NumberStyle
from review.living.reports.levels import term_words
from review.living.runs.levels import LevelsLine, VarianceLine
from review.protocol.levels import terms_of
from review.protocol.pairs import pair_of


def levels_sentences(analysed: Analysed, line: LevelsLine, printer: Printer) -> list[Spans]:
    """Return variances of random effects, what is assumed of errors, and the robust interval."""
    told = [_term(i, one, printer) for i, one in enumerate(line.terms) if one.sigma2 is not None]
    variances = filled("Variances of true effects were: {told}.", told=listed(told, comma="; "))
    return [
        *([variances] if told else []),
        *_without(line),
        _assumed(line, printer),
        *_robust(analysed, line, printer),
    ]


def _term(i: int, one: VarianceLine, printer: Printer) -> Spans:
    here = ("levels", "terms", i)
    assert one.sigma2 is not None
    assert one.i2 is not None
    tested = () if one.p is None else filled(", {p}", p=printer.p(one.p, *here, "p"))
    return filled(
        "of {name} {sigma2} (I² = {i2}{tested})",
        name=term_words(one.term),
        sigma2=printer.number(one.sigma2, *here, "sigma2", decimals=3),
        i2=printer.percent(one.i2, *here, "i2"),
        tested=tested,
    )


def _without(line: LevelsLine) -> Iterator[Spans]:
    for one in line.terms:
        if one.sigma2 is None:
            yield (f"No variance is told of {term_words(one.term)}: {one.note}.",)


def _assumed(line: LevelsLine, printer: Printer) -> Spans:
    time = (
        ()
        if line.phi is None
        else filled(
            ", times {phi} to the power of the weeks between them",
            phi=printer.number(line.phi, "levels", "phi"),
        )
    )
    return filled(
        "Sampling errors of results of one study were assumed to correlate by {rho}{stated}{time}.",
        rho=printer.number(line.rho, "levels", "rho"),
        stated=stated_spans(line.stated, printer, "levels"),
        time=time,
    )


def _robust(analysed: Analysed, line: LevelsLine, printer: Printer) -> Iterator[Spans]:
    if line.robust is None:
        return
    here = ("levels", "robust")
    p = () if line.robust.p is None else filled(", {p}", p=printer.p(line.robust.p, *here, "p"))
    yield filled(
        "With cluster-robust errors the interval was {limits}{p}.",
        limits=limits_of(
            line.robust.ci, analysed.latest.scale, printer, *here, "ci",
            level=analysed.latest.results.pooled.level,
        ),
        p=p,
    )  # fmt: skip


def levels_methods(analysis: Analysed | Planned, style: NumberStyle) -> Spans:
    """Return how all results of a trial are taken in one model; nothing of another plan."""
    plan = analysis.plan
    if not plan.random:
        return ()
    printer = printer_of(analysis, style)
    terms = listed([(term_words(" / ".join(names)),) for names in terms_of(plan.random)])
    return filled(
        "All results of a study {are} taken, with random effects of {terms} {konstantopoulos}; "
        "their sampling errors {are} assumed to correlate by {rho}{stated}{time}{df}",
        are="were" if isinstance(analysis, Analysed) else "are to be",
        terms=terms,
        konstantopoulos=Cite("konstantopoulos2011"),
        rho=printer.chosen(plan.rho, "plan", "rho"),
        stated="".join(
            f", those of {first} and {second} by {value:g}"
            for first, second, value in map(pair_of, plan.correlations)
        ),
        time=()
        if plan.phi is None
        else filled(
            ", times {phi} to the power of the weeks between them",
            phi=printer.chosen(plan.phi, "plan", "phi"),
        ),
        df="; degrees of freedom are the fewest groups of a random effect less one"
        if plan.test == "t"
        else "",
    )
