"""What went wrong, said in the browser: one place for the status of each kind of error."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from review import errors
from review.db import driver_message
from review.web.render import environment
from review.web.sessions import SignInNeeded
from review.web.visits import address

STATUS: Final[dict[type[Exception], int]] = {
    errors.NotFoundError: 404,
    errors.NotAllowedError: 403,
    errors.AlreadyExistsError: 409,
    errors.InvalidDataError: 422,
    errors.FileError: 422,
    errors.BusyError: 503,
    errors.DatabaseStateError: 503,
    SignInNeeded: 401,
    errors.ReviewError: 422,
}
"""The status of an error is that of the nearest of its classes."""

WORDS: Final = {
    400: "The request could not be understood.",
    404: "There is no such page.",
    405: "This address does not take that.",
    413: "That is more than this page takes.",
    422: "The address or the form holds something that cannot be.",
    500: "Something went wrong here, and it is not your fault. Nothing was stored.",
}
"""What is said where no error of ours says it."""

API: Final = "/api/"

log = logging.getLogger("review.web")


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error page says."""

    status: int
    title: str
    detail: str
    request_id: str


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
    return Failure(status, HTTPStatus(status).phrase, detail, request_id)


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, RequestValidationError):
        return 422
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def answer(request: Request, error: Exception) -> Response:
    """Return the page, or for the API the problem (RFC 9457), that an error becomes."""
    failure = failure_of(error, request.scope["review.request_id"])
    if failure.status >= 500:
        _log(failure, error)
    if request.url.path.startswith(API):
        return _problem(failure)
    if failure.status == 401 and request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(address("sign-in", next=request.url.path + query), status_code=303)
    html = environment().get_template("error.html").render(view=failure)
    return _waiting(HTMLResponse(html, status_code=failure.status))


def _problem(failure: Failure) -> Response:
    body = {"title": failure.title, "status": failure.status, "detail": failure.detail}
    return _waiting(
        JSONResponse(body, status_code=failure.status, media_type="application/problem+json")
    )


def _waiting(response: Response) -> Response:
    if response.status_code == 503:
        response.headers["retry-after"] = "5"
    return response


def _log(failure: Failure, error: Exception) -> None:
    """Write the trace for whoever runs this, in the one line that log files keep together."""
    import traceback

    lines = traceback.format_exception(error)
    log.error(json.dumps({"request": failure.request_id, "error": "".join(lines)}))


def say_errors(app: FastAPI) -> None:
    """Have the application answer errors here; `security.Door` hands over what is left."""
    for kind in (errors.ReviewError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer)
