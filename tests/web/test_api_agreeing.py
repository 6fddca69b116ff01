"""Two people enter a trial blind and agree; a number that counts is corrected, or withdrawn."""

from __future__ import annotations

from typing import Any

from tests.web.conftest import Team
from tests.web.test_api_drafts import Typist, filled, study

__all__ = ["study"]

HIS = {"n": "50", "mean": "5.1", "sd": "0.9"}


def _both(team: Team, study: int) -> tuple[Typist, Typist]:
    anna, ben = Typist(team, "reviewer", study), Typist(team, "adjudicator", study)
    for who, rows in ((anna, {}), (ben, {"video": HIS})):
        body = filled(who.open("blind"), **rows)
        if who is ben:
            body["form"]["arms"][0]["label"] = "VIDEO"
        assert who.save(who.put(body, 0).json()["version"], "finish").status_code == 200
    return anna, ben


def _post(who: Typist, path: str, body: dict[str, Any]) -> Any:
    return who.client.post(f"{who.path}/{path}", json=body)


def test_two_entries_are_compared_settled_and_counted(team: Team, study: int) -> None:
    anna = Typist(team, "reviewer", study)
    early = anna.client.get(f"{anna.path}/comparison")
    assert early.status_code == 422
    anna, _ = _both(team, study)
    told = anna.client.get(f"{anna.path}/comparison").json()
    differing = [cell for cell in told["cells"] if cell["state"] != "equal"]
    assert [(c["field"], c["first"], c["second"]) for c in differing] == [("mean", "5.6", "5.1")]
    assert differing[0]["sources"]["first"]["pdf_page"] == 4
    assert told["open"] == 1
    shown = _post(anna, "consensus", {"preview": True}).json()["previews"]
    assert (shown[0]["before"]["k"], shown[0]["after"]["k"]) == (8, 9)
    assert _post(anna, "consensus", {}).status_code == 422  # one cell is open
    cell = {"id": differing[0]["id"], "taken": "second", "reason": "Table 2 says so"}
    wrong = _post(anna, "resolutions", {"cells": [cell, {**cell, "id": "none"}]})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "none"
    assert _post(anna, "resolutions", {"cells": [cell]}).json() == {"decided": 1, "open": 0}
    assert _post(anna, "consensus", {}).json()["entry"] is not None
    results = anna.client.get("/api/v1/reviews/alliance/results?limit=50").json()["items"]
    mine = {one["arm"]: one for one in results if one["study"] == "New (2025)"}
    assert {arm: one["numbers"]["mean"] for arm, one in mine.items()} == {
        "Video": 5.1, "In person": 5.8,
    }  # fmt: skip
    assert anna.open()["entry"] == "consensus"
    row = anna.open()["form"]["blocks"][0]
    assert row["source"]["page"] == "Table 2"
    told = anna.client.get(f"{anna.path}/comparison").json()
    assert (told["agreed"], told["reasons"]) == (True, ["Table 2 says so"])


def _results(team: Team, study: int) -> tuple[Typist, dict[str, Any], str]:
    anna = Typist(team, "reviewer", study)
    anna.save(anna.put(filled(anna.open()), 0).json()["version"])
    found = anna.open()
    row = found["form"]["blocks"][0]["rows"][0]
    thing = found["made_from"]["results"][str(row["result"])]
    return anna, thing, f"/api/v1/reviews/alliance/results/{row['result']}"


def test_a_number_that_counts_is_corrected_with_its_reason(team: Team, study: int) -> None:
    anna, thing, path = _results(team, study)
    body = {"version": thing["version"], "reason_kind": "erratum", "reason": "Erratum 2026",
            "cells": {"mean": "5.9"}}  # fmt: skip
    seen = anna.client.patch(path, json={**body, "dry_run": True})
    assert seen.status_code == 200, seen.text
    assert [(c["field"], c["was"], c["now"]) for c in seen.json()["changes"]] == [
        ("mean", "5.6", "5.9")
    ]
    assert len(seen.json()["previews"]) == 1
    assert anna.open()["form"]["blocks"][0]["rows"][0]["cells"]["mean"] == "5.6"
    done = anna.client.patch(path, json=body)
    assert (done.status_code, done.json()["version"]) == (200, thing["version"] + 1), done.text
    stale = anna.client.patch(path, json={**body, "cells": {"mean": "6.1"}})
    assert stale.status_code == 409
    (clash,) = stale.json()["conflicts"]
    assert (clash["yours"], clash["stored"], clash["was"]) == ("6.1", "5.9", "5.6")
    bad = anna.client.patch(path, json={**body, "version": 2, "cells": {"sd": "-1"}})
    assert bad.status_code == 422
    events = anna.client.get("/api/v1/reviews/alliance/history?limit=20").json()["items"]
    assert any(event["reason"] == "erratum: Erratum 2026" for event in events)


def test_a_wrong_timepoint_is_put_right_and_a_wrong_row_withdrawn(team: Team, study: int) -> None:
    anna, thing, path = _results(team, study)
    body = {"version": thing["version"], "reason_kind": "misread", "key": {"timepoint": "6 months"}}
    moved = anna.client.patch(path, json=body)
    assert moved.status_code == 200, moved.text
    blocks = anna.open()["form"]["blocks"]
    assert sorted(block["timepoint"] for block in blocks) == ["6 months", "post"]
    gone = anna.client.post(f"{path}/withdraw", json={"reason": "of another trial"})
    assert gone.status_code == 200
    assert [b["timepoint"] for b in anna.open()["form"]["blocks"]] == ["post"]
    assert anna.client.post(f"{path}/reinstate", json={"reason": "no"}).status_code == 200


def test_a_lead_chooses_when_the_preview_shows(team: Team, study: int) -> None:
    path = "/api/v1/reviews/alliance/extraction-choices"
    lead = Typist(team, "lead", study)
    assert lead.client.get(path).json() == {"preview": "default", "arms_first": False}
    chosen = {"preview": "always", "arms_first": True}
    assert lead.client.put(path, json=chosen).json() == chosen
    anna = Typist(team, "reviewer", study)
    body = filled(anna.open("blind"))
    assert anna.check(body, preview="alliance")["preview"] is not None
    refused = anna.save(anna.put(body, 0).json()["version"])
    assert refused.status_code == 422
    assert {e["field"] for e in refused.json()["errors"]} >= {"arm:a1:label", "arm:a2:label"}
