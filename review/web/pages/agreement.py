"""How far reviewers agree, and the flow file by file."""

from __future__ import annotations

from starlette.responses import Response

from review.people.rules import Deed
from review.screening.agreeing import agreement_of
from review.screening.vocabulary import Stage
from review.web.pages.screening import stage_called
from review.web.render import page
from review.web.routes import Routes
from review.web.visits import Visiting

routes = Routes()


@routes.get("/r/{review}/screen/agreement", Deed.LOOK)
def agreement(
    visit: Visiting,
    stage: str = Stage.TITLE_ABSTRACT.value,
    batch: str = "",
    pilot: str = "",
    final: bool = False,
) -> Response:
    """Say how far reviewers agree on records that all of them decided."""
    asked = stage_called(stage)
    of_batch = int(batch) if batch.isdecimal() and len(batch) < 10 else None
    of_pilot = int(pilot) if pilot.isdecimal() and len(pilot) < 10 else None
    with visit.reading() as session:
        view = agreement_of(
            session, visit.review_of(session), stage=asked, batch=of_batch, pilot=of_pilot,
            final=final,
        )  # fmt: skip
    return page(visit, "agreement.html", view, batch=of_batch, pilot=of_pilot, final=final)
