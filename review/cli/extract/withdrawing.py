"""Results that are taken out, put back or put elsewhere: ``review extract withdraw`` and more."""

from __future__ import annotations

from typing import Any

import click

from review.cli.context import json_option, looking, review_option
from review.cli.mending import Act, mends
from review.cli.output import echo_list
from review.config import settings
from review.extraction.mending import results
from review.extraction.mending.acts import Mended
from review.protocol.vocabulary import AnalysisSet, Rater


@click.command("withdraw")
@click.argument("number", type=int, metavar="RESULT")
@mends(why=True)
def withdraw_(act: Act, number: int) -> Mended:
    """Take one RESULT out, by the number that review extract trace prints.

    It stays in the database with the reason; no analysis, export or check has it any more, and its
    place is free for another. Take it back with: review extract reinstate.
    """
    return results.withdraw_result(
        act.session, act.review, number=number, person=settings().actor, reason=act.reason
    )


@click.command("reinstate")
@click.argument("number", type=int, metavar="RESULT")
@mends(why=True)
def reinstate_(act: Act, number: int) -> Mended:
    """Let a withdrawn RESULT count again."""
    return results.reinstate_result(
        act.session, act.review, number=number, person=settings().actor, reason=act.reason
    )


@click.command("withdrawn")
@review_option
@json_option
def withdrawn_(review_slug: str | None, as_json: bool) -> None:
    """List the results that were withdrawn, by whom, when and why."""
    with looking(review_slug) as (session, review):
        found = results.withdrawn_results(session, review, person=settings().actor)
    echo_list(
        found,
        lambda w: {
            "result": w.result, "study": w.study, "what": w.place, "by": w.by,
            "when": f"{w.at:%Y-%m-%d}" if w.at else "", "because": w.because,
        },
        as_json=as_json, right=("result",), empty="None.",
    )  # fmt: skip


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
@mends(why=True)
def rekey_(act: Act, number: int, **values: Any) -> Mended:
    """Put one RESULT where it belongs: it was entered under a wrong timepoint, rater or arm.

    Its numbers stay as they are; the history keeps where it was.
    """
    if all(value is None for value in values.values()):
        raise click.UsageError("say what is right, such as --timepoint")
    if values["rater"] is not None:
        values["rater"] = Rater(values["rater"])
    if values["analysis_set"] is not None:
        values["analysis_set"] = AnalysisSet(values["analysis_set"])
    return results.rekey_result(
        act.session,
        act.review,
        number=number,
        key=results.NewKey(**values),
        person=settings().actor,
        reason=act.reason,
    )
