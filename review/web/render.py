"""Templates: strict about names, escaping by default, the same globals on every page."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from review import __version__
from review.web.visits import Visit, address
from review.web.words import (
    aligned,
    class_kind,
    class_sign,
    day,
    linked,
    signs,
    thousands,
    when,
)

HERE: Final = Path(__file__).parent

ROOMS: Final = (
    ("", "Overview", "o"),
    ("analyses", "Analyses", "a"),
    ("studies", "Studies", "s"),
    ("extract", "Extract", "x"),
    ("rob", "Risk of bias", "b"),
    ("searches", "Searches", "u"),
    ("records", "Records", "r"),
    ("screen", "Screening", "c"),
    ("fulltexts", "Full texts", "d"),
    ("flow", "Flow", "f"),
    ("protocol", "Protocol", "p"),
    ("history", "History", "h"),
    ("exports", "Exports", "e"),
    ("people", "People", "m"),
)
"""The pages of a review that are reached from all of them: path, name, and the key after g."""


@cache
def environment() -> Environment:
    """Return the environment of all templates."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(static=static, address=address, version=__version__, rooms=ROOMS)
    made.filters.update(
        aligned=aligned, class_kind=class_kind, class_sign=class_sign, day=day, linked=linked,
        signs=signs, thousands=thousands, when=when,
    )  # fmt: skip
    return made


@cache
def static(name: str) -> str:
    """Return the address of a static file; it changes with the file, so caches may keep it."""
    digest = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def page(visit: Visit, template: str, view: object, *, status: int = 200, **more: Any) -> Response:
    """Return a page: ``view`` is a dataclass with all it needs, loaded before."""
    html = environment().get_template(template).render(view=view, visit=visit, **more)
    return HTMLResponse(html, status_code=status)


def to(path: str) -> Response:
    """Return the answer to a form that was taken: look at `path` now."""
    return RedirectResponse(path, status_code=303)
