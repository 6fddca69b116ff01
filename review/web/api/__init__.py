"""The same names as JSON, under ``/api/v1``: for R, Python and other programs.

A resource is added as a page is (`review.web`): a module with ``routes = resources()`` is found by
its being there. An endpoint names the parts of its address in its signature, for the OpenAPI
document, and returns a model of `shapes`; lists are a `shapes.Page`. Errors are problems
(RFC 9457), made in `review.web.errors`; an endpoint catches none.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path

from review.web.api.shapes import Problem
from review.web.routes import Routes

PREFIX: Final = "/api/v1"

_SAYS: Final = {
    400: "The request could not be understood.",
    401: "No token, or one that is none.",
    403: "The role, or the token's scope, does not allow it.",
    404: "There is no such thing, or not for you.",
    409: "Taken, or changed by somebody else in the meantime.",
    413: "More than this resource takes.",
    422: "Something in it does not fit.",
    428: "It does not say which version it changes.",
    429: "Too many attempts; Retry-After says when to come again.",
    503: "Busy; Retry-After says when to come again.",
}

Slug = Annotated[str, Path(description="The short name of a review.", min_length=1, max_length=80)]


def resources(tag: str) -> Routes:
    """Return the routes of a module of resources, all with the problems they may end in."""
    problems: dict[int | str, dict[str, Any]] = {
        status: {
            "description": words,
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}
                }
            },
        }
        for status, words in _SAYS.items()
    }
    return Routes(PREFIX, in_schema=True, responses=problems, tags=[tag])
