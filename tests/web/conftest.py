"""Somebody at the pages: a client on the test's database, let in by its key."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from review.config import settings
from review.db import Database
from review.web.app import create_app
from review.web.settings import WebSettings

KEY = "the-key-of-this-start"


@pytest.fixture
def browser(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The person of this machine, called tester, who has opened the printed address."""
    monkeypatch.setenv("REVIEW_ACTOR", "tester")
    settings.cache_clear()
    app = create_app(database, WebSettings(key=KEY))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        client.get(f"/enter?key={KEY}")
        yield client
    settings.cache_clear()


@pytest.fixture
def stranger(browser: TestClient) -> Callable[[], TestClient]:
    """Make another browser on the same program, without the key."""
    return lambda: TestClient(browser.app, base_url="http://127.0.0.1:8000")
