"""The files of a release: data with a codebook, and what citation tools and archives read."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import yaml

from review.extraction.numbers import ReportedNumbers
from review.living.reports.sentence import WITHHELD
from review.living.runs.contents import ArmInput, TrialInput
from review.living.runs.results import Effect, RunResults, Snapshot
from review.living.runs.scales import scale_of_run

EFFECTS: Final = {
    "analysis": "The planned analysis.",
    "study": "The trial.",
    "year": "Year of publication; empty where not known.",
    "instrument": "What measured the outcome.",
    "rater": "Who filled in the instrument.",
    "timepoint": "When.",
    "analysis_set": "Which participants.",
    "n_intervention": "Participants of the intervention.",
    "n_comparator": "Participants of the comparator.",
    "yi": "Effect (of ratios its logarithm), positive where the intervention did better.",
    "vi": "Its sampling variance.",
    "weight": "Weight in the pooled estimate, percent.",
    "recipe": "How the effect came from the reported numbers.",
}
"""Columns of effects.csv."""

REPORTED: Final = {
    "analysis": "The planned analysis.",
    "study": "The trial.",
    "side": "Intervention, comparator, or contrast of both.",
    "arm": "The arm.",
    **dict.fromkeys(ReportedNumbers._fields, "As the report gives it; empty is not reported."),
    "report": "The publication.",
    "page": "Where in it.",
    "entry_kind": "Whose extraction: consensus of two, or a single one.",
}
"""Columns of numbers.csv."""

COMPARED: Final = {
    "comparison": "Of a network: the treatment, and what it is compared with.",
    "outcome": "Of several outcomes taken together: which one.",
    "result": "With random effects: which result of the study.",
}
"""Columns of effects.csv that releases with such analyses have besides."""

POOLED: Final = {
    "analysis": "The planned analysis.",
    "direction": "Which way is better.",
    "k": "Number of trials.",
    "measure": "What the effect is: SMD, MD, RR, ...",
    "estimate": "Pooled effect; a ratio as it was measured.",
    "ci_low": "Lower limit of the interval.",
    "ci_high": "Upper limit.",
    "tau2": "Between-study variance.",
    "margin": "Noninferiority margin; empty where none is planned.",
    "conclusion": "What the interval says against the margin.",
}
"""Columns of pooled.csv, a row a margin."""


def data_files(
    place: Path, runs: Sequence[tuple[str, Snapshot]], withheld: Collection[str] = ()
) -> None:
    """Write effects.csv, numbers.csv, pooled.csv and codebook.json.

    Analyses that are `withheld` have no conclusion.
    """
    effects, numbers, pooled = [], [], []
    for analysis, (inputs, results) in runs:
        for trial, effect in zip(inputs.trials, results.effects, strict=True):
            effects.append(_effect(analysis, trial, effect, results))
            numbers += _numbers(analysis, trial)
        for reading in results.readings:
            line, scale = results.pooled, scale_of_run(inputs)
            low, high = scale.pair(line.ci)
            pooled.append(
                {
                    "analysis": analysis,
                    "direction": scale.direction(inputs.plan),
                    "k": line.k,
                    "measure": scale.shown,
                    "estimate": scale.value(line.estimate),
                    "ci_low": low,
                    "ci_high": high,
                    "tau2": line.tau2,
                    "margin": None if reading.margin is None else scale.margin(reading.margin),
                    "conclusion": WITHHELD if analysis in withheld else reading.conclusion.value,
                }
            )
    tables = {
        "effects.csv": (
            EFFECTS
            | {name: told for name, told in COMPARED.items() if any(name in e for e in effects)},
            effects,
        ),
        "numbers.csv": (REPORTED, numbers),
        "pooled.csv": (POOLED, pooled),
    }
    for name, (columns, rows) in tables.items():
        _csv(place / name, list(columns), rows)
    codebook = {name: columns for name, (columns, _) in tables.items()}
    text = json.dumps(codebook, indent=2, ensure_ascii=False)
    (place / "codebook.json").write_text(text + "\n", encoding="utf-8")


def _effect(
    analysis: str, trial: TrialInput, effect: Effect, results: RunResults
) -> dict[str, Any]:
    measured = "outcome" if results.levels is None else "result"
    described = ("study", "year", "instrument", "rater", "timepoint", "analysis_set")
    computed = ("n_intervention", "n_comparator", "yi", "vi", "weight", "recipe")
    return {
        "analysis": analysis,
        **{name: getattr(trial, name) for name in described},
        **{name: getattr(effect, name) for name in computed},
        **({"comparison": trial.told_apart} if trial.treatments else {}),
        **({measured: trial.measured} if trial.measured else {}),
    }


def _numbers(analysis: str, trial: TrialInput) -> list[dict[str, Any]]:
    sides: tuple[tuple[str, tuple[ArmInput, ...]], ...] = (
        ("intervention", trial.intervention),
        ("comparator", trial.comparator),
        ("contrast", (trial.contrast,) if trial.contrast else ()),
    )
    return [
        {
            "analysis": analysis,
            "study": trial.study,
            "side": side,
            "arm": item.arm,
            **{name: getattr(item.numbers, name) for name in ReportedNumbers._fields},
            "report": item.source.report,
            "page": item.source.page,
            "entry_kind": item.source.entry_kind,
        }
        for side, items in sides
        for item in items
    ]


def _csv(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: object) -> object:
    """Guard text that a spreadsheet would take for a formula, as OWASP advises: a quote first."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def _people(authors: Sequence[str]) -> list[dict[str, str]]:
    people = []
    for author in authors:
        family, _, given = (part.strip() for part in author.partition(","))
        people.append({"family-names": family, **({"given-names": given} if given else {})})
    return people


def citation_file(
    place: Path, title: str, version: str, licence: str, authors: Sequence[str], now: datetime
) -> None:
    """Write CITATION.cff (Citation File Format 1.2.0); without authors the review is named."""
    content = {
        "cff-version": "1.2.0",
        "message": "If you use this release, please cite it.",
        "type": "dataset",
        "title": title,
        "version": version,
        "date-released": f"{now:%Y-%m-%d}",
        "license": licence,
        "authors": _people(authors) or [{"name": title}],
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    (place / "CITATION.cff").write_text(text, encoding="utf-8")


def zenodo_file(
    place: Path, title: str, question: str, version: str, licence: str, authors: Sequence[str]
) -> None:
    """Write .zenodo.json, the deposit metadata that Zenodo reads."""
    content = {
        "upload_type": "dataset",
        "title": f"{title} (release {version})",
        "description": question or title,
        "version": version,
        "license": licence.lower(),
        "creators": [{"name": author} for author in authors] or [{"name": title}],
        "keywords": ["systematic review", "meta-analysis", "living evidence"],
    }
    text = json.dumps(content, indent=2, ensure_ascii=False)
    (place / ".zenodo.json").write_text(text + "\n", encoding="utf-8")
