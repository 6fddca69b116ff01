"""What is laid beside a record: criteria, terms; and how the stages are screened, by whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from starlette.responses import Response

from review.db import Session
from review.people.queries import member_called, members
from review.people.rules import Deed, may
from review.protocol.models import Review
from review.screening import conduct
from review.screening.guidance.actions import set_criteria, set_terms
from review.screening.guidance.models import Eligibility, TermGroup
from review.screening.guidance.queries import criteria_versions, term_groups
from review.screening.guidance.vocabulary import KIND_WORDS, TermKind
from review.screening.models import Pilot
from review.screening.queries import pilots
from review.screening.screeners import AskedScreener, ask_of, screeners_asked
from review.screening.terms import protocol_terms
from review.screening.vocabulary import STAGE_WORDS, Stage
from review.web.forms import Blank, FieldErrors, Form, FormT
from review.web.render import page
from review.web.routes import Routes
from review.web.taking import taking
from review.web.visits import Sent, Visit, Visiting

routes = Routes()


@dataclass(frozen=True, slots=True)
class Guidance:
    """All that the page shows."""

    versions: tuple[Eligibility, ...]
    """The newest first."""
    groups: tuple[TermGroup, ...]
    protocol_terms: tuple[str, ...]
    """Words of the protocol, offered where nobody has chosen terms."""
    screeners: tuple[str, ...]
    asked: tuple[AskedScreener, ...]
    open_pilots: tuple[Pilot, ...]


@routes.get("/r/{review}/criteria", Deed.LOOK)
def criteria(visit: Visiting) -> Response:
    """Show criteria with their versions, terms to mark, and who must read how much."""
    return _criteria(visit)


def _criteria(visit: Visit, errors: FieldErrors | None = None) -> Response:
    with visit.reading() as session:
        review = visit.review_of(session)
        groups = term_groups(session, review)
        view = Guidance(
            versions=tuple(criteria_versions(session, review)),
            groups=tuple(groups),
            protocol_terms=() if groups else tuple(protocol_terms(session, review)),
            screeners=tuple(
                p.handle for p, m in members(session, review.id) if may(m.role, Deed.SCREEN)
            ),
            asked=tuple(screeners_asked(session, review)),
            open_pilots=tuple(p for p in pilots(session, review) if p.closed_at is None),
        )
    now = view.versions[0] if view.versions else None
    blank = Blank(
        include="\n".join(now.include) if now else "",
        exclude="\n".join(now.exclude) if now else "",
        kind=TermKind.OTHER.value, stage=Stage.TITLE_ABSTRACT.value, reviewers=2, size=20, share="",
    )  # fmt: skip
    return page(
        visit, "criteria.html", view, form=errors or blank, kinds=tuple(KIND_WORDS.items()),
        stages=tuple((s.value, STAGE_WORDS[s]) for s in Stage), status=422 if errors else 200,
        stage_words=STAGE_WORDS, kind_words=KIND_WORDS,
    )  # fmt: skip


class CriteriaForm(Form):
    """Criteria, a sentence a line."""

    include: str = Field("", max_length=20_000)
    exclude: str = Field("", max_length=20_000)
    because: str | None = None


class TermsForm(Form):
    """A group of terms, one a line."""

    name: str = Field(max_length=80)
    kind: TermKind
    terms: str = Field("", max_length=20_000)


class ScreenerForm(Form):
    """What a stage asks of a person."""

    stage: Stage
    who: str
    core: bool = False
    share: float | None = Field(None, gt=0, le=100)
    """Per cent."""


class PilotForm(Form):
    """A pilot round."""

    stage: Stage
    size: int = Field(ge=1, le=10_000)
    reviewers: int = Field(ge=2, le=20)


class ChosenStageForm(Form):
    """A stage."""

    stage: Stage


@routes.post("/r/{review}/criteria", Deed.PROTOCOL)
def change_criteria(visit: Visiting, sent: Sent) -> Response:
    """Make a version of the criteria."""

    def write(session: Session, review: Review, form: CriteriaForm) -> None:
        set_criteria(
            session, review, include=form.include.splitlines(), exclude=form.exclude.splitlines(),
            now=visit.now,
        )  # fmt: skip

    return _taken(visit, sent, CriteriaForm, write)


@routes.post("/r/{review}/criteria/terms", Deed.PROTOCOL)
def change_terms(visit: Visiting, sent: Sent) -> Response:
    """Say which terms a group marks."""

    def write(session: Session, review: Review, form: TermsForm) -> None:
        set_terms(session, review, form.name, kind=form.kind, terms=form.terms.splitlines())

    return _taken(visit, sent, TermsForm, write)


@routes.post("/r/{review}/criteria/screeners", Deed.PROTOCOL)
def change_screener(visit: Visiting, sent: Sent) -> Response:
    """Say what a stage asks of a person."""

    def write(session: Session, review: Review, form: ScreenerForm) -> None:
        ask_of(
            session, review, member_called(session, review.id, form.who), stage=form.stage,
            is_core=form.core, share=None if form.share is None else form.share / 100,
        )  # fmt: skip

    return _taken(visit, sent, ScreenerForm, write)


@routes.post("/r/{review}/criteria/pilots", Deed.PROTOCOL)
def open_pilot(visit: Visiting, sent: Sent) -> Response:
    """Draw a pilot round; everybody reads it before all else."""

    def write(session: Session, review: Review, form: PilotForm) -> None:
        known = sum(pilot.stage is form.stage for pilot in pilots(session, review))
        conduct.open_pilot(
            session, review, stage=form.stage, size=form.size, reviewers=form.reviewers,
            seed=known + 1, now=visit.now,
        )  # fmt: skip

    return _taken(visit, sent, PilotForm, write)


@routes.post("/r/{review}/criteria/pilots/close", Deed.PROTOCOL)
def close_pilot(visit: Visiting, sent: Sent) -> Response:
    """Close the open pilot round of a stage; what was decided stays and counts."""

    def write(session: Session, review: Review, form: ChosenStageForm) -> None:
        conduct.close_pilot(session, review, stage=form.stage, now=visit.now)

    return _taken(visit, sent, ChosenStageForm, write)


def _taken(
    visit: Visit,
    sent: Mapping[str, Any],
    form: type[FormT],
    write: Callable[[Session, Review, FormT], None],
) -> Response:
    return taking(
        visit, sent, form, write, again=lambda errors: _criteria(visit, errors),
        then=visit.path("criteria"),
    )  # fmt: skip
