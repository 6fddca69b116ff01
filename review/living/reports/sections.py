"""A change report as headed texts and tables, which every way of printing shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from review.canonical import decimals_for, interval, number, p_value
from review.living.reports.attribution import Explanation
from review.living.reports.bayes import event, moved_posterior_section, probability
from review.living.reports.brief import beside_what_moved, what_moved
from review.living.reports.changes import ChangeReport
from review.living.reports.classes import StripLine
from review.living.reports.forecast import WANTED, Fragility, Outlook
from review.living.reports.heterogeneity import moved_heterogeneity_section
from review.living.reports.joint import moved_outcomes_section
from review.living.reports.levels import moved_variances_section
from review.living.reports.networks import moved_section
from review.living.reports.notices import NO_NOTICES, Notices
from review.living.reports.pages import Section
from review.living.reports.posterior import Posterior
from review.living.reports.retirement import Readiness
from review.living.reports.sentence import conclusion_word
from review.living.reports.shares import Shares, SignalTold
from review.living.runs.results import MarginReading, PooledLine, VariantLine
from review.living.runs.scales import EffectScale
from review.protocol.vocabulary import AnalysisKind
from review.wording import counted


def tell(
    report: ChangeReport,
    explanation: Explanation | None = None,
    standings: tuple[Posterior | None, Posterior] | None = None,
    certainty: tuple[str, str] = ("", ""),
    notices: Notices = NO_NOTICES,
) -> list[Section]:
    """Return the sections of a change report: the plain sentence first, notices right below."""
    lines = _lines(report, standings, withheld=notices.withheld)
    if any(certainty):
        lines.append(("certainty (GRADE)", *certainty))
    found = [
        what_moved(report, notices),
        *beside_what_moved(notices).sections(most=MOST_NOTICES),
        _before_and_after(lines, first=report.before is None),
        *moved_section(*report.networks, report.scales),
        *moved_outcomes_section(report.joint, report.scales),
        *moved_variances_section(report.levels),
        *moved_heterogeneity_section(report.heterogeneity),
        *moved_posterior_section(report.posterior, report.scales),
        *_happened(report),
    ]
    if explanation is not None:
        if explanation.shares is not None:
            found.append(_shares(explanation.shares, report.scales[1]))
        first = report.before is None
        found.append(_signals(explanation.signals, report.scales[1], first=first))
    return found


MOST_NOTICES: Final = 8
"""Reasons of one kind that a report names; the others are counted."""


def tell_firmness(explanation: Explanation, scale: EffectScale, *, first: bool) -> list[Section]:
    """Return how firm the conclusion is, and what the next trial could do to it."""
    found = []
    if explanation.fragility_after is not None:
        before, after = explanation.fragility_before, explanation.fragility_after
        found.append(_fragility(before, after, scale, first=first))
    if explanation.outlook is not None:
        found.append(_outlook(explanation.outlook, explanation.settled, scale))
        found += _elsewhere(explanation.outlook, scale)
    return found


SHORT_TESTS: Final = {"adhoc": "Hartung-Knapp, floored", "knha": "Hartung-Knapp"}
TESTS: Final = {**SHORT_TESTS, "t": "t test", "z": "normal test"}


def pooled_lines(line: PooledLine | None, scale: EffectScale) -> dict[str, str]:
    """Return a pooled result as what it is called and what it is."""
    if line is None:
        return {}
    test = SHORT_TESTS.get(line.test, line.test) if line.k > 1 else "z"  # its own interval
    level = f"{line.level * 100:g}% interval"
    natural = line.natural
    back = {}
    if natural is not None:
        decimals = decimals_for(natural.ci)
        limits = interval(natural.ci, decimals)
        back = {natural.scale: f"{number(natural.estimate, decimals)} {limits}"}
    spread = {} if line.tau2 is None else {"tau²": number(line.tau2, 3)}
    i2, by_q = number(line.I2, 1), number(line.I2_q, 1)
    several = {
        **({} if line.tau2 is None else {"prediction interval": _predicted(line, scale)}),
        **spread,
        "I² (%)": i2 if i2 == by_q else f"{i2}; from Q {by_q}",
        "Q": f"{line.Q:.2f} (df {line.Q_df}, p {p_value(line.Q_p)})",
    }
    return {
        f"{scale.counts} (k)": str(line.k),
        f"estimate ({scale.shown})": scale.number(line.estimate, line.ci),
        **back,
        f"{level} ({test})": scale.interval(line.ci),
        f"{level} (z)": scale.interval(line.z_ci),
        "p": p_value(line.p),
        **(several if line.k > 1 else {}),
    }


def _predicted(line: PooledLine, scale: EffectScale) -> str:
    """Return the prediction interval, on the natural scale beside it where there is one."""
    told, ends = scale.interval(line.pi), scale.back(line.pi)
    if ends is None:
        return told
    return f"{told} ({scale.read_as} {interval(ends, decimals_for(ends))})"


def reading_lines(
    reading: MarginReading | None, kind: AnalysisKind, scale: EffectScale, *, withheld: bool = False
) -> dict[str, str]:
    """Return a conclusion and its p as what they are called and what they are."""
    word = None if reading is None else conclusion_word(kind, reading.conclusion, withheld=withheld)
    if reading is None or word is None:
        return {}
    if reading.margin is None:
        return {"conclusion": word}
    label = f"margin {scale.margin_text(reading.margin)}"
    return {
        f"conclusion, {label}": word,
        f"one-sided p, {label}": p_value(reading.noninferiority_p),
    }


def _lines(
    report: ChangeReport, standings: tuple[Posterior | None, Posterior] | None, *, withheld: bool
) -> list[tuple[str, str, str]]:
    (old_scale, scale), (old, new) = report.scales, standings or (None, None)
    was, now = pooled_lines(report.before, old_scale), pooled_lines(report.after, scale)
    for reading in report.readings:
        was |= reading_lines(reading.before, report.kind, old_scale)
        now |= reading_lines(reading.after, report.kind, scale, withheld=withheld)
    was |= standing_lines(old, old_scale)
    now |= standing_lines(new, scale)
    return [(name, was.get(name, ""), now.get(name, "")) for name in now | was]


def standing_lines(standing: Posterior | None, scale: EffectScale) -> dict[str, str]:
    """Return participants and posterior probabilities as what they are called and what they are."""
    if standing is None:
        return {}
    known, all_ = standing.counted, counted(standing.trials, "trial")
    some = "" if known == standing.trials else f" (of {known} of {all_})"
    return {
        "participants": f"{standing.participants}{some}" if known else "not reported",
        **{
            event(belief.margin, scale): probability(belief.probability)
            for belief in standing.beliefs
        },
    }


def _before_and_after(lines: Sequence[tuple[str, str, str]], *, first: bool) -> Section:
    if first:
        rows = tuple((name, now) for name, _, now in lines)
        return Section("Before and after", (), ("", "now"), rows)
    return Section("Before and after", (), ("", "before", "after"), tuple(lines))


def _happened(report: ChangeReport) -> list[Section]:
    found = []
    if report.because:
        found.append(Section("What was done", report.because))
    if report.before is not None and report.added:
        found.append(Section(f"Added ({len(report.added)})", ("; ".join(report.added),)))
    if report.removed:
        told = "; ".join(f"{item.study} ({item.reason})" for item in report.removed)
        found.append(Section(f"Removed ({len(report.removed)})", (told,)))
    for heading, changes in (
        ("Corrected", report.corrected),
        ("Plan", report.plan_changes),
        ("In sensitivity analyses", report.sensitivity),
        ("Software", report.engine),
    ):
        if changes:
            rows = tuple((c.where, c.what, c.old or "", c.new or "") for c in changes)
            found.append(Section(heading, (), ("in", "value", "old", "new"), rows))
    return found


def _shares(shares: Shares, scale: EffectScale) -> Section:

    def change(by: float) -> str:
        return scale.shift(by, 3) if scale.as_ratio else number(by, 3)

    rows = tuple(
        (
            s.what,
            change(s.estimate),
            change(s.lower),
            number(s.tau2, 3),
            change(s.in_order),
        )
        for s in (*shares.shares, shares.total)
    )
    how = (
        "all orders in which the events could have come"
        if shares.exact
        else "orders drawn with a fixed seed"
    )
    joined = "multiply to" if scale.as_ratio else "add up to"
    told = (
        f"Each event's share of the change, averaged over {how} (Shapley values); the shares "
        f"{joined} the total."
    )
    if shares.data_at_old_tau2 is not None and shares.tau2_reestimated is not None:
        told += (
            f" Of the change of the estimate, {change(shares.data_at_old_tau2)} comes from the "
            f"trials themselves and {change(shares.tau2_reestimated)} from a new estimate of how "
            "much trials differ (tau²)."
        )
    return Section(
        "Who moved it",
        (told,),
        (
            "event",
            "estimate",
            "upper limit" if scale.sign < 0 else "lower limit",
            "tau²",
            "estimate, one after another",
        ),
        rows,
    )


def _signals(fired: tuple[SignalTold, ...], scale: EffectScale, *, first: bool) -> Section:
    if not fired:
        told = "A first run has nothing to compare with." if first else "No signal fired."
        return Section("Signals", (told,))
    rows = tuple(
        (
            signal.kind,
            "" if signal.margin is None else scale.margin_text(signal.margin),
            number(signal.value, 3),
            number(signal.threshold, 3),
            _where(signal),
        )
        for signal in fired
    )
    return Section("Signals", (), ("signal", "margin", "value", "threshold", "where"), rows)


def _where(signal: SignalTold) -> str:
    trials = "; ".join(signal.trials)
    if signal.before is None:
        return trials
    turned = f"{signal.before} to {signal.after}"
    return f"{turned} (without {trials})" if trials else turned


def _removal_text(fragility: Fragility | None) -> str:
    if fragility is None:
        return ""
    if not fragility.enumerated:
        return "too many trials to try"
    if fragility.removals is None:
        return "no removal would"
    more = len(fragility.sets) - 3
    some = " / ".join(" + ".join(names) for names in fragility.sets[:3])
    return f"{fragility.removals} ({some}{f', and {more} more' if more > 0 else ''})"


def _shift_text(fragility: Fragility | None, scale: EffectScale) -> str:
    if fragility is None:
        return ""
    if fragility.shift is None:
        return "no shift would"
    return f"{scale.shift(fragility.shift)} in {fragility.shift_study}"


def _fragility(
    before: Fragility | None, after: Fragility, scale: EffectScale, *, first: bool
) -> Section:
    both = (before, after)
    rows = (
        ("fewest trials whose removal would change the conclusion", *map(_removal_text, both)),
        (
            "smallest shift of one trial that would change it",
            *(_shift_text(one, scale) for one in both),
        ),
    )
    if first:
        now = tuple((name, now) for name, _, now in rows)
        return Section("How firm it is", (), ("", "now"), now)
    return Section("How firm it is", (), ("", "before", "after"), rows)


def _outlook(outlook: Outlook, settled: bool | None, scale: EffectScale) -> Section:
    shown = [
        name
        for index, (name, _) in enumerate(outlook.trials[0].probabilities)
        if any(trial.probabilities[index][1] >= 0.005 for trial in outlook.trials)
    ]
    rows = tuple(
        (
            trial.size,
            scale.interval(trial.band),
            number(trial.change, 3),
            *(number(dict(trial.probabilities)[name], 3) for name in shown),
        )
        for trial in outlook.trials
    )
    sized = outlook.trials[0].per_arm is not None
    what = "participants an arm" if sized else "size"
    return Section(
        "The next trial",
        tuple(_outlook_sentences(outlook, settled, sized=sized)),
        (what, "its effect", "any change", *shown),
        rows,
    )


def _outlook_sentences(outlook: Outlook, settled: bool | None, *, sized: bool) -> Iterator[str]:
    claim = outlook.claim
    middle = outlook.trials[len(outlook.trials) // 2]
    size = f"with {middle.size} participants an arm" if sized else f"the size of {middle.size}"
    of = f"of {outlook.called} " if outlook.called else ""
    yield (
        f"One more trial {of}{size} would change the conclusion with probability "
        f"{middle.change:.2f}."
    )
    yield (
        f"Its effect is expected within the band below ({outlook.level:.0%}), which allows for how "
        "uncertain tau² is."
    )
    if outlook.shown:
        yield f"{claim.capitalize()} is shown; the table says what a further trial would leave."
    elif outlook.needed_per_arm is not None:
        yield (
            f"With {outlook.needed_per_arm} an arm the next trial would show {claim} with "
            f"probability {WANTED:g}."
        )
    elif sized:
        yield f"No single next trial shows {claim} with probability {WANTED:g}."
    if outlook.fewest_trials is not None:
        least = counted(outlook.fewest_trials, "trial")
        how = f"{TESTS[outlook.test]}, power {outlook.power:.0%}"
        yield f"At this tau² {claim} needs at least {least} of any size ({how})."
    if settled:
        yield "No single next trial is likely to turn the conclusion."
    yield (
        f"What certainty would be worth (expected value of perfect information): "
        f"{outlook.evpi:.4f} a patient, on the scale of the effect; approximate, for tau² is taken "
        "as known and nothing is assumed beforehand."
    )


MOST_ELSEWHERE: Final = 10
"""Pairs of a network that a report names; the others are counted."""


def _elsewhere(outlook: Outlook, scale: EffectScale) -> list[Section]:
    """Return what a trial of each pair or outcome would find, and leave of the interval."""
    if len(outlook.elsewhere) < 2:
        return []
    shown = outlook.elsewhere[:MOST_ELSEWHERE]
    size, sized = shown[0].size, outlook.trials[0].per_arm is not None
    told = (
        f"Each {f'with {size} participants an arm' if sized else f'the size of {size}'}; what it "
        f"would leave of the width of the interval of {outlook.called}, tau² as it is now."
    )
    rest = len(outlook.elsewhere) - len(shown)
    others = (f"{counted(rest, 'more pair')} would narrow it less.",) if rest else ()
    rows = tuple((one.called, scale.interval(one.band), f"{100 * one.left:.0f} %") for one in shown)
    headers = ("trial of", "its effect", "width left")
    return [Section("A next trial elsewhere", (told, *others), headers, rows)]


def variant_section(
    before: Sequence[VariantLine],
    after: Sequence[VariantLine],
    scales: tuple[EffectScale, EffectScale],
) -> Section:
    """Return the sensitivity analyses, before and after; their classes stand in the strip."""
    was = {line.label: line for line in before}
    now = ("k", "estimate", "interval")
    old = tuple(f"{name} before" for name in now) if before else ()
    rows = []
    for line in after:
        earlier = _variant(was.get(line.label), scales[0]) if before else ()
        rows.append((line.label, *earlier, *_variant(line, scales[1]), line.note or ""))
    return Section("Sensitivity", (), ("analysis", *old, *now, "note"), tuple(rows))


def _variant(line: VariantLine | None, scale: EffectScale) -> tuple[str, ...]:
    if line is None:
        return ("", "", "")
    return str(line.k), scale.number(line.estimate, line.ci), scale.interval(line.ci)


def strip_section(lines: Sequence[StripLine], scale: EffectScale) -> Section:
    """Return the class strip: analyses down, margins across, what flipped marked."""
    margins = [one.margin for one in lines[0].classes]
    none = "against 1" if scale.as_ratio else "against zero"
    headers = [none if m is None else f"margin {scale.margin_text(m)}" for m in margins]
    rows = []
    for line in lines:
        cells = []
        for one in line.classes:
            now = one.after.value if one.after is not None else "none"
            cells.append(f"{one.before} → {now}" if one.flipped else now)
        rows.append((line.analysis, *cells, "flipped" if line.flipped else ""))
    flipped = sum(line.flipped for line in lines)
    told = f"{counted(flipped, 'analysis', 'analyses')} of {len(lines)} changed class."
    return Section("Conclusion classes", (told,), ("analysis", *headers, "flip"), tuple(rows))


def readiness_section(readiness: Readiness) -> Section:
    """Return the criteria of retirement, what each is now, and the verdict."""
    rows = tuple(
        (c.name, c.wanted, c.now, "not known" if c.met is None else "yes" if c.met else "no")
        for c in readiness.criteria
    )
    headers = ("criterion", "wanted", "now", "met")
    return Section("Readiness to retire", (readiness.sentence,), headers, rows)
