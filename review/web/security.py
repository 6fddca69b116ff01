"""What holds for every request: the name it is sent to, where it comes from, what answers say."""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review.errors import NotAllowedError
from review.web.sessions import ANSWER, Known, set_cookie
from review.web.settings import WebSettings

SAFE: Final = frozenset({"GET", "HEAD"})
"""Methods that change nothing."""

TOKEN_FIELD: Final = "token"
TOKEN_HEADER: Final = "x-token"

POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Tried with pdf.js and htmx: nothing inline, nothing evaluated, nothing from elsewhere."""

HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""On every answer, errors too; pages of a review are kept by no cache."""

log = logging.getLogger("review.web")


class Door:
    """The outermost floor: checks ``Host``, numbers requests, writes a log line, adds headers."""

    def __init__(
        self,
        app: ASGIApp,
        settings: WebSettings,
        answer: Callable[[Request, Exception], Response],
    ) -> None:
        self.app = app
        self.settings = settings
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["review.request_id"] = secrets.token_hex(8)
        scope[ANSWER] = {}
        started, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), scope)
            await send(message)

        try:
            if self._is_for_us(Headers(scope=scope).get("host", "")):
                await self.app(scope, receive, sending)
            else:
                await PlainTextResponse("These pages are served to another name.", status_code=400)(
                    scope, receive, sending
                )
        except Exception as error:  # whatever happens, the answer is a page without a trace
            if status:
                raise
            await self.answer(Request(scope), error)(scope, receive, sending)
        finally:
            _log(scope, status, time.perf_counter() - started)

    def _is_for_us(self, host: str) -> bool:
        if self.settings.origin is not None:
            return host.lower() in self.settings.hosts
        name, colon, port = host.lower().rpartition(":")
        return (name if colon and port.isdigit() else host.lower()) in self.settings.hosts

    def _add_headers(self, headers: MutableHeaders, scope: Scope) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")
        headers["x-request-id"] = scope["review.request_id"]
        if self.settings.secure:
            headers["strict-transport-security"] = "max-age=31536000"
        if "secret" in scope[ANSWER] and "set-cookie" not in headers:
            carrier = Response()
            set_cookie(carrier, Request(scope), scope[ANSWER]["secret"])
            headers["set-cookie"] = carrier.headers["set-cookie"]


def _log(scope: Scope, status: int, seconds: float) -> None:
    """Write what was asked for, by the pattern of its address: addresses hold links that work."""
    route = scope.get("route")
    log.info(
        "answered",
        extra={
            "told": {
                "request": scope["review.request_id"],
                "who": scope[ANSWER].get("who"),
                "method": scope["method"],
                "path": getattr(route, "path", None),
                "review": scope.get("path_params", {}).get("review"),
                "status": status,
                "ms": round(1000 * seconds, 1),
            }
        },
    )


def check_origin(
    headers: Headers, settings: WebSettings, known: Known | None, *, at_door: bool
) -> None:
    """Refuse what another site's page sends: browsers say where a request comes from.

    ``Sec-Fetch-Site`` where it is sent (over TLS and on one's own machine), ``Origin`` otherwise.
    Every browser sends one of them with a form; what sends neither shows a token, or is refused at
    the door, where a form carries no token of a session yet.

    Raises NotAllowedError.
    """
    if known is not None and known.is_script:
        return
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise NotAllowedError("this form was sent by another site")
    origin = headers.get("origin")
    if origin is None and site is None and at_door:
        raise NotAllowedError("a form is sent from its page, by a browser")
    if origin is None:
        return
    own = settings.origin or f"http://{headers.get('host', '')}"
    if origin.lower() != own.lower():
        raise NotAllowedError("this form was sent by another site")


def check_token(headers: Headers, fields: Mapping[str, Any], known: Known | None) -> None:
    """Refuse a form that is not of the session that sends it.

    Raises NotAllowedError.
    """
    if known is None or known.is_script:
        return
    token = headers.get(TOKEN_HEADER) or fields.get(TOKEN_FIELD)
    if not isinstance(token, str) or not hmac.compare_digest(token.encode(), known.token.encode()):
        raise NotAllowedError("this form is of an older session; load the page and send it again")
