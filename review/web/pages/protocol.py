"""The protocol, with the forms of what a person may change in it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import Field, model_validator
from starlette.responses import Response

from review.db import Session
from review.errors import InvalidDataError
from review.export.views.protocol import (
    instrument_editor,
    new_instrument_editor,
    outcome_editor,
    protocol_view,
)
from review.extraction.appraisal.actions import adopt_tool, set_assessors
from review.extraction.appraisal.catalogue import shipped_tool
from review.extraction.choices import Choices, choose
from review.extraction.twins import nearly_called
from review.extraction.vocabulary import Preview
from review.living.job.schedule import set_mode, set_search
from review.living.runs.models import LivingStatus
from review.people.rules import Deed
from review.protocol.actions import add_instrument, add_outcome, edit_instrument, edit_outcome
from review.protocol.frozen import Line, Slug
from review.protocol.models import Review
from review.protocol.queries import instruments
from review.protocol.specs import InstrumentSpec, OutcomeSpec
from review.screening.conduct import add_reason, set_stage
from review.screening.vocabulary import Stage
from review.web.forms import Blank, FieldErrors, Form
from review.web.render import page
from review.web.routes import Routes
from review.web.taking import taking
from review.web.visits import Sent, Visit, Visiting

routes = Routes()


@routes.get("/r/{review}/protocol", Deed.LOOK)
def protocol(visit: Visiting) -> Response:
    """Show the protocol, with the forms of what a person may change in it."""
    return _protocol(visit)


def _protocol(visit: Visit, errors: FieldErrors | None = None) -> Response:
    with visit.reading() as session:
        view = protocol_view(session, visit.review_of(session), now=visit.now)
    blank = Blank(status=view.status, update_when=view.update_when, retire_when=view.retire_when)
    form = errors or blank
    return page(visit, "protocol.html", view, form=form, status=422 if errors else 200)


class ReasonForm(Form):
    """A reason for exclusion at full text."""

    reason: str = Field(max_length=200)

    def write(self, session: Session, review: Review) -> None:
        """Add it."""
        add_reason(session, review, self.reason)


class StageForm(Form):
    """How a stage is screened."""

    stage: Stage
    required: int = Field(ge=1, le=20)
    blind: bool = False

    def write(self, session: Session, review: Review) -> None:
        """Set it."""
        set_stage(session, review, self.stage, required=self.required, blind=self.blind)


class ModeForm(Form):
    """How a review is kept alive."""

    status: LivingStatus
    because: str | None = None
    update_when: str | None = None
    retire_when: str | None = None

    def write(self, session: Session, review: Review) -> None:
        """Set it; pausing and retiring need a reason."""
        if self.status is not LivingStatus.LIVING and not self.because:
            raise FieldErrors(
                {name: str(value or "") for name, value in self.model_dump(mode="json").items()},
                {"because": f"Say why the review is {self.status.value}: readers are told."},
            )
        set_mode(session, review, **dict(self))


class SearchForm(Form):
    """How often a source is searched, and when it was."""

    source: str = Field(max_length=200)
    days: int | None = Field(default=None, ge=1, le=3650)
    searched: date | None = None

    def write(self, session: Session, review: Review) -> None:
        """Set it."""
        day = self.searched
        at = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
        set_search(session, review, self.source, days=self.days, searched=at)


class ToolForm(Form):
    """A tool for risk of bias."""

    tool: str

    def write(self, session: Session, review: Review) -> None:
        """Adopt it."""
        adopt_tool(session, review, shipped_tool(self.tool), now=datetime.now(UTC))


class AssessorsForm(Form):
    """How many judge the risk of bias of a result, each without seeing the others."""

    assessors: int = Field(ge=1, le=5)

    def write(self, session: Session, review: Review) -> None:
        """Set it."""
        set_assessors(session, review, self.assessors)


class EnteringForm(Form):
    """When people who enter a trial see what it does, and whether its arms are agreed first."""

    preview: Preview
    arms_first: bool = False

    def write(self, session: Session, review: Review) -> None:
        """Choose it."""
        choose(session, review, Choices(self.preview, self.arms_first))


_PartForm = EnteringForm | ReasonForm | StageForm | ModeForm | SearchForm | ToolForm | AssessorsForm


def _part(visit: Visit, sent: Sent, form: type[_PartForm], anchor: str) -> Response:
    return taking(
        visit, sent, form, lambda session, review, given: given.write(session, review),
        again=lambda errors: _protocol(visit, errors),
        then=f"{visit.path('protocol')}#{anchor}",
    )  # fmt: skip


@routes.post("/r/{review}/protocol/reasons", Deed.PROTOCOL)
def new_reason(visit: Visiting, sent: Sent) -> Response:
    """Add a reason for exclusion."""
    return _part(visit, sent, ReasonForm, "reasons")


@routes.post("/r/{review}/protocol/stages", Deed.PROTOCOL)
def stage(visit: Visiting, sent: Sent) -> Response:
    """Say how a stage is screened."""
    return _part(visit, sent, StageForm, "stages")


@routes.post("/r/{review}/protocol/living", Deed.PROTOCOL)
def living(visit: Visiting, sent: Sent) -> Response:
    """Say how the review is kept alive."""
    return _part(visit, sent, ModeForm, "living")


@routes.post("/r/{review}/protocol/searches", Deed.PROTOCOL)
def search(visit: Visiting, sent: Sent) -> Response:
    """Say how often a source is searched, or that it was."""
    return _part(visit, sent, SearchForm, "living")


@routes.post("/r/{review}/protocol/tools", Deed.PROTOCOL)
def tool(visit: Visiting, sent: Sent) -> Response:
    """Adopt a tool for risk of bias."""
    return _part(visit, sent, ToolForm, "bias")


@routes.post("/r/{review}/protocol/assessors", Deed.PROTOCOL)
def assessors(visit: Visiting, sent: Sent) -> Response:
    """Say how many judge the risk of bias of a result."""
    return _part(visit, sent, AssessorsForm, "bias")


@routes.post("/r/{review}/protocol/entering", Deed.MEMBERS)
def entering(visit: Visiting, sent: Sent) -> Response:
    """Choose how trials are entered."""
    return _part(visit, sent, EnteringForm, "form")


class OutcomeForm(Form):
    """An outcome; what it is called in addresses and files never changes."""

    name: Line
    description: str = Field(default="", max_length=2000)
    because: str | None = None


class NewOutcomeForm(OutcomeForm):
    """A new outcome."""

    slug: Slug


@routes.get("/r/{review}/protocol/new/outcome", Deed.PROTOCOL)
def blank_outcome(visit: Visiting) -> Response:
    """Show the form of a new outcome."""
    return page(visit, "outcome.html", None, form=Blank())


@routes.post("/r/{review}/protocol/new/outcome", Deed.PROTOCOL)
def new_outcome(visit: Visiting, sent: Sent) -> Response:
    """Add an outcome."""

    def write(session: Session, review: Review, form: NewOutcomeForm) -> None:
        values = form.model_dump(exclude={"because"})
        add_outcome(session, review, OutcomeSpec.model_validate(values))

    return taking(
        visit, sent, NewOutcomeForm, write,
        again=lambda errors: page(visit, "outcome.html", None, form=errors, status=422),
        then=f"{visit.path('protocol')}#outcomes",
    )  # fmt: skip


@routes.get("/r/{review}/protocol/outcomes/{slug}", Deed.PROTOCOL)
def outcome(visit: Visiting, slug: str) -> Response:
    """Show the form of an outcome."""
    return _outcome(visit, slug)


def _outcome(visit: Visit, slug: str, errors: FieldErrors | None = None) -> Response:
    with visit.reading() as session:
        view = outcome_editor(session, visit.review_of(session), slug)
    form = errors or Blank(**view.values)
    return page(visit, "outcome.html", view, form=form, status=422 if errors else 200)


@routes.post("/r/{review}/protocol/outcomes/{slug}", Deed.PROTOCOL)
def change_outcome(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Correct the name or the description of an outcome."""

    def write(session: Session, review: Review, form: OutcomeForm) -> None:
        edit_outcome(session, review, slug, form.model_dump(exclude={"because"}))

    return taking(
        visit, sent, OutcomeForm, write, again=lambda errors: _outcome(visit, slug, errors),
        then=f"{visit.path('protocol')}#outcomes",
    )  # fmt: skip


