"""A first account, an invitation, a change of role, leaving; and hostile texts (T14)."""

from __future__ import annotations

import re
from urllib.parse import quote

import html5lib
import pytest

from review.history.actions import Attribution, writing
from review.history.queries import events
from review.people.actions import Described, describe_person, person_called
from review.people.invitations import open_door_for
from review.people.queries import role_of
from review.people.rules import Role
from review.protocol.queries import review_called
from review.web.sessions import client_address
from review.web.settings import WebSettings
from tests.conftest import NOW
from tests.web.conftest import ORIGIN, PASSWORD, Team
from tests.web.payloads import GROUP, GROUPS, PAYLOADS, group
from tests.web.test_matrix import ALL, _address

WORDS = "five other plain words"


def _role(team: Team, who: str) -> Role | None:
    with team.database.reading() as session:
        return role_of(session, review_called(session, "alliance").id, who)


def _link(team: Team, **fields: str) -> str:
    made = team.client("lead").post(
        "/r/alliance/people/invitations", data={"token": team.form_token("lead"), **fields}
    )
    assert made.status_code == 200, made.text
    return made.text.split(f'<pre id="link">{ORIGIN}')[1].split("</pre>")[0]


def test_the_first_account_is_made_with_a_link_that_works_once(team: Team) -> None:
    with writing(team.database, Attribution(actor="operator", at=NOW)) as session:
        _, secret = open_door_for(session, person_called(session, "ada"), by="operator", now=NOW)
    client = team.client()
    assert "ada" in client.get(f"/invitation/{secret}").text
    short = client.post(f"/invitation/{secret}", data={"password": "short", "again": "short"})
    assert short.status_code == 422
    assert "8 signs" in short.text
    differ = client.post(f"/invitation/{secret}", data={"password": WORDS, "again": "x"})
    assert "The two differ." in differ.text
    done = client.post(f"/invitation/{secret}", data={"password": WORDS, "again": WORDS})
    assert done.headers["location"] == "/"
    assert "ada" in client.get("/").text
    assert team.client().get(f"/invitation/{secret}").status_code == 404
    signed = team.client().post("/sign-in", data={"name": "ada", "password": WORDS})
    assert signed.status_code == 303


def test_somebody_new_follows_an_invitation(team: Team) -> None:
    link = _link(team, role="adjudicator", note="Bo")
    client = team.client()
    assert "adjudicator" in client.get(link).text
    form = {"handle": "viewers", "password": WORDS, "again": WORDS, "display_name": "Bo Li"}
    near = client.post(link, data=form)
    assert near.status_code == 422
    assert "viewer took part already" in near.text
    taken = client.post(link, data={**form, "handle": "reviewer"})
    assert "is taken" in taken.text
    done = client.post(link, data={**form, "handle": "bo"})
    assert done.headers["location"] == "/r/alliance"
    assert client.get("/r/alliance").status_code == 200
    assert _role(team, "bo") is Role.ADJUDICATOR
    assert team.client().post(link, data={**form, "handle": "eve"}).status_code == 404
    assert _role(team, "eve") is None
    with team.database.reading() as session:
        joined = next(
            e for e in events(session, viewer=None, entity="membership") if e.actor == "bo"
        )
    assert joined.reason == "invitation by lead"
    assert joined.request is not None


def test_somebody_else_who_is_nearly_called_so_says_it(team: Team) -> None:
    form = {"handle": "viewers", "password": WORDS, "again": WORDS, "is_new": "true"}
    assert team.client().post(_link(team, role="viewer"), data=form).status_code == 303
    assert _role(team, "viewers") is Role.VIEWER


def test_who_has_an_account_joins_with_it(team: Team) -> None:
    link = _link(team, role="reviewer")
    zoe = team.client("zoe")
    assert "Join as zoe" in zoe.get(link).text
    done = zoe.post(link, data={"token": team.form_token("zoe")})
    assert done.headers["location"] == "/r/alliance"
    assert _role(team, "zoe") is Role.REVIEWER


def test_a_role_changes_and_its_rights_with_the_next_click(team: Team) -> None:
    lead, member = team.client("lead"), team.client("reviewer")
    token, theirs = {"token": team.form_token("lead")}, {"token": team.form_token("reviewer")}
    assert member.post("/r/alliance/people/adjudicator/leave", data=theirs).status_code == 403
    lead.post("/r/alliance/people/reviewer/role", data={**token, "role": "lead", "reason": "x"})
    assert member.post("/r/alliance/people/adjudicator/leave", data=theirs).status_code == 303
    with team.database.reading() as session:
        event = events(session, viewer=None, entity="membership", limit=1)[0]
    assert (event.actor, event.role) == ("reviewer", "lead")
    lead.post("/r/alliance/people/reviewer/role", data={**token, "role": "viewer"})
    assert member.post("/r/alliance/people/adjudicator/leave", data=theirs).status_code == 403


