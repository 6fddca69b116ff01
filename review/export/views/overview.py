"""The reviews of a person, and where one of them stands: four questions, in their order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Record, Search
from review.citations.pair_queries import count_pairs
from review.citations.rules import PairState
from review.export.views.current import Current, change_of, contents_of, current, remembered
from review.extraction.appraisal.queue import waiting_for
from review.extraction.assigning.views import Next
from review.extraction.assigning.views import waiting_for as extraction_waits
from review.extraction.doubts import doubts
from review.extraction.drafts.queries import drafts_of
from review.extraction.models import Study
from review.extraction.queries import extraction_states, studies
from review.history.models import Event
from review.living.job.schedule import mode_of
from review.living.reports.sentence import conclusion_word
from review.living.runs.models import Failure, Job, JobOutcome, Notification
from review.living.runs.queries import failures, jobs, newest_of_each, run_numbered
from review.people.queries import members, person_known
from review.people.rules import Deed, Role, may
from review.protocol.models import Analysis, Review
from review.screening.models import Decision, Place
from review.screening.places import are_current
from review.screening.queries import ledger
from review.screening.standings import boxes, left_for, progress, to_settle
from review.screening.vocabulary import STAGE_WORDS, Box, Stage, State
from review.wording import counted

WEEK: Final = timedelta(days=7)
MOST_JOBS: Final = 20


@dataclass(frozen=True, slots=True)
class Link:
    """Something said, and the page of the review that it leads to."""

    words: str
    path: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()
    n: int = 0


@dataclass(frozen=True, slots=True)
class ReviewCard:
    """A review in a list of them."""

    slug: str
    title: str
    question: str
    role: Role
    status: str
    """Living, paused or retired."""
    last_search: str | None
    """The date of the newest search."""
    records: int
    studies: int
    analyses: int
    waiting: int
    """Things that wait for this person."""
    last_change: str | None
    last_at: datetime | None


def review_card(
    session: Session, review: Review, role: Role, *, viewer: str, now: datetime
) -> ReviewCard:
    """Return a review in short, for one person."""
    newest = session.execute(
        sa.select(Event.actor, Event.action, Event.entity, Event.reason, Event.at)
        .where(Event.review == review.slug)
        .order_by(Event.seq.desc())
        .limit(1)
    ).one_or_none()
    return ReviewCard(
        slug=review.slug,
        title=review.title,
        question=review.question,
        role=role,
        status=mode_of(session, review, now).status.value,
        last_search=session.scalar(
            sa.select(sa.func.max(Search.ran_on)).where(Search.review_id == review.id)
        ),
        records=_count(session, Record, review),
        studies=_count(session, Study, review),
        analyses=_count(session, Analysis, review),
        waiting=sum(
            link.n for link in _waiting(session, review, role, viewer, boxes(session, review))
        ),
        last_change=_in_words(*newest[:4]) if newest else None,
        last_at=newest.at if newest else None,
    )


def _count(session: Session, table: type[Record | Study | Analysis], review: Review) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(table.review_id == review.id)
    return session.scalar(query) or 0


def _in_words(actor: str, action: str, entity: str, reason: str | None) -> str:
    done = {"insert": "added a", "update": "changed a"}.get(action, f"{action.replace('_', ' ')}:")
    why = f" ({reason})" if reason else ""
    return f"{actor} {done} {entity.replace('_', ' ')}{why}"


@dataclass(frozen=True, slots=True)
class Moved:
    """What an analysis' newest run said of the one before."""

    analysis: str
    title: str
    run: int
    created: datetime
    sentence: str
    conclusion: str
    flipped: bool


@dataclass(frozen=True, slots=True)
class PersonPart:
    """How many decisions of a stage are one person's; never what they are."""

    who: str
    decided: int
    remaining: int


