"""A form that is taken: read, write, go on; what is wrong comes back with all that was typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from review.db import Session
from review.errors import AlreadyExistsError, InvalidDataError
from review.protocol.models import Review
from review.web.errors import remedy_words, sentence
from review.web.forms import FieldErrors, FormT, read, typed
from review.web.render import to
from review.web.visits import Visit


def taking(
    visit: Visit,
    sent: Mapping[str, Any],
    form: type[FormT],
    write: Callable[[Session, Review, FormT], object],
    *,
    again: Callable[[FieldErrors], Response],
    then: str,
) -> Response:
    """Write what a form says in one transaction, and lead to `then`.

    `again` shows the form once more: with what is wrong by field, or with the sentence of a stage
    that refuses it, under the name ``""``. The reason of the transaction is the field ``because``.
    """
    try:
        given = read(form, sent)
        with visit.writing(getattr(given, "because", None)) as session:
            write(session, visit.review_of(session), given)
    except FieldErrors as errors:
        return again(errors)
    except (AlreadyExistsError, InvalidDataError) as error:
        told = (sentence(str(error)), remedy_words(error.remedy))
        return again(FieldErrors(typed(sent), {"": " ".join(filter(None, told))}))
    return to(then)