def test_one_leaves_and_one_lead_remains(team: Team) -> None:
    refused = team.client("lead").post("/r/alliance/leave", data={"token": team.form_token("lead")})
    assert refused.status_code == 422
    assert "only lead" in refused.text
    member = team.client("statistician")
    member.post("/r/alliance/leave", data={"token": team.form_token("statistician")})
    assert _role(team, "statistician") is Role.VIEWER
    assert member.get("/r/alliance").status_code == 200


def test_a_session_is_listed_and_ended(team: Team) -> None:
    other = team.client()
    other.post("/sign-in", data={"name": "viewer", "password": PASSWORD})
    mine = team.client("viewer")
    page = mine.get("/account").text
    (number,) = re.findall(r"/account/sessions/(\d+)/end", page)
    token = {"token": team.form_token("viewer")}
    foreign = team.client("lead").post(
        f"/account/sessions/{number}/end", data={"token": team.form_token("lead")}
    )
    assert foreign.status_code == 404
    assert mine.post(f"/account/sessions/{number}/end", data=token).status_code == 303
    assert other.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.7", "198.51.100.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "nonsense", "nonsense"),
    ],
)
def test_a_forwarded_address_counts_from_our_proxies_alone(
    team: Team, peer: str, forwarded: str, seen: str
) -> None:
    from ipaddress import ip_network

    from starlette.requests import Request

    proxies = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"))
    team.app.state.settings = WebSettings(origin=ORIGIN, proxies=proxies)
    scope = {
        "type": "http", "app": team.app, "client": (peer, 1), "method": "GET", "path": "/",
        "headers": [(b"x-forwarded-for", forwarded.encode())],
    }  # fmt: skip
    assert client_address(Request(scope)) == seen


ALLOWED = {
    "a", "b", "body", "br", "button", "caption", "circle", "code", "dd", "details", "div", "dl",
    "dt", "em", "fieldset", "figure", "footer", "form", "g", "h1", "h2", "h3", "h4", "head",
    "header", "html", "input", "kbd", "label", "legend", "li", "line", "link", "main", "meta",
    "meter", "nav", "ol", "optgroup", "option", "p", "path", "pre", "rect", "script", "section",
    "select", "small", "span", "strong", "summary", "svg", "table", "tbody", "td", "textarea",
    "th", "thead", "time", "title", "tr", "ul", "text", "polygon", "polyline", "defs", "use",
    "figcaption", "tfoot", "abbr", "sub", "sup", "i", "blockquote", "q", "article", "aside", "del",
    "ins", "mark", "datalist", "dialog", "noscript", "template",
}  # fmt: skip


def check_markup(html: str, where: str) -> None:
    """Fail for an element, an attribute or an address that no template of ours writes."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    for element in parser.parse(html).iter():
        if not isinstance(element.tag, str):
            continue
        name = element.tag.rpartition("}")[2]
        assert name in ALLOWED, f"{where}: <{name}>"
        if name == "template":
            assert dict(element.attrib) == {"id": "ahead"}, where
        if name == "noscript":
            assert not element.attrib, where
        if name == "script":
            assert str(element.get("src")).startswith("/static/"), where
            assert not (element.text or "").strip(), where
        for attribute, value in element.attrib.items():
            assert not str(attribute).startswith("on"), f"{where}: {attribute}"
            assert attribute != "style", f"{where}: {attribute}"
            if str(attribute).startswith(("hx-get", "hx-post", "hx-put", "hx-delete", "data-hx")):
                assert value.startswith("/"), f"{where}: {attribute}"
                assert not value.startswith("//"), f"{where}: {attribute}"
            if attribute in ("href", "src", "action", "formaction"):
                plain = value.strip().lower()
                assert not plain.startswith(("javascript:", "data:", "vbscript:", "//")), where


@pytest.mark.parametrize("number", range(GROUPS))
def test_hostile_texts_stay_texts(watched: tuple[Team, object], number: int) -> None:
    team, _ = watched
    text = group(number)
    with writing(team.database, Attribution(actor="lead", review="alliance", at=NOW)) as session:
        describe_person(session, person_called(session, "lead"), Described(display_name=text))
        person_called(session, "reviewer").disabled_because = None
        review_called(session, "alliance").title = text
    client = team.client("lead")
    token = {"token": team.form_token("lead")}
    client.post("/r/alliance/people/invitations", data={**token, "role": "viewer", "note": text})
    client.post("/account/tokens", data={**token, "name": text[:80], "days": "1"})
    for route in ALL:
        if route.methods == {"GET"} and not route.path.startswith(("/static", "/api", "/enter")):
            answer = client.get(_address(route))
            if "text/html" in answer.headers.get("content-type", ""):
                check_markup(answer.text, f"{route.path} with {text!r}")
    nobody = team.client()
    for one in PAYLOADS[GROUP * number : GROUP * (number + 1)]:
        for path in ("/sign-in?next=", "/", "/r/"):
            check_markup(nobody.get(path + quote(one, safe="")).text, f"{path} with {one!r}")
        wrong = nobody.post("/sign-in", data={"name": one, "password": "x", "next": one})
        check_markup(wrong.text, f"sign-in with {one!r}")
