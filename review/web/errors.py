"""What went wrong, said in the browser: one place for the status of each kind of error."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from review import errors
from review.db import driver_message
from review.web.api.sending import plain
from review.web.render import environment
from review.web.sessions import SignInNeeded
from review.web.visits import API, address

STATUS: Final[dict[type[Exception], int]] = {
    errors.NotFoundError: 404,
    errors.NotAllowedError: 403,
    errors.AlreadyExistsError: 409,
    errors.StaleError: 409,
    errors.VersionNeededError: 428,
    errors.TooManyError: 429,
    errors.SignInError: 401,
    errors.InvalidDataError: 422,
    errors.FileError: 422,
    errors.BusyError: 503,
    errors.DatabaseStateError: 503,
    SignInNeeded: 401,
    errors.ReviewError: 422,
}
"""The status of an error is that of the nearest of its classes."""

PAGES: Final = {
    "review people add": "Somebody new is invited by a lead, at People.",
    "review people list": "Who takes part stands at People.",
    "review records list": "All records stand at Records.",
    "review repool": "A lead or statistician computes the analyses anew, at Exports.",
    "review screen reasons add": "Reasons for exclusion are added at Protocol.",
    "review screen pilot close": "It is closed at Criteria and terms.",
    "review screen status": "Both stages stand at Screening.",
    "review list": "Your reviews stand on the first page.",
}
"""Where pages do what a command does, by how the command begins."""

TITLES: Final = {
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    409: "Changed in the meantime, or taken",
    413: "Too large",
    422: "Something does not fit",
    428: "Say which version",
    429: "Too many attempts",
    500: "Something went wrong",
    503: "Not available at the moment",
}
"""What the page of a status is called."""

WORDS: Final = {
    400: "The request could not be understood.",
    404: "There is no such page.",
    405: "This address does not take that.",
    413: "That is more than this page takes.",
    422: "The address or the form holds something that cannot be.",
    500: "Something went wrong here, and it is not your fault. Nothing was stored.",
}
"""What is said where no error of ours says it."""

log = logging.getLogger("review.web")


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error page says."""

    status: int
    title: str
    detail: str
    request_id: str
    remedy: str | None = None
    """What mends it, as a page says it."""
    fields: tuple[tuple[str, str], ...] = ()
    """What is wrong, by field or by place in a file."""


def failure_of(error: Exception, request_id: str) -> Failure:
    """Return what is said of an error: never a trace, a path, a statement."""
    status, detail = _status(error), str(error)
    if isinstance(error, HTTPException):
        detail = WORDS.get(status, HTTPStatus(status).phrase)
    elif isinstance(error, RequestValidationError):
        detail = WORDS[422]
    elif not isinstance(error, errors.ReviewError):
        told = driver_message(error) or ""
        busy = "busy" in told
        status, detail = (503, f"{told[0].upper()}{told[1:]}.") if busy else (500, WORDS[500])
    remedy = error.remedy if isinstance(error, errors.ReviewError) else None
    title = TITLES.get(status, HTTPStatus(status).phrase)
    return Failure(
        status, title, sentence(detail), request_id, remedy_words(remedy), _fields(error)
    )


def _fields(error: Exception) -> tuple[tuple[str, str], ...]:
    if isinstance(error, RequestValidationError):
        return tuple(
            (".".join(str(part) for part in one["loc"][1:]) or str(one["loc"][0]), one["msg"])
            for one in error.errors()
        )
    if isinstance(error, errors.FileError):
        return tuple((_place(problem), problem.reason) for problem in error.problems)
    return error.fields if isinstance(error, errors.InvalidDataError) else ()


def _place(problem: errors.Problem) -> str:
    return str(problem).removesuffix(problem.reason).removesuffix(": ")


def sentence(text: str) -> str:
    """Return a sentence with a capital and a full stop."""
    begun = f"{text[:1].upper()}{text[1:]}"
    return begun if begun.endswith((".", "?", "!")) else f"{begun}."


def remedy_words(remedy: errors.Remedy | None) -> str | None:
    """Return what a page says of a remedy; a page that does the same is named before a command.

    What is done on the command line alone so far is said as that.
    """
    if remedy is None:
        return None
    for command, words in PAGES.items():
        if remedy.command.startswith(command):
            return words
    return f"On the command line, {remedy.words}: {remedy.command}"


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, RequestValidationError):
        return 422
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def _of_the_path(error: RequestValidationError) -> bool:
    return all(one["loc"][0] == "path" for one in error.errors())


def answer(request: Request, error: Exception) -> Response:
    """Return the page, or for the API the problem (RFC 9457), that an error becomes."""
    page = not request.url.path.startswith(API)
    if page and isinstance(error, RequestValidationError) and _of_the_path(error):
        error = HTTPException(404)  # an address with a word where a number belongs is no page
    failure = failure_of(error, request.scope["review.request_id"])
    if failure.status >= 500:
        _log(failure, error)
    if not page:
        more = error.details if isinstance(error, errors.StaleError) else {}
        return _waiting(_problem(failure, more), error)
    if isinstance(error, SignInNeeded) and request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(address("sign-in", next=request.url.path + query), status_code=303)
    html = environment().get_template("error.html").render(view=failure)
    return _waiting(HTMLResponse(html, status_code=failure.status), error)


def _problem(failure: Failure, more: Mapping[str, object]) -> Response:
    body = {
        **{name: plain(value) for name, value in more.items()},
        "title": failure.title,
        "status": failure.status,
        "detail": failure.detail,
        "remedy": failure.remedy,
        "errors": [{"field": field, "message": message} for field, message in failure.fields],
        "request": failure.request_id,
    }
    return JSONResponse(body, status_code=failure.status, media_type="application/problem+json")


def _waiting(response: Response, error: Exception) -> Response:
    if isinstance(error, errors.TooManyError):
        response.headers["retry-after"] = str(error.seconds)
    elif response.status_code == 503:
        response.headers["retry-after"] = "5"
    elif response.status_code == 401:
        response.headers["www-authenticate"] = 'Bearer realm="review"'
    return response


def _log(failure: Failure, error: Exception) -> None:
    """Write the trace for whoever runs this, in the one line that log files keep together."""
    import traceback

    lines = "".join(traceback.format_exception(error))
    log.error("failed", extra={"told": {"request": failure.request_id, "error": lines}})


def say_errors(app: FastAPI) -> None:
    """Have the application answer errors here; `security.Door` hands over what is left."""
    for kind in (errors.ReviewError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer)
