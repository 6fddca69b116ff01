"""The options that say whom to tell, for the commands that re-pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from review.db import Database
from review.errors import InvalidDataError
from review.living.job.channels import Channel, FileChannel, MailChannel, WebhookChannel
from review.living.job.outbox import deliver_due

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def notify_options(function: FunctionT) -> FunctionT:
    """Add ``--notify-file``, ``--notify-webhook`` and ``--notify-mail``, also from settings."""
    for decorate in (
        click.option(
            "--notify-file",
            type=click.Path(path_type=Path, dir_okay=False),
            envvar="REVIEW_NOTIFY_FILE",
            help="Append a line of JSON when a class changes or a signal fires.",
        ),
        click.option(
            "--notify-webhook",
            metavar="URL",
            envvar="REVIEW_NOTIFY_WEBHOOK",
            help="Post JSON then. Better in REVIEW_NOTIFY_WEBHOOK, for others see what is typed; "
            "signed where REVIEW_WEBHOOK_SECRET is set.",
        ),
        click.option(
            "--webhook-secret",
            envvar="REVIEW_WEBHOOK_SECRET",
            hidden=True,
            help="Signs what is sent; by the environment, so that no list of processes has it.",
        ),
        click.option(
            "--webhook-private",
            envvar="REVIEW_WEBHOOK_PRIVATE",
            hidden=True,
            is_flag=True,
            help="Allow an address within a private network.",
        ),
        click.option(
            "--notify-mail",
            metavar="ADDRESSES",
            envvar="REVIEW_NOTIFY_MAIL",
            help="Mail then, by REVIEW_SMTP_URL and from REVIEW_MAIL_FROM.",
        ),
        click.option("--smtp-url", envvar="REVIEW_SMTP_URL", hidden=True, help="Mail server."),
        click.option("--mail-from", envvar="REVIEW_MAIL_FROM", hidden=True, help="Sender."),
    ):
        function = decorate(function)
    return function


def channels_of(
    *,
    notify_file: Path | None,
    notify_webhook: str | None,
    notify_mail: str | None,
    webhook_secret: str | None,
    webhook_private: bool,
    smtp_url: str | None,
    mail_from: str | None,
) -> list[Channel]:
    """Return the channels asked for; raise InvalidDataError for mail without a server."""
    found: list[Channel] = []
    if notify_file is not None:
        found.append(FileChannel(notify_file))
    if notify_webhook:
        found.append(WebhookChannel(notify_webhook, webhook_secret, webhook_private))
    if notify_mail:
        if not smtp_url or not mail_from:
            raise InvalidDataError("mail needs REVIEW_SMTP_URL and REVIEW_MAIL_FROM")
        to = tuple(address.strip() for address in notify_mail.split(",") if address.strip())
        found.append(MailChannel(smtp_url, mail_from, to))
    return found


def tell_people(database: Database, channels: Sequence[Channel]) -> None:
    """Send what jobs have to tell and is due; say on standard error what could not be sent."""
    for problem in deliver_due(database, channels, datetime.now(UTC)):
        click.echo(f"Not sent: {problem}", err=True)
