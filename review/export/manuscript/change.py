"""What moved in an analysis since readers last saw it, and by what."""

from __future__ import annotations

from review.export.manuscript.document import Spans, filled, joined, listed
from review.export.manuscript.facts import Analysed, printer_of
from review.export.manuscript.printer import Printer
from review.export.manuscript.scaled import SETTINGS, estimate_of, limits_of, with_limits
from review.export.manuscript.sentences import count
from review.export.tables.printing import NumberStyle
from review.living.reports.changes import ChangeReport
from review.living.reports.sentence import conclusion_word
from review.living.runs.results import PooledLine, RunResults
from review.living.runs.scales import EffectScale
from review.protocol.vocabulary import AnalysisKind


def change_sentences(analysed: Analysed, style: NumberStyle) -> list[Spans]:
    """Return what moved since the last version and why; nothing of what is there first."""
    latest = analysed.latest
    if latest.before is None:
        return []
    if latest.unchanged:
        return [(f"This is the result of {latest.since}; nothing in it has changed.",)]
    before = latest.before[1]
    earlier = Printer(style, f"before/{analysed.slug}", latest.before_key)
    now = printer_of(analysed, style)
    return [
        _moved(analysed, before, earlier, now),
        *(
            []
            if latest.notices.withheld
            else _class_change(analysed.plan.kind, before, latest.results)
        ),
        *_in_the_plan(latest.change),
    ]


def _moved(analysed: Analysed, before: RunResults, earlier: Printer, now: Printer) -> Spans:
    old, new = before.pooled, analysed.latest.results.pooled
    old_scale, scale = analysed.latest.change.scales
    return filled(
        "Since {since}, with {why}, the estimate went from {old}, to {new}.",
        since=analysed.latest.since,
        why=_causes(analysed.latest.change, now),
        old=_estimate(old, old_scale, earlier),
        new=_estimate(new, scale, now),
    )


def _estimate(line: PooledLine, scale: EffectScale, printer: Printer) -> Spans:
    """Return ``1.19, 95% CI [0.85, 1.52] (70 trials)``; AMA has all in one pair of brackets."""
    value = estimate_of(line.estimate, line.ci, scale, printer, "pooled")
    ci = limits_of(line.ci, scale, printer, "pooled", "ci", level=line.level)
    k = count(printer.integer(line.k, "pooled", "k"), "trial")
    if SETTINGS[printer.style].last:
        return with_limits(printer, value, ci, k)
    return filled("{told} ({k})", told=with_limits(printer, value, ci), k=k)


def _causes(change: ChangeReport, now: Printer) -> Spans:
    corrected = len({value.where for value in change.corrected})
    found: list[Spans] = [("a changed plan",)] if change.plan_changes else []
    for n, word, where in (
        (len(change.added), "added", "trials"),
        (len(change.removed), "removed", "left_out"),
        (corrected, "corrected", "trials"),
    ):
        if n:
            trials = count(now.counted(n, word, where), "trial")
            found.append(joined([*trials, f" {word}"]))
    if change.sensitivity:
        found.append(("other trials in a sensitivity analysis",))
    if not found:
        return ("another version of the software",) if change.engine else ("no change of inputs",)
    return listed(found)


def _class_change(kind: AnalysisKind, before: RunResults, after: RunResults) -> list[Spans]:
    old, new = (conclusion_word(kind, results.headline.conclusion) for results in (before, after))
    if new is None:
        return []
    if old == new:
        return [(f"The conclusion is still “{new}”.",)]
    return [(f"The conclusion changed from “{old}” to “{new}”.",)]


def _in_the_plan(change: ChangeReport) -> list[Spans]:
    told = "; ".join(value.words for value in change.plan_changes)
    return [(f"Changed in the plan: {told}.",)] if told else []
