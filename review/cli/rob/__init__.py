"""``review rob``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from review.canonical import number
from review.cli.context import changing, json_option, looking, reason_option, review_option
from review.cli.figures import drawn_from, written
from review.cli.files import force_option
from review.cli.output import echo_json, echo_rows, echo_table
from review.cli.rob.forms import (
    FORMS,
    family_option,
    instrument_option,
    outcome_option,
    person_option,
    timepoint_option,
)
from review.config import settings
from review.errors import InvalidDataError
from review.export.drawings.bias import bias_of_review
from review.extraction.appraisal import actions, catalogue, queries
from review.extraction.appraisal.agreement import domain_agreement
from review.extraction.queries import study_called
from review.figures.risk_of_bias import summary_plot, traffic_light_pages
from review.living.runs.queries import run_numbered
from review.people.rules import Deed
from review.wording import counted

if TYPE_CHECKING:
    from review.export.drawings.registry import Drawn


@click.group("rob")
def rob_() -> None:
    """Judge risk of bias: two assessors blind to each other, then a consensus."""


@rob_.command("tools")
@review_option
@json_option
def tools(review_slug: str | None, as_json: bool) -> None:
    """List the tools that come with the software, and those that the review has adopted."""
    with looking(review_slug) as (session, review):
        adopted = [queries.tool_of(row) for row in queries.adopted_tools(session, review)]
    have = {(tool.slug, tool.version) for tool in adopted}
    shipped = [catalogue.shipped_tool(slug) for slug in catalogue.SHIPPED]
    listed = [*adopted, *(tool for tool in shipped if (tool.slug, tool.version) not in have)]
    rows = [
        {
            "tool": tool.slug,
            "version": tool.version,
            "family": tool.family,
            "adopted": (tool.slug, tool.version) in have,
            "domains": len(tool.domains),
            "title": tool.title,
            "source": tool.source,
        }
        for tool in listed
    ]
    if as_json:
        echo_json(rows)
        return
    headers = ("tool", "version", "adopted", "domains", "title")
    shown = [{**row, "adopted": "yes" if row["adopted"] else ""} for row in rows]
    echo_table(headers, [tuple(row[h] for h in headers) for row in shown], right=("domains",))


@rob_.command("adopt")
@click.argument("name", required=False)
@click.option("--file", "path", type=click.Path(path_type=Path), help="A tool of your own (YAML).")
@review_option
@reason_option
def adopt(name: str | None, path: Path | None, review_slug: str | None, reason: str | None) -> None:
    """Take a tool into the review as it is now: one that is shipped, or one from a file."""
    if (name is None) == (path is None):
        raise InvalidDataError("name a shipped tool, or give your own with --file")
    tool = catalogue.read_tool(path) if path is not None else catalogue.shipped_tool(name or "")
    with changing(review_slug, reason or f"adopt {tool.slug}", Deed.PROTOCOL) as (session, review):
        new = actions.adopt_tool(session, review, tool, now=datetime.now(UTC))
        slug = review.slug
    did = "uses" if new else "already uses"
    click.echo(f"{slug} {did} {tool.slug}, version {tool.version}: {tool.title}")


@rob_.command("tool-file")
@click.argument("name")
def tool_file(name: str) -> None:
    """Print the file of a shipped tool, to make one's own from."""
    click.echo(catalogue.tool_text(name), nl=False)


@rob_.command("assessors")
@click.argument("count", type=int)
@review_option
@reason_option
def assessors(count: int, review_slug: str | None, reason: str | None) -> None:
    """Say how many assess each result; two unless told otherwise."""
    with changing(review_slug, reason or f"{count} assessors", Deed.PROTOCOL) as (session, review):
        actions.set_assessors(session, review, count)
    click.echo(f"Each result now has {counted(count, 'assessor')}.")


@rob_.command("questions")
@click.argument("tool")
@review_option
@json_option
def questions(tool: str, review_slug: str | None, as_json: bool) -> None:
    """Show the domains and signalling questions of an adopted tool."""
    with looking(review_slug) as (session, review):
        found = queries.tool_of(queries.adopted_tool(session, review, tool))
    if as_json:
        echo_json(found)
        return
    click.echo(f"{found.title}\n{found.source}")
    for domain in found.domains:
        click.echo(f"\n{domain.key}  {domain.name}")
        for q in domain.questions:
            when = f" (only if {q.only_if})" if q.only_if else ""
            click.echo(f"  {q.number:<5} {q.text}{when}  [{q.answers}]")
    if found.overall_note:
        click.echo(f"\n{found.overall_note}")


@rob_.command("status")
@family_option
@review_option
@json_option
def status(tool: str | None, review_slug: str | None, as_json: bool) -> None:
    """Show where each appraised result stands, and what counts."""
    with looking(review_slug) as (session, review):
        found = queries.standings(session, review, tool)
    rows = [
        {
            "study": s.target.study,
            "outcome": s.target.outcome,
            "instrument": s.target.instrument,
            "timepoint": s.target.timepoint,
            "tool": s.tool.slug,
            "state": s.state.value,
            "assessors": f"{len(s.assessors)} of {max(s.required, len(s.assessors))}",
            "overall": s.tool.judgement(s.counts.overall.judgement).label if s.counts else None,
        }
        for s in found
    ]
    empty = "Nothing is appraised yet; begin with: review rob adopt, review rob template"
    echo_rows(rows, as_json=as_json, empty=empty)


