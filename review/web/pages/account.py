"""One's own account: name, password, second factor, sessions, tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup
from pydantic import Field
from starlette.responses import Response

from review.db import Session
from review.errors import InvalidDataError, SignInError
from review.people.accounts import actions
from review.people.accounts.queries import credential_of
from review.people.accounts.rules import ISSUER, Scope, check_password
from review.people.accounts.secrets import code_address, password_hash, password_is
from review.people.actions import Described, describe_person, person_called
from review.people.models import Person
from review.people.rules import Deed
from review.people.views import Account, account_of
from review.web.forms import Blank, FieldErrors, Form, read
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting

routes = Routes()


class NameForm(Form):
    """What a person says of themselves."""

    display_name: str = ""
    email: str = ""
    orcid: str = ""


class PasswordForm(Form):
    """The old password and a new one, typed twice."""

    current: str = Field(default="", repr=False)
    password: str = Field(repr=False)
    again: str = Field(repr=False)


class CodeForm(Form):
    """A code that shows that the telephone has read the square."""

    code: str


class EndCodeForm(Form):
    """The password, before the second factor ends."""

    end_current: str = Field(repr=False)


class TokenForm(Form):
    """A token for a script."""

    name: str = Field(max_length=80)
    scope: Scope = Scope.READ
    days: int = Field(default=90, ge=1, le=366)


@dataclass(frozen=True, slots=True)
class Square:
    """What an authenticator reads, as a picture and as text."""

    picture: Markup
    secret: str


def _me(session: Session, visit: Visit) -> Person:
    return person_called(session, visit.person)


def _view(visit: Visit) -> Account:
    assert visit.known is not None
    with visit.reading() as session:
        person = session.get_one(Person, visit.known.person_id)
        return account_of(session, person, this_session=visit.known.session_id, now=visit.now)


def _shown(visit: Visit, *, wrong: FieldErrors | None = None) -> Response:
    view = _view(visit)
    blank = Blank(display_name=view.display_name, email=view.email, orcid=view.orcid, scope="read",
                  days=90)  # fmt: skip
    return page(visit, "account.html", view, form=wrong or blank, status=422 if wrong else 200)


@routes.get("/account", Deed.ACCOUNT)
def account(visit: Visiting) -> Response:
    """Show the own account."""
    return _shown(visit)


@routes.post("/account/name", Deed.ACCOUNT)
def change_name(visit: Visiting, sent: Sent) -> Response:
    """Keep full name, address and ORCID iD."""
    form = read(NameForm, sent)
    wrong = {}
    for name in ("email", "orcid"):
        try:
            Described(**{name: getattr(form, name)}).checked()
        except InvalidDataError as error:
            wrong[name] = f"{str(error).capitalize()}."
    if wrong:
        return _shown(visit, wrong=FieldErrors(form.model_dump(), wrong))
    with visit.writing() as session:
        describe_person(session, _me(session, visit), Described(**form.model_dump()))
    return to("/account")


@routes.post("/account/password", Deed.ACCOUNT)
def change_password(visit: Visiting, sent: Sent) -> Response:
    """Set a new password; all other sessions end."""
    assert visit.known is not None
    try:
        form = read(PasswordForm, sent)
        stored = _new_password(visit, form)
    except FieldErrors as errors:
        return _shown(visit, wrong=errors)
    with visit.writing() as session:
        actions.set_password(
            session, _me(session, visit), stored, now=visit.now, keep=visit.known.session_id
        )
    return to("/account")


def _new_password(visit: Visit, form: PasswordForm) -> str:
    _check_current(visit, form.current)
    if form.password != form.again:
        raise FieldErrors({}, {"again": "The two differ."})
    view = _view(visit)
    try:
        check_password(form.password, view.handle, view.display_name, view.email)
    except InvalidDataError as error:
        raise FieldErrors({}, {"password": f"{str(error).capitalize()}."}) from None
    return password_hash(form.password)


def _check_current(visit: Visit, typed: str) -> None:
    """Raise FieldErrors unless this is the person's password; who has none yet needs none.

    Guesses count as failed attempts to sign in, so that an open browser is no way to try many.
    """
    assert visit.known is not None
    with visit.reading() as session:
        found = credential_of(session, session.get_one(Person, visit.known.person_id))
        stored = found.password if found is not None else None
    if stored is None:
        return
    with visit.database.transaction() as session:
        attempt = actions.begin_attempt(session, [("name", visit.person)], now=visit.now)
    if not password_is(stored, typed):
        raise FieldErrors({}, {"current": "This is not your password."})
    with visit.database.transaction() as session:
        actions.forget_attempt(session, attempt)


@routes.post("/account/code", Deed.ACCOUNT)
def begin_code(visit: Visiting) -> Response:
    """Show the square that an authenticator reads."""
    with visit.writing() as session:
        secret = actions.begin_second_factor(session, _me(session, visit))
    return _square_page(visit, secret, Blank())


def _square_page(visit: Visit, secret: str, form: Blank | FieldErrors) -> Response:
    import segno

    made = segno.make(code_address(secret, visit.person, ISSUER), error="m")
    picture = made.svg_inline(
        border=4, omitsize=True, svgclass="square", lineclass=None, title="For an authenticator",
        dark="#000", light="#fff",
    )  # fmt: skip
    square = Square(Markup(picture), " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)))
    status = 422 if isinstance(form, FieldErrors) else 200
    return page(visit, "second_factor.html", square, form=form, status=status)


@routes.post("/account/code/confirm", Deed.ACCOUNT)
def confirm_code(visit: Visiting, sent: Sent) -> Response:
    """Ask for a code at every sign-in from now on, and show the spare codes once."""
    try:
        code = read(CodeForm, sent).code
        with visit.writing() as session:
            spare = actions.confirm_second_factor(session, _me(session, visit), code, now=visit.now)
    except (FieldErrors, SignInError) as error:
        errors = error.errors if isinstance(error, FieldErrors) else {"code": f"{error}."}
        with visit.reading() as session:
            found = credential_of(session, _me(session, visit))
            secret = found.code_secret if found is not None else None
        return _square_page(visit, secret or "", FieldErrors({}, errors))
    return page(visit, "spare_codes.html", spare)


@routes.post("/account/code/end", Deed.ACCOUNT)
def end_code(visit: Visiting, sent: Sent) -> Response:
    """Ask for the password alone from now on."""
    try:
        _check_current(visit, read(EndCodeForm, sent).end_current)
    except FieldErrors as errors:
        return _shown(
            visit, wrong=FieldErrors({}, {"end_current": next(iter(errors.errors.values()))})
        )
    with visit.writing() as session:
        actions.end_second_factor(session, _me(session, visit))
    return to("/account")


@routes.post("/account/sessions/{number}/end", Deed.ACCOUNT)
def end_one(visit: Visiting, number: int) -> Response:
    """End one of one's sessions."""
    with visit.writing() as session:
        actions.end_session(session, _me(session, visit), number, now=visit.now)
    return to("/account")


@routes.post("/account/sessions/end", Deed.ACCOUNT)
def end_others(visit: Visiting) -> Response:
    """End all sessions but this one."""
    assert visit.known is not None
    with visit.writing() as session:
        actions.end_sessions(
            session, _me(session, visit), now=visit.now, keep=visit.known.session_id
        )
    return to("/account")


@routes.post("/account/tokens", Deed.ACCOUNT)
def make_token(visit: Visiting, sent: Sent) -> Response:
    """Make a token, and show it once."""
    try:
        form = read(TokenForm, sent)
    except FieldErrors as errors:
        return _shown(visit, wrong=FieldErrors(errors.values, errors.errors))
    with visit.writing() as session:
        secret = actions.make_token(
            session, _me(session, visit), name=form.name, scope=form.scope, now=visit.now,
            lasts=timedelta(days=form.days),
        )  # fmt: skip
    return page(visit, "token.html", secret, name=form.name, base=visit.whole_address(""))


@routes.post("/account/tokens/{number}/end", Deed.ACCOUNT)
def end_token(visit: Visiting, number: int) -> Response:
    """Take a token back."""
    with visit.writing() as session:
        actions.end_token(session, _me(session, visit), number, now=visit.now)
    return to("/account")
