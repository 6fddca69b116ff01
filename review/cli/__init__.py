"""The command line: one file a stage; each command parses, calls and echoes."""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Final, NoReturn

import click

from review.errors import ReviewError

COMMANDS: Final = {
    "init": "database",
    "upgrade": "database",
    "new": "protocol",
    "list": "protocol",
    "people": "people",
    "outcome": "protocol",
    "instrument": "protocol",
    "analysis": "protocol",
    "published": "protocol",
    "search": "citations",
    "import": "importing",
    "batch": "batches",
    "dedupe": "duplicates",
    "records": "records",
    "screen": "screening",
    "reports": "linking",
    "flow": "flow",
    "study": "studies",
    "arm": "studies",
    "treatment": "studies",
    "timepoint": "correcting",
    "extract": "extraction",
    "rob": "appraisal",
    "seed": "seeds",
    "repool": "living",
    "runs": "runs",
    "next": "runs",
    "jobs": "living",
    "living": "schedule",
    "schedule": "schedule",
    "watch": "schedule",
    "release": "releases",
    "grade": "certainty",
    "pool": "pool",
    "plot": "plot",
    "export": "export",
    "trace": "tracing",
    "history": "history",
    "verify": "history",
}
"""Command to the module that holds it, in the order of a review's work."""


class Commands(click.Group):
    """Commands that are imported when they are called, and errors said in one place."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a review's work."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"review.cli.{COMMANDS[cmd_name]}")
        command = getattr(module, f"{cmd_name}_")
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what the user can mend is said without a traceback."""
        try:
            return super().invoke(ctx)
        except ReviewError as error:
            _fail(ctx, str(error))
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader has left; click ends quietly
                raise
            place = f" {error.filename}" if error.filename else ""
            _fail(ctx, f"cannot use{place}: {error.strerror or error}")
        except Exception as error:
            told = _database_trouble(error)
            if told is None:
                raise
            _fail(ctx, told)


def _fail(ctx: click.Context, message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    ctx.exit(1)


def _database_trouble(error: Exception) -> str | None:
    """Return a sentence for an error of the database driver, without SQL and values."""
    from review.db import driver_message

    return driver_message(error)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="living-review", prog_name="review")
def main() -> None:
    """Keep a systematic review alive.

    New trial, new numbers: review repool recomputes exactly the pooled estimates whose inputs
    changed, and says what moved and why.

    The database is REVIEW_DATABASE_URL (sqlite:///path or postgresql+psycopg://…), by default one
    SQLite file in your data folder. REVIEW_ACTOR is your name: the history shows it, and nobody
    screens, appraises or enters twice without one.
    """
