"""``review reports``: which study each included report belongs to."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from review.citations.rules import heading
from review.cli.context import changing, json_option, looking, review_option
from review.cli.mending import Act, into_option, mends
from review.cli.output import echo_list
from review.config import settings
from review.extraction.linking import actions, queries
from review.extraction.mending import merging, renaming
from review.extraction.mending.acts import Mended
from review.people.rules import Deed


@click.group("reports")
def reports_() -> None:
    """Included reports and their studies: a study may have several reports."""


@reports_.command("list")
@click.option("--unlinked", is_flag=True, help="Only those without a study.")
@review_option
@json_option
def list_(unlinked: bool, review_slug: str | None, as_json: bool) -> None:
    """List the reports that were included; those with a study await extraction there."""
    with looking(review_slug) as (session, review):
        found = queries.included_reports(session, review)
    shown = [report for report in found if not (unlinked and report.study)]
    echo_list(
        shown,
        lambda r: {
            "record": r.record, "year": r.year, "title": heading(r.title, r.warning),
            "study": r.study or "not linked yet",
        },
        as_json=as_json, right=("record", "year"), empty="None.",
    )  # fmt: skip


@reports_.command("suggest")
@review_option
@json_option
def suggest(review_slug: str | None, as_json: bool) -> None:
    """Suggest studies for unlinked reports, by registration, DOI, authors and sample."""
    with looking(review_slug) as (session, review):
        found = queries.suggestions(session, review)
    echo_list(
        found,
        lambda s: {
            "record": s.record, "study": s.study, "score": f"{s.score:.2f}",
            "because": ", ".join(s.why),
        },
        as_json=as_json, right=("record", "score"), empty="No suggestions.",
    )  # fmt: skip


@reports_.command("link")
@click.argument("record", type=int)
@click.argument("study")
@click.option("--new", is_flag=True, help="Make the study.")
@click.option(
    "--distinct",
    is_flag=True,
    help="With --new: a study of its own, although nearly another.",
)
@click.option("--reason", metavar="TEXT", help="Why it belongs there; kept in the history.")
@review_option
def link(
    record: int,
    study: str,
    new: bool,
    distinct: bool,
    reason: str | None,
    review_slug: str | None,
) -> None:
    """Link an included RECORD to a STUDY by its name; a report linked elsewhere moves."""
    with changing(review_slug, reason, Deed.EXTRACT) as (session, review):
        linked = actions.link_report(
            session, review, record, study, handle=settings().actor, now=datetime.now(UTC),
            new=new, distinct=distinct, reason=reason,
        )  # fmt: skip
    click.echo(f"Record {record} belongs to {study}{'' if linked else ', as before'}.")


@reports_.command("unlink")
@click.argument("record", type=int)
@click.option("--reason", required=True, metavar="TEXT", help="Why it does not belong there.")
@review_option
def unlink(record: int, reason: str, review_slug: str | None) -> None:
    """Take a RECORD from its study; the study and its numbers stay."""
    with changing(review_slug, reason, Deed.EXTRACT) as (session, review):
        label = actions.unlink_report(
            session, review, record, handle=settings().actor, now=datetime.now(UTC), reason=reason
        )
    click.echo(f"Record {record} no longer belongs to {label}.")


@reports_.command("rename")
@click.argument("study")
@click.argument("citation")
@click.argument("new")
@mends(moves=False)
def rename(act: Act, study: str, citation: str, new: str) -> Mended:
    """Cite a report of a STUDY by a NEW citation. CITATION may be its beginning, or the DOI."""
    return renaming.rename_report(act.session, act.review, study=study, citation=citation, to=new)


@reports_.command("merge")
@click.argument("study")
@click.argument("citation")
@into_option
@mends(why=True, moves=False)
def merge(act: Act, study: str, citation: str, stays: str) -> Mended:
    """Merge a report of a STUDY, entered under two citations, into another one of it."""
    return merging.merge_reports(
        act.session,
        act.review,
        study=study,
        goes=citation,
        stays=stays,
        reason=act.reason,
        person=settings().actor,
        now=datetime.now(UTC),
    )
