"""The pages of a release as they would be if it were made now, before anybody else sees them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from starlette.responses import Response

from review.export.site.content import data_of, site_now
from review.history.queries import head
from review.people.rules import Deed
from review.web.render import to
from review.web.routes import Routes
from review.web.site import KINDS, Site
from review.web.visits import Visiting

routes = Routes()

MOST: Final = 4
"""Reviews whose preview is kept at a time."""
_built: dict[tuple[str, str], tuple[str, Site]] = {}
"""By database and review: the head of the history that the site was built at, and the site."""


def site_of(visit: Visiting) -> Site:
    """Return the site of a review as it stands: built anew only where something has changed."""
    database = visit.database
    with visit.reading() as session:
        review = visit.review_of(session)
        place, (_, state) = (str(database.url), review.slug), head(session)
        known = _built.get(place)
        if known is not None and known[0] == state:
            return known[1]
        content = site_now(session, review, now=visit.now)

    def data() -> Mapping[str, bytes]:
        with database.reading() as session:
            return data_of(session, content)

    site = Site(content, data, back=visit.path("exports"))
    if len(_built) >= MOST:
        _built.clear()
    _built[place] = (state, site)
    return site


@routes.get("/r/{review}/preview", Deed.LOOK)
def preview(visit: Visiting) -> Response:
    """Lead to the first page of the preview."""
    return to(visit.path("preview", "index.html"))


@routes.get("/r/{review}/preview/{name:path}", Deed.LOOK)
def preview_file(visit: Visiting, name: str) -> Response:
    """Show a page, or a file, of a release that would be made now; nothing is stored."""
    made = site_of(visit).file(name)
    kind = KINDS.get(PurePosixPath(name).suffix, "text/plain; charset=utf-8")
    return Response(made, media_type=kind)
