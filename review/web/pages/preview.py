"""The pages of a release as they would be if it were made now, before anybody else sees them."""

from __future__ import annotations

from pathlib import PurePosixPath

from starlette.responses import Response

from review.export.site.content import data_of, site_now
from review.people.rules import Deed
from review.web.render import to
from review.web.routes import Routes
from review.web.site import KINDS, Site
from review.web.visits import Visiting

routes = Routes()


@routes.get("/r/{review}/preview", Deed.LOOK)
def preview(visit: Visiting) -> Response:
    """Lead to the first page of the preview."""
    return to(visit.path("preview", "index.html"))


@routes.get("/r/{review}/preview/{name:path}", Deed.LOOK)
def preview_file(visit: Visiting, name: str) -> Response:
    """Show a page, or a file, of a release that would be made now; nothing is stored."""
    with visit.reading() as session:
        content = site_now(session, visit.review_of(session), now=visit.now)
        wanted = name.startswith("data")
        data = data_of(session, content) if wanted else {}
    made = Site(content, lambda: data, back=visit.path("exports")).file(name)
    kind = KINDS.get(PurePosixPath(name).suffix, "text/plain; charset=utf-8")
    return Response(made, media_type=kind)
