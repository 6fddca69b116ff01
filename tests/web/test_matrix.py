"""Every route with every role: who may not, gets nothing and changes nothing (T8)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from review.people.rules import Deed, Role, may
from review.web.routes import Route, routes_of
from tests.tiers import WHOLE
from tests.web.conftest import Team, Watched

MATRIX = Path(__file__).with_name("matrix.txt")

SAMPLE = {"review": "alliance", "handle": "viewer", "name": "css/review.css", "secret": "none"}
"""What stands in an address where a route leaves it open; otherwise 1."""


ALL = [*routes_of("review.web.pages"), *routes_of("review.web.api")]
"""Every route; that the application has no other one, it says itself as it is made."""

PEOPLE = (*Role, "zoe", "closed", None)


OF_ANOTHER = [role.value for role in Role][: None if WHOLE else 1]
"""Who asks for a review that is not theirs: the lead at least, who may do most in their own."""


def _line(route: Route) -> str:
    return f"{','.join(sorted(route.methods or ()))} {route.path} {route.deed.value}"


def _address(route: Route, review: str = "alliance") -> str:
    values = {**SAMPLE, "review": review}
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: values.get(found[1], "1"), route.path)


def test_the_deed_of_every_route_stands_in_the_matrix() -> None:
    """A new page is a line of `matrix.txt` more: who may do what it does is looked at once."""
    assert sorted(map(_line, ALL)) == MATRIX.read_text().splitlines()


def test_every_route_of_a_review_has_a_deed_of_reviews() -> None:
    for route in ALL:
        in_review = "{review}" in route.path
        assert in_review == (route.deed not in (Deed.ENTER, Deed.ACCOUNT)), route.path


def _expected(route: Route, who: str | None) -> set[int] | None:
    """Return the statuses of a refusal, None where the person is let in."""
    if route.deed is Deed.ENTER:
        return None
    if who in (None, "closed"):
        return {303, 401}
    if route.deed is Deed.ACCOUNT:
        return None
    if who == "zoe":
        return {404}
    return None if may(Role(str(who)), route.deed) else {403}


@pytest.mark.parametrize("who", PEOPLE, ids=str)
def test_every_route_answers_each_role_as_the_table_says(
    watched: tuple[Team, Watched], who: str | None
) -> None:
    team, file = watched
    for route in ALL:
        if route.path == "/enter":
            continue  # its key has a test of its own
        (method,) = route.methods or {"GET"}
        expected = _expected(route, None if who is None else str(who))
        if expected is None and method != "GET":
            continue  # what it does has a test of its own
        client = team.client(None if who is None else str(who))
        if who not in (None, "closed"):
            client.headers["x-token"] = team.form_token(str(who))
        before = file.version()
        answer = client.request(method, _address(route))
        said = f"{who} {method} {route.path}: {answer.status_code}"
        if expected is None:
            assert answer.status_code < 500, said
            assert answer.status_code not in (401, 403), said
            continue
        assert answer.status_code in expected, said
        assert file.version() == before, f"{said} wrote something"
        assert "Alliance" not in answer.text, said


@pytest.mark.parametrize("who", OF_ANOTHER)
def test_another_review_is_as_if_it_were_not_there(watched: tuple[Team, Watched], who: str) -> None:
    team, file = watched
    client = team.client(who)
    client.headers["x-token"] = team.form_token(who)
    missing: dict[str, str] = {}
    for route in ALL:
        if "{review}" not in route.path:
            continue
        (method,) = route.methods or {"GET"}
        before = file.version()
        for review in ("other", "nothing-at-all"):
            answer = client.request(method, _address(route, review))
            assert answer.status_code == 404, (method, route.path)
            assert "Other" not in answer.text
            page = re.sub(r"[0-9a-f]{16}|other|nothing-at-all", "", answer.text)
            assert missing.setdefault(route.path + method, page) == page
        assert file.version() == before


def test_a_route_without_a_deed_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="deed"):
        Route("/x", lambda: None)  # type: ignore[call-arg]