DIRECTIONS = {"higher": True, "lower": False, "unknown": None}
"""Which way is better, as the form says it."""


class InstrumentForm(Form):
    """An instrument: what it measures, which way is better, its range."""

    name: Line
    outcome: Slug
    better: str = Field(default="unknown", pattern="^(higher|lower|unknown)$")
    lowest: float | None = Field(default=None, allow_inf_nan=False)
    highest: float | None = Field(default=None, allow_inf_nan=False)
    step: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    because: str | None = None

    @model_validator(mode="after")
    def _range(self) -> InstrumentForm:
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise ValueError("the lowest score must be below the highest")
        return self

    @property
    def values(self) -> dict[str, object]:
        """Return what the stage knows of it."""
        values = self.model_dump(exclude={"better", "because", "distinct"})
        return {**values, "higher_is_better": DIRECTIONS[self.better]}


class NewInstrumentForm(InstrumentForm):
    """A new instrument."""

    slug: Slug
    distinct: bool = False


@routes.get("/r/{review}/protocol/new/instrument", Deed.PROTOCOL)
def blank_instrument(visit: Visiting, outcome: str = "") -> Response:
    """Show the form of a new instrument."""
    return _new_instrument(visit, outcome)


def _new_instrument(visit: Visit, outcome: str, errors: FieldErrors | None = None) -> Response:
    with visit.reading() as session:
        view = new_instrument_editor(session, visit.review_of(session), outcome)
    form = errors or Blank(**view.values)
    return page(visit, "instrument.html", view, form=form, status=422 if errors else 200)


