"""Style sheets, scripts and fonts, all our own or vendored."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from review.errors import NotFoundError
from review.people.rules import Deed
from review.web.render import HERE, static
from review.web.routes import Routes

routes = Routes()

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}


@cache
def files() -> dict[str, Path]:
    """Return every static file by its name; nothing else is ever served."""
    folder = HERE / "static"
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


@routes.get("/static/{name:path}", Deed.ENTER)
def static_file(name: str, request: Request) -> Response:
    """Return a static file; at an address that changes with it, it is kept for a year.

    Modules name one another without that: they are asked for anew, and seldom sent again.
    """
    found = files().get(name)
    if found is None:
        raise NotFoundError("there is no such file")
    address = static(name)
    etag = f'"{address[-12:]}"'
    kept = f"{request.url.path}?{request.url.query}" == address
    caching = "public, max-age=31536000, immutable" if kept else "no-cache"
    headers = {"cache-control": caching, "etag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    kind = KINDS.get(found.suffix, "application/octet-stream")
    return FileResponse(found, media_type=kind, headers=headers)
