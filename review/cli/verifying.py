"""``review verify``: whether a database is what its history says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from review.cli.context import json_option, opened
from review.cli.output import echo_json, echo_table, progress_bar
from review.config import settings
from review.errors import DatabaseStateError
from review.wording import counted

if TYPE_CHECKING:
    from review.history.replay import Difference
    from review.keeping.verifying import Verification


@click.command("sign")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--key", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Your private key, Ed25519 in PEM: openssl genpkey -algorithm ed25519 -out key.pem",
)  # fmt: skip
def sign_(files: tuple[Path, ...], key: Path) -> None:
    """Sign FILES that hold a head of the history: each gets a FILE.sig beside it.

    Sign the manifest of a backup or release, or the output of `review verify --json`, with a key
    that nobody has who can write to the database, and keep both elsewhere. `review verify --anchor
    FILE --signed-by PUBLIC_KEY` takes no other file then. OpenSSL checks the signature too.
    """
    from review.keeping.signing import needs_passphrase, sign

    passphrase = click.prompt("Passphrase", hide_input=True) if needs_passphrase(key) else None
    for file in files:
        click.echo(f"Signed {file}: {sign(file, key, passphrase)}")


def _check_signatures(anchors: tuple[str, ...], public_key: Path) -> None:
    from review.keeping.signing import check

    if not anchors:
        raise click.UsageError("--signed-by needs --anchor FILE: which head was signed?")
    for given in anchors:
        if not (file := Path(given)).is_file():
            raise click.UsageError(f"{given} is no file, and what is typed has no signature")
        check(file, public_key)
        click.echo(f"{file} is signed by the key {public_key}.", err=True)


SHOWN: Final = 20
"""Differences that are printed; --json has a thousand."""


@click.command("verify")
@click.option(
    "--since", type=click.IntRange(min=1), metavar="EVENT",
    help="For the daily check: only what this event and later ones say, and how many rows there "
    "are. Take the number of the head that the last check printed.",
)  # fmt: skip
@click.option(
    "--anchor", "anchors", multiple=True, metavar="FILE|HASH",
    help="A head that was kept elsewhere: SEQ:HASH, HASH, or a file that has it (the manifest of "
    "a backup, release or export, a mail, the output of this command). Repeatable.",
)  # fmt: skip
@click.option(
    "--signed-by", "public_key", type=click.Path(path_type=Path, dir_okay=False), metavar="KEY",
    help="A public key (PEM): take only --anchor files that its owner signed (review sign).",
)  # fmt: skip
@click.option("--runs", is_flag=True, help="Also compute every run again from its inputs.")
@json_option
def verify_(
    since: int | None,
    anchors: tuple[str, ...],
    public_key: Path | None,
    runs: bool,
    as_json: bool,
) -> None:
    """Check that the database is what its history says.

    The chain of events is checked, and that it goes through every head that runs and releases
    noted. Then every row of every table that events tell of is held against them: what was altered,
    deleted, put in, back-dated or swapped is named, with the last event that touched it. Sealed
    judgements are held against their seals, and the triggers against those that belong there.

    Who rewrites the history with the tables is found out only by a head kept elsewhere: backups,
    releases, exports and mails have one; give it with --anchor.
    """
    from review.keeping.anchors import anchors_given  # checks import every stage; the list does not
    from review.keeping.verifying import verify_all

    if public_key is not None:
        _check_signatures(anchors, public_key)
    given = [anchor for text in anchors for anchor in anchors_given(text)]
    with opened().reading() as session, progress_bar("Verifying") as progress:
        found = verify_all(
            session, viewer=settings().actor, anchors=given, since=since or 0, runs=runs,
            progress=progress,
        )  # fmt: skip
    if as_json:
        echo_json(plain(found))
    else:
        _echo(found)
    if not found.sound:
        count = len(found.problems) + max(found.more - 1, 0)
        raise DatabaseStateError(
            f"the database is not what its history says: {counted(count, 'problem')}; the first: "
            f"{found.problems[0]}"
        )


def plain(found: Verification) -> dict[str, object]:
    """Return what a check found, for scripts; `head_seq` and `head_hash` are the anchor."""
    chain = found.chain
    return {
        "sound": found.sound,
        "events": chain.events,
        "since": found.since,
        "head_seq": chain.head_seq,
        "head_hash": chain.head_hash,
        "anchors": chain.anchors,
        "problems": found.problems,
        "rows": found.rows,
        "rows_untold": found.untold,
        "tables": found.tables,
        "differences": found.differences,
        "differences_not_listed": found.more,
        "triggers": found.triggers,
        "runs_recomputed": found.recomputed,
        "runs": found.runs,
        "not_governed": found.not_governed,
    }


def _echo(found: Verification) -> None:
    chain = found.chain
    since = f" since event {found.since}" if found.since else ""
    click.echo(
        f"{counted(chain.events, 'event')}{since}, held against {counted(chain.anchors, 'head')} "
        "that runs, releases and you noted."
    )
    click.echo(
        f"{counted(found.rows, 'row')} of {counted(len(found.tables), 'table')} held against them."
    )
    if found.untold:
        click.echo(
            f"{counted(found.untold, 'row')} of imports from before the history had the digest of "
            "each: their number and raw text were checked, not their other columns."
        )
    if found.recomputed:
        click.echo(f"{counted(found.recomputed, 'run')} computed again.")
    others = ", ".join(found.not_governed)
    click.echo(f"Not governed by events: {others}.")
    click.echo(f"Head: {chain.head_seq} {chain.head_hash}")
    for told in (*chain.problems, *found.triggers, *found.runs):
        click.echo(told)
    if found.differences:
        headers = ("table", "row", "column", "by the events", "in the table", "last event")
        echo_table(headers, [_row(one) for one in found.differences[:SHOWN]], right=("row",))
        left = len(found.differences) - SHOWN + found.more
        if left > 0:
            click.echo(f"{left:,} more differences; --json lists up to 1,000.")
    if found.sound:
        click.echo("The history is intact, and what was judged is as it was sealed.")
        click.echo(
            "Every row is what the events say."
            if not found.since
            else "Every row that events touched since then is what they say, and none is missing."
        )


def _row(one: Difference) -> tuple[object, ...]:
    from review.history.replay import short

    return (one.table, one.row, one.column, short(one.told), short(one.found), one.event)
