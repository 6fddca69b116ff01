"""Who comes in, and what every answer carries."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.pool import QueuePool
from starlette.testclient import TestClient

from review.db import Database
from review.web.app import THREADS
from review.web.render import static
from review.web.security import HEADERS
from tests.screening.builders import make_review


def test_the_key_lets_one_person_in(
    database: Database, browser: TestClient, stranger: Callable[[], TestClient]
) -> None:
    make_review(database)
    assert "alliance" in browser.get("/").text
    other = stranger()
    assert other.get("/", follow_redirects=False).status_code == 303
    assert other.get("/enter?key=the-key-of-this-start").status_code == 403
    assert other.get("/").url.path == "/sign-in"


def test_another_name_than_this_machines_is_refused(browser: TestClient) -> None:
    assert browser.get("/", headers={"host": "evil.example:8000"}).status_code == 400
    assert browser.get("/", headers={"host": "localhost:8000"}).status_code == 200


def test_every_answer_carries_the_policy(browser: TestClient) -> None:
    for path, status in {"/": 200, "/nothing": 404, "/r/none": 404, "/static/none.js": 404}.items():
        answer = browser.get(path)
        assert answer.status_code == status
        assert HEADERS.items() <= dict(answer.headers).items()
        assert len(answer.headers["x-request-id"]) == 16


def test_no_request_waits_for_a_connection(browser: TestClient, database: Database) -> None:
    """All that are answered at once have one, on both databases."""
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.size() + 10 >= THREADS  # the overflow that SQLAlchemy allows unless told otherwise

    def ask(_: int) -> int:
        return browser.get("/").status_code

    with ThreadPoolExecutor(40) as many:
        assert set(many.map(ask, range(80))) == {200}


def test_a_static_file_is_kept_at_an_address_that_changes_with_it(browser: TestClient) -> None:
    kept = browser.get(static("js/reader.js"))
    assert "immutable" in kept.headers["cache-control"]
    bare = browser.get("/static/js/reader.js")
    assert bare.headers["cache-control"] == "no-cache"
    assert bare.content == kept.content
    again = browser.get("/static/js/reader.js", headers={"if-none-match": bare.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    old = browser.get("/static/js/reader.js?v=0123456789ab")
    assert old.headers["cache-control"] == "no-cache"
