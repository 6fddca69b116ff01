"""``review trust``: the promises, tried on this installation."""

from __future__ import annotations

import html
import json
import math
import random
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from review.cli.context import configured_database, json_option
from review.cli.output import echo_json
from review.db import database_at
from review.errors import InvalidDataError
from review.files import new_folder, replace_file

if TYPE_CHECKING:
    from review.keeping.trust import Trial


@click.command("trust")
@click.option("--report", type=click.Path(path_type=Path, file_okay=False), help="Also write "
              "trust.html and trust.json to a folder.")  # fmt: skip
@click.option("--kills", type=click.IntRange(0), default=3, show_default=True,
              help="How often each command is killed while it works.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), help="Repeat a run: the seed of its report.")
@click.option(
    "--minutes",
    type=click.IntRange(1),
    help="Kill no longer than that, every command "
    "as long: where that is too short for all kills, the report says how many there were.",
)
@click.option("--postgres", metavar="URL", help="An empty database to try PostgreSQL with.")
@click.option(
    "--only",
    multiple=True,
    metavar="WORDS",
    help="Hold only trials whose name has these words (release, SQLite); repeatable.",
)
@json_option
@click.pass_context
def trust_(
    ctx: click.Context,
    /,
    report: Path | None,
    kills: int,
    minutes: int | None,
    seed: int | None,
    postgres: str | None,
    only: tuple[str, ...],
    as_json: bool,
) -> None:
    """Try the promises of SECURITY.md on this installation, offline, and report what was seen.

    Commands are killed at chance moments, rows altered, backups damaged, all on databases of their
    own in a temporary folder; your database is verified and looked at, and not changed. The exit
    status is 1 where a trial failed.
    """
    from review.cli import main
    from review.keeping import trust
    from review.keeping.kills import kills as kill_commands
    from review.schema import revision_of

    seed = random.randrange(2**31) if seed is None else seed
    trials: list[Trial] = []

    def told(*, ended: bool) -> dict[str, Any]:
        return {
            "passed": all(trial.passed for trial in trials),
            "ended": ended,
            "seed": seed,
            "kills": kills,
            "only": only,
            "versions": trust.versions(),
            "trials": [asdict(trial) for trial in trials],
        }

    def write(report: Path, *, ended: bool) -> None:
        seen = told(ended=ended)
        new_folder(report)
        text = json.dumps(seen, indent=2, ensure_ascii=False) + "\n"
        replace_file(report / "trust.json", text.encode())
        replace_file(report / "trust.html", _page(seen).encode())

    def take(trial: Trial) -> None:
        trials.append(trial)
        if report is not None:
            write(report, ended=False)
        if not as_json:
            how = "passed" if trial.passed else "FAILED"
            click.echo(
                f"{how}  {trial.promise:5}  {trial.name}: {trial.found} ({trial.seconds:.0f} s)"
            )

    database = configured_database()
    if revision_of(database) is not None and not only:
        for trial in trust.own(database):
            take(trial)
    with tempfile.TemporaryDirectory(prefix="review-trust-") as folder:
        until = math.inf if minutes is None else time.monotonic() + 60 * minutes
        ground = trust.Ground(Path(folder), seed, kills, until, lambda words: main(list(words)))
        there = None if postgres is None else database_at(postgres)
        for trial in kill_commands(ground, there, only):
            take(trial)
        for name, held in trust.AFTERWARDS.items():
            if trust.is_wanted(name, only):
                take(held(ground))
    if not trials:
        raise InvalidDataError(f"no trial has {' or '.join(only)} in its name")
    if report is not None:
        write(report, ended=True)
    if as_json:
        echo_json(told(ended=True))
    else:
        failed = sum(not trial.passed for trial in trials)
        click.echo(f"{len(trials)} trials, {failed} failed; seed {seed}.")
        if report is not None:
            click.echo(f"Wrote {report / 'trust.html'} and {report / 'trust.json'}")
    if not all(trial.passed for trial in trials):
        ctx.exit(1)


def _page(told: dict[str, Any]) -> str:
    columns = ("promise", "name", "requirement", "passed", "found", "seconds", "seed")
    names = ("promise", "trial", "requirement", "result", "what was seen", "seconds", "seed")
    shown = {True: "passed", False: "FAILED", None: ""}
    rows = "".join(
        "<tr>" + "".join(
            f"<td>{html.escape(_cell(trial[name], shown))}</td>" for name in columns
        ) + "</tr>\n"
        for trial in told["trials"]
    )  # fmt: skip
    on = "; ".join(f"{name} {value}" for name, value in told["versions"].items())
    verdict = "every trial passed" if told["passed"] else "a trial FAILED"
    verdict += "" if told["ended"] else "; the run has not ended"
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        "<title>Promises of living-review, tried</title>\n"
        f"<h1>Promises of living-review, tried: {verdict}</h1>\n"
        f"<p>{html.escape(on)}. Seed {told['seed']}, {told['kills']} kills a command; again with: "
        f"<code>review trust --seed {told['seed']} --kills {told['kills']}</code></p>\n"
        f"<table>\n<tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>\n"
        f"{rows}</table>\n</html>\n"
    )


def _cell(value: object, shown: dict[bool | None, str]) -> str:
    if value is None or isinstance(value, bool):
        return shown[value]
    return f"{value:.1f}" if isinstance(value, float) else str(value)
