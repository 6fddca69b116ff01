"""Routes, each with the deed that it is: who may is decided before its endpoint runs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final, TypeVar

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.responses import Response

from review.people.rules import Deed
from review.web.visits import admit

SMALL: Final = 256 * 1024
"""Bytes that a form without files may have: the longest abstract and note fit many times."""

EndpointT = TypeVar("EndpointT", bound=Callable[..., Any])


class Route(APIRoute):
    """A route that names its deed."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, deed: Deed, files: int = 0, **details: Any
    ):
        self.deed = deed
        self.files = files
        """How many files its form may bring."""
        super().__init__(path, endpoint, dependencies=[Depends(admit)], **details)


class Routes:
    """The routes of one module of ``pages`` or ``api``."""

    def __init__(self, prefix: str = "", *, in_schema: bool = False, **shared: Any) -> None:
        self.prefix = prefix
        self.in_schema = in_schema
        self.shared = shared
        self.all: list[Route] = []

    def get(self, path: str, deed: Deed, **details: Any) -> Callable[[EndpointT], EndpointT]:
        """Register a page that is looked at."""
        return self._adding("GET", path, deed, details)

    def post(self, path: str, deed: Deed, **details: Any) -> Callable[[EndpointT], EndpointT]:
        """Register a form's address; ``size`` bytes and as many ``files`` are the most it takes."""
        return self._adding("POST", path, deed, details)

    def put(self, path: str, deed: Deed, **details: Any) -> Callable[[EndpointT], EndpointT]:
        """Register what puts something in the place of what is there."""
        return self._adding("PUT", path, deed, details)

    def patch(self, path: str, deed: Deed, **details: Any) -> Callable[[EndpointT], EndpointT]:
        """Register a change of something that is there."""
        return self._adding("PATCH", path, deed, details)

    def delete(self, path: str, deed: Deed, **details: Any) -> Callable[[EndpointT], EndpointT]:
        """Register what ends something."""
        return self._adding("DELETE", path, deed, details)

    def _adding(
        self, method: str, path: str, deed: Deed, details: dict[str, Any]
    ) -> Callable[[EndpointT], EndpointT]:
        size = details.pop("size", SMALL)
        shared = {**self.shared}
        if "responses" in details:
            details["responses"] = {**shared.pop("responses", {}), **details["responses"]}
        if not self.in_schema:
            details.setdefault("response_model", None)
            details.setdefault("response_class", Response)

        def add(endpoint: EndpointT) -> EndpointT:
            route = Route(
                self.prefix + path, endpoint, deed=deed, methods=[method], max_body_size=size,
                include_in_schema=self.in_schema, **shared, **details,
            )  # fmt: skip
            self.all.append(route)
            return endpoint

        return add


def routes_of(package: str) -> list[Route]:
    """Return the routes of every module of a package, in order of the modules' names."""
    found: list[Route] = []
    for place in iter_modules(import_module(package).__path__):
        module = import_module(f"{package}.{place.name}")
        routes = getattr(module, "routes", None)
        if isinstance(routes, Routes):
            found += routes.all
    return found
