"""The OpenAPI document, and nothing loaded from elsewhere to show it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse, Response

from review.people.rules import Deed
from review.web.api import PREFIX
from review.web.api.shapes import FieldProblem, Problem
from review.web.routes import Routes

routes = Routes(PREFIX)


@routes.get("/openapi.json", Deed.ENTER)
def openapi(request: Request) -> Response:
    """Return the document that programs read to know the API."""
    return JSONResponse(document(request.app))


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    made = get_openapi(
        title="living-review", version=app.version, routes=app.routes,
        description="Systematic reviews that are kept alive. Lists come in pages: call again with "
        "the cursor that a page calls next. Times are UTC.",
    )  # fmt: skip
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for shape in (FieldProblem, Problem):
        schemas[shape.__name__] = shape.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        schemas[shape.__name__].pop("$defs", None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"token": []}]
    return made
