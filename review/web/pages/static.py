"""Style sheets, scripts and fonts, all our own or vendored."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.responses import FileResponse, Response

from review.errors import NotFoundError
from review.people.rules import Deed
from review.web.render import HERE
from review.web.routes import Routes

routes = Routes()

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}


@cache
def files() -> dict[str, Path]:
    """Return every static file by its name; nothing else is ever served."""
    folder = HERE / "static"
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


@routes.get("/static/{name:path}", Deed.ENTER)
def static_file(name: str) -> Response:
    """Return a static file; its address changes with it, so it is kept for a year."""
    found = files().get(name)
    if found is None:
        raise NotFoundError("there is no such file")
    kind = KINDS.get(found.suffix, "application/octet-stream")
    return FileResponse(
        found, media_type=kind, headers={"cache-control": "public, max-age=31536000, immutable"}
    )