@routes.post("/r/{review}/protocol/new/instrument", Deed.PROTOCOL)
def new_instrument(visit: Visiting, sent: Sent) -> Response:
    """Add an instrument; one whose name is nearly that of another is asked about."""

    def write(session: Session, review: Review, form: NewInstrumentForm) -> None:
        spec = InstrumentSpec.model_validate(form.values)
        known = {one.slug: one.name for one in instruments(session, review)}
        twin = nearly_called(spec.slug, spec.name, known)
        if twin and not form.distinct:
            raise InvalidDataError(
                f"{spec.name} is nearly {known[twin]} ({twin}): the same instrument? If they "
                "differ, tick that they are two"
            )
        add_instrument(session, review, spec)

    return taking(
        visit, sent, NewInstrumentForm, write,
        again=lambda errors: _new_instrument(visit, str(sent.get("outcome", "")), errors),
        then=f"{visit.path('protocol')}#outcomes",
    )  # fmt: skip


@routes.get("/r/{review}/protocol/instruments/{slug}", Deed.PROTOCOL)
def instrument(visit: Visiting, slug: str) -> Response:
    """Show the form of an instrument."""
    return _instrument(visit, slug)


def _instrument(visit: Visit, slug: str, errors: FieldErrors | None = None) -> Response:
    with visit.reading() as session:
        view = instrument_editor(session, visit.review_of(session), slug)
    form = errors or Blank(**view.values)
    return page(visit, "instrument.html", view, form=form, status=422 if errors else 200)


@routes.post("/r/{review}/protocol/instruments/{slug}", Deed.PROTOCOL)
def change_instrument(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Correct an instrument; what was pooled from it changes with the next re-pooling."""

    def write(session: Session, review: Review, form: InstrumentForm) -> None:
        edit_instrument(session, review, slug, form.values)

    return taking(
        visit, sent, InstrumentForm, write, again=lambda errors: _instrument(visit, slug, errors),
        then=f"{visit.path('protocol')}#outcomes",
    )  # fmt: skip
