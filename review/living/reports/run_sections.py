"""A stored run as headed texts and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from review.canonical import number, p_value
from review.effects.variation import BIASED, CORRECTED
from review.living.estimates.asymmetry import told as asymmetry_told
from review.living.estimates.zero_cells import zero_cell_lines
from review.living.reports.absolute import absolute_sections
from review.living.reports.bayes import posterior_section
from review.living.reports.brief import beside_what_moved
from review.living.reports.heterogeneity import heterogeneity_sections
from review.living.reports.joint import joint_sections
from review.living.reports.levels import levels_sections
from review.living.reports.networks import network_sections
from review.living.reports.notices import HEADINGS, NoticeKind, Notices
from review.living.reports.pages import Section
from review.living.reports.sections import pooled_lines, reading_lines
from review.living.reports.sentence import conclusion_word
from review.living.runs.contents import LeftOut
from review.living.runs.results import (
    AgainstLine,
    Interval,
    ModeratorLine,
    PooledLine,
    Snapshot,
    VariantLine,
)
from review.living.runs.scales import EffectScale, scale_of_run
from review.measures import OF_COUNTS, AnalysisKind
from review.protocol.rules import Plan
from review.protocol.sampling import sampling_words
from review.synthesis import Conclusion, Test
from review.synthesis.pooled import few_for_normal
from review.wording import capitalised


def shown(snapshot: Snapshot, notices: Notices, *, newest: bool) -> list[Section]:
    """Return what a run holds: its trials, its results, and what to know beside them.

    Parameters
    ----------
    notices
        As things are now.
    newest
        Whether the run is the newest; of an older one also those who were left out then are told.
    """
    inputs, results = snapshot
    scale, withheld, line = scale_of_run(inputs), notices.withheld, results.pooled
    pooled = pooled_lines(results.pooled, scale)
    for reading in results.readings:
        pooled |= reading_lines(reading, inputs.plan.kind, scale, withheld=withheld)
    beside = (f"{capitalised(notices.headline)}.",) if notices.headline else ()
    told = notices.sentences(NoticeKind.WITHHELD)
    if told:
        told = (f"{HEADINGS[NoticeKind.WITHHELD]}:", *told)
    called = "comparison" if results.network is not None else "outcome"
    if results.levels is not None:
        called = "result"
    compared = () if results.of_one_mean else (called,)
    read_as = (scale.read_as,) if scale.natural is not None else ()
    effects = tuple(
        (
            effect.study,
            *((trial.told_apart,) if compared else ()),
            _count(effect.n_intervention),
            _count(effect.n_comparator),
            scale.number(effect.yi, effect.ci),
            scale.interval(effect.ci),
            *back(scale.of_trial(trial), effect.yi, effect.ci),
            number(effect.weight, 1),
        )
        for trial, effect in zip(inputs.trials, results.effects, strict=True)
    )
    return [
        Section(
            "What moved",
            (*told, scale.direction(inputs.plan), *beside),
            ("study", *compared, "n1", "n2", scale.shown, "interval", *read_as, "weight %"),
            effects,
        ),
        Section("Before and after", (), ("", "pooled"), tuple(pooled.items())),
        *absolute_sections(inputs, results),
        *network_sections(results, scale),
        *joint_sections(results, scale),
        *levels_sections(results, scale),
        *robustness_sections(snapshot, withheld=withheld),
        *(
            [Section("Notes", notes)]
            if (notes := (*_cautions(inputs.plan, line), *line.notes))
            else ()
        ),
        *([] if newest else _then(inputs.left_out)),
        *beside_what_moved(notices).sections(),
    ]


def robustness_sections(snapshot: Snapshot, *, withheld: bool) -> list[Section]:
    """Return posterior, variants, models of effect and heterogeneity, a test, each a section."""
    inputs, results = snapshot
    variants = partial(_variants, scale_of_run(inputs), withheld=withheld, kind=inputs.plan.kind)
    return [
        *posterior_section(results.posterior, scale_of_run(inputs)),
        *variants("Sensitivity", results.variants),
        *variants("The same counts by other ways", zero_cell_lines(inputs)),
        *(s for line in results.moderators for s in _moderator(line, variants)),
        *heterogeneity_sections(results.heterogeneity, scale_of_run(inputs)),
        *([Section("Asymmetry", (tested,))] if (tested := asymmetry_told(*snapshot)) else ()),
    ]


def back(scale: EffectScale, estimate: float | None, limits: Interval | None) -> tuple[str, ...]:
    """Return the cell of an estimate transformed back; none where numbers are read as they are."""
    return (scale.beside(estimate, limits),) if scale.natural is not None else ()


def _cautions(plan: Plan, line: PooledLine) -> Iterator[str]:
    """Yield that a normal test rests on few degrees of freedom, or that older results differ."""
    chosen = sampling_words(plan)
    if chosen is not None:
        yield f"{capitalised(chosen)}, as planned."
    if line.measure in BIASED and plan.correct:
        yield f"{line.measure} is {CORRECTED}."
    if line.test == Test.Z and line.method not in OF_COUNTS and few_for_normal(line.k, line.tau2):
        yield (
            f"The normal interval on {line.k} trials that differ is too narrow; test: adhoc in the "
            f"plan takes t on {line.k - 1} degrees of freedom."
        )


def _word(kind: AnalysisKind, conclusion: str | None, *, withheld: bool) -> str:
    if conclusion is None:
        return ""
    return conclusion_word(kind, Conclusion(conclusion), withheld=withheld) or ""


def _count(n: int | None) -> str:
    return "" if n is None else str(n)


def _variants(
    scale: EffectScale,
    heading: str,
    lines: Sequence[VariantLine],
    after: tuple[str, ...] = (),
    *,
    withheld: bool,
    slopes: bool = False,
    kind: AnalysisKind,
) -> Iterator[Section]:
    decimals = scale.slope_decimals if slopes else lambda _, ci: scale.decimals(ci)
    shown = (scale.read_as,) if scale.natural is not None and not slopes else ()

    if lines:
        rows = tuple(
            (
                line.label,
                str(line.k),
                scale.number(line.estimate, decimals=(n := decimals(line.estimate, line.ci))),
                scale.interval(line.ci, decimals=n),
                *(back(scale, line.estimate, line.ci) if shown else ()),
                _word(kind, line.conclusion, withheld=withheld),
                line.note or "",
            )
            for line in lines
        )
        headers = ("analysis", "k", "estimate", "interval", *shown, "conclusion", "note")
        yield Section(heading, after, headers, rows)
        yield from _others(scale, heading, lines)
    elif after:
        yield Section(heading, after)


def _others(scale: EffectScale, heading: str, lines: Sequence[VariantLine]) -> Iterator[Section]:
    """Yield what the same lines of a network say of the other treatments against the reference."""
    names = list(dict.fromkeys(one.treatment for line in lines for one in line.others))
    if not names:
        return
    rows = tuple(
        (line.label, *(found.get(name, "") for name in names))
        for line in lines
        if (found := {one.treatment: told_with_limits(scale, one) for one in line.others})
    )
    yield Section(
        f"{heading.partition(': test')[0]}: the others against the reference", (),
        ("analysis", *names), rows,
    )  # fmt: skip


def told_with_limits(scale: EffectScale, line: AgainstLine) -> str:
    """Return ``0.31 [0.10, 0.52]``."""
    return f"{scale.number(line.estimate, line.ci)} {scale.interval(line.ci)}"


def _moderator(
    line: ModeratorLine, variants: Callable[..., Iterator[Section]]
) -> Iterator[Section]:
    test = ""
    if line.p is not None:
        test = f": test {number(line.stat)}, df {line.df}, p {p_value(line.p)}"
    tests = []
    for one in (*line.tests, *([line.alike] if line.alike is not None else ())):
        ddf = "" if one.ddf is None else f", {one.ddf:g}"
        tests.append(f"{one.term}: {number(one.stat)}, df {one.df}{ddf}, p {p_value(one.p)}.")
    told = (*([f"{line.note}"] if line.note else ()), *tests, *line.beside)
    lines = line.lines
    if line.at_mean is not None:
        named = line.at_mean.model_copy(update={"label": f"at {line.at_mean.label} (mean)"})
        lines = (*lines, named)
    heading = f"{line.kind.capitalize()} by {line.moderator}{test}"
    yield from variants(heading, lines, told, slopes=line.kind != "subgroups")
    if line.by_treatment:
        each = f"{line.kind.capitalize()} by {line.moderator}: a coefficient for each treatment"
        yield from variants(each, line.by_treatment, slopes=True)


def _then(left_out: Sequence[LeftOut]) -> list[Section]:
    reasons: dict[str, list[str]] = {}
    for item in left_out:
        reasons.setdefault(item.reason, []).append(item.study)
    told = tuple(f"{'; '.join(studies)}: {reason}." for reason, studies in reasons.items())
    return [Section("Left out when this run was made", told)] if told else []
