"""What an analysis would say with other trials: computed, and stored nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.responses import Response

from review.export.views.preview import MadeUp, PreviewView, preview_of
from review.export.views.results import NUMBERS
from review.extraction.numbers import ReportedNumbers
from review.people.rules import Deed
from review.web.api import Slug, resources
from review.web.api.runs import A, Analysis
from review.web.api.sending import dumped
from review.web.visits import Visiting

routes = resources("analyses")

MOST_TRIALS: Final = 200

_READING: Final[TypeAdapter[ReportedNumbers]] = TypeAdapter(ReportedNumbers)


def _read(given: Mapping[str, Any]) -> ReportedNumbers:
    """Return numbers as a table of extraction would hold them; raise ValueError."""
    unknown = [name for name in given if name not in NUMBERS]
    if unknown:
        raise ValueError(f"no column {', '.join(unknown)}; there is {', '.join(NUMBERS)}")
    try:
        return _READING.validate_python(dict(given))
    except ValidationError as error:
        told = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ValueError("; ".join(told)) from error


Numbers = Annotated[
    dict[str, float | str | bool | None],
    Field(description=f"As reported, by the columns of extraction tables: {', '.join(NUMBERS)}."),
    AfterValidator(lambda given: (_read(given), given)[1]),
]


class NewTrial(BaseModel):
    """A trial that you make up: both sides, or a contrast of intervention minus comparator."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    study: Annotated[str, Field(min_length=1, max_length=200)]
    year: Annotated[int | None, Field(ge=1000, le=2999)] = None
    instrument: Annotated[str, Field(max_length=80)]
    """One of the review, for its direction."""
    intervention: Numbers | None = None
    comparator: Numbers | None = None
    contrast: Numbers | None = None


class NewTrials(BaseModel):
    """Trials to add to those of the newest run, and studies to leave out of it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    trials: Annotated[list[NewTrial], Field(max_length=MOST_TRIALS)] = []
    without: Annotated[list[int], Field(max_length=1000)] = []


@routes.post(f"{A}/{{analysis}}/preview", Deed.LOOK, response_model=PreviewView)
def preview(visit: Visiting, review: Slug, analysis: Analysis, body: NewTrials) -> Response:
    """Return what the newest run would be with other trials; nothing is stored."""
    del review
    made_up = [
        MadeUp(
            one.study, one.instrument, one.year,
            *(
                None if given is None else _read(given)
                for given in (one.intervention, one.comparator, one.contrast)
            ),
        )
        for one in body.trials
    ]  # fmt: skip
    with visit.reading() as session:
        view = preview_of(session, visit.review_of(session), analysis, made_up, body.without)
    return dumped(view)
