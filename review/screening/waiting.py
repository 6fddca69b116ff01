"""What else a review waits for, when nothing wants a person's decision."""

from __future__ import annotations

from sqlalchemy.orm import Session

from review.people.models import Person
from review.protocol.models import Review
from review.screening.standings import boxes, conflicting, left_for
from review.screening.vocabulary import STAGE_WORDS, Box, Stage
from review.wording import counted


def elsewhere(session: Session, review: Review, person: Person) -> list[str]:
    """Return what is to be done, with the command for it, in the order of a review's work."""
    found = []
    stands = boxes(session, review)
    for stage in Stage:
        left = left_for(session, review, stage=stage, person=person.id)
        if left:
            want = "wants" if left == 1 else "want"
            found.append(
                f"{counted(left, 'record')} {want} your decision on {STAGE_WORDS[stage]}: "
                f"review screen --stage {stage.value}"
            )
        open_ = len(conflicting(session, review, stage=stage))
        if open_:
            await_ = "awaits" if open_ == 1 else "await"
            found.append(
                f"{counted(open_, 'conflict')} on {STAGE_WORDS[stage]} {await_} a third person: "
                f"review screen adjudicate --stage {stage.value}"
            )
        if stage is Stage.TITLE_ABSTRACT and stands.get(Box.AWAITING_RETRIEVAL):
            sought = stands[Box.AWAITING_RETRIEVAL]
            await_ = "awaits" if sought == 1 else "await"
            found.append(
                f"{counted(sought, 'report')} {await_} retrieval: "
                "review flow --list awaiting_retrieval, then review screen retrieve"
            )
    for box, what in (
        (Box.AWAITING_SCREENING, "record"), (Box.AWAITING_ASSESSMENT, "report"),
    ):  # fmt: skip
        if not found and stands.get(box):
            found.append(
                f"{counted(stands[box], what)} still {'waits' if stands[box] == 1 else 'wait'} "
                "for other reviewers: review screen status"
            )
    if not found and stands:
        found.append("Screening is done; see: review flow")
    return found
