"""Findings as FHIR R5: what the published schema accepts, with the numbers of the runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from fhir.resources.bundle import Bundle

from review.cli import main
from review.config import settings
from review.db import Database
from review.demonstration import invented
from review.export.contents.findings import findings_of
from review.export.runs import latest_runs
from review.protocol.queries import instruments, review_called


@pytest.mark.parametrize("slug", [invented.NAME, "cbt-delivery"])
def test_the_bundle_is_fhir_and_says_what_the_runs_say(
    slug: str, demonstration: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_DATABASE_URL", demonstration.url.render_as_string())
    settings.cache_clear()
    made = tmp_path / "fhir.json"
    for command in (["fhir", "--out", str(made)], ["guideline", "--out", str(tmp_path / "g")]):
        done = CliRunner().invoke(main, ["export", *command, "--review", slug])
        assert done.exit_code == 0, done.output
    settings.cache_clear()
    bundle = json.loads(made.read_text("utf-8"))
    Bundle.model_validate(bundle)
    known = {entry["fullUrl"] for entry in bundle["entry"]}
    every = [entry["resource"] for entry in bundle["entry"]]
    evidence = {one["identifier"][0]["value"]: one for one in every
                if one["resourceType"] == "Evidence"}  # fmt: skip
    with demonstration.reading() as session:
        review = review_called(session, slug)
        found = findings_of(session, review, latest_runs(session, review))
        names = {one.slug: one.name for one in instruments(session, review)}
    assert len(evidence) == len(found) > 0
    rows = list(csv.DictReader((tmp_path / "g" / "guideline.csv").read_text("utf-8").splitlines()))
    for one, row in zip(found, rows, strict=True):
        said = evidence[one.run.key]
        main_one = said["statistic"][0]
        assert main_one["quantity"]["value"] == one.effect == float(row["effect"])
        limits = main_one["attributeEstimate"][0]["range"]
        assert (limits["low"]["value"], limits["high"]["value"]) == tuple(one.effect_ci)
        assert main_one["sampleSize"]["numberOfStudies"] == one.run.results.pooled.k
        assert {v["observed"]["reference"] for v in said["variableDefinition"]} <= known
        assert said["citeAsReference"]["reference"] in known
        assert ("certainty" in said) == (one.rated is not None)
        assert float(row["effect_ci_low"]) == one.effect_ci[0]
        units = {q["unit"] for s in said["statistic"] if "unit" in (q := s["quantity"])} | {
            row["unit"]
        }
        assert units <= {"", "per 1,000", *names.values()}, "a unit is a slug"
