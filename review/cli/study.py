"""``review study``, ``arm`` and ``treatment``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from review.cli.context import changing, json_option, looking, review_option
from review.cli.mending import Act, into_option, keep_option, mends
from review.cli.output import echo_json, echo_rows, echo_table
from review.config import settings
from review.extraction import actions, queries
from review.extraction.dossier import dossier
from review.extraction.linking.warnings import studies_warned
from review.extraction.mending import merging, renaming
from review.extraction.mending.acts import Mended
from review.extraction.rules import STUDY_FACTS
from review.extraction.twins import Answers
from review.people.rules import Deed


@click.group("study")
def study_() -> None:
    """Look at studies; take one out, or back; rename one, or merge two that are one."""


@study_.command("list")
@review_option
@json_option
def list_(review_slug: str | None, as_json: bool) -> None:
    """List a review's studies; those without results await extraction."""
    with looking(review_slug) as (session, review):
        counts = queries.numbers_of_results(session, review)
        states = queries.extraction_states(session, review)
        rows = [
            {
                "study": study.label,
                "year": study.year,
                "results": counts[study.id],
                "state": "excluded: " + study.excluded_because
                if study.excluded_because
                else states[study.id],
            }
            for study in queries.studies(session, review)
        ]
    echo_rows(rows, as_json=as_json, right=("year", "results"))


@study_.command("show")
@click.argument("label")
@review_option
@json_option
def show(label: str, review_slug: str | None, as_json: bool) -> None:
    """Show what is known of a study: reports, arms, results and notes with their sources."""
    with looking(review_slug) as (session, review):
        found = dossier(session, review, label, viewer=settings().actor)
        number = queries.study_called(session, review, found.study).id
        warned = studies_warned(session, review).get(number, [])
    if as_json:
        echo_json({**found.plain, "warnings": [asdict(one) for one in warned]})
        return
    plain = found.plain
    click.echo(f"{found.study} ({plain['year'] or 'year not reported'})")
    for one in warned:
        kind = one.kind.value.upper() if one.kind.is_serious else one.kind.value
        click.echo(f"  {kind}: record {one.record}, {one.said}")
    for name in (*STUDY_FACTS[1:], "excluded_because"):
        if plain[name] is not None:
            click.echo(f"  {name.replace('_', ' ')}: {plain[name]}")
    for heading in ("reports", "arms", "results", "notes"):
        if items := plain[heading]:
            click.echo(f"\n{heading.capitalize()}")
            echo_table(tuple(items[0]), [tuple(map(_cell, item.values())) for item in items])


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:g}" for name, number in value.items()) or "not reported"
    return value


@study_.command("rename")
@click.argument("label")
@click.argument("new")
@mends(moves=False)
def rename(act: Act, label: str, new: str) -> Mended:
    """Call a study LABEL by a NEW name; no number changes."""
    return renaming.rename_study(act.session, act.review, label=label, to=new)


@study_.command("merge")
@click.argument("label")
@into_option
@keep_option
@click.option(
    "--same", multiple=True, metavar="ARM=ARM", help="An arm of LABEL is this one of the other."
)
@click.option(
    "--distinct", multiple=True, metavar="ARM", help="An arm is its own, although nearly another."
)
@mends(why=True)
def merge(
    act: Act,
    label: str,
    stays: str,
    keep: str | None,
    same: tuple[str, ...],
    distinct: tuple[str, ...],
) -> Mended:
    """Merge study LABEL, entered under two names, into another; all that it has moves there.

    Where both have a value and the two differ, all of them are listed and nothing is done until
    --keep says whose count; the other values stay in the history.
    """
    return merging.merge_studies(
        act.session,
        act.review,
        goes=label,
        stays=stays,
        reason=act.reason,
        keep=keep,
        answers=Answers.given(distinct, same),
        person=settings().actor,
        now=datetime.now(UTC),
    )


@click.group("arm")
def arm_() -> None:
    """Arms of studies: rename one, or merge two that are one."""


@arm_.command("rename")
@click.argument("study")
@click.argument("label")
@click.argument("new")
@mends(moves=False)
def rename_arm(act: Act, study: str, label: str, new: str) -> Mended:
    """Call an arm LABEL of a STUDY by a NEW name; no number changes."""
    return renaming.rename_arm(act.session, act.review, study=study, label=label, to=new)


@arm_.command("merge")
@click.argument("study")
@click.argument("label")
@into_option
@keep_option
@mends(why=True)
def merge_arms(act: Act, study: str, label: str, stays: str, keep: str | None) -> Mended:
    """Merge arm LABEL of a STUDY, entered under two names, into another arm of it."""
    return merging.merge_arms(
        act.session, act.review, study=study, goes=label, stays=stays, reason=act.reason,
        person=settings().actor, keep=keep,
    )  # fmt: skip


@click.group("treatment")
def treatment_() -> None:
    """Treatments of arms: which there are, and one name for what has two."""


@treatment_.command("list")
@review_option
@json_option
def list_treatments(review_slug: str | None, as_json: bool) -> None:
    """List the treatments that arms have, with how many arms and studies."""
    with looking(review_slug) as (session, review):
        rows = queries.treatments(session, review)
    echo_rows(rows, as_json=as_json, right=("arms", "studies"))


@treatment_.command("rename")
@click.argument("name")
@click.argument("new")
@mends()
def rename_treatment(act: Act, name: str, new: str) -> Mended:
    """Call a treatment NAME by a NEW name in every arm; a name that is there already merges both.

    Refused where a plan selects the old name: revise the plan first.
    """
    return renaming.rename_treatment(act.session, act.review, name=name, to=new)


@treatment_.command("merge")
@click.argument("name")
@into_option
@mends(why=True)
def merge_treatments(act: Act, name: str, stays: str) -> Mended:
    """Call a treatment NAME, in every arm, as another one is called: they are one."""
    return renaming.rename_treatment(act.session, act.review, name=name, to=stays, known=True)


@study_.command("exclude")
@click.argument("label")
@click.option("--reason", required=True, metavar="TEXT", help="Why, for instance a retraction.")
@review_option
def exclude(label: str, reason: str, review_slug: str | None) -> None:
    """Take a study out; its numbers stay, and the next repool leaves it out."""
    with changing(review_slug, reason, Deed.EXTRACT) as (session, review):
        actions.exclude_study(session, review, label=label, reason=reason)
    click.echo(f"{label} is excluded: {reason}. Its analyses change with: review repool")


@study_.command("readmit")
@click.argument("label")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept in the history.")
@review_option
def readmit(label: str, reason: str, review_slug: str | None) -> None:
    """Take an excluded study back."""
    with changing(review_slug, reason, Deed.EXTRACT) as (session, review):
        actions.readmit_study(session, review, label=label)
    click.echo(f"{label} is back. Its analyses change with: review repool")
