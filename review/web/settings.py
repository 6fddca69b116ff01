"""How the pages are served, read once from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from review.errors import InvalidDataError

Network = IPv4Network | IPv6Network

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""Names under which a browser reaches the machine it runs on, as they stand in ``Host``."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What serving pages needs to know."""

    origin: str | None = None
    """``https://review.example.org`` where a team works behind a proxy; None on one's own machine.

    Pages are served to this name alone, and forms are taken from it alone.
    """
    proxies: tuple[Network, ...] = ()
    """From where a forwarded address is believed."""
    key: str | None = None
    """The one-time key of the person at whose machine this runs; None for a team."""
    debug: bool = False
    """Whether pages for those who build pages are shown, such as ``/design``."""
    demonstration: bool = False
    """Whether the database is one of `review demo`; every page says so."""

    @property
    def secure(self) -> bool:
        """Whether browsers reach the pages by TLS."""
        return self.origin is not None and self.origin.startswith("https://")

    @property
    def hosts(self) -> tuple[str, ...]:
        """What ``Host`` may say, without a port."""
        if self.origin is None:
            return LOOPBACK
        return (urlsplit(self.origin).netloc.rsplit("@", 1)[-1],)


def web_settings() -> WebSettings:
    """Return the settings of this process.

    Raises InvalidDataError for an origin that is none, and for proxies that are no addresses.
    """
    return WebSettings(
        origin=_origin(os.environ.get("REVIEW_WEB_ORIGIN")),
        proxies=_proxies(os.environ.get("REVIEW_WEB_PROXIES", "")),
    )


def _origin(said: str | None) -> str | None:
    if not said:
        return None
    parts = urlsplit(said)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
        raise InvalidDataError(
            f"REVIEW_WEB_ORIGIN is the address that people type, such as "
            f"https://review.example.org, not {said!r}"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _proxies(said: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(one) for one in said.replace(",", " ").split())
    except ValueError as error:
        raise InvalidDataError(
            f"REVIEW_WEB_PROXIES lists addresses or networks of proxies, such as 127.0.0.1: {error}"
        ) from None
