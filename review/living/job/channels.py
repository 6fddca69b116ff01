"""The ways to tell people: a file, a webhook, mail. `send` raises OSError when it did not work."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import smtplib
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

from review.errors import InvalidDataError

PATIENCE: Final = 10.0
"""Seconds to wait for a server before the job goes on without it."""

KEY: Final = "whsec_"
"""How a secret of Standard Webhooks begins; the rest is the key in base64."""


@dataclass(frozen=True, slots=True)
class Message:
    """What people are told of one job."""

    subject: str
    text: str
    payload: dict[str, Any]

    @property
    def plain(self) -> dict[str, Any]:
        """As it is kept until it has arrived."""
        return {"subject": self.subject, "text": self.text, "payload": self.payload}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Message:
        """Return a message that was kept."""
        return cls(kept["subject"], kept["text"], kept["payload"])


class Channel(Protocol):
    """A way to tell; `send` raises OSError when it did not work."""

    @property
    def name(self) -> str:
        """What kind of channel it is."""
        ...

    @property
    def target(self) -> str:
        """Where it goes, without secrets."""
        ...

    def send(self, message: Message, number: int = 0) -> None:
        """Send; `number` is the same when it is tried again, so that a receiver can tell."""
        ...


@dataclass(frozen=True, slots=True)
class FileChannel:
    """Appends one line of JSON a message."""

    path: Path

    @property
    def name(self) -> str:
        """A file."""
        return "file"

    @property
    def target(self) -> str:
        """The file."""
        return str(self.path)

    def send(self, message: Message, number: int = 0) -> None:
        """Append."""
        del number
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(message.payload, ensure_ascii=False) + "\n")


def signature(secret: str, identity: str, at: int, body: bytes) -> str:
    """Return what signs a post: HMAC-SHA256 of ``identity.at.body``, in base64.

    Parameters
    ----------
    secret
        As receivers have it: ``whsec_`` and the key in base64. Any other text is the key itself.
    at
        Seconds since 1970.

    Raises
    ------
    InvalidDataError
        If what follows ``whsec_`` is not base64.

    References
    ----------
    Standard Webhooks, specification, "Signature scheme".

    Examples
    --------
    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_1", 0, b"{}")[:3]
    'v1,'
    """
    key = secret.encode()
    if secret.startswith(KEY):
        try:
            key = base64.b64decode(secret.removeprefix(KEY), validate=True)
        except ValueError:
            raise InvalidDataError(
                f"REVIEW_WEBHOOK_SECRET begins with {KEY}, and what follows is not base64"
            ) from None
    made = hmac.new(key, f"{identity}.{at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Posts JSON to an address, signed as standardwebhooks.com has it where there is a secret.

    An address of one's own machine or network is refused unless that is allowed: whoever may set a
    webhook would reach services that trust their neighbours. Redirections are not followed.
    """

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    private: bool = False

    def __post_init__(self) -> None:
        if self.secret:
            signature(self.secret, "", 0, b"")  # raises now, not when there is something to tell
        if urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).hostname:
            raise InvalidDataError("a webhook is an http or https address")

    @property
    def name(self) -> str:
        """A webhook."""
        return "webhook"

    @property
    def target(self) -> str:
        """The host: paths of webhooks are secrets."""
        return urlsplit(self.url).hostname or ""

    def send(self, message: Message, number: int = 0) -> None:
        """Post; raise OSError for an answer other than 2xx."""
        body = json.dumps(message.payload, ensure_ascii=False).encode()
        parts = urlsplit(self.url)
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection = self._connection()
        try:
            connection.request("POST", path, body, self._headers(body, number))
            answer = connection.getresponse()
            if not 200 <= answer.status < 300:
                raise OSError(f"it answered {answer.status} {answer.reason}")
        except http.client.HTTPException as error:
            raise OSError(f"it did not answer in HTTP ({type(error).__name__})") from None
        finally:
            connection.close()

    def _headers(self, body: bytes, number: int) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "webhook-id": f"review-{number}"}
        if self.secret:
            at = int(time.time())
            headers["webhook-timestamp"] = str(at)
            headers["webhook-signature"] = signature(self.secret, headers["webhook-id"], at, body)
        return headers

    def _connection(self) -> http.client.HTTPConnection:
        """Return a connection to the very address that was checked: a name may answer otherwise."""
        parts = urlsplit(self.url)
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        inner = [a for a in addresses if not ipaddress.ip_address(a.split("%")[0]).is_global]
        if inner and not self.private:
            called = host if inner[0] == host else f"{host} ({inner[0]})"
            raise InvalidDataError(
                f"{called} is an address of your own machine or network; allow that with "
                "REVIEW_WEBHOOK_PRIVATE=1"
            )
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        opened = socket.create_connection((addresses[0], port), timeout=PATIENCE)
        if secure:
            opened = ssl.create_default_context().wrap_socket(opened, server_hostname=host)
        connection.sock = opened
        return connection


@dataclass(frozen=True, slots=True)
class MailChannel:
    """Sends mail by SMTP; `server` is ``smtp://[user:password@]host[:port]`` or ``smtps://…``."""

    server: str = field(repr=False)
    sender: str
    recipients: tuple[str, ...]

    def __post_init__(self) -> None:
        if urlsplit(self.server).scheme not in ("smtp", "smtps"):
            raise InvalidDataError("a mail server is smtp://host:port or smtps://host:port")

    @property
    def name(self) -> str:
        """A mail."""
        return "mail"

    @property
    def target(self) -> str:
        """The recipients."""
        return ", ".join(self.recipients)

    def send(self, message: Message, number: int = 0) -> None:
        """Send; with a password only over an encrypted connection."""
        del number
        mail = EmailMessage()
        mail["Subject"], mail["From"] = message.subject, self.sender
        mail["To"] = self.target
        mail.set_content(message.text)
        parts = urlsplit(self.server)
        kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        with kind(parts.hostname or "", parts.port or 0, timeout=PATIENCE) as server:
            if parts.username:
                if parts.scheme == "smtp":
                    server.starttls()
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)
