"""The page of components: for those who build pages, and only for them."""

from __future__ import annotations

from starlette.testclient import TestClient

from review.db import Database
from review.web.app import create_app
from review.web.settings import WebSettings
from tests.web.conftest import KEY


def test_components_are_shown_to_those_who_build_pages(
    database: Database, browser: TestClient
) -> None:
    assert browser.get("/design").status_code == 404
    app = create_app(database, WebSettings(key=KEY, debug=True))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        client.get(f"/enter?key={KEY}")
        text = client.get("/design").text
    assert "favours intervention" in text
    assert "This is needed." in text
    assert 'style="' not in text
    assert "<script>" not in text
