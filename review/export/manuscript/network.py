"""What the results section says of a network: sentences, each number with its origin."""

from __future__ import annotations

from review.export.manuscript.document import Cite, Reference, Spans, Term, filled, listed
from review.export.manuscript.facts import Analysed, Facts
from review.export.manuscript.printer import Printer
from review.export.manuscript.scaled import estimate_of, limits_of, with_limits
from review.export.manuscript.sensitivity import SHOWN, called_moderator
from review.export.manuscript.sentences import count
from review.export.tables.printing import p_letter
from review.living.runs.networks import ComparisonLine, NetworkLine
from review.living.runs.results import Interval
from review.protocol.characteristics import in_words
from review.protocol.vocabulary import AnalysisKind

_HERE = ("network", "comparisons")


def network_opening(analysed: Analysed, line: NetworkLine, printer: Printer, called: str) -> Spans:
    """Return the deciding comparison, and what the network is of; `called` names the effect."""
    plan, scale, pooled = analysed.plan, analysed.latest.scale, analysed.latest.results.pooled
    p = printer.p(pooled.p, "pooled", "p") if pooled.p is not None else ()
    return filled(
        "In a network of {trials} with {arms} arms and {treatments}{graph}, the {called} of {one} "
        "against {other} was {told}{figure}. {direction}",
        called=called,
        trials=count(printer.integer(line.trials, "network", "trials"), "trial"),
        arms=printer.integer(line.arms, "network", "arms"),
        treatments=count(
            printer.counted(len(line.treatments), "treatments", "network", "treatments"),
            "treatment",
        ),
        graph=Reference("figure", f"network_{analysed.slug}", aside=True),
        one=plan.intervention.label,
        other=plan.comparator.label,
        told=with_limits(
            printer,
            estimate_of(pooled.estimate, pooled.ci, scale, printer, "pooled"),
            limits_of(pooled.ci, scale, printer, "pooled", "ci", level=pooled.level),
            p,
        ),
        figure=Reference("figure", f"forest_{analysed.slug}", aside=True),
        direction=analysed.latest.scale.direction(plan),
    )


def network_sentences(analysed: Analysed, line: NetworkLine, printer: Printer) -> list[Spans]:
    """Return what the network says beside its deciding comparison."""
    return [
        _evidence(analysed, line.comparisons[0], printer),
        _against_reference(analysed, line, printer),
        _agreement(line, printer),
        _ranking(line, printer),
        *_without(line),
    ]


def _with_limits(
    analysed: Analysed, i: int, name: str, value: float, ci: Interval, printer: Printer
) -> Spans:
    scale, level = analysed.latest.scale, analysed.latest.results.pooled.level
    return with_limits(
        printer,
        estimate_of(value, ci, scale, printer, *_HERE, i, name=name),
        limits_of(ci, scale, printer, *_HERE, i, f"{name}_ci", level=level),
    )


def _evidence(analysed: Analysed, pair: ComparisonLine, printer: Printer) -> Spans:
    """Return whence the deciding estimate comes, and whether both kinds of evidence agree."""
    if not pair.k:
        return ("No trial compared the two, so that all evidence is indirect.",)
    trials = count(printer.integer(pair.k, *_HERE, 0, "k"), "trial")
    if pair.direct is None or pair.direct_ci is None or pair.indirect is None:
        return filled(
            "The two were compared by {trials}, and all evidence is direct.", trials=trials
        )
    assert pair.indirect_ci is not None
    test: Spans = ()
    if pair.split_p is not None:
        p = printer.p(pair.split_p, *_HERE, 0, "split_p")
        test = filled("; the test that they disagree gave {p}", p=p)
    return filled(
        "The two were compared by {trials}: direct evidence gave {direct}, indirect evidence "
        "{indirect}{test}.",
        trials=trials,
        direct=_with_limits(analysed, 0, "direct", pair.direct, pair.direct_ci, printer),
        indirect=_with_limits(analysed, 0, "indirect", pair.indirect, pair.indirect_ci, printer),
        test=test,
    )


