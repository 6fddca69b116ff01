"""The application: all routes of ``pages`` and ``api`` behind one door."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from review import __version__
from review.config import settings
from review.db import Database, database_at
from review.demonstration.queries import is_demonstration
from review.schema import current
from review.web.errors import answer, say_errors
from review.web.logs import write_lines
from review.web.routes import Route, routes_of
from review.web.security import Door
from review.web.sessions import OneKey
from review.web.settings import WebSettings, web_settings

THREADS: Final = 24
"""Requests that are answered at once: fewer than a database's connections (16 and 10 more), so
that none waits for one."""


SWITCH: Final = 0.0005
"""Seconds after which a thread that computes lets another go on. Who writes asks the database some
fifteen times while others wait for it; by Python's own 0.005, each answer may lie that long."""


@asynccontextmanager
async def _bounded(app: FastAPI) -> AsyncIterator[None]:
    del app
    sys.setswitchinterval(SWITCH)
    current_default_thread_limiter().total_tokens = THREADS
    yield


def create_app(database: Database, web: WebSettings) -> FastAPI:
    """Return the application on a database.

    Raises AssertionError for a route that names no deed.
    """
    app = FastAPI(
        title="living-review", version=__version__, docs_url=None, redoc_url=None, openapi_url=None,
        lifespan=_bounded,
        middleware=[
            Middleware(Door, settings=web, answer=answer),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6),
        ],
    )  # fmt: skip
    app.state.database = database
    with database.reading() as session:
        app.state.settings = replace(web, demonstration=is_demonstration(session))
    app.state.key = OneKey(web.key, settings().actor)
    app.state.now = lambda: datetime.now(UTC)
    app.router.routes[:] = [*routes_of("review.web.pages"), *routes_of("review.web.api")]
    say_errors(app)
    without = [route for route in app.routes if not isinstance(route, Route)]
    assert not without, f"routes without a deed: {without}"
    return app


def from_environment() -> FastAPI:
    """Return the application of one worker of several; the settings are those of the command."""
    write_lines(logging.INFO)
    return create_app(current(database_at(settings().database_url)), web_settings())
