"""Computing anew, and exports: buttons that start a task, and what came of each."""

from __future__ import annotations

from starlette.responses import Response

from review.export.views.current import current
from review.people.rules import Deed
from review.tasks.kinds import KINDS, REPOOL
from review.tasks.queries import TaskView, tasks_of
from review.web.jobs import ask, download_of
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting

routes = Routes()

SHOWN = 20
"""Tasks that a page lists."""


def _tasks(visit: Visit, *, repool: bool) -> tuple[list[TaskView], dict[str, int]]:
    with visit.reading() as session:
        review = visit.review_of(session)
        found = tasks_of(session, review.id, now=visit.now, limit=5 * SHOWN)
        stale = dict(current(session, review).outdated) if repool else {}
    return [task for task in found if (task.kind is REPOOL) == repool][:SHOWN], stale


@routes.get("/r/{review}/repool", Deed.LOOK)
def repool(visit: Visiting) -> Response:
    """Say what is out of date, offer to compute it anew, and say what moved the last times."""
    tasks, stale = _tasks(visit, repool=True)
    return page(visit, "repool.html", tasks, stale=stale)


@routes.post("/r/{review}/repool", Deed.POOL)
def start_repool(visit: Visiting) -> Response:
    """Compute the analyses anew whose inputs changed."""
    ask(visit, REPOOL.name)
    return to(visit.path("repool"))


@routes.get("/r/{review}/exports", Deed.LOOK)
def exports(visit: Visiting) -> Response:
    """Offer the exports of a review, and list those that were made."""
    tasks, _ = _tasks(visit, repool=False)
    kinds = [kind for kind in KINDS.values() if kind.is_export]
    return page(visit, "exports.html", tasks, kinds=kinds)


@routes.post("/r/{review}/exports", Deed.LOOK)
def start_export(visit: Visiting, sent: Sent) -> Response:
    """Make an export."""
    ask(visit, str(sent.get("kind", "")))
    return to(visit.path("exports"))


@routes.get("/r/{review}/exports/{task}", Deed.LOOK)
def download(visit: Visiting, task: int) -> Response:
    """Return what an export made."""
    return download_of(visit, task)
