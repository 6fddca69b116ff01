"""``review trace``: an exported number, or a whole file, back to the runs and results behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from review.cli.context import json_option, opened
from review.cli.extract.trace import echo_traced
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.errors import NotFoundError
from review.export.tracing.files import (
    FileState,
    FileTrace,
    FolderTrace,
    trace_file,
    trace_folder,
)
from review.export.tracing.numbers import (
    Holder,
    Input,
    Runs,
    TracedNumber,
    recorded,
    trace_number,
    withdrawn_since,
)
from review.extraction.trace import Traced
from review.living.runs.uses import Use, uses
from review.protocol.queries import review_called
from review.wording import counted

SAID: Final = {
    FileState.UNCHANGED: "is as it was exported",
    FileState.CHANGED: "was CHANGED after its export: what it says may differ from what follows",
    FileState.UNLISTED: "is in no provenance.json beside it; whether it was changed is not known",
}


@click.command("trace")
@click.argument("what", metavar="FILE|FOLDER|ORIGIN")
@json_option
def trace_(what: str, as_json: bool) -> None:
    """Say where exported numbers come from.

    FILE is an exported file. DOCX, HTML, JSON and figures carry their origins themselves; others
    are looked up in the provenance.json beside them, which also tells whether a file was changed:
    each number in it that is not what was exported is named, and the exit status is 1.

    FOLDER is one that an export wrote: what was changed in it, added or removed is named.

    ORIGIN is that of one number, as files and provenance.json have it, for example
    1f0c5a2b9e77/pooled/estimate. It is followed to its run and to the results that went in; that
    of one trial on to what the report says, as review extract trace does.
    """
    with opened().reading() as session:
        runs = Runs(session)
        if Path(what).is_dir():
            _tell_folder(trace_folder(runs, Path(what)), as_json=as_json)
            return
        if Path(what).is_file():
            _tell_file(trace_file(runs, Path(what)), as_json=as_json)
            return
        number = trace_number(runs, what)
        results = recorded(session, number, runs, settings().actor)
        gone = withdrawn_since(session, number)
        used: dict[int, list[Use]] = {}
        if results:
            review = review_called(session, number.run.review)
            used = uses(session, review, [t.result_id for t in results])
    if as_json:
        told = [{**asdict(t), "used_in": used.get(t.result_id, [])} for t in results]
        echo_json({**asdict(number), "results": told, "withdrawn": gone})
        return
    _tell_number(number, results, used)
    for result, because in gone.items():
        click.echo(f"Since this run, result {result} was withdrawn: {because}")


def _tell_file(file: FileTrace, *, as_json: bool) -> None:
    if as_json:
        numbers = [number._asdict() for number in file.numbers]
        altered = [one._asdict() for one in file.altered]
        echo_json({**asdict(file), "numbers": numbers, "altered": altered})
    else:
        click.echo(f"{file.file} {SAID[file.state]}.")
        _tell_altered(file)
        if not file.runs and not file.unknown:
            click.echo("It has no numbers of runs.")
        click.echo(f"SHA-256: {file.sha256}")
        for run in file.runs:
            click.echo(f"{run.key[:12]}: {_named(run)}")
        rows = [(n.origin, _shown(n.value, n.column)) for n in file.numbers if "/" in n.origin]
        if rows:
            click.echo(f"{counted(len(rows), 'number')}:")
            echo_table(("origin", "value in the run"), rows)
    if file.unknown:
        raise NotFoundError(
            f"{file.file} has numbers of runs that this database does not have: "
            f"{', '.join(file.unknown)}; say which database does by REVIEW_DATABASE_URL"
        )
    if file.altered:
        raise click.exceptions.Exit(1)


def _tell_altered(file: FileTrace) -> None:
    if file.state is not FileState.CHANGED:
        return
    if not file.compared:
        click.echo("Its numbers cannot be compared with those exported; export it again.")
    elif not file.altered:
        click.echo("Every number in it is as it was exported.")
    for one in file.altered:
        what = f"printed {_quoted(one.now)}" if one.now else "gone"
        given = "was not there" if not one.was else f"the ledger gave {_quoted(one.was)}"
        at = [f"event {one.event}"] if one.event is not None else []
        more = f" ({', '.join([*at, *([one.origin] if one.origin else [])])})" if at else ""
        click.echo(f"  {one.place}: {what}, {given}{more}")


def _quoted(text: str) -> str:
    return text if " " not in text else f'"{text}"'


def _tell_folder(folder: FolderTrace, *, as_json: bool) -> None:
    if as_json:
        echo_json(asdict(folder))
    else:
        for name in folder.removed:
            click.echo(f"{name} was REMOVED: it was exported and is not there.")
        for name in folder.added:
            click.echo(f"{name} was ADDED: no export wrote it.")
        for file in folder.changed:
            click.echo(f"{file.file} was CHANGED after its export.")
            _tell_altered(file)
        wrong = len(folder.removed) + len(folder.added) + len(folder.changed)
        whole = counted(folder.files, "file is", "files are")
        click.echo(
            f"{counted(wrong, 'difference')} from what was exported; {folder.files} files listed "
            "are there." if wrong else f"{whole} as exported, none is missing and none was added."
        )  # fmt: skip
    if folder.removed or folder.added or folder.changed:
        raise click.exceptions.Exit(1)


def _tell_number(
    number: TracedNumber, results: Sequence[Traced], used: dict[int, list[Use]]
) -> None:
    run = number.run
    click.echo(number.origin)
    if number.column is not None:
        click.echo(f"  {number.column} was computed for its table from:")
    values = number.value if isinstance(number.value, dict) else {"value": number.value}
    for name, value in values.items():
        plain = not isinstance(value, list) or not any(isinstance(item, dict) for item in value)
        if value is not None and plain:
            click.echo(f"  {name}: {_shown(value)}")
    if number.shown is not None:
        click.echo(f"  shown as: {number.shown}")
    click.echo(f"  run: {_named(run)}")
    click.echo(f"  key: {run.key}")
    versions = ", ".join(f"{name} {version}" for name, version in run.software.items())
    click.echo(f"  software: {versions}")
    if results:
        click.echo("\nThe results behind it, as they are recorded now")
        for traced in results:
            echo_traced(traced, used.get(traced.result_id, []))
    elif number.inputs:
        studies = len({item.study for item in number.inputs})
        click.echo(f"\nWhat went in: {counted(studies, 'trial')}")
        headers = ("study", "side", "arm", "reported", "result", "entry", "report", "page")
        echo_table(headers, [_row(item) for item in number.inputs], right=("result",))


def _named(run: Holder) -> str:
    newer = "the newest" if run.number == run.newest else f"older than run {run.newest}"
    return (
        f"{run.review} / {run.analysis}, run {run.number} of {run.created:%Y-%m-%d %H:%M} UTC, "
        f"{newer}"
    )


def _row(item: Input) -> tuple[object, ...]:
    told = ", ".join(f"{name} {_shown(value)}" for name, value in item.reported.items())
    return (
        item.study, item.side, item.arm, told, item.result_id, item.entry, item.report, item.page
    )  # fmt: skip


def _shown(value: Any, column: str | None = None) -> str:
    if column is not None:
        return f"{column}, computed for its table"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, float):
        return repr(value)
    return "" if value is None else str(value)
