"""``review extract withdraw``, ``rekey``, ``imports`` and ``undo``, and ``review timepoint``."""

from __future__ import annotations

from typing import Any

import click

from review.cli.context import json_option, opened, reason_option, review_option
from review.cli.mending import act_options, echo_mended, mending, why_option
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.extraction.mending import results
from review.extraction.mending.undoing import undo_import
from review.extraction.past_imports import past_imports
from review.protocol.queries import review_called
from review.protocol.vocabulary import AnalysisSet, Rater


@click.command("withdraw")
@click.argument("number", type=int, metavar="RESULT")
@why_option
@act_options
def withdraw_(
    number: int, reason: str, dry_run: bool, review_slug: str | None, as_json: bool
) -> None:
    """Take one RESULT out, by the number that review extract trace prints.

    It stays in the database with the reason; no analysis, export or check has it any more, and its
    place is free for another. Take it back with: review extract reinstate.
    """
    with mending(review_slug, reason, dry_run=dry_run) as act:
        act.mended = results.withdraw_result(
            act.session, act.review, number=number, person=settings().actor, reason=reason
        )
    echo_mended(act, dry_run=dry_run, as_json=as_json)


@click.command("reinstate")
@click.argument("number", type=int, metavar="RESULT")
@why_option
@act_options
def reinstate_(
    number: int, reason: str, dry_run: bool, review_slug: str | None, as_json: bool
) -> None:
    """Let a withdrawn RESULT count again."""
    with mending(review_slug, reason, dry_run=dry_run) as act:
        act.mended = results.reinstate_result(
            act.session, act.review, number=number, person=settings().actor, reason=reason
        )
    echo_mended(act, dry_run=dry_run, as_json=as_json)


@click.command("withdrawn")
@review_option
@json_option
def withdrawn_(review_slug: str | None, as_json: bool) -> None:
    """List the results that were withdrawn, by whom, when and why."""
    with opened().reading() as session:
        review = review_called(session, review_slug)
        found = results.withdrawn_results(session, review, person=settings().actor)
    if as_json:
        echo_json(found)
    elif not found:
        click.echo("None.")
    else:
        rows = [
            (w.result, w.study, w.place, w.by, f"{w.at:%Y-%m-%d}" if w.at else "", w.because)
            for w in found
        ]
        echo_table(("result", "study", "what", "by", "when", "because"), rows, right=("result",))


@click.command("rekey")
@click.argument("number", type=int, metavar="RESULT")
@click.option("--timepoint", metavar="TEXT", help="When it was measured.")
@click.option("--rater", type=click.Choice([r.value for r in Rater]), help="Who rated.")
@click.option("--instrument", metavar="SLUG", help="What it was measured with.")
@click.option(
    "--analysis-set", type=click.Choice([s.value for s in AnalysisSet]), help="Who was analysed."
)
@click.option("--arm", metavar="LABEL", help="Which arm it is of.")
@click.option("--versus-arm", metavar="LABEL", help="Which arm it is against.")
@why_option
@act_options
def rekey_(
    number: int,
    reason: str,
    dry_run: bool,
    review_slug: str | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Put one RESULT where it belongs: it was entered under a wrong timepoint, rater or arm.

    Its numbers stay as they are; the history keeps where it was.
    """
    if all(value is None for value in values.values()):
        raise click.UsageError("say what is right, such as --timepoint")
    if values["rater"] is not None:
        values["rater"] = Rater(values["rater"])
    if values["analysis_set"] is not None:
        values["analysis_set"] = AnalysisSet(values["analysis_set"])
    with mending(review_slug, reason, dry_run=dry_run) as act:
        act.mended = results.rekey_result(
            act.session,
            act.review,
            number=number,
            key=results.NewKey(**values),
            person=settings().actor,
            reason=reason,
        )
    echo_mended(act, dry_run=dry_run, as_json=as_json)


@click.command("imports")
@review_option
@json_option
def imports_(review_slug: str | None, as_json: bool) -> None:
    """List the imports of results, the newest first, each with its number for extract undo."""
    with opened().reading() as session:
        found = past_imports(session, review_called(session, review_slug))
    if as_json:
        echo_json(found)
        return
    if not found:
        click.echo("None yet; take one in with: review extract import")
        return
    rows = [
        (
            past.number,
            f"{past.at:%Y-%m-%d}",
            past.by,
            past.file,
            past.rows,
            past.added.get("study", 0),
            past.added.get("result", 0),
            past.changed,
            f"undone: {past.undone}" if past.undone else "stands",
        )
        for past in found
    ]
    headers = (
        "import", "when", "by", "file", "rows", "new studies", "new results", "changed", "state",
    )  # fmt: skip
    echo_table(headers, rows, right=("import", "rows", "new studies", "new results", "changed"))


@click.command("undo")
@click.argument("number", type=int, metavar="IMPORT")
@click.option("--reason", metavar="TEXT", help="Why it is undone; it is kept.")
@act_options
def undo_(
    number: int, reason: str | None, dry_run: bool, review_slug: str | None, as_json: bool
) -> None:
    """Take an import of results back, by the number that review extract imports prints.

    What it added is withdrawn, what it changed is as before; nothing is deleted. Refused, naming
    what, where something of it was changed since or something was decided on it.
    """
    if reason is None and not dry_run:
        raise click.UsageError("say why with --reason, or look first with --dry-run")
    why = reason or "a dry run"
    with mending(review_slug, why, dry_run=dry_run) as act:
        act.mended = undo_import(act.session, act.review, number=number, reason=why)
    echo_mended(act, dry_run=dry_run, as_json=as_json)


@click.group("timepoint")
def timepoint_() -> None:
    """Timepoints of results: which there are, and one name for what has two."""


@timepoint_.command("list")
@review_option
@json_option
def list_timepoints(review_slug: str | None, as_json: bool) -> None:
    """List the timepoints that results have, with how many."""
    with opened().reading() as session:
        found = results.timepoints(session, review_called(session, review_slug))
    if as_json:
        echo_json(found)
    else:
        rows = [(name, n) for name, n in found.items()]
        echo_table(("timepoint", "results"), rows, right=("results",))


@timepoint_.command("rename")
@click.argument("name")
@click.argument("new")
@click.option("--study", metavar="LABEL", help="Only in this study.")
@reason_option
@act_options
def rename_timepoint(
    name: str,
    new: str,
    study: str | None,
    reason: str | None,
    dry_run: bool,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Call a timepoint NAME by a NEW name, in every result or in those of one study."""
    with mending(review_slug, reason, dry_run=dry_run) as act:
        act.mended = results.rename_timepoint(
            act.session, act.review, name=name, to=new, study=study
        )
    echo_mended(act, dry_run=dry_run, as_json=as_json)