@dataclass(frozen=True, slots=True)
class StageBar:
    """A stage in numbers."""

    stage: str
    done: int
    part: int
    """Begun."""
    all: int
    said: str
    pace: str
    """How long the rest takes at last week's pace; nothing where nothing is left."""
    people: tuple[PersonPart, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Where a review stands."""

    slug: str
    title: str
    question: str
    status: str
    because: str | None
    moved: tuple[Moved, ...]
    waiting: tuple[Link, ...]
    stages: tuple[StageBar, ...]
    due: tuple[Link, ...]


def dashboard(
    session: Session, review: Review, role: Role, *, viewer: str, now: datetime
) -> Dashboard:
    """Return what changed last, what waits for a person, where the review is, and what is due."""
    mode = mode_of(session, review, now)
    standing = current(session, review)
    stands = boxes(session, review)
    return Dashboard(
        slug=review.slug,
        title=review.title,
        question=review.question,
        status=mode.status.value,
        because=mode.because,
        moved=tuple(_moved(session, review, standing)),
        waiting=tuple(_waiting(session, review, role, viewer, stands)),
        stages=tuple(_stages(session, review, now, stands)),
        due=tuple(_due(session, review, standing, now)),
    )


def _moved(session: Session, review: Review, standing: Current) -> list[Moved]:
    """Return what each analysis' newest run says, flipped classes first, then the newest."""
    found = []
    for run in newest_of_each(session, review):
        slug = run.version.analysis.slug
        before = None
        if run.number > 1:
            before = run_numbered(session, review, slug, run.number - 1)
        after = contents_of(run)
        report, withheld = change_of(before, run), standing.of(slug).withheld
        word = conclusion_word(after[0].plan.kind, after[1].headline.conclusion, withheld=withheld)
        found.append(
            Moved(
                analysis=slug,
                title=after[0].plan.title,
                run=run.number,
                created=run.created,
                sentence=report.unconcluded if withheld else report.sentence,
                conclusion=word or "",
                flipped=report.flipped and not withheld,
            )
        )
    return sorted(found, key=lambda one: (not one.flipped, -one.created.timestamp(), one.title))


def _waiting(
    session: Session, review: Review, role: Role, viewer: str, stands: Mapping[Box, int]
) -> Iterator[Link]:
    """Yield what waits for a person whose role may do it."""
    person = person_known(session, viewer)
    number = person.id if person is not None else None
    if may(role, Deed.SCREEN) and stands:
        yield from _to_screen(session, review, number)
    if may(role, Deed.COLLECT):
        pairs = count_pairs(session, review, PairState.OPEN)
        if pairs:
            yield Link(f"{counted(pairs, 'pair')} may be duplicates", ("records",), n=pairs)
        sought = stands.get(Box.AWAITING_RETRIEVAL, 0)
        if sought:
            query = (("state", Box.AWAITING_RETRIEVAL.value),)
            said = f"{counted(sought, 'report')} to obtain"
            yield Link(said, ("records",), query, sought)
    if may(role, Deed.EXTRACT):
        for what, n in sorted(_to_enter(session, review, viewer).items()):
            words = {
                Next.START: "to enter", Next.GO_ON: "to go on with", Next.AGREE: "to agree on",
                Next.LOOK: "with doubts to look at",
            }[what]  # fmt: skip
            said = f"{counted(n, 'study', 'studies')} {words}"
            yield Link(said, ("extract",), n=n)
    if may(role, Deed.APPRAISE):
        to_judge, to_agree = waiting_for(session, review, viewer)
        if to_judge:
            yield Link(f"risk of bias of {counted(to_judge, 'result')}", ("rob",), n=to_judge)
        if to_agree:
            said = f"{counted(to_agree, 'difference')} on risk of bias to settle"
            yield Link(said, ("rob",), n=to_agree)


def _to_enter(session: Session, review: Review, viewer: str) -> Counter[Next]:
    """Return how many studies wait for a person; drafts are no events, so that the key has them."""
    typed = frozenset(draft.study_id for draft in drafts_of(session, review, viewer))
    return remembered(
        session, review, (extraction_waits, viewer, typed),
        lambda: extraction_waits(session, review, viewer),
    )  # fmt: skip


def _to_screen(session: Session, review: Review, person: int | None) -> Iterator[Link]:
    for stage in Stage:
        left = left_for(session, review, stage=stage, person=person, in_share=True)
        if left:
            said = f"{counted(left, 'record')} to decide on by {STAGE_WORDS[stage]}"
            yield Link(said, ("screen", stage.value), (), left)
        if person is not None:
            n = len(to_settle(session, review, stage=stage, person=person))
            if n:
                said = f"{counted(n, 'conflict')} on {STAGE_WORDS[stage]} to settle"
                yield Link(said, ("conflicts", stage.value), (), n)


def _stages(
    session: Session, review: Review, now: datetime, stands: Mapping[Box, int]
) -> Iterator[StageBar]:
    screeners = frozenset(
        person.id for person, member in members(session, review.id) if may(member.role, Deed.SCREEN)
    )
    if stands:
        for stage in Stage:
            yield _screening(session, review, stage, screeners, now)
    begun_at = extraction_states(session, review)
    states = [
        begun_at[study.id] for study in studies(session, review) if not study.excluded_because
    ]
    if states:
        done = sum(s.startswith(("extracted", "entered twice")) for s in states)
        begun = sum(s.startswith(("being", "awaiting consensus")) for s in states)
        yield StageBar(
            stage="extraction",
            done=done,
            part=begun,
            all=len(states),
            said=f"{done} of {counted(len(states), 'study', 'studies')} extracted",
            pace="",
            people=(),
        )


def _screening(
    session: Session, review: Review, stage: Stage, screeners: frozenset[int], now: datetime
) -> StageBar:
    found = progress(session, review, stage, screeners=screeners)
    settled = found.states[State.INCLUDED] + found.states[State.EXCLUDED]
    conflicts = found.states[State.CONFLICT]
    said = f"{settled:,} of {found.records:,} records decided"
    if found.begun:
        said += f", {found.begun:,} begun"
    if conflicts:
        said += f", {counted(conflicts, 'conflict')}"
    return StageBar(
        stage=STAGE_WORDS[stage],
        done=settled,
        part=found.begun + conflicts,
        all=found.records,
        said=said,
        pace=_pace(session, review, stage, now),
        people=tuple(PersonPart(s.who, s.decided, s.remaining) for s in found.reviewers),
    )


def _pace(session: Session, review: Review, stage: Stage, now: datetime) -> str:
    """Return how long the decisions that are missing take at last week's pace."""
    if are_current(session, review):
        missing = session.scalar(
            sa.select(sa.func.sum(Place.missing)).where(
                Place.review_id == review.id, Place.stage == stage, Place.judged
            )
        )
    else:
        stands = ledger(session, review)
        missing = sum(
            max(0, stands.required(stage, r) - len({b.person for b in stands.cast(stage, r)}))
            for r in stands.to_judge(stage)
            if stands.standing(stage, r).state is State.AWAITING
        )
    if not missing:
        return ""
    made = session.scalar(
        sa.select(sa.func.count())
        .select_from(Decision)
        .join(Record, Decision.record_id == Record.id)
        .where(Record.review_id == review.id, Decision.stage == stage)
        .where(Decision.decided_at >= now - WEEK)
    )
    left = counted(missing, "decision")
    if not made:
        return f"{left} left; nobody decided in the last seven days"
    days = math.ceil(7 * missing / made)
    return f"{left} left; at last week's pace {counted(days, 'day')}"


def _due(session: Session, review: Review, standing: Current, now: datetime) -> Iterator[Link]:
    for source in mode_of(session, review, now).due:
        yield Link(f"search {source}", ("protocol",), n=1)
    for slug, run in sorted(standing.outdated.items()):
        yield Link(f"{slug}: run {run} is out of date", ("a", slug), n=1)
    stopped = [slug for slug, notices in standing.notices.items() if notices.withheld]
    for slug in stopped:
        yield Link(f"{slug}: no conclusion until a contradiction is settled", ("a", slug), n=1)
    open_ = remembered(session, review, (doubts,), lambda: _open_doubts(session, review))
    if open_:
        yield Link(f"{counted(open_, 'doubt')} about numbers open", ("studies",), n=open_)
    for trouble in (_failed(session, review), _undelivered(session, review)):
        if trouble is not None:
            yield trouble


def _open_doubts(session: Session, review: Review) -> int:
    return sum(doubt.dismissal is None for doubt in doubts(session, review))


def _undelivered(session: Session, review: Review) -> Link | None:
    """Return the messages of the review's jobs that were given up."""
    n = session.scalar(
        sa.select(sa.func.count())
        .select_from(Notification)
        .join(Job, Notification.job_id == Job.id)
        .where(
            Notification.sent_at.is_(None),
            Notification.next_at.is_(None),
            sa.or_(Job.review.is_(None), Job.review == review.slug),
        )
    )
    if not n:
        return None
    return Link(f"{counted(n, 'message')} could not be delivered (review jobs)", ("exports",), n=n)


def _failed(session: Session, review: Review) -> Link | None:
    """Return what the newest finished job of the review could not do."""
    for job in jobs(session, MOST_JOBS):
        if job.review not in (None, review.slug) or job.outcome is JobOutcome.RUNNING:
            continue
        if job.outcome is not JobOutcome.FAILED:
            return None
        mine = set(
            session.scalars(
                sa.select(Failure.analysis_id)
                .join(Analysis, Failure.analysis_id == Analysis.id)
                .where(Failure.job_id == job.id, Analysis.review_id == review.id)
            )
        )
        if mine or (job.message and not failures(session, job.id)):
            n = len(mine)
            what = f"could not pool {counted(n, 'analysis', 'analyses')}" if n else str(job.message)
            return Link(f"job {job.id} {what}", ("exports",), n=1)
        return None
    return None