@rob_.command("show")
@click.argument("study")
@family_option
@person_option
@review_option
@json_option
def show(
    study: str, tool: str | None, person: str | None, review_slug: str | None, as_json: bool
) -> None:
    """Show the appraisals of a study; those of others only once all assessors have judged."""
    with looking(review_slug) as (session, review):
        row = study_called(session, review, study)
        handle = person or settings().actor
        found = queries.sheets(session, review, tool, handle=handle, study=row)
    if as_json:
        echo_json(found)
        return
    for sheet in found:
        click.echo(f"{sheet.target}, {sheet.tool.slug}: {sheet.state.value}")
        if sheet.hidden:
            click.echo(f"  {sheet.hidden} of other assessors withheld until all have judged")
        for said in sheet.said:
            lines: list[tuple[str | None, ...]] = []
            for key, judged in said.appraisal.domains.items():
                label = sheet.tool.judgement(judged.judgement).label
                answers = ", ".join(
                    f"{q.number} {said.appraisal.answers[q.number].answer.value}"
                    for d in sheet.tool.domains
                    if d.key == key
                    for q in d.questions
                    if q.number in said.appraisal.answers
                )
                lines.append((key, label, answers, judged.support))
            overall = said.appraisal.overall
            label = sheet.tool.judgement(overall.judgement).label
            lines.append(("Overall", label, None, overall.support))
            click.echo(f"\n{said.kind.value}, {said.person}")
            echo_table(("domain", "judgement", "answers", "support"), lines)


@rob_.command("compare")
@family_option
@review_option
@json_option
def compare(tool: str | None, review_slug: str | None, as_json: bool) -> None:
    """List every cell in which assessors differ, of the results that have all their assessors."""
    with looking(review_slug) as (session, review):
        handle = settings().actor
        found = queries.sheets(session, review, tool, handle=handle)
    rows = [
        {
            "study": str(sheet.target),
            "tool": sheet.tool.slug,
            "state": sheet.state.value,
            "cell": difference.cell,
            "values": dict(difference.values),
        }
        for sheet in found
        for difference in sheet.differences
    ]
    if as_json:
        echo_json(rows)
        return
    told = [(r["study"], r["tool"], r["state"], r["cell"], _said(r["values"])) for r in rows]
    if told:
        echo_table(("study", "tool", "state", "cell", "assessors"), told)
    else:
        click.echo("Nothing differs.")


def _said(values: object) -> str:
    assert isinstance(values, dict)
    return "; ".join(f"{person}: {value or 'not asked'}" for person, value in values.items())


@rob_.command("check")
@review_option
def check(review_slug: str | None) -> None:
    """Check that every appraisal is what its seal in the history says."""
    with looking(review_slug) as (session, review):
        broken = queries.broken_seals(session, review)
    if broken:
        raise InvalidDataError("altered after they were sealed: " + "; ".join(broken))
    click.echo("Every appraisal is as it was sealed.")


@rob_.command("agreement")
@family_option
@review_option
@json_option
def agreement(tool: str | None, review_slug: str | None, as_json: bool) -> None:
    """Show how far assessors agreed, domain by domain, before any consensus."""
    with looking(review_slug) as (session, review):
        found = domain_agreement(session, review, tool)
    if as_json:
        echo_json(found)
        return
    rows = [
        (
            " and ".join(a.assessors),
            a.tool,
            a.domain,
            a.agreement.n,
            f"{100 * a.agreement.observed:.0f}%",
            number(a.agreement.kappa),
        )
        for a in found
    ]
    right = ("n", "agreed", "kappa")
    echo_table(("assessors", "tool", "domain", "n", "agreed", "kappa"), rows, right=right)


@rob_.command("plot")
@click.argument("kind", type=click.Choice(["traffic-light", "summary"]))
@click.option(
    "--out", "-o", "paths", type=click.Path(path_type=Path), multiple=True, required=True,
    help="The file to write (SVG, PDF or PNG); may be given several times.",
)  # fmt: skip
@force_option
@family_option
@outcome_option
@instrument_option
@timepoint_option
@click.option(
    "--analysis", metavar="SLUG", help="Only its newest run's studies; bars by their weights."
)
@click.option("--title", metavar="TEXT", help="Above the plot.")
@review_option
def plot(
    kind: str,
    paths: tuple[Path, ...],
    tool: str | None,
    outcome: str | None,
    instrument: str | None,
    timepoint: str | None,
    analysis: str | None,
    title: str | None,
    review_slug: str | None,
) -> None:
    """Draw a light for each judgement, or bars of how often each was made."""
    figure, drawn = bias_figure(
        review_slug, tool, summary=kind == "summary", analysis=analysis, outcome=outcome,
        instrument=instrument, timepoint=timepoint, title=title,
    )  # fmt: skip
    written(figure, paths, drawn=drawn)


def bias_figure(
    review_slug: str | None,
    tool: str | None,
    *,
    summary: bool,
    analysis: str | None,
    outcome: str | None,
    instrument: str | None,
    timepoint: str | None,
    title: str | None,
) -> tuple[Drawn, str]:
    """Return the bars of each domain or a light for each judgement, and what is drawn."""
    with looking(review_slug) as (session, review):
        run = run_numbered(session, review, analysis, None) if analysis is not None else None
        drawn = drawn_from(run.key if run else None, review=review.slug)
        content = bias_of_review(
            session, review, tool, analysis=analysis, outcome=outcome, instrument=instrument,
            timepoint=timepoint, title=title,
        )  # fmt: skip
    if not content.rows:
        raise InvalidDataError("no judgement is settled that could be drawn; see review rob status")
    if summary:
        return summary_plot(content, weighted=analysis is not None), drawn
    return traffic_light_pages(content), drawn


for _form in FORMS:
    rob_.add_command(_form)
