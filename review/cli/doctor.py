"""``review doctor``: what an installation lacks, and what to do about it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import click

from review.cli.context import configured_database, json_option
from review.cli.notifying import channels_of, notify_options
from review.cli.output import echo_json
from review.errors import ReviewError
from review.wording import counted


@click.command("doctor")
@click.option("--send-test", is_flag=True, help="Send a test message by every channel set.")
@notify_options
@json_option
@click.pass_context
def doctor_(ctx: click.Context, /, send_test: bool, as_json: bool, **notify: Any) -> None:
    """Look at the database, its place and its settings, and say what to do.

    The file's permissions, file system and room; SQLite or PostgreSQL and how they are set; the
    revision; the newest events and the triggers; the clock; locks; messages and their channels;
    the newest backup. The exit status is 1 where a promise does not hold.
    """
    from review.keeping.doctor import Finding, Level, examine, locks, try_channel
    from review.living.job.channels import Message

    database = configured_database()
    found = [*examine(database), *locks(database)]
    try:
        channels = channels_of(**notify)
    except ReviewError as error:
        channels = []
        found.append(Finding(Level.FATAL, str(error), "set them, or unset the channel"))
    told = []
    if send_test:
        at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        text = f"A test message of review doctor, {at}. Nothing changed."
        message = Message("[review] test message", text, {"test": True, "at": at})
        for channel in channels:
            trouble = try_channel(
                f"{channel.name} to {channel.target}", partial(channel.send, message)
            )
            told.append((channel, trouble))
            if trouble is not None:
                found.append(trouble)
    fatal = any(one.level is Level.FATAL for one in found)
    if as_json:
        echo_json({"sound": not fatal, "database": str(database), "findings": found})
    else:
        click.echo(str(database))
        for one in found:
            click.echo(f"{one.level.value}: {one.what}\n  {one.remedy}")
        for channel, trouble in told:
            if trouble is None:
                click.echo(f"sent: a test message by {channel.name} to {channel.target}")
        troubles = [one for one in found if one.level is not Level.NOTE]
        click.echo(
            f"{counted(len(troubles), 'finding')} to mend." if troubles else "Nothing to mend."
        )
    if fatal:
        ctx.exit(1)
