"""What moved in an analysis since readers last saw it, and by what."""

from __future__ import annotations

from review.export.manuscript.document import Spans, filled, joined, listed
from review.export.manuscript.facts import Analysed, printer_of
from review.export.manuscript.printer import Printer
from review.export.manuscript.scaled import estimate_of, limits_of
from review.export.manuscript.sentences import count
from review.export.tables.printing import NumberStyle
from review.living.reports.changes import ChangeReport
from review.living.reports.sentence import conclusion_word
from review.living.runs.results import RunResults
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
        "Since {since}, with {why}, the estimate went from {old}, {old_ci} ({old_k}), to {new}, "
        "{new_ci} ({new_k}).",
        since=analysed.latest.since,
        why=_causes(analysed.latest.change, now),
        old=estimate_of(old.estimate, old_scale, earlier, "pooled"),
        old_ci=limits_of(old.ci, old_scale, earlier, "pooled", "ci", level=old.level),
        old_k=count(earlier.integer(old.k, "pooled", "k"), "trial"),
        new=estimate_of(new.estimate, scale, now, "pooled"),
        new_ci=limits_of(new.ci, scale, now, "pooled", "ci", level=new.level),
        new_k=count(now.integer(new.k, "pooled", "k"), "trial"),
    )


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
