"""The form of a review: its own fields, their order, their versions, and how they will look."""

from __future__ import annotations

from pydantic import Field
from starlette.responses import Response

from review.errors import InvalidDataError, StaleError
from review.extraction.actions import define_field, order_fields, retire_field
from review.extraction.fields import FieldKind, FieldLevel, FieldSpec
from review.extraction.form_views import (
    KINDS,
    LEVELS,
    FieldLine,
    FieldPreview,
    form_view,
    previewed,
)
from review.people.rules import Deed
from review.web.forms import Blank, FieldErrors, Form, read
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting

routes = Routes()

FORM = "/r/{review}/protocol/form"


class NewField(Form):
    """A field, or a new version of one."""

    slug: str = Field(max_length=60)
    level: FieldLevel
    kind: FieldKind
    label: str = Field(max_length=200)
    help: str | None = Field(default=None, max_length=2000)
    choices: str = ""
    lowest: float | None = None
    highest: float | None = None
    why: str | None = Field(default=None, max_length=500)

    @property
    def spec(self) -> FieldSpec:
        """The field; raise InvalidDataError for one that no value could fit."""
        listed = tuple(dict.fromkeys(x.strip() for x in self.choices.splitlines() if x.strip()))
        return FieldSpec(
            self.slug, self.level, self.label, self.kind, listed, self.lowest, self.highest,
            help=self.help,
        )  # fmt: skip


@routes.get(FORM, Deed.LOOK)
def builder(visit: Visiting) -> Response:
    """Show the fields of the review's form, in order, and how they will look."""
    with visit.reading() as session:
        view = form_view(session, visit.review_of(session))
    return page(visit, "form_builder.html", view, kinds=KINDS)


@routes.get(f"{FORM}/{{slug}}", Deed.PROTOCOL)
def edit(visit: Visiting, slug: str) -> Response:
    """Show the form of a field; ``new`` is one that is not there yet."""
    return _editor(visit, slug)


def _editor(
    visit: Visit,
    slug: str,
    form: Blank | FieldErrors | None = None,
    shown: FieldPreview | None = None,
    *,
    status: int = 200,
) -> Response:
    with visit.reading() as session:
        view = form_view(session, visit.review_of(session))
    known = None if slug == "new" else view.field(slug)
    return page(
        visit, "field_edit.html", known, form=form or _blank(known), shown=shown, slug=slug,
        kinds=tuple((kind.value, words, "") for kind, words in KINDS.items()),
        levels=tuple((level.value, words.lower(), "") for level, words in LEVELS.items()),
        status=status,
    )  # fmt: skip


def _blank(known: FieldLine | None) -> Blank:
    if known is None:
        return Blank(level=FieldLevel.STUDY.value, kind=FieldKind.TEXT.value)
    spec = known.spec
    return Blank(
        slug=spec.slug, level=spec.level.value, kind=spec.kind.value, label=spec.label,
        help=spec.help, choices="\n".join(spec.choices),
        lowest=None if spec.lowest is None else f"{spec.lowest:g}",
        highest=None if spec.highest is None else f"{spec.highest:g}",
    )  # fmt: skip


@routes.post(f"{FORM}/{{slug}}", Deed.PROTOCOL)
def save(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Say what a version of a field would change, or store it."""
    values = {name: text for name, text in sent.items() if isinstance(text, str)}
    if slug != "new":
        values["slug"] = slug
    try:
        form = read(NewField, values)
        spec = form.spec
    except FieldErrors as errors:
        return _editor(visit, slug, errors, status=422)
    except InvalidDataError as error:
        return _editor(visit, slug, FieldErrors(values, {_where(error): str(error)}), status=422)
    with visit.reading() as session:
        shown = previewed(session, visit.review_of(session), spec)
    given = Blank(**values)
    if sent.get("do") != "save":
        return _editor(visit, slug, given, shown)
    if shown.outgrown and sent.get("sure") != "true":
        return _editor(visit, slug, given, shown, status=422)
    try:
        with visit.writing(form.why) as session:
            review = visit.review_of(session)
            now = form_view(session, review)
            version = 0 if slug == "new" else now.field(slug).version
            if str(version) != sent.get("of", "0"):
                raise StaleError(f"field {slug} has a version {version} since; look at it")
            if slug == "new" and any(
                spec.slug == one.spec.slug
                for level in now.levels
                for one in (*level.fields, *level.retired)
            ):
                raise InvalidDataError(f"there is a field {spec.slug} already; change that one")
            define_field(session, review, spec, now=visit.now)
    except (InvalidDataError, StaleError) as error:
        status = 409 if isinstance(error, StaleError) else 422
        wrong = FieldErrors(values, {_where(error): str(error)})
        return _editor(visit, slug, wrong, shown, status=status)
    return to(f"{visit.path('protocol', 'form')}#field-{spec.slug}")


def _where(error: Exception) -> str:
    """Return the field that an error of a whole field is about."""
    text = str(error)
    for word, name in (("choice", "choices"), ("bounds", "highest"), ("name a field", "slug")):
        if word in text:
            return name
    return "slug"


@routes.post(f"{FORM}/{{slug}}/retire", Deed.PROTOCOL)
def retire(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Take a field off the form, or ask for it again."""
    with visit.writing(str(sent.get("why", "")).strip() or None) as session:
        retired = sent.get("do") != "restore"
        retire_field(session, visit.review_of(session), slug=slug, now=visit.now, retired=retired)
    return to(f"{visit.path('protocol', 'form')}#field-{slug}")


@routes.post(f"{FORM}/{{slug}}/move", Deed.PROTOCOL)
def move(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Move a field up or down among those of its level."""
    with visit.writing("order of the form") as session:
        review = visit.review_of(session)
        view = form_view(session, review)
        level = view.field(slug).spec.level
        order = [x.spec.slug for one in view.levels if one.level is level for x in one.fields]
        if slug in order:
            at = order.index(slug)
            to_ = max(0, min(len(order) - 1, at + (-1 if sent.get("do") == "up" else 1)))
            order.insert(to_, order.pop(at))
            order_fields(session, review, order, now=visit.now)
    return to(f"{visit.path('protocol', 'form')}#field-{slug}")
