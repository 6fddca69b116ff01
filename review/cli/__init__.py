"""The command line: one file a stage; each command parses, calls and echoes."""

from __future__ import annotations

import errno
from typing import Final, NoReturn

import click

from review.cli.lazy import LazyGroup, Place
from review.cli.terminals import only_words
from review.errors import ReviewError
from review.threads import one_thread

one_thread()

COMMANDS: Final = {
    "init": Place("database", "Make the database, or say that it is there already."),
    "upgrade": Place(
        "database", "Bring the database to the newest revision, all or nothing, after a backup."
    ),
    "new": Place("reviews", "Make a review: SLUG with --title, or a whole protocol with --file."),
    "list": Place("reviews", "List the reviews."),
    "english": Place(
        "reviews", "Show or choose the English of a review: how what it prints is spelled."
    ),
    "serve": Place(
        "serve", "Open the reviews of this database in the browser, until stopped (Ctrl-C)."
    ),
    "demo": Place(
        "demo",
        "See what this is: a database of demonstration data, made and opened in the browser.",
    ),
    "people": Place(
        "people", "Who takes part: somebody joins a review before they judge anything in it."
    ),
    "outcome": Place("outcome", "Outcomes: the constructs that instruments measure."),
    "instrument": Place(
        "instrument", "Instruments: what measures an outcome, and which way is better."
    ),
    "analysis": Place("analysis", "Planned analyses: what is pooled, how, against which margins."),
    "published": Place(
        "analysis",
        "Show published pooled lines and what their numbers say against the review's margins.",
    ),
    "search": Place("search", "Searches: what was searched, when, how, and by whom."),
    "import": Place(
        "importing",
        "Take citation files into a review; their formats are told apart by what they say.",
    ),
    "batch": Place("batch", "Imported citation files: list them, and take one back."),
    "dedupe": Place("dedupe", "Duplicate records: found, linked, looked at, parted again."),
    "records": Place("records", "Records: list, look at, and write to a file."),
    "screen": Place("screen", "Screen records, on title and abstract first and on full text then."),
    "reports": Place(
        "reports", "Included reports and their studies: a study may have several reports."
    ),
    "flow": Place(
        "flow", "Count the PRISMA 2020 flow from the ledger, check it, list it, draw it."
    ),
    "study": Place(
        "study", "Look at studies; take one out, or back; rename one, or merge two that are one."
    ),
    "arm": Place("study", "Arms of studies: rename one, or merge two that are one."),
    "treatment": Place(
        "study", "Treatments of arms: which there are, and one name for what has two."
    ),
    "timepoint": Place(
        "timepoint",
        "Timepoints of results: which there are, and one name for what has two.",
    ),
    "extract": Place("extract", "Enter, compare, check and correct extracted numbers."),
    "rob": Place("rob", "Judge risk of bias: two assessors blind to each other, then a consensus."),
    "seed": Place("seed", "Real reviews that come with the program."),
    "repool": Place(
        "repool",
        "Recompute the analyses whose inputs changed since their last run, and say what moved.",
    ),
    "runs": Place("runs", "Every run of a planned analysis that was ever made."),
    "next": Place(
        "runs",
        "Say what one more trial would do to an analysis: how likely it is to change the "
        "conclusion.",
    ),
    "jobs": Place(
        "repool",
        "Show the latest re-pooling jobs and how they ended, and messages that have not arrived.",
    ),
    "living": Place(
        "living",
        "How a review is kept alive: status, what prompts an update, what is searched how often.",
    ),
    "schedule": Place("living", "Print what makes a scheduler call the job: nothing is installed."),
    "watch": Place(
        "living", "Re-pool within seconds of every change, until stopped (Ctrl-C or SIGTERM)."
    ),
    "release": Place(
        "release",
        "Freeze a version of a review: data, plans, runs, figures, checksums, how to cite it.",
    ),
    "site": Place(
        "site", "A release as pages that any server hands out, or that open from a folder."
    ),
    "grade": Place(
        "grade", "Rate the certainty of the evidence of each analysis (GRADE), with reasons."
    ),
    "pool": Place("pool", "Pool the studies of a CSV or XLSX file, a row each; nothing is stored."),
    "network": Place(
        "network",
        "Compare several treatments at once from a file of arms, a row each; nothing is stored.",
    ),
    "plot": Place(
        "plot", "Figures of runs and of the review, as SVG, PDF or PNG by the file's name."
    ),
    "export": Place("export", "Files for the manuscript."),
    "trace": Place("trace", "Say where exported numbers come from."),
    "history": Place("history", "Show who changed what, when and why: the newest first."),
    "verify": Place(
        "verifying",
        "Check that the database is what its history says.",
    ),
    "sign": Place(
        "verifying", "Sign FILES that hold a head of the history: each gets a FILE.sig beside it."
    ),
    "trust": Place(
        "trust",
        "Try the promises of SECURITY.md on this installation, offline, and report what was seen.",
    ),
    "doctor": Place(
        "doctor", "Look at the database, its place and its settings, and say what to do."
    ),
    "backup": Place("keeping", "Make a backup of the database while others use it, and check it."),
    "restore": Place(
        "keeping", "Put the backup FILE where there is no database yet, and check it there."
    ),
    "copy": Place(
        "keeping",
        "Copy all of one database into another that is empty: SQLite to PostgreSQL and back.",
    ),
}
"""The commands, in the order of a review's work."""


class Commands(LazyGroup):
    """All commands; what goes wrong in any is said in one place."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what the user can mend is said without a traceback."""
        try:
            with only_words():
                return super().invoke(ctx)
        except click.MissingParameter as error:
            raise click.MissingParameter(
                _where_it_is_said(error.param), error.ctx, error.param, error.param_hint
            ) from error
        except ReviewError as error:
            _fail(ctx, error.told)
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


LISTED_BY: Final = {"analysis": "review analysis list", "study": "review study list"}
"""The commands that name what an argument may be."""


def _where_it_is_said(missing: click.Parameter | None) -> str:
    """Return what helps who left out an argument or an option: its meaning, or what lists it."""
    if isinstance(missing, click.Option):
        return (missing.help or "").rstrip(".")
    listing = LISTED_BY.get((missing.name if missing else None) or "")
    return f"{listing} shows them" if listing else ""


def _fail(ctx: click.Context, message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    ctx.exit(1)


def _database_trouble(error: Exception) -> str | None:
    """Return a sentence for an error of the database driver, without SQL and values."""
    from review.db import driver_message

    return driver_message(error)


@click.group(
    cls=Commands, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="living-review", prog_name="review")
def main() -> None:
    """Keep a systematic review alive.

    New trial, new numbers: review repool recomputes exactly the pooled estimates whose inputs
    changed, and says what moved and why.

    The database is REVIEW_DATABASE_URL (sqlite:///path or postgresql+psycopg://…), by default one
    SQLite file in your data folder. REVIEW_ACTOR is your name: the history shows it, and nobody
    screens, appraises or enters twice without one.
    """
