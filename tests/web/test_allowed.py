"""What a role may send is taken, or told what is wrong: never refused, never a fault (T8)."""

from __future__ import annotations

import pytest

from review.people.rules import Deed, Role, may
from review.web import jobs, uploads
from review.web.pages import duplicates
from tests.web.conftest import Team, Watched
from tests.web.test_matrix import ALL, _address

LAST = ("/leave", "/sign-out", "/account", "/people/")
"""What ends the session or the role with which the rest is sent."""


@pytest.mark.parametrize("who", [role.value for role in Role])
def test_what_a_role_may_send_is_taken_or_told_what_is_wrong(
    watched: tuple[Team, Watched], who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (jobs, uploads, duplicates):
        monkeypatch.setattr(module, "start", lambda *_args, **_named: None)
    team, _ = watched
    client = team.client(who)
    client.headers["x-token"] = team.form_token(who)
    client.headers["if-match"] = "1"
    sent = 0
    for route in sorted(ALL, key=lambda one: any(part in one.path for part in LAST)):
        (method,) = route.methods or {"GET"}
        if method == "GET" or route.deed is Deed.ENTER:
            continue
        if route.deed is not Deed.ACCOUNT and not may(Role(who), route.deed):
            continue
        if any(part in route.path for part in LAST):
            continue  # they have tests of their own
        body = {"json": {}} if route.path.startswith("/api/") else {"data": {"what": "nothing"}}
        answer = client.request(method, _address(route), **body)  # type: ignore[arg-type] # either
        said = f"{who} {method} {route.path}: {answer.status_code} {answer.text[:300]}"
        assert answer.status_code < 500 or answer.status_code == 503, said
        assert answer.status_code not in (401, 403, 405), said
        sent += 1
    assert sent > (10 if who != "viewer" else 1)
