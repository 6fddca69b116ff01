"""The preview of a site is built once a state of the review, and anew when something changed."""

from __future__ import annotations

from starlette.testclient import TestClient

from review.db import Database
from review.history.actions import Attribution, writing
from review.protocol.queries import review_called
from review.web.pages import preview


def test_it_is_built_once_a_state_and_anew_after_a_change(
    lead: TestClient, database: Database, by: Attribution
) -> None:
    def built() -> int:
        (found,) = [
            id(site) for (url, _), (_, site) in preview._built.items() if url == str(database.url)
        ]
        return found

    first = lead.get("/r/fixture/preview/index.html")
    assert first.status_code == 200
    before = built()
    assert lead.get("/r/fixture/preview/index.html").content == first.content
    assert lead.get("/r/fixture/preview/data/effects.csv").status_code == 200
    assert lead.get("/r/fixture/preview/studies.html").status_code == 200
    assert built() == before
    with writing(database, by) as session:
        review_called(session, "fixture").question = "Is it so?"
    assert "Is it so?" in lead.get("/r/fixture/preview/index.html").text
    assert built() != before
