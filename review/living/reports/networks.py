"""What a network says beside the comparison that its plan decides on: tables and sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from review.canonical import fixed, number, p_value
from review.living.reports.pages import Section
from review.living.runs.networks import Agreement, ComparisonLine, Interval, NetworkLine
from review.living.runs.results import RunResults
from review.living.runs.scales import EffectScale
from review.synthesis.network.inconsistency import PERFECT
from review.wording import counted

CAUTION: Final = (
    "a P-score says how sure it is that a treatment is better than another, not by how much; one "
    "small trial can put a treatment first"
)

NOT_OF_NETWORKS: Final = (
    "is of analyses of one comparison, and this is a network; plan the comparison as a contrast "
    "beside it"
)
"""Why a figure or a report does not speak of a network."""

MOST_MOVED: Final = 10
"""Comparisons that a change report names; the others are counted."""

SMALLEST: Final = 0.005
"""A move below this rounds to nothing in two decimals."""


def agreement_sentence(found: Agreement) -> str:
    """Return whether designs of trials agree, by Q and by the interaction."""
    if not found.between_df:
        return "Inconsistency cannot be assessed: no two designs of trials could disagree."
    told = (
        f"Q between designs {found.q_between:.2f} on {found.between_df}, "
        f"p {p_value(found.between_p)}; within designs {found.q_within:.2f} on {found.within_df}"
    )
    if found.within_p is not None:
        told += f", p {p_value(found.within_p)}"
    if found.wald is None:
        return (
            f"{told}. No design has two trials, so that inconsistency and heterogeneity cannot be "
            "told apart."
        )
    return (
        f"{told}. Design-by-treatment interaction, heterogeneity allowed for: chi² "
        f"{found.wald:.2f} on {found.between_df}, p {p_value(found.wald_p)}. A large p is no "
        "proof that designs agree."
    )


def why_no_split(line: ComparisonLine) -> str:
    """Return why a pair's two kinds of evidence are not tested; nothing if they are."""
    if line.split_p is not None:
        return ""
    if line.direct is not None:
        return PERFECT
    return "all evidence is direct" if line.k else "all evidence is indirect"


def size_words(line: NetworkLine) -> str:
    """Return ``73 trials, 150 arms, 7 treatments``."""
    return f"{counted(line.trials, 'trial')}, {line.arms} arms, {len(line.treatments)} treatments"


def better_words(scale: EffectScale) -> str:
    """Return which numbers favour the first treatment of a pair, as a sentence."""
    below = scale.as_ratio and scale.sign < 0
    side = "Below" if below else "Above"
    return f"{side} {scale.none:g} favours the first of a pair ({scale.shown})."


def network_sections(results: RunResults, scale: EffectScale) -> list[Section]:
    """Return the tables of a network; none of another analysis."""
    line = results.network
    if line is None:
        return []
    missing = [f"No trial of the network has {', '.join(line.without)}."] if line.without else []
    against = tuple(
        (
            c.treatment,
            str(c.k),
            scale.number(c.estimate, c.ci),
            scale.interval(c.ci),
            scale.interval(c.pi),
            p_value(c.p),
        )
        for c in line.against_reference
    )
    treated = tuple(
        (t.name, str(t.trials), "" if t.participants is None else str(t.participants),
         number(t.p_score))
        for t in line.ranked
    )  # fmt: skip
    pairs = tuple(
        (
            f"{c.treatment} - {c.versus}",
            str(c.k),
            _told(c.alone, c.alone_ci, scale),
            _told(c.direct, c.direct_ci, scale),
            _told(c.indirect, c.indirect_ci, scale),
            f"{scale.number(c.estimate, c.ci)} {scale.interval(c.ci)}",
            why_no_split(c) or p_value(c.split_p),
        )
        for c in line.comparisons
    )
    better = better_words(scale)
    return [
        Section(
            f"Each treatment against {line.reference}",
            (f"{size_words(line)}. {better}", *missing),
            ("treatment", "trials of the pair", scale.shown, "interval", "new trial", "p"),
            against,
        ),
        Section(
            "Every pair: direct, indirect, together",
            (agreement_sentence(line.agreement),),
            ("pair", "k", "alone", "direct", "indirect", "network", "disagree, p"),
            pairs,
        ),
        Section(
            "Treatments",
            (f"By P-score: {CAUTION}.",),
            ("treatment", "trials", "participants", "P-score"),
            treated,
        ),
    ]


