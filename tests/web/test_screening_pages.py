"""Screening in the browser without its script: forms, redirects, and what goes wrong said there."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from review.db import Database
from review.screening import queries
from review.screening.models import Decision, LateDecision
from review.screening.vocabulary import Stage, State, Verdict
from tests.screening.builders import import_records, make_review, say, the_review

HOME = "/r/alliance/screen/title_abstract"
ABSTRACT = Stage.TITLE_ABSTRACT
EXCLUDE, INCLUDE = Verdict.EXCLUDE, Verdict.INCLUDE


@pytest.fixture
def browser(records: list[int], browser: TestClient) -> TestClient:
    """The person of this machine, where there are records."""
    assert records
    return browser


@pytest.fixture
def records(database: Database) -> list[int]:
    make_review(database)
    return import_records(
        database, ["One", "Two", "Three"],
        abstracts=["AIM: To see. METHODS: Randomised.", "<script>alert(1)</script>", "Three rats."],
    )  # fmt: skip


def _token(browser: TestClient) -> str:
    found = re.search(r'data-token="([^"]+)"', browser.get("/account").text)
    assert found is not None
    return found[1]


def _send(browser: TestClient, path: str, **fields: object):  # type: ignore[no-untyped-def] # a response
    return browser.post(path, data={"token": _token(browser), **fields}, follow_redirects=True)


def _shown(html: str) -> int:
    found = re.search(r'<div id="sheet">\s*<article[^>]*data-record="(\d+)"', html)
    return int(found[1]) if found else 0


def test_a_record_is_decided_undone_and_decided_with_a_reason(
    browser: TestClient, records: list[int]
) -> None:
    one, two, _ = records
    first = browser.get(HOME)
    assert _shown(first.text) == one
    assert "<b>3</b> left, <b>0</b> done" in first.text
    assert '<b class="part-name">METHODS</b> Randomised.' in first.text
    after = _send(browser, HOME, record=one, verdict="exclude 2", note="see page 3")
    assert _shown(after.text) == two
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in after.text
    told = after.text[after.text.index('id="told"') : after.text.index('id="counts"')]
    for word in (f"Record {one}", "excluded", "wrong comparator", "see page 3", "Undo"):
        assert word in told
    assert "<b>2</b> left, <b>1</b> done" in after.text
    undone = _send(browser, f"{HOME}/undo", record=one)
    assert _shown(undone.text) == one
    assert "<b>3</b> left, <b>0</b> done" in undone.text


def test_what_cannot_be_decided_is_said_with_the_record_and_the_note_there(
    browser: TestClient, records: list[int]
) -> None:
    one, *_ = records
    wrong = _send(browser, HOME, record=one, verdict="exclude 9", note="typed before")
    assert wrong.status_code == 422
    assert _shown(wrong.text) == one
    assert "has no exclusion reason" in wrong.text
    assert "typed before</textarea>" in wrong.text
    for bad in ({"record": one, "verdict": "perhaps"}, {"record": "x", "verdict": "include"}):
        assert _send(browser, HOME, **bad).status_code == 422
    assert browser.get("/r/alliance/screen/nothing").status_code == 404
    assert browser.get(f"{HOME}?again=999").status_code == 404


def test_the_script_gets_the_part_that_changes_and_the_record_after(
    browser: TestClient, records: list[int]
) -> None:
    one, two, three = records
    data = {"token": _token(browser), "record": one, "verdict": "include"}
    answer = browser.post(HOME, data=data, headers={"x-part": "1"}, follow_redirects=False)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert _shown(answer.text) == two
    ahead = answer.text[answer.text.index('<template id="ahead">') :]
    assert f'data-record="{three}"' in ahead


def test_sent_twice_it_is_decided_once_and_late_it_is_thanked_for(
    browser: TestClient, database: Database, records: list[int]
) -> None:
    one, two, _ = records
    page = browser.get(HOME).text
    request = re.search(r'name="request" value="([^"]+)"', page)
    assert request is not None
    for verdict in ("include", "exclude"):
        _send(browser, HOME, record=one, verdict=verdict, request=request[1])
    for who in ("anna", "ben"):
        say(database, who, EXCLUDE, two)
    late = _send(browser, HOME, record=two, verdict="include")
    assert "counts in nothing" in late.text
    with database.reading() as session:
        kept = session.query(Decision).filter_by(record_id=one).all()
        assert [decision.verdict for decision in kept] == [INCLUDE]
        assert session.query(LateDecision).count() == 1
        ledger = queries.ledger(session, the_review(session))
        assert ledger.standing(ABSTRACT, two).state is State.EXCLUDED


def test_many_are_decided_at_once_each_by_itself(
    browser: TestClient, database: Database, records: list[int]
) -> None:
    one, two, three = records
    shown = browser.get(f"{HOME}/list?n=25&q=rats").text
    assert f'value="{three}"' in shown
    assert f'value="{one}"' not in shown[shown.index("<tbody>") :]
    nothing = _send(browser, f"{HOME}/list", verdict="exclude")
    assert nothing.status_code == 422
    assert "Nothing is ticked" in nothing.text
    for who in ("anna", "ben"):
        say(database, who, EXCLUDE, two)
    data = {
        "token": _token(browser),
        "records": [str(one), str(two), "999"],
        "verdict": "exclude 1",
    }
    done = browser.post(f"{HOME}/list", data=data)
    assert "1 record excluded." in done.text
    assert "there is no record 999" in done.text.casefold()


def test_mine_are_listed_chosen_and_changed(browser: TestClient, records: list[int]) -> None:
    one, two, _ = records
    _send(browser, HOME, record=one, verdict="include")
    _send(browser, HOME, record=two, verdict="exclude 1")
    _send(browser, f"{HOME}/label", record=two, label="ask")
    every = browser.get("/r/alliance/screen/mine").text
    assert every.index("Two") < every.index("One")
    for query, there, missing in (
        ("verdict=exclude", "Two", "One"), ("q=see", "One", "Two"), ("label=ask", "Two", "One"),
    ):  # fmt: skip
        shown = browser.get(f"/r/alliance/screen/mine?{query}").text
        shown = shown[shown.index("<tbody>") :]
        assert there in shown
        assert missing not in shown
    again = browser.get(f"{HOME}?again={one}").text
    assert "To decide again changes it" in again
    _send(browser, HOME, record=one, verdict="maybe")
    assert "kept as maybe" in browser.get("/r/alliance/screen/mine").text


def test_a_conflict_is_read_discussed_and_settled_by_a_third_person(
    browser: TestClient, database: Database, records: list[int]
) -> None:
    one, two, _ = records
    say(database, "anna", INCLUDE, one)
    say(database, "ben", EXCLUDE, one)
    say(database, "anna", INCLUDE, two)
    place = f"/r/alliance/conflicts/title_abstract/{one}"
    assert "Settle 1 conflict" in browser.get("/r/alliance/screen").text
    listed = browser.get("/r/alliance/conflicts/title_abstract").text
    for word in ("anna", "ben", "included", "excluded", "you or another"):
        assert word in listed
    assert browser.get(f"/r/alliance/conflicts/title_abstract/{two}").status_code == 404
    _send(browser, f"{place}/discussion", text="the abstract says by telephone")
    assert "the abstract says by telephone" in browser.get(place).text
    assert _send(browser, place, verdict="maybe").status_code == 422
    _send(browser, place, verdict="exclude 1", note="telephone")
    with database.reading() as session:
        standing = queries.ledger(session, the_review(session)).standing(ABSTRACT, one)
        assert (standing.state, standing.reason) == (State.EXCLUDED, 1)
    assert "Settled by title and abstract" in browser.get(place).text


def test_who_decided_reads_a_conflict_and_does_not_settle_it(
    browser: TestClient, database: Database, records: list[int]
) -> None:
    one, *_ = records
    _send(browser, HOME, record=one, verdict="include")
    say(database, "ben", EXCLUDE, one)
    place = f"/r/alliance/conflicts/title_abstract/{one}"
    shown = browser.get(place).text
    assert "somebody else settles it" in shown
    assert "Nobody else here may: invite a third person." in shown
    assert 'value="exclude"' not in shown
    assert _send(browser, place, verdict="include").status_code == 403
    hub = browser.get("/r/alliance/screen").text
    assert "1 conflict nobody here may settle" in hub
    assert "more decisions than there are people left" not in hub


def test_records_that_nobody_is_left_for_are_told(browser: TestClient) -> None:
    assert "3 records want more decisions than there are people left" in (
        browser.get("/r/alliance/screen").text
    )


def test_criteria_terms_and_who_reads_what_are_set_and_shown_beside_the_record(
    browser: TestClient, records: list[int]
) -> None:
    home = "/r/alliance/criteria"
    assert "No criteria yet" in browser.get(home).text
    assert _send(browser, home, include=" ").status_code == 422
    _send(browser, home, include="Adults\nBy video", exclude="Animals", because="the protocol")
    _send(browser, f"{home}/terms", name="animals", kind="exclude", terms="rat")
    _send(
        browser, f"{home}/screeners", stage="title_abstract", who="tester", core="true", share="50"
    )
    shown = browser.get(home).text
    assert "version 1" in shown
    assert "must be one of the reviewers; offered 50 % of the records" in shown
    beside = browser.get(f"{HOME}?again={records[2]}").text
    assert "<li>By video</li>" in beside
    assert '<mark class="exclude">rats</mark>' in beside


def test_a_pilot_round_comes_first_and_ends_with_the_agreement(
    browser: TestClient, database: Database, records: list[int]
) -> None:
    home = "/r/alliance/criteria"
    _send(browser, f"{home}/pilots", stage="title_abstract", size="2", reviewers="2")
    for _ in range(2):
        page = browser.get(HOME).text
        assert "pilot round 1" in page
        _send(browser, HOME, record=_shown(page), verdict="exclude")
    done = re.findall(r'data-record="(\d+)"', browser.get(HOME).text)
    for record in set(records) - set(map(int, done)):
        say(database, "ben", EXCLUDE, record)
    _send(browser, f"{home}/pilots/close", stage="title_abstract")
    agreement = browser.get("/r/alliance/screen/agreement?pilot=1").text
    assert "2 records" in agreement
    assert "100.0 %" in agreement


def test_leaving_gives_back_what_was_held(browser: TestClient) -> None:
    browser.get(HOME)
    left = _send(browser, f"{HOME}/leave")
    assert left.status_code == 200
    assert str(left.url).endswith("/r/alliance/screen")


def test_a_missing_abstract_is_added_and_the_record_is_read_on(
    browser: TestClient, database: Database
) -> None:
    (record,) = import_records(database, ["Four"], abstracts=[None])
    page = browser.get(f"{HOME}?again={record}").text
    way = f"/r/alliance/records/{record}?back={HOME.replace('/', '%2F')}#abstract-of"
    assert f'There is no abstract in the file. <a href="{way}">Add it</a>' in page
    assert f'name="back" value="{HOME}"' in browser.get(way).text
    to = f"/r/alliance/records/{record}/abstract"
    wrong = _send(browser, to, abstract="Read <b>me</b>", back=HOME)
    assert wrong.status_code == 422
    assert "This is needed." in wrong.text
    assert "Read &lt;b&gt;me&lt;/b&gt;</textarea>" in wrong.text
    kept = _send(browser, to, abstract="Read <b>me</b>", source="PubMed", back=HOME)
    assert kept.url.path == HOME
    shown = browser.get(f"{HOME}?again={record}").text
    assert "Read &lt;b&gt;me&lt;/b&gt;" in shown
    assert "Not in the file: added from PubMed." in shown
    away = _send(browser, to, abstract="Again", source="PubMed", back="//elsewhere.example/x")
    assert away.url.path == f"/r/alliance/records/{record}"


def test_the_abstract_of_a_file_is_not_replaced_in_the_browser(
    browser: TestClient, records: list[int]
) -> None:
    path = f"/r/alliance/records/{records[0]}"
    assert "/abstract" not in browser.get(path).text
    refused = _send(browser, f"{path}/abstract", abstract="Other", source="PubMed")
    assert refused.status_code == 422
