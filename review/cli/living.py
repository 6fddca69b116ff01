"""``review living``, ``review schedule`` and ``review watch``: what keeps a review alive."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from review.cli.computing import computing_options
from review.cli.context import (
    changing,
    configured_database,
    json_option,
    looking,
    opened,
    reason_option,
    review_option,
)
from review.cli.files import force_option, write_new
from review.cli.notifying import channels_of, notify_options, tell_people
from review.cli.output import echo_json, echo_table
from review.cli.repool import echo_report
from review.config import settings
from review.living.job.noticing import notices_of_job
from review.living.job.outbox import Outbox
from review.living.job.repool import repool
from review.living.job.schedule import (
    Mode,
    Pace,
    cron_line,
    mode_of,
    set_mode,
    set_search,
    systemd_units,
)
from review.living.job.watch import Waiting, watch
from review.living.job.workers import executor_for
from review.living.reports.full import readiness_of
from review.living.reports.retirement import Criterion, Readiness
from review.living.runs.models import LivingStatus
from review.people.rules import Deed
from review.schema import require_current
from review.wording import counted

_STATUS = [status.value for status in LivingStatus]
_PACE = [pace.value for pace in Pace]


@click.group("living")
def living_() -> None:
    """How a review is kept alive: status, what prompts an update, what is searched how often."""


@living_.command("show")
@review_option
@json_option
def show(review_slug: str | None, as_json: bool) -> None:
    """Show the living mode, which searches are due, and what is ready to retire.

    An analysis is ready to retire when its confidence sequence is conclusive, the next trial will
    hardly change its class, and its certainty (GRADE) is moderate or high.
    """
    with looking(review_slug) as (session, review):
        mode = mode_of(session, review, datetime.now(UTC))
        ready = readiness_of(session, review)
    if as_json:
        echo_json({"mode": mode, "due": mode.due, "readiness": ready})
        return
    click.echo(_status_line(review.slug, mode))
    if mode.update_when:
        click.echo(f"Update when: {mode.update_when}")
    if mode.retire_when:
        click.echo(f"Retire when: {mode.retire_when}")
    rows = [
        (
            search.source,
            search.days,
            f"{search.searched:%Y-%m-%d}" if search.searched else "never",
            f"{search.due:%Y-%m-%d}" if search.due else "now",
            "due" if search.source in mode.due else "",
        )
        for search in mode.searches
    ]
    if rows:
        echo_table(("source", "every (days)", "searched", "next", ""), rows)
    else:
        click.echo("No source is searched regularly; set one with: review living search SOURCE")
    if ready:
        click.echo("Ready to retire?")
        _echo_readiness(ready)


def _status_line(slug: str, mode: Mode) -> str:
    why = f" ({mode.because})" if mode.because else ""
    return f"{slug} is {mode.status.value}{why}."


def _echo_readiness(ready: Mapping[str, Readiness]) -> None:
    names = [criterion.name for criterion in next(iter(ready.values())).criteria]
    rows = [
        (slug, *map(_criterion, found.criteria), "yes" if found.ready else "no")
        for slug, found in ready.items()
    ]
    echo_table(("analysis", *names, "ready"), rows)


def _criterion(criterion: Criterion) -> str:
    if criterion.met is None:
        return criterion.now
    return f"{'met' if criterion.met else 'not met'}: {criterion.now}"


@living_.command("set")
@click.option("--status", type=click.Choice(_STATUS), help="Living, paused or retired.")
@click.option("--because", metavar="TEXT", help="Why; readers are told.")
@click.option("--update-when", metavar="TEXT", help="What prompts an update.")
@click.option("--retire-when", metavar="TEXT", help="When the review is no longer kept alive.")
@review_option
@reason_option
def set_(review_slug: str | None, reason: str | None, **changes: Any) -> None:
    """Set status, and the conditions of updates and retirement."""
    status = LivingStatus(changes.pop("status")) if changes["status"] else changes.pop("status")
    if status is None and not any(changes.values()):
        raise click.UsageError("say what to set; see --help")
    with changing(review_slug, reason, Deed.PROTOCOL) as (session, review):
        set_mode(session, review, status=status, **changes)
        click.echo(_status_line(review.slug, mode_of(session, review, datetime.now(UTC))))
        if status is LivingStatus.RETIRED:
            for slug, found in readiness_of(session, review).items():
                if not found.ready:
                    click.echo(f"{slug}: {found.sentence}", err=True)


@living_.command("search")
@click.argument("source")
@click.option("--every", "days", type=click.IntRange(1), metavar="DAYS", help="How often.")
@click.option("--searched", type=click.DateTime(["%Y-%m-%d"]), help="When it was searched last.")
@review_option
@reason_option
def search(
    source: str,
    days: int | None,
    searched: datetime | None,
    review_slug: str | None,
    reason: str | None,
) -> None:
    """Set how often a source is searched, or that it was."""
    if days is None and searched is None:
        raise click.UsageError("say --every DAYS, or --searched DATE")
    at = searched.replace(tzinfo=UTC) if searched else None
    with changing(review_slug, reason, Deed.PROTOCOL) as (session, review):
        set_search(session, review, source, days=days, searched=at)
        mode = mode_of(session, review, datetime.now(UTC))
    (one,) = (s for s in mode.searches if s.source == source)
    due = "now" if one.due is None or one.overdue else f"on {one.due:%Y-%m-%d}"
    if mode.status is not LivingStatus.LIVING:
        due = f"when the review is living again (it is {mode.status.value})"
    click.echo(f"{source} is searched every {counted(one.days, 'day')}; next {due}.")


@click.command("schedule")
@click.option("--cron", "kind", flag_value="cron", default="cron", help="A line for crontab.")
@click.option("--systemd", "kind", flag_value="systemd", help="A service and its timer.")
@click.option("--watch", "watching", is_flag=True, help="With --systemd: a service that watches.")
@click.option(
    "--pace", type=click.Choice(_PACE), default="daily", show_default=True, help="How often."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write units there.")
@force_option
@review_option
def schedule_(
    kind: str, watching: bool, pace: str, out: Path | None, review_slug: str | None
) -> None:
    """Print what makes a scheduler call the job: nothing is installed.

    The database's address is printed with its password where it has one, for the unit needs it.
    """
    program = [*_this_program(), "watch" if watching else "repool"]
    if review_slug is not None:
        program += ["--review", review_slug]
    environment = {
        "REVIEW_DATABASE_URL": configured_database().address,
        "REVIEW_ACTOR": "scheduler",
    }
    if kind == "cron":
        click.echo(cron_line(program, environment, Pace(pace)))
        return
    for name, text in systemd_units(program, environment, Pace(pace), watch=watching).items():
        if out is None:
            click.echo(f"# {name}\n{text}")
        else:
            write_new(out / name, text.encode())
            click.echo(f"Wrote {out / name}")


def _this_program() -> list[str]:
    """Return the words that start this program from any folder, also after ``python -m review``."""
    started = Path(sys.argv[0]).resolve()
    return [sys.executable, "-m", "review"] if started.suffix == ".py" else [str(started)]


@click.command("watch")
@review_option
@computing_options
@click.option("--jobs", "most", type=click.IntRange(1), help="Stop after so many jobs.")
@notify_options
def watch_(
    review_slug: str | None,
    processes: int | None,
    dask: str | None,
    most: int | None,
    **notify: Any,
) -> None:
    """Re-pool within seconds of every change, until stopped (Ctrl-C or SIGTERM).

    A database that is away, busy or being restored is waited for. Stopped while a job runs, it ends
    with that job; a second signal ends it at once. The exit status is 0.
    """
    database = opened()
    channels = channels_of(**notify)
    click.echo("Watching for changes; stop with Ctrl-C.", err=True)
    done = 0
    with executor_for(processes=processes, dask=dask) as executor, _until_told() as told:

        def job() -> Any:
            return repool(
                database, actor=settings().actor, review=review_slug, executor=executor,
                outbox=Outbox(channels),
            )  # fmt: skip

        def stopped() -> bool:
            return told() or (most is not None and done >= most)

        def ready() -> None:
            require_current(database)

        def idle() -> None:
            tell_people(database, channels)

        for report in watch(
            database, job, review=review_slug, ready=ready, stopped=stopped, idle=idle
        ):
            if report is None:
                click.echo("Watching again.", err=True)
            elif isinstance(report, Waiting):
                again = f" Trying again in {report.seconds:.0f} s." if report.seconds else ""
                click.echo(f"Waiting: {report.reason}.{again}", err=True)
            else:
                done += 1
                with database.reading() as session:
                    notices = notices_of_job(session, report, review_slug)
                echo_report(report, notices)
                tell_people(database, channels)


@contextmanager
def _until_told() -> Iterator[Callable[[], bool]]:
    """Yield whether a signal said to stop; a second one stops at once."""
    told = False

    def tell(number: int, _frame: object) -> None:
        nonlocal told
        if told:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        told = True

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