def _against_reference(analysed: Analysed, line: NetworkLine, printer: Printer) -> Spans:
    scale, level = analysed.latest.scale, analysed.latest.results.pooled.level
    told = [
        filled(
            "{name} {told}",
            name=c.treatment,
            told=with_limits(
                printer,
                estimate_of(c.estimate, c.ci, scale, printer, *_HERE, i),
                limits_of(c.ci, scale, printer, *_HERE, i, "ci", level=level),
            ),
        )
        for i, c in enumerate(line.comparisons)
        if i and c.versus == line.reference
    ]
    if not told:
        return ()
    return filled(
        "{others} against {reference}: {told}{league}.",
        others="The others" if len(told) > 1 else "The other",
        reference=line.reference,
        told=listed(told, comma="; "),
        league=Reference("table", f"league_{analysed.slug}", aside=True),
    )


def _agreement(line: NetworkLine, printer: Printer) -> Spans:
    found = line.agreement
    if not found.between_df or found.between_p is None:
        told = (
            "Whether direct and indirect evidence agree could not be assessed: no two designs of "
            "trials could disagree."
        )
        return (told,)
    here = ("network", "agreement")
    between = filled(
        "Between the {designs} designs of trials Q({df}) = {q}, {p}",
        designs=printer.integer(found.designs, *here, "designs"),
        df=printer.integer(found.between_df, *here, "between_df"),
        q=printer.number(found.q_between, *here, "q_between"),
        p=printer.p(found.between_p, *here, "between_p"),
    )
    if found.wald is None or found.wald_p is None:
        return filled(
            "{told}; no design had two trials, so that inconsistency and heterogeneity cannot be "
            "told apart.",
            told=between,
        )
    return filled(
        "{told}; the design-by-treatment interaction, heterogeneity allowed for, gave χ²({df}) = "
        "{wald}, {p}. A large {letter} is no proof that designs agree.",
        told=between,
        df=printer.integer(found.between_df, *here, "between_df"),
        wald=printer.number(found.wald, *here, "wald"),
        p=printer.p(found.wald_p, *here, "wald_p"),
        letter=Term(p_letter(printer.style)),
    )


def _ranking(line: NetworkLine, printer: Printer) -> Spans:
    first = line.ranked[0]
    place = [t.name for t in line.treatments].index(first.name)
    return filled(
        "By P-scores {first} stood first ({score}), which says how sure it is that it is better "
        "than another, not by how much.",
        first=first.name,
        score=printer.number(first.p_score, "network", "treatments", place, "p_score"),
    )


def _without(line: NetworkLine) -> list[Spans]:
    if not line.without:
        return []
    return [(f"No trial of the network had {', '.join(line.without)}.",)]


def moderated_sentences(analysed: Analysed, printer: Printer) -> list[Spans]:
    """Return what subgroups and meta-regressions say of treatments beside those that decide."""
    found: list[Spans] = []
    reference = analysed.plan.comparator.label
    for place, line in enumerate(analysed.latest.results.moderators):
        here = ("moderators", place)
        if line.kind == "subgroups" and line.tests:
            told = [
                filled(
                    "{p} for {what}",
                    p=printer.p(test.p, *here, "tests", i, "p"),
                    what=test.term.removesuffix(f" - {reference}"),
                )
                for i, test in enumerate(line.tests)
            ]
            found.append(
                filled(
                    "Of the other treatments against {reference}, the test for subgroup "
                    "differences by {what} gave {told}.",
                    reference=reference,
                    what=in_words(line.moderator),
                    told=listed(told),
                )
            )
        if line.alike is not None:
            found.append(
                filled(
                    "With a coefficient for each treatment against {reference}, a difference "
                    "between them was {verdict} for {what} ({p}).",
                    reference=reference,
                    verdict="shown" if line.alike.p < SHOWN else "not shown",
                    what=called_moderator(line),
                    p=printer.p(line.alike.p, *here, "alike", "p"),
                )
            )
    return found


def network_methods(facts: Facts) -> Spans:
    """Return how networks were fitted and looked into; nothing where none was planned."""
    if all(analysis.plan.kind is not AnalysisKind.NETWORK for analysis in facts.analyses):
        return ()
    return filled(
        "In a network all trials are compared at once {salanti}, with one τ² for all comparisons; "
        "the covariance of the comparisons of a trial with several treatments is taken into "
        "account, and I² is that of Q. Direct and indirect evidence are set apart for each pair "
        "by side-splitting {dias}, designs of trials by the design-by-treatment interaction "
        "{higgins}, and treatments ordered by P-scores {rucker}.",
        salanti=Cite("salanti2012"), dias=Cite("dias2010"), higgins=Cite("higgins2012"),
        rucker=Cite("rucker2015"),
    )  # fmt: skip
