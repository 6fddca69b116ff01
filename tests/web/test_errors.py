"""What is said of an error: status, sentence, remedy, and nothing of the inside (T27)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from review import errors
from review.errors import Problem, Remedy
from review.web.errors import STATUS, failure_of
from review.web.sessions import SignInNeeded
from tests.web.conftest import Team


def _every(kind: type[errors.ReviewError]) -> list[type[errors.ReviewError]]:
    return [kind, *(deeper for below in kind.__subclasses__() for deeper in _every(below))]


EXPECTED = {
    errors.NotFoundError: 404, errors.NotAllowedError: 403, errors.AlreadyExistsError: 409,
    errors.StaleError: 409, errors.InvalidDataError: 422, errors.FileError: 422,
    errors.UnreadableFileError: 422, errors.BusyError: 503, errors.DatabaseStateError: 503,
    errors.VersionNeededError: 428, errors.TooManyError: 429, errors.SignInError: 401,
    SignInNeeded: 401,
}  # fmt: skip


def test_every_kind_of_error_has_its_status() -> None:
    of_the_tree = {
        kind for kind in _every(errors.ReviewError) if kind.__module__ == errors.__name__
    }
    assert of_the_tree - {errors.ReviewError} <= set(EXPECTED)
    assert set(STATUS.values()) <= {401, 403, 404, 409, 422, 428, 429, 503}
    for kind, status in EXPECTED.items():
        made: Any = BaseException.__new__(kind)
        Exception.__init__(made, "x")
        made.remedy = None
        if isinstance(made, errors.FileError):
            made.problems = ()
        assert failure_of(made, "r").status == status, kind


def test_a_remedy_is_a_command_on_the_command_line_and_words_on_a_page() -> None:
    remedy = Remedy("see who there is with", "review people list")
    error = errors.NotFoundError("there is nobody called bo", remedy=remedy)
    assert error.told == "there is nobody called bo; see who there is with: review people list"
    shown = failure_of(error, "r")
    assert shown.detail == "There is nobody called bo."
    assert shown.remedy == "Who takes part stands at People."
    other = errors.NotFoundError("x", remedy=Remedy("do it with", "review dedupe undo"))
    assert failure_of(other, "r").remedy == "On the command line, do it with: review dedupe undo"


def test_problems_of_a_file_are_listed_by_their_place() -> None:
    error = errors.FileError("a.csv", [Problem(3, "sd", '"abc" is not a number')])
    assert failure_of(error, "r").fields == (("line 3, column sd", '"abc" is not a number'),)


SECRETS = "/srv/secret/review.db SELECT password FROM credential"


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(SECRETS), OSError(2, SECRETS, "/srv/secret"), KeyError(SECRETS),
        sa.exc.OperationalError("SELECT password FROM credential", {}, Exception(SECRETS)),
        HTTPException(404, SECRETS), HTTPException(405, SECRETS),
        RequestValidationError([{"loc": ("query", "x"), "msg": "no", "input": SECRETS}]),
        AssertionError(SECRETS), RecursionError(SECRETS),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_nothing_of_the_inside_is_said(error: Exception) -> None:
    shown = str(failure_of(error, "r"))
    for part in ("secret", "SELECT", "password", "credential"):
        assert part not in shown


@pytest.mark.parametrize("path", ["/r/alliance", "/api/v1/reviews"])
def test_what_breaks_is_a_page_with_a_number_and_a_line_in_the_log(
    team: Team, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    client, database = team.client("lead"), team.app.state.database

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(SECRETS)

    team.app.state.database = Broken()
    answer = client.get(path)
    team.app.state.database = database
    assert answer.status_code == 500
    assert "Nothing was stored" in answer.text
    assert "secret" not in answer.text
    assert "content-security-policy" in answer.headers
    number = answer.headers["x-request-id"]
    assert number in answer.text
    assert any(number == getattr(r, "told", {}).get("request") for r in caplog.records)


def test_a_form_that_no_page_sends_is_told_what_it_lacks(team: Team) -> None:
    client = team.client("lead")
    client.headers["x-token"] = team.form_token("lead")
    answer = client.post("/r/alliance/exports", data={})
    assert answer.status_code == 422
    assert "Kind: This is needed." in answer.text
