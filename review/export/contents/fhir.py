"""Findings as resources of FHIR R5: Citation, EvidenceVariable and Evidence in one Bundle.

HL7 FHIR R5 (5.0.0), https://hl7.org/fhir/R5/evidence.html. Coded is what HL7's own code systems
name without doubt (roles, kind of synthesis, certainty); all else is text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.orm import Session

from review.canonical import utc_text
from review.export.contents.absolute import Absolute
from review.export.contents.findings import Finding, named_findings
from review.export.runs import LatestRun
from review.export.tracing.origins import origin
from review.extraction.appraisal.grade import LOWERS, RAISES
from review.living.runs.results import Interval
from review.protocol.models import Review

SYSTEMS: Final = "http://terminology.hl7.org/CodeSystem/"
RUN: Final = "urn:living-review:run"
"""The system of identifiers that are keys of runs, which `review trace` takes."""

Resource = dict[str, Any]


def fhir_bundle(
    session: Session, review: Review, runs: Sequence[LatestRun], *, at: datetime
) -> str:
    """Return the findings of all planned contrasts as the JSON of a Bundle.

    Parameters
    ----------
    session, review, runs
        The review with the newest run of each analysis.
    at : datetime
        When the newest of the runs was made; it is the date of all resources.

    Returns
    -------
    str
        The same for the same runs. Numbers are not rounded; what is not finite is left out.
    """
    when = utc_text(at)
    told = {"citedArtifact": {"title": [{"text": review.title}]}, "title": review.title}
    citation = _named(review, "citation", "Citation", status="active", date=when, **told)
    resources = [citation]
    for one in named_findings(session, review, runs):
        resources += _finding(review, one, citation, when)
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": when,
        "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources],
    }
    return json.dumps(bundle, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _named(review: Review, name: str, kind: str, **fields: Any) -> Resource:
    number = uuid5(NAMESPACE_URL, f"living-review/{review.slug}/{name}")
    return {"resourceType": kind, "id": str(number), **fields}


def _coded(system: str, code: str, text: str) -> Resource:
    return {"coding": [{"system": f"{SYSTEMS}{system}", "code": code}], "text": text}


def _finding(review: Review, one: Finding, citation: Resource, when: str) -> Iterator[Resource]:
    plan, run = one.run.inputs.plan, one.run
    roles = (
        ("exposure", plan.intervention.label),
        ("referenceExposure", plan.comparator.label),
        ("measuredVariable", plan.title),
    )
    variables = {
        role: _named(
            review, f"{run.analysis}/{role}", "EvidenceVariable",
            status="active", date=when, title=title,
        )
        for role, title in roles
    }  # fmt: skip
    yield from variables.values()
    direction = run.scale.direction(plan) if one.oriented or run.scale.as_ratio else (
        "Intervention minus comparator, of what was measured."
    )  # fmt: skip
    evidence = _named(
        review, run.analysis, "Evidence",
        identifier=[{"system": RUN, "value": run.key}],
        version=str(run.number), title=plan.title, status="active", date=when,
        citeAsReference={"reference": f"urn:uuid:{citation['id']}"},
        description=direction,
        variableDefinition=[
            {
                "variableRole": _coded("variable-role", role, title),
                "observed": {"reference": f"urn:uuid:{variables[role]['id']}"},
            }
            for role, title in roles
        ],
        synthesisType=_coded("synthesis-type", "std-MA", "meta-analysis"),
        statistic=list(_statistics(one)),
    )  # fmt: skip
    if one.rated is not None:
        evidence["certainty"] = [_certainty(one)]
    yield evidence


def _statistics(one: Finding) -> Iterator[Resource]:
    line = one.run.results.pooled
    sample: Resource = {"numberOfStudies": line.k}
    if not one.silent:
        sample["numberOfParticipants"] = one.participants
    main = _statistic(one.measure, one.effect, one.effect_ci, line.level)
    more = [("p-value", line.p), ("Tau squared", line.tau2), ("I-squared (%)", line.I2)]
    main["attributeEstimate"] = main.get("attributeEstimate", []) + [
        {"type": {"text": name}, "quantity": {"value": value}}
        for name, value in more
        if value is not None and math.isfinite(value)
    ]
    main["note"] = [{"text": f"Origin: {origin(one.run.key, 'pooled')}"}]
    yield {**main, "sampleSize": sample}
    if isinstance(one.absolute, Absolute):
        known, unit = one.absolute, one.absolute.unit
        for name, value, ci in (
            ("with comparator", known.comparator, None),
            ("with intervention", known.intervention, known.intervention_ci),
            ("absolute difference", known.difference, known.difference_ci),
        ):
            made = _statistic(f"{name}, {unit}", value, ci, line.level, unit)
            yield {**made, "description": known.basis}


def _statistic(
    name: str, value: float, ci: Interval | None, level: float, unit: str | None = None
) -> Resource:
    more = {} if unit is None else {"unit": unit}
    found: Resource = {"statisticType": {"text": name}, "quantity": {"value": value, **more}}
    if ci is not None and all(map(math.isfinite, ci)):
        found["attributeEstimate"] = [{
            "type": {"text": "Confidence interval"}, "level": level,
            "range": {"low": {"value": ci[0], **more}, "high": {"value": ci[1], **more}},
        }]  # fmt: skip
    return found


def _certainty(one: Finding) -> Resource:
    rated = one.rated
    assert rated is not None
    overall = rated.certainty.value
    parts = []
    for consideration in (*LOWERS, *RAISES):
        step = rated.steps.get(consideration)
        if step is None or not step.levels:
            continue
        words = consideration.value.replace("_", " ")
        code = f"{'up' if step.levels > 0 else 'down'}code{abs(step.levels)}"
        part: Resource = {"type": {"text": words}, "rating": _coded(
            "certainty-rating", code, f"{'up' if step.levels > 0 else 'down'} {abs(step.levels)}"
        )}  # fmt: skip
        if step.reason:
            part["description"] = step.reason
        parts.append(part)
    return {
        "description": rated.sentence,
        "type": _coded("certainty-type", "Overall", "overall certainty (GRADE)"),
        "rating": _coded("certainty-rating", overall.replace("_", "-"), overall.replace("_", " ")),
        **({"subcomponent": parts} if parts else {}),
    }
