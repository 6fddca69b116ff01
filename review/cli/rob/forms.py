"""Forms of ``review rob``: printed empty, taken filled in, compared and written out again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from review.cli.context import (
    changing,
    json_option,
    judge,
    looking,
    reason_option,
    review_option,
    sheet_option,
)
from review.cli.output import echo_json, echo_remarks, plain_remarks
from review.errors import InvalidDataError
from review.extraction.appraisal import actions, files, queries
from review.extraction.appraisal.form import Form, Target
from review.extraction.appraisal.picture import of_target
from review.extraction.appraisal.vocabulary import About, State
from review.extraction.queries import studies, study_called
from review.people.rules import Deed
from review.tabular.table import Read
from review.wording import counted

tool_option = click.option(
    "--tool", "-t", "tool", metavar="TOOL", required=True, help="An adopted tool's name."
)
family_option = click.option(
    "--tool", "-t", "tool", metavar="TOOL",
    help="An adopted tool's name, or the family of several, such as rob2; by default all.",
)  # fmt: skip
outcome_option = click.option(
    "--outcome", metavar="SLUG", help="The outcome whose result is judged."
)
instrument_option = click.option(
    "--instrument", metavar="SLUG", help="Only the results by this one."
)
timepoint_option = click.option("--timepoint", metavar="TEXT", help="Only the results at this one.")
person_option = click.option(
    "--as", "person", metavar="HANDLE", help="The assessor; by default REVIEW_ACTOR."
)
_file = click.argument("file", type=click.Path(path_type=Path))


@click.command("template")
@click.argument("labels", metavar="[STUDY]...", nargs=-1)
@tool_option
@outcome_option
@instrument_option
@timepoint_option
@review_option
def template(
    labels: tuple[str, ...],
    tool: str,
    outcome: str | None,
    instrument: str | None,
    timepoint: str | None,
    review_slug: str | None,
) -> None:
    """Print an empty form as CSV for some studies, or for all that are not excluded."""
    with looking(review_slug) as (session, review):
        found = queries.tool_of(queries.adopted_tool(session, review, tool))
        chosen = (
            [study_called(session, review, label) for label in labels]
            if labels
            else [s for s in studies(session, review) if s.excluded_because is None]
        )
        names = [study.label for study in chosen]
    if found.about is About.RESULT and outcome is None:
        raise InvalidDataError(f"{tool} judges results: say of which outcome with --outcome SLUG")
    targets = [Target(name, outcome, instrument, timepoint) for name in names]
    click.echo(files.blank_form(found, targets), nl=False)


@click.command("assess")
@_file
@tool_option
@person_option
@sheet_option
@review_option
@reason_option
@json_option
def assess(
    file: Path,
    tool: str,
    sheet: str | None,
    person: str | None,
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Take one assessor's filled-in form; the whole file or nothing.

    An empty judgement is the algorithm's; another one needs its reason in the support. An assessor
    may send a form again until the last one has judged.
    """
    handle = judge(person)
    with changing(review_slug, reason or f"assessment of {file.name}", Deed.APPRAISE) as (
        session,
        review,
    ):
        found = queries.tool_of(queries.adopted_tool(session, review, tool))
        forms = files.read_forms(file, found, sheet=sheet)
        now = datetime.now(UTC)
        added = actions.appraise_all(
            session, review, tool, forms, file=str(file), handle=handle, now=now
        )
    if as_json:
        _echo_stored(forms, added)
        return
    echo_remarks(file, forms.remarks)
    click.echo(f"{file}: {len(forms)} appraisals by {handle}, {added} of them new.")


def _echo_stored(forms: Read[Form], added: int) -> None:
    counts = {"read": len(forms), "stored": added, "unchanged": len(forms) - added}
    echo_json({**counts, "remarks": plain_remarks(forms.remarks)})


