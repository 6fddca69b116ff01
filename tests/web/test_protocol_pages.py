"""The protocol is changed, analyses are planned and revised, in the browser."""

from __future__ import annotations

import re
from typing import Any

import lxml.html
from starlette.testclient import TestClient

from review.db import Database
from review.history.queries import events
from review.living.job.repool import repool
from review.protocol.actions import spec_of
from review.protocol.plan_texts import texts_of
from review.protocol.queries import instrument_called, plan_of, review_called, versions
from tests.conftest import NOW


def _form(text: str) -> dict[str, str | list[str]]:
    """Return what a browser would send of a page's last form."""
    page: Any = lxml.html.document_fromstring(text)
    form = page.forms[-1]
    found: dict[str, str | list[str]] = {}
    for name, value in form.form_values():
        if name in found:
            before = found[name]
            found[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            found[name] = value
    return found


P = "/r/fixture/a/alliance/plan"


def test_a_plan_is_revised_with_a_reason(lead: TestClient) -> None:
    page = lead.get(f"{P}/edit")
    assert "Results of this analysis are there (run 1)" in page.text
    form = _form(page.text)
    form["margin"] = "0.4"
    compared = lead.post(f"{P}/edit", data={**form, "do": "compare"})
    assert compared.status_code == 200
    assert "margin: <del>0.5</del> <ins>0.4</ins>" in compared.text
    assert "Which trials would enter (5)" in compared.text
    assert "-0.45" not in compared.text  # no effect is shown where a plan is chosen
    seen = lead.post(f"{P}/preview", data=form)
    assert "margin: <del>0.5</del> <ins>0.4</ins>" in seen.text
    silent = lead.post(f"{P}/edit", data={**form, "do": "freeze"})
    assert silent.status_code == 422
    assert "Say why the plan changes" in silent.text
    assert 'value="0.4"' in silent.text  # what was typed is there still
    done = lead.post(f"{P}/edit", data={**form, "do": "freeze", "why": "A narrower margin"})
    assert done.url.path == P
    assert "frozen by tester: A narrower margin" in done.text
    again = lead.post(f"{P}/edit", data={**form, "do": "freeze", "why": "Twice"})
    assert again.status_code == 409
    assert "Version 2 was frozen since" in again.text


def test_a_wrong_plan_says_all_that_is_wrong_beside_its_fields(lead: TestClient) -> None:
    form = _form(lead.get(f"{P}/edit").text)
    wrong = {**form, "margin": "minus one", "level": "3", "outcome": "none", "do": "freeze"}
    answer = lead.post(f"{P}/edit", data=wrong)
    assert answer.status_code == 422
    for name in ("margin", "level"):
        marks = f'aria-invalid="true" aria-describedby="{name}-wrong"'
        assert re.search(f'<input id="{name}"[^>]*{marks}', answer.text), name
        assert f'<p class="wrong" id="{name}-wrong">' in answer.text


def test_the_protocol_takes_what_a_lead_changes(lead: TestClient) -> None:
    token = str(_form(lead.get("/r/fixture/protocol").text)["token"])
    at = "/r/fixture/protocol"
    assert "wrong population" in lead.post(
        f"{at}/reasons", data={"token": token, "reason": "wrong population"}
    ).text  # fmt: skip
    paused = {"token": token, "status": "paused"}
    refused = lead.post(f"{at}/living", data=paused)
    assert refused.status_code == 422
    assert "Say why the review is paused" in refused.text
    told = lead.post(f"{at}/living", data={**paused, "because": "no money"})
    assert "no money" in told.text
    search = {"token": token, "source": "PsycINFO", "days": "30"}
    assert "PsycINFO: every 30 days" in lead.post(f"{at}/searches", data=search).text
    stage = {"token": token, "stage": "full_text", "required": "1"}
    assert "1 reviewer a record, who see" in lead.post(f"{at}/stages", data=stage).text
    assert "rob2-parallel, version" in lead.post(
        f"{at}/tools", data={"token": token, "tool": "rob2-parallel"}
    ).text  # fmt: skip


NEW = "/r/fixture/analyses/new"


def test_an_analysis_is_planned_from_the_defaults(lead: TestClient, database: Database) -> None:
    assert f'href="{NEW}"' in lead.get("/r/fixture/protocol").text
    page = lead.get(NEW)
    assert "Other analyses of this review have results already (alliance)" in page.text
    form = _form(page.text)
    assert (form["method"], form["test"], form["measure"]) == ("REML", "adhoc", "SMD")
    empty = lead.post(NEW, data={**form, "do": "freeze"})
    assert empty.status_code == 422
    assert 'id="title-wrong"' in empty.text
    with database.reading() as session:
        (version,) = versions(session, review_called(session, "fixture"), "alliance")
        old = texts_of(plan_of(version))
    asked = ("outcome", "measure", *(name for name in old if name.startswith(("inter", "compar"))))
    form |= {"title": "Alliance, again", **{name: old[name] for name in asked}}
    looked = lead.post(NEW, data={**form, "do": "compare", "slug": "again"})
    assert "Which trials would enter (5)" in looked.text
    assert "Differences" not in looked.text
    assert "-0.45" not in looked.text  # no effect is shown where a plan is chosen
    assert "Which trials would enter (5)" in lead.post(f"{NEW}/preview", data=form).text
    for slug, said in (
        ("alliance", "already has an analysis"), ("Bad Name", "is no short name"), ("", "no short"),
    ):  # fmt: skip
        refused = lead.post(NEW, data={**form, "do": "freeze", "slug": slug})
        assert refused.status_code == 422
        assert re.search(f'id="slug-wrong">[^<]*{said}', refused.text), slug
        assert 'value="Alliance, again"' in refused.text
    unknown = {**form, "do": "freeze", "slug": "again", "instruments": "phq"}
    refused = lead.post(NEW, data=unknown)
    assert refused.status_code == 422
    assert "no instrument" in refused.text
    assert 'value="Alliance, again"' in refused.text
    done = lead.post(NEW, data={**form, "do": "freeze", "slug": "again", "why": "asked by readers"})
    assert done.url.path == "/r/fixture/a/again/plan"
    assert "asked by readers" in done.text
    with database.reading() as session:
        (version,) = versions(session, review_called(session, "fixture"), "again")
        assert (version.number, version.plan["method"]) == (1, "REML")
    told = repool(database, actor="tester", now=lambda: NOW)
    assert [one.name.analysis for one in told.recomputed] == ["again"]


def test_an_outcome_is_added_and_corrected(lead: TestClient) -> None:
    at = "/r/fixture/protocol"
    form = _form(lead.get(f"{at}/new/outcome").text)
    wrong = lead.post(f"{at}/new/outcome", data={**form, "slug": "Low Mood", "name": "Mood"})
    assert wrong.status_code == 422
    assert "is no short name" in wrong.text
    taken = lead.post(f"{at}/new/outcome", data={**form, "slug": "alliance", "name": "Mood"})
    assert taken.status_code == 422
    assert "already has an outcome" in taken.text
    assert 'value="Mood"' in taken.text
    added = lead.post(f"{at}/new/outcome", data={**form, "slug": "mood", "name": "Mood"})
    assert added.url.path == at
    assert "Mood" in added.text
    form = _form(lead.get(f"{at}/outcomes/mood").text)
    same = lead.post(f"{at}/outcomes/mood", data=form)
    assert "is like that already" in same.text
    told = lead.post(
        f"{at}/outcomes/mood", data={**form, "name": "Low mood", "because": "as in the paper"}
    )
    assert "Low mood" in told.text
    assert lead.get(f"{at}/outcomes/none").status_code == 404


def test_an_instrument_is_added_and_its_direction_turned(
    lead: TestClient, database: Database
) -> None:
    at = "/r/fixture/protocol"
    form = _form(lead.get(f"{at}/new/instrument?outcome=alliance").text)
    assert form["outcome"] == "alliance"
    form |= {"slug": "hat", "name": "HAT", "better": "lower", "lowest": "7", "highest": "2"}
    wrong = lead.post(f"{at}/new/instrument", data=form)
    assert wrong.status_code == 422
    assert "must be below the highest" in wrong.text
    assert "lower is better, 1 to 7.5" in lead.post(
        f"{at}/new/instrument", data={**form, "lowest": "1", "highest": "7.5"}
    ).text  # fmt: skip
    near = {**form, "slug": "w-a-i", "lowest": ""}
    asked = lead.post(f"{at}/new/instrument", data=near)
    assert "the same instrument?" in asked.text
    assert "w-a-i" in lead.post(f"{at}/new/instrument", data={**near, "distinct": "true"}).text

    page = lead.get(f"{at}/instruments/wai")
    assert "With another direction or outcome, its results change their sign" in page.text
    assert 'href="/r/fixture/a/alliance"' in page.text
    form = _form(page.text)
    assert form["better"] == "higher"
    lead.post(f"{at}/instruments/wai", data={**form, "better": "lower", "because": "misread"})
    with database.reading() as session:
        review = review_called(session, "fixture")
        assert spec_of(instrument_called(session, review, "wai")).higher_is_better is False
        (event,) = [e for e in events(session, viewer="tester") if e.action == "edit"]
        assert event.reason == "misread"
    before = lead.get("/r/fixture/a/alliance").text
    assert "Out of date" in before


def test_a_range_keeps_all_its_digits_when_it_is_saved_again(
    lead: TestClient, database: Database
) -> None:
    at = "/r/fixture/protocol/instruments/wai"
    form = _form(lead.get(at).text)
    exact = {"lowest": "-0.1234567890123", "highest": "1234567.125", "step": "0.333333333333333"}
    lead.post(at, data={**form, **exact})
    form = _form(lead.get(at).text)
    assert {name: form[name] for name in exact} == exact
    assert "is like that already" in lead.post(at, data=form).text
    for name in exact:
        assert lead.post(at, data={**form, name: "inf"}).status_code == 422
    del database


def test_assessors_of_a_result_are_set(lead: TestClient) -> None:
    token = str(_form(lead.get("/r/fixture/protocol").text)["token"])
    at = "/r/fixture/protocol/assessors"
    lead.post("/r/fixture/protocol/tools", data={"token": token, "tool": "rob2-parallel"})
    assert "2 assessors a result" in lead.post(at, data={"token": token, "assessors": "2"}).text
    assert lead.post(at, data={"token": token, "assessors": "9"}).status_code == 422


def test_how_trials_are_entered_is_chosen(lead: TestClient) -> None:
    at = "/r/fixture/protocol"
    assert "not while two enter blind. Each blind entry names its own arms." in lead.get(at).text
    token = str(_form(lead.get(at).text)["token"])
    chosen = {"token": token, "preview": "always", "arms_first": "true"}
    told = lead.post(f"{at}/entering", data=chosen).text
    assert "is shown always. Arms are agreed before anybody enters a trial blind." in told
    told = lead.post(f"{at}/entering", data={"token": token, "preview": "never"}).text
    assert "is shown never. Each blind entry" in told
    assert lead.post(f"{at}/entering", data={"token": token, "preview": "x"}).status_code == 422


def test_a_program_plans_and_revises(lead: TestClient) -> None:
    token = str(_form(lead.get("/r/fixture/protocol").text)["token"])
    made = lead.post(
        "/account/tokens", data={"token": token, "name": "R", "scope": "write", "days": "1"}
    )
    secret = made.text.split("<pre>")[1].split("</pre>")[0]
    program = TestClient(lead.app, base_url="http://127.0.0.1:8000")
    program.headers["authorization"] = f"Bearer {secret}"
    at = "/api/v1/reviews/fixture/analyses"
    (old,) = program.get(f"{at}/alliance/versions").json()["items"]
    plan = {**old["plan"], "title": "By program", "margin": 0.4}
    assert program.post(at, json={"analysis": "by-program", "plan": plan}).status_code == 201
    assert program.post(at, json={"analysis": "by-program", "plan": plan}).status_code == 409
    versions = f"{at}/by-program/versions"
    change = {"of": 1, "plan": {**plan, "margin": 0.3}, "because": "as published"}
    done = program.post(versions, json=change)
    assert (done.status_code, done.json()["number"], done.json()["reason"]) == (
        201, 2, "as published",
    )  # fmt: skip
    assert [one["what"] for one in done.json()["differences"]] == ["margin"]
    assert program.post(versions, json=change).status_code == 409  # somebody was faster
    silent = program.post(versions, json={**change, "of": 2, "because": " "})
    assert (silent.status_code, silent.json()["errors"][0]["field"]) == (422, "because")
    wrong = program.post(versions, json={**change, "of": 2, "plan": {**plan, "margin": -1}})
    assert wrong.json()["errors"][0]["field"] == "plan.margin"