def network_tables_of(results: RunResults, scale: EffectScale) -> tuple[Section, ...]:
    """Return the league table of a network and its other tables; none of another analysis."""
    if results.network is None:
        return ()
    return (league_section(results.network, scale), *network_sections(results, scale))


def league_section(line: NetworkLine, scale: EffectScale) -> Section:
    """Return the league table: each row's treatment against each column's, the best first."""
    names = [t.name for t in line.ranked]
    rows = tuple(
        (
            row,
            *(
                "" if row == column else _cell(line.comparison(row, column), scale)
                for column in names
            ),
        )
        for row in names
    )
    said = "Row against column, the treatments in order of their P-scores."
    return Section("League table", (said,), ("", *names), rows)


def _cell(c: ComparisonLine, scale: EffectScale) -> str:
    return f"{scale.number(c.estimate, c.ci)} {scale.interval(c.ci)}"


def _told(estimate: float | None, ci: Interval | None, scale: EffectScale) -> str:
    if estimate is None:
        return ""
    return f"{scale.number(estimate, ci)} {scale.interval(ci)}"


Moved = tuple[ComparisonLine, ComparisonLine]
"""A comparison before and after."""


def _moved(before: NetworkLine, after: NetworkLine) -> tuple[list[Moved], int]:
    """Return the comparisons of two networks that moved, the furthest first, and of how many."""
    was = {frozenset(c.pair): c for c in before.comparisons}
    both = [
        (old.turned if old.pair != now.pair else old, now)
        for now in after.comparisons
        if (old := was.get(frozenset(now.pair))) is not None
    ]
    moved = [pair for pair in both if abs(_shift(pair)) >= SMALLEST]
    return sorted(moved, key=lambda pair: -abs(_shift(pair))), len(both)


def _shift(pair: Moved) -> float:
    return pair[1].estimate - pair[0].estimate


def moved_furthest(
    before: NetworkLine | None, after: NetworkLine | None, scales: tuple[EffectScale, EffectScale]
) -> Iterator[str]:
    """Yield in a sentence which comparison of a network moved furthest; nothing of others."""
    if before is None or after is None:
        return
    moved, of = _moved(before, after)
    yield from _joined(before, after)
    if not moved:
        yield f"None of {counted(of, 'comparison')} of the network moved."
        return
    old, now = moved[0]
    yield (
        f"Of {counted(of, 'comparison')} of the network {len(moved)} moved, furthest "
        f"{now.treatment} against {now.versus}, from {_cell(old, scales[0])} to "
        f"{_cell(now, scales[1])}."
    )


def moved_section(
    before: NetworkLine | None, after: NetworkLine | None, scales: tuple[EffectScale, EffectScale]
) -> list[Section]:
    """Return which comparisons of a network moved, the furthest first; none of other analyses."""
    if before is None or after is None:
        return []
    moved, of = _moved(before, after)
    rows = tuple(
        (
            f"{now.treatment} - {now.versus}",
            _cell(old, scales[0]),
            _cell(now, scales[1]),
            scales[1].shift(now.estimate - old.estimate),
        )
        for old, now in moved[:MOST_MOVED]
    )
    told = [f"{len(moved)} of {counted(of, 'comparison')} moved."]
    if len(moved) > MOST_MOVED:
        told.append(f"The {MOST_MOVED} that moved furthest:")
    told += _joined(before, after)
    headers = ("pair", "before", "after", "moved") if rows else ()
    return [Section("Comparisons of the network", tuple(told), headers, rows)]


def _joined(before: NetworkLine, after: NetworkLine) -> Iterator[str]:
    was, now = ([t.name for t in line.treatments] for line in (before, after))
    new, gone = [n for n in now if n not in was], [n for n in was if n not in now]
    if new:
        yield f"New in the network: {', '.join(new)}."
    if gone:
        yield f"No longer in the network: {', '.join(gone)}."
    p_was, p_now = before.agreement.wald_p, after.agreement.wald_p
    if p_was is not None and p_now is not None and fixed(p_was, 3) != fixed(p_now, 3):
        yield (f"Design-by-treatment interaction: p from {p_value(p_was)} to {p_value(p_now)}.")
