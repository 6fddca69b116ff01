"""``review analysis`` and ``published``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from review.canonical import interval, number
from review.cli.context import changing, json_option, looking, opened, reason_option, review_option
from review.cli.output import echo_json, echo_rows
from review.errors import NotFoundError
from review.extraction.facts import names_of
from review.living.reports.notices import NoticeKind, Notices
from review.living.reports.noticing import notices_of
from review.living.reports.published import published_lines
from review.measures import AnalysisKind, Measure, measures_of
from review.people.rules import Deed
from review.protocol import actions, queries
from review.protocol.files import plan_text, read_plan, validated
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec
from review.wording import lowered


@click.group("analysis")
def analysis_() -> None:
    """Planned analyses: what is pooled, how, against which margins."""


_MEASURES: Final = ", ".join(
    measure for measure in Measure if measure in measures_of(AnalysisKind.CONTRAST) - {Measure.GEN}
)

_PLAN_OPTIONS = (
    click.option(
        "--file", type=click.Path(path_type=Path), help="The plan as YAML, instead of options."
    ),
    click.option("--title", help="As outputs print it."),
    click.option("--outcome", metavar="SLUG", help="What is pooled."),
    click.option("--intervention", metavar="LABEL", help="What outputs call the first side."),
    click.option("--intervention-mode", multiple=True, help="Its delivery modes."),
    click.option("--intervention-treatment", multiple=True, help="Its treatments, as entered."),
    click.option("--comparator", metavar="LABEL", help="What outputs call the other side."),
    click.option("--comparator-mode", multiple=True, help="Its delivery modes."),
    click.option("--comparator-treatment", multiple=True, help="Its treatments, as entered."),
    click.option("--instrument", "instruments", multiple=True, help="In order of preference."),
    click.option("--rater", "raters", multiple=True, help="In order of preference."),
    click.option("--timepoint", "timepoints", multiple=True, help="In order of preference."),
    click.option("--analysis-set", "analysis_sets", multiple=True, help="In order of preference."),
    click.option("--measure", help=f"{_MEASURES} or GEN  [default: SMD]"),
    click.option("--effect", help="What outputs call the effect, if not the measure's name."),
    click.option("--vtype", help="Sampling variances: LS, LS2, UB, HO or H0  [default: LS]"),
    click.option(
        "--correct/--no-correct",
        default=None,
        help="Correct SMD, SMDH, ROM and SMCC to SMCRPH for small samples  [default: correct]",
    ),
    click.option("--method", help="Estimator of tau²  [default: REML]"),
    click.option("--test", help="z, t, knha or adhoc  [default: adhoc]"),
    click.option(
        "--prediction",
        help="Prediction interval: test (as the interval), k-1, k-2 or HK  [default: test]",
    ),
    click.option(
        "--asymmetry",
        help="Egger's test regresses on sei, vi, ni, ninv, sqrtni or sqrtninv  [default: sei]",
    ),
    click.option("--level", type=float, help="Level of the intervals  [default: 0.95]"),
    click.option("--margin", type=float, help="The noninferiority margin that decides."),
    click.option(
        "--other-margin", "other_margins", type=float, multiple=True, help="Shown as well."
    ),
    click.option(
        "--subgroup",
        "subgroups",
        multiple=True,
        metavar="NAME",
        help="Subgroups by a characteristic: diagnosis, risk_of_bias, comparator.treatment, …",
    ),
    click.option(
        "--moderator",
        "moderators",
        multiple=True,
        metavar="FORMULA",
        help="A meta-regression: year, or year * diagnosis + sessions.",
    ),
    click.option(
        "--heterogeneity",
        multiple=True,
        metavar="FORMULA",
        help="What tau² depends on (a location-scale model), the mean with it: diagnosis.",
    ),
    click.option(
        "--random",
        multiple=True,
        metavar="GROUPS",
        help="All results count, with random effects: 'study / result', 'study + instrument'.",
    ),
    click.option(
        "--phi",
        type=float,
        help="Of random effects: correlation of errors of results of a study a week apart.",
    ),
    click.option(
        "--reliability",
        multiple=True,
        metavar="TEXT",
        help="Correct SMDs or correlations for it: 'wai = 0.93', or a characteristic that has it.",
    ),
    click.option(
        "--target-instrument",
        metavar="SLUG",
        help="Put MDs of all instruments in its points, or read an SMD in them.",
    ),
    click.option(
        "--reference-scores",
        multiple=True,
        metavar="TEXT",
        help="Of an instrument, mean (SD) and source: 'wai = 5.6 (0.9); Authors 2001'.",
    ),
    click.option(
        "--baseline-risk",
        "baseline_risks",
        type=float,
        multiple=True,
        metavar="RISK",
        help="Tell absolute effects and numbers needed to treat at a risk of the comparator: 0.3.",
    ),
    click.option(
        "--baseline-rate",
        "baseline_rates",
        type=float,
        multiple=True,
        metavar="RATE",
        help="The same of IRR and IRD, at events per person-year of the comparator: 0.12.",
    ),
    click.option(
        "--where",
        multiple=True,
        metavar="CONDITION",
        help="Only what fulfils it enters: 'diagnosis == depression', 'year >= 2010'.",
    ),
)


def _plan_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_PLAN_OPTIONS):
        function = option(function)
    return function


def _plan(source: str, file: Path | None, values: dict[str, Any]) -> Plan:
    given = {name: value for name, value in values.items() if value not in (None, ())}
    if file is not None:
        if given:
            raise click.UsageError("give the plan by --file or by options, not both")
        return read_plan(file)
    for side in ("intervention", "comparator"):
        rule = {
            "label": given.pop(side, None),
            "delivery_mode": given.pop(f"{side}_mode", ()),
            "treatment": given.pop(f"{side}_treatment", ()),
        }
        given[side] = {name: value for name, value in rule.items() if value is not None}
    return validated(Plan, given, source=source)


@analysis_.command("add")
@click.argument("slug")
@_plan_options
@review_option
@reason_option
def add_analysis(
    slug: str, file: Path | None, review_slug: str | None, reason: str | None, **values: Any
) -> None:
    """Plan an analysis, by options or by --file; see docs/plan-a-review.md."""
    source = "review analysis add"
    plan = _plan(source, file, values)
    spec = validated(AnalysisSpec, {"slug": slug, "plan": plan}, source=source)
    with changing(review_slug, reason, Deed.PLAN) as (session, review):
        names = names_of(session, review)
        actions.plan_analysis(session, review, spec, now=datetime.now(UTC), names=names)
        told = notices_of(session, review, [slug])[slug]
    click.echo(f"Planned analysis {slug}, version 1.")
    _warn(told)


@analysis_.command("revise")
@click.argument("slug")
@click.option("--reason", required=True, metavar="TEXT", help="Why the plan changes.")
@_plan_options
@review_option
def revise_analysis(
    slug: str, reason: str, file: Path | None, review_slug: str | None, **values: Any
) -> None:
    """Freeze a changed plan, given whole, as a new version; earlier versions stay."""
    plan = _plan("review analysis revise", file, values)
    with changing(review_slug, reason, Deed.PLAN) as (session, review):
        spec = AnalysisSpec(slug=slug, plan=plan)
        names = names_of(session, review)
        now = datetime.now(UTC)
        number = actions.revise_analysis(session, review, spec, now=now, names=names)
        told = notices_of(session, review, [slug])[slug]
    click.echo(f"Analysis {slug} is at version {number}; it is recomputed by: review repool")
    _warn(told)


def _warn(found: Notices) -> None:
    """Say what every report will say of the plan: what no study has, what was seen before it."""
    for sentence in found.sentences(NoticeKind.UNMATCHED):
        click.echo(f"Mind: {lowered(sentence)}", err=True)
    for kind, when in (
        (NoticeKind.PLAN_CHANGED, "changed"),
        (NoticeKind.POST_HOC, "made"),
    ):
        if found.of(kind):
            click.echo(
                f"Mind: the plan was {when} after results had been seen; every report of the "
                "analysis says so from now on.",
                err=True,
            )


@analysis_.command("list")
@review_option
@json_option
def list_analyses(review_slug: str | None, as_json: bool) -> None:
    """List the planned analyses of a review."""
    with opened().reading() as session:
        review = queries.review_called(session, review_slug)
        rows = []
        for version in queries.current_versions(session, review):
            plan = queries.plan_of(version)
            rows.append(
                {
                    "analysis": version.analysis.slug,
                    "version": version.number,
                    "title": plan.title,
                    "measure": plan.measure.value,
                    "model": f"{plan.method}, {plan.test}",
                    "margin": plan.margin,
                }
            )
    echo_rows(rows, as_json=as_json)


@analysis_.command("show")
@click.argument("slug")
@click.option("--version", type=int, help="Which version; the newest by default.")
@review_option
@json_option
def show_analysis(slug: str, version: int | None, review_slug: str | None, as_json: bool) -> None:
    """Show a plan with its versions; the printed YAML can be edited for: review analysis revise."""
    with opened().reading() as session:
        review = queries.review_called(session, review_slug)
        found = queries.versions(session, review, slug)
        numbers = [v.number for v in found]
        shown = next((v for v in found if version in (None, v.number)), None)
        if shown is None:
            raise NotFoundError(f"{slug!r} has versions {numbers[-1]} to {numbers[0]}")
        summary = {"number": shown.number, "frozen_at": shown.frozen_at, "sha256": shown.sha256}
        plan = shown.plan
    if as_json:
        echo_json({"analysis": slug, **summary, "versions": numbers[::-1], "plan": plan})
        return
    click.echo(
        f"# {slug}, version {summary['number']} of {numbers[0]}, {summary['frozen_at']:%Y-%m-%d}"
    )
    click.echo(plan_text(Plan.model_validate(plan)), nl=False)


@click.command("published")
@review_option
@json_option
def published_(review_slug: str | None, as_json: bool) -> None:
    """Show published pooled lines and what their numbers say against the review's margins.

    They are other reviews' results: shown beside ours, never mixed in.
    """
    with looking(review_slug) as (session, review):
        lines = published_lines(session, review)
    if as_json:
        echo_json(lines)
        return
    for line in lines:
        k = f", k = {line.k}" if line.k else ""
        p = f", p {line.p:g}" if line.p is not None else ""
        click.echo(
            f"{line.outcome}: {line.label}{k}: {line.measure} {number(line.estimate)} "
            f"{interval(line.ci)}{p}"
        )
        click.echo(f"    {line.direction}")
        if line.reading is None:
            click.echo("    Not read against a margin.")
        else:
            reading = line.reading
            for margin, one_sided, conclusion in zip(
                reading.margins, reading.p_noninferior, reading.conclusions, strict=True
            ):
                click.echo(
                    f"    margin {margin:.2f}: {conclusion.value} (one-sided p {_p4(one_sided)})"
                )
        if line.note:
            click.echo(f"    {line.note}")


def _p4(p: float) -> str:
    return "<0.0001" if p < 0.00005 else f"{p:.4f}"
