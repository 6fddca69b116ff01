"""What people are told of a job: that a conclusion changed or a signal fired, never otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from review.canonical import utc_text
from review.living.job.channels import Message
from review.living.job.report import AnalysisName, Recomputed, RepoolReport
from review.living.reports.notices import NO_NOTICES, Notices
from review.living.reports.pages import markdown
from review.living.reports.sections import tell


def message_of(
    report: RepoolReport,
    now: datetime,
    notices: Mapping[AnalysisName, Notices] | None = None,
    *,
    head: tuple[int, str] | None = None,
) -> Message | None:
    """Return what a job has to tell; None when no class changed and no signal fired.

    `notices` stand beside each result; one that is withheld is told without its conclusion. `head`
    is that of the history, which a mail keeps as an anchor for ``review verify``.
    """
    beside = {item.name: NO_NOTICES for item in report.recomputed} | dict(notices or {})
    told = [item for item in report.recomputed if item.matters]
    if not told:
        return None
    told.sort(key=lambda item: not item.report.flipped)
    withheld = {item.name for item in told if beside[item.name].withheld}
    pages = (
        markdown(_title(item), tell(item.report, item.explanation, notices=beside[item.name]))
        for item in told
    )
    return Message(
        subject=f"[review] {_subject(told, withheld)}",
        text="\n".join([*pages, *([] if head is None else [_anchor(*head)])]),
        payload={
            **({} if head is None else {"history": {"seq": head[0], "hash": head[1]}}),
            "at": utc_text(now),
            "job": report.job_id,
            "changes": [
                {
                    "review": item.name.review,
                    "analysis": item.name.analysis,
                    "run": item.number,
                    "class_changed": item.report.flipped and item.name not in withheld,
                    "withheld": item.name in withheld,
                    "sentence": (
                        item.report.unconcluded if item.name in withheld else item.report.sentence
                    ),
                    "direction": item.report.direction,
                    "signals": [
                        asdict(signal)
                        for signal in (item.explanation.signals if item.explanation else ())
                    ],
                }
                for item in told
            ],
        },
    )


def _subject(told: Sequence[Recomputed], withheld: Collection[AnalysisName]) -> str:
    """Name what changed its class, and only where nothing did what moved otherwise."""
    flipped = [item for item in told if item.report.flipped and item.name not in withheld]
    named = flipped or told
    names = ", ".join(f"{item.name.review} / {item.name.analysis}" for item in named[:3])
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    what = "conclusion changed" if flipped else "result moved"
    moved = f"; {len(told) - len(named)} moved" if len(told) > len(named) else ""
    return f"{what}: {names}{more}{moved}"


def _title(item: Recomputed) -> str:
    return f"{item.name.review} / {item.name.analysis}, run {item.number}"


def _anchor(seq: int, hash_: str) -> str:
    return (
        "\nHead of the history, to be held against it later (review verify --anchor):\n"
        f"event {seq} {hash_}\n"
    )