@click.command("import")
@_file
@tool_option
@outcome_option
@instrument_option
@timepoint_option
@person_option
@sheet_option
@review_option
@reason_option
@json_option
def import_(
    file: Path,
    tool: str,
    sheet: str | None,
    outcome: str | None,
    instrument: str | None,
    timepoint: str | None,
    person: str | None,
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Take a table in robvis' layout (Study, D1, …, Overall) as one assessor's judgements."""
    handle = judge(person)
    with changing(review_slug, reason or f"import of {file.name}", Deed.APPRAISE) as (
        session,
        review,
    ):
        found = queries.tool_of(queries.adopted_tool(session, review, tool))
        forms = files.read_robvis(
            file, found, outcome=outcome, instrument=instrument, timepoint=timepoint, sheet=sheet
        )
        now = datetime.now(UTC)
        added = actions.appraise_all(
            session, review, tool, forms, file=str(file), handle=handle, now=now
        )
    if as_json:
        _echo_stored(forms, added)
        return
    echo_remarks(file, forms.remarks)
    studies = counted(len(forms), "study", "studies")
    click.echo(f"{file}: judgements on {studies} by {handle}, {added} of them new.")


@click.command("consensus-form")
@click.argument("study")
@tool_option
@outcome_option
@instrument_option
@timepoint_option
@review_option
def consensus_form(
    study: str,
    tool: str,
    outcome: str | None,
    instrument: str | None,
    timepoint: str | None,
    review_slug: str | None,
) -> None:
    """Print the form for a consensus: equal cells filled in, the others with what was said."""
    target = Target(study, outcome, instrument, timepoint)
    with looking(review_slug) as (session, review):
        row = study_called(session, review, study)
        complete = queries.complete_casts(session, review, tool, study=row)
        begun = [str(s.target) for s in queries.standings(session, review, tool, study=row)]
    for found in complete:
        if found.target == target and found.tool.slug == tool:
            click.echo(files.consensus_form(found.tool, found.cast), nl=False)
            return
    if str(target) in begun:
        raise InvalidDataError(f"{target} does not have all its assessors yet: review rob status")
    have = "; it judged " + ", ".join(begun) if begun else ""
    raise InvalidDataError(
        f"nobody judged {target} by {tool}{have}; say which with --outcome, --instrument and "
        "--timepoint"
    )


@click.command("settle")
@_file
@tool_option
@click.option("--reason", required=True, metavar="TEXT", help="How the consensus was reached.")
@person_option
@sheet_option
@review_option
def settle(
    file: Path,
    tool: str,
    reason: str,
    person: str | None,
    sheet: str | None,
    review_slug: str | None,
) -> None:
    """Store a consensus from a filled-in form; the assessors' own appraisals stay as they are."""
    handle = judge(person)
    with changing(review_slug, reason, Deed.APPRAISE) as (session, review):
        found = queries.tool_of(queries.adopted_tool(session, review, tool))
        forms = files.read_forms(file, found, sheet=sheet)
        now = datetime.now(UTC)
        new = actions.settle_all(
            session, review, tool, forms, file=str(file), handle=handle, now=now, reason=reason
        )
    echo_remarks(file, forms.remarks)
    click.echo(f"{file}: consensus on {counted(len(forms), 'result')}, {new} of them new.")


@click.command("export")
@family_option
@outcome_option
@instrument_option
@timepoint_option
@click.option("--long", "long_form", is_flag=True, help="Every answer, not robvis' table.")
@review_option
def export(
    tool: str | None,
    outcome: str | None,
    instrument: str | None,
    timepoint: str | None,
    long_form: bool,
    review_slug: str | None,
) -> None:
    """Print the judgements that count as CSV in robvis' layout, or with every answer."""
    with looking(review_slug) as (session, review):
        found = queries.standings(session, review, tool)
    chosen = of_target(found, outcome=outcome, instrument=instrument, timepoint=timepoint)
    count = [(s.tool, s.counts) for s in chosen if s.counts is not None]
    slugs = sorted({judged_by.slug for judged_by, _ in count})
    if long_form and len(slugs) > 1:
        raise InvalidDataError(f"a form is of one tool; export one with --tool: {', '.join(slugs)}")
    text = files.filled_form(count) if long_form else files.robvis_table(count)
    click.echo(text, nl=False)
    left = sum(s.state in (State.AWAITING, State.CONFLICT) for s in chosen)
    if left:
        what = counted(left, "result is", "results are")
        click.echo(f"{what} not settled and left out.", err=True)


FORMS = (template, assess, import_, consensus_form, settle, export)
"""In the order of the work."""
