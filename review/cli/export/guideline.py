"""``review export fhir`` and ``review export guideline``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from review.cli.context import json_option, looking, review_option
from review.cli.export.writing import echo_written, folder_option
from review.cli.files import force_option, moved, new_files, write_new
from review.cli.output import warn_outdated
from review.errors import NotFoundError
from review.export import Format, write_tables
from review.export.contents.fhir import fhir_bundle
from review.export.contents.findings import findings_of, guideline_table
from review.export.runs import latest_runs
from review.export.tracing.numbers import Runs
from review.export.tracing.provenance import write_provenance
from review.living.job.freshness import outdated
from review.wording import counted

NOTHING: Final = "no planned contrast has a run yet; make one with: review repool"


@click.command("fhir")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The JSON file.")
@force_option
@review_option
def fhir(out: Path, review_slug: str | None) -> None:
    """Write the findings as FHIR R5: a Bundle of Evidence, EvidenceVariable and Citation.

    A planned contrast is an Evidence with its effect, interval, heterogeneity, absolute effects and
    certainty (GRADE); its identifier is the key of the run, which review trace takes.
    """
    with looking(review_slug) as (session, review):
        runs = latest_runs(session, review)
        warn_outdated(outdated(session, review))
        found = findings_of(session, review, runs)
        if not found:
            raise NotFoundError(NOTHING)
        known = Runs(session)
        at = max(known.holder(one.run.key[:12]).created for one in found)
        text = fhir_bundle(session, review, runs, at=at)
    write_new(out, text.encode())
    click.echo(f"{counted(len(found), 'finding')} in {out}")


@click.command("guideline")
@folder_option
@review_option
@json_option
def guideline(folder: Path, review_slug: str | None, as_json: bool) -> None:
    """Write the findings as CSV with the fields that MAGICapp asks for, a row an outcome.

    Effects, participants, absolute estimates, each reason of GRADE and the certainty.
    """
    with looking(review_slug) as (session, review):
        runs = latest_runs(session, review)
        warn_outdated(outdated(session, review))
        table = guideline_table(session, review, runs)
        if not table.rows:
            raise NotFoundError(NOTHING)
        with new_files(folder) as place:
            paths = write_tables({"guideline": table}, place, [Format.CSV])
            exported = {path: {"guideline": table} for path in paths}
            written = [*exported, write_provenance(session, place, exported)]
    echo_written(moved(written, place, folder), as_json=as_json)


GUIDELINES: Final = (fhir, guideline)
"""Commands of the group ``export``."""
