"""``review grade``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from review.cli.context import changing, json_option, judge, looking, reason_option, review_option
from review.cli.output import echo_json, echo_table
from review.cli.rob.forms import person_option
from review.errors import InvalidDataError
from review.extraction.appraisal import certainty
from review.extraction.appraisal.grade import LOWERS, RAISES, Step
from review.extraction.appraisal.vocabulary import Consideration, Design
from review.living.runs.queries import newest_of_each, run_numbered
from review.people.rules import Deed


@click.group("grade")
def grade_() -> None:
    """Rate the certainty of the evidence of each analysis (GRADE), with reasons."""


def _steps(
    down: tuple[tuple[str, int, str], ...], up: tuple[tuple[str, int, str], ...]
) -> dict[Consideration, Step]:
    steps: dict[Consideration, Step] = {}
    for given, sign in ((down, -1), (up, 1)):
        for name, levels, reason in given:
            consideration = Consideration(name.replace("-", "_"))
            if consideration in steps:
                raise InvalidDataError(f"{name} is given twice")
            steps[consideration] = Step(sign * levels, reason)
    return steps


def _names(considerations: tuple[Consideration, ...]) -> click.Choice[str]:
    return click.Choice([c.value.replace("_", "-") for c in considerations])


@grade_.command("rate")
@click.argument("analysis")
@click.option(
    "--design", type=click.Choice([d.value for d in Design]), default=Design.RANDOMISED.value,
    show_default=True, help="What most of the evidence comes from.",
)  # fmt: skip
@click.option(
    "--robins-i", is_flag=True, help="Non-randomised evidence judged with ROBINS-I starts high."
)
@click.option(
    "--down", type=(_names(LOWERS), click.IntRange(0, 3), str), multiple=True,
    metavar="DOMAIN LEVELS REASON",
    help="Rate down for risk-of-bias, inconsistency, indirectness, imprecision, publication-bias.",
)  # fmt: skip
@click.option(
    "--up", type=(_names(RAISES), click.IntRange(0, 2), str), multiple=True,
    metavar="FACTOR LEVELS REASON",
    help="Rate up for large-effect, dose-response, plausible-confounding.",
)  # fmt: skip
@click.option("--run", "run_number", type=int, help="The run that was judged; the newest if any.")
@click.option("--note", metavar="TEXT", help="For the summary of findings.")
@person_option
@review_option
@reason_option
def rate(
    analysis: str,
    design: str,
    robins_i: bool,
    down: tuple[tuple[str, int, str], ...],
    up: tuple[tuple[str, int, str], ...],
    run_number: int | None,
    note: str | None,
    person: str | None,
    review_slug: str | None,
    reason: str | None,
) -> None:
    """Rate an analysis; the newest rating counts, and earlier ones stay."""
    steps = _steps(down, up)
    handle = judge(person)
    with changing(review_slug, reason or f"certainty of {analysis}", Deed.APPRAISE) as (
        session,
        review,
    ):
        newest = {run.version.analysis.slug: run.number for run in newest_of_each(session, review)}
        if run_number is not None:
            run_numbered(session, review, analysis, run_number)
        certainty.rate_certainty(
            session,
            review,
            analysis,
            handle=handle,
            now=datetime.now(UTC),
            design=Design(design),
            steps=steps,
            robins_i=robins_i,
            run_number=run_number or newest.get(analysis),
            note=note,
        )
        told = certainty.certainties(session, review)[analysis].sentence
    click.echo(f"{analysis}: {told}")


@grade_.command("show")
@click.argument("analysis", required=False)
@click.option("--all", "everything", is_flag=True, help="Earlier ratings too.")
@review_option
@json_option
def grade_show(
    analysis: str | None, everything: bool, review_slug: str | None, as_json: bool
) -> None:
    """Show the certainty of each analysis, and whether it was rated on the newest run."""
    with looking(review_slug) as (session, review):
        found = certainty.ratings(session, review, analysis)
        newest = {run.version.analysis.slug: run.number for run in newest_of_each(session, review)}
    if not everything:
        found = list({rated.analysis: rated for rated in reversed(found)}.values())[::-1]
    states = [certainty.look_again(r, newest.get(r.analysis)) for r in found]
    if as_json:
        echo_json(
            [
                {"rating": rated, "look_again": state}
                for rated, state in zip(found, states, strict=True)
            ]
        )
        return
    if not found:
        click.echo("Nothing is rated yet; rate with: review grade rate ANALYSIS")
        return
    rows = [
        (
            rated.analysis,
            rated.certainty.value.replace("_", " "),
            rated.sentence.partition(": ")[2],
            rated.run_number,
            rated.person,
            rated.rated_at.strftime("%Y-%m-%d"),
            state,
        )
        for rated, state in zip(found, states, strict=True)
    ]
    headers = ("analysis", "certainty", "because", "run", "rated by", "on", "look again")
    echo_table(headers, rows, right=("run",))
