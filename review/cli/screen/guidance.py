"""The parts of ``review screen`` that help people screen: criteria, terms, labels, shares."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from review.cli.context import (
    changing,
    json_option,
    judge,
    opened,
    reason_option,
    review_option,
)
from review.cli.output import echo_json, echo_rows
from review.cli.screen.options import stage_option
from review.people.queries import member_called
from review.people.rules import Deed
from review.protocol.queries import review_called
from review.screening.actions import screener
from review.screening.guidance import actions, queries
from review.screening.guidance.vocabulary import KIND_WORDS, TermKind
from review.screening.screeners import ask_of, screeners_asked
from review.screening.vocabulary import STAGE_WORDS, Stage


@click.command("criteria")
@click.option("--include", multiple=True, metavar="TEXT", help="What a study must be.")
@click.option("--exclude", multiple=True, metavar="TEXT", help="What it must not be.")
@review_option
@reason_option
@json_option
def criteria_(
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Show the eligibility criteria, or make a version of them; give all that hold from now on."""
    if include or exclude:
        with changing(review_slug, reason, Deed.PROTOCOL) as (session, review):
            actions.set_criteria(
                session, review, include=include, exclude=exclude, now=datetime.now(UTC)
            )
    with opened().reading() as session:
        found = queries.criteria_versions(session, review_called(session, review_slug))
    if as_json:
        echo_json(
            [
                {"version": one.number, "since": one.since, "include": one.include,
                 "exclude": one.exclude}
                for one in found
            ]
        )  # fmt: skip
        return
    if not found:
        click.echo("None yet; write them with: review screen criteria --include TEXT")
        return
    click.echo(f"Version {found[0].number}, since {found[0].since:%Y-%m-%d}")
    for heading, lines in (("To be included", found[0].include), ("Not", found[0].exclude)):
        if lines:
            click.echo(heading)
        for line in lines:
            click.echo(f"  {line}")


@click.command("terms")
@click.argument("name", required=False)
@click.argument("terms", nargs=-1)
@click.option(
    "--kind", type=click.Choice([kind.value for kind in TermKind]), default=TermKind.OTHER.value,
    show_default=True, help="What a term speaks for.",
)  # fmt: skip
@review_option
@json_option
def terms_(
    name: str | None, terms: tuple[str, ...], kind: str, review_slug: str | None, as_json: bool
) -> None:
    """List the terms that are marked in records, or say which TERMS the group NAME has.

    A word is found in the plural too, stem* finds every word that begins so, and a term of several
    words is a phrase. A group without terms goes.
    """
    if name is not None:
        with changing(review_slug, None, Deed.PROTOCOL) as (session, review):
            actions.set_terms(session, review, name, kind=TermKind(kind), terms=terms)
    with opened().reading() as session:
        rows = [
            {"group": one.name, "kind": KIND_WORDS[one.kind], "terms": ", ".join(one.terms)}
            for one in queries.term_groups(session, review_called(session, review_slug))
        ]
    echo_rows(rows, as_json=as_json, empty="None; mark some with: review screen terms NAME TERM …")


@click.command("label")
@click.argument("record", type=int)
@click.argument("label")
@click.option("--off", is_flag=True, help="Take your label off.")
@stage_option
@review_option
def label_(record: int, label: str, off: bool, stage: Stage, review_slug: str | None) -> None:
    """Put a LABEL on a RECORD; others see it when they may see its decisions."""
    with changing(review_slug, None, Deed.SCREEN) as (session, review):
        changed = actions.put_label(
            session, review, record, label, stage=stage, now=datetime.now(UTC),
            person=screener(session, review, judge()), is_on=not off,
        )  # fmt: skip
    said = "is not on it" if off else "is on it"
    click.echo(f"Record {record}: {label!r} {said}{'' if changed else ', as before'}.")


@click.command("note")
@click.argument("record", type=int)
@click.argument("text")
@stage_option
@review_option
def note_(record: int, text: str, stage: Stage, review_slug: str | None) -> None:
    """Say something to the team about a RECORD; others see it when they may see its decisions."""
    with changing(review_slug, None, Deed.SCREEN) as (session, review):
        actions.add_note(
            session, review, record, text, stage=stage, now=datetime.now(UTC),
            person=screener(session, review, judge()),
        )  # fmt: skip
    click.echo(f"Record {record}: noted.")


@click.command("screeners")
@click.argument("who", required=False)
@click.option("--core/--not-core", default=False, help="Must be one of the reviewers of a record.")
@click.option(
    "--share", type=click.FloatRange(0, 100, min_open=True), metavar="PER CENT",
    help="Of the records, how many the person is offered; all by default.",
)  # fmt: skip
@stage_option
@review_option
@json_option
def screeners_(
    who: str | None,
    core: bool,
    share: float | None,
    stage: Stage,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """List what stages ask of single persons, or say what a stage asks of WHO.

    The last decision on a record is kept for one of those who must be among its reviewers. Shares
    lie side by side: 50 and 50 split the records in two. Who leaves is asked nothing any more.
    """
    if who is not None:
        with changing(review_slug, None, Deed.PROTOCOL) as (session, review):
            person = member_called(session, review.id, who)
            ask_of(
                session, review, person, stage=stage, is_core=core,
                share=None if share is None else share / 100,
            )  # fmt: skip
    with opened().reading() as session:
        rows = [
            {
                "person": one.handle, "stage": STAGE_WORDS[one.stage],
                "must be among them": "yes" if one.is_core else "no",
                "share": "all" if one.share is None else f"{100 * one.share:.0f} %",
            }
            for one in screeners_asked(session, review_called(session, review_slug))
        ]  # fmt: skip
    echo_rows(rows, as_json=as_json, empty="Everybody who screens is offered every record.")
