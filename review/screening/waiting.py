"""What else a review waits for, when nothing wants a person's decision."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.people.models import Person
from review.protocol.models import Review
from review.screening.standings import boxes, conflicting, left_for
from review.screening.vocabulary import STAGE_WORDS, Box, Stage
from review.wording import counted


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Something that is to be done, with the command and the page for it."""

    words: str
    command: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.words}: {self.command}"


def elsewhere(session: Session, review: Review, person: Person) -> list[Elsewhere]:
    """Return what is to be done, in the order of a review's work."""
    found = []
    stands = boxes(session, review)
    for stage in Stage:
        words = STAGE_WORDS[stage]
        left = left_for(session, review, stage=stage, person=person.id)
        if left:
            want = "wants" if left == 1 else "want"
            found.append(
                Elsewhere(
                    f"{counted(left, 'record')} {want} your decision on {words}",
                    f"review screen --stage {stage.value}",
                    ("screen", stage.value),
                )
            )
        open_ = len(conflicting(session, review, stage=stage))
        if open_:
            await_ = "awaits" if open_ == 1 else "await"
            found.append(
                Elsewhere(
                    f"{counted(open_, 'conflict')} on {words} {await_} a third person",
                    f"review screen adjudicate --stage {stage.value}",
                    ("conflicts", stage.value),
                )
            )
        if stage is Stage.TITLE_ABSTRACT and stands.get(Box.AWAITING_RETRIEVAL):
            sought = stands[Box.AWAITING_RETRIEVAL]
            await_ = "awaits" if sought == 1 else "await"
            found.append(
                Elsewhere(
                    f"{counted(sought, 'report')} {await_} retrieval",
                    "review flow --list awaiting_retrieval, then review screen retrieve",
                    ("fulltexts",),
                )
            )
    for box, what in (
        (Box.AWAITING_SCREENING, "record"), (Box.AWAITING_ASSESSMENT, "report"),
    ):  # fmt: skip
        if not found and stands.get(box):
            wait = "waits" if stands[box] == 1 else "wait"
            said = f"{counted(stands[box], what)} still {wait} for other reviewers"
            found.append(Elsewhere(said, "review screen status", ("screen",)))
    if not found and stands:
        found.append(Elsewhere("Screening is done; see", "review flow", ("flow",)))
    return found
