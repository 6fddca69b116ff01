"""One effect is one number: every place that prints a run's ratio prints it as it was measured."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from math import exp, log, sqrt
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import Result

from review.db import Database
from review.export.manuscript.document import plain
from review.export.manuscript.facts import facts_of, printer_of
from review.export.manuscript.methods import methods
from review.export.manuscript.results import result_sentences
from review.export.manuscript.sensitivity import variant_sentences
from review.export.tables.printing import NumberStyle
from review.protocol.queries import review_called

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

EVENTS = {"A": (10, 20), "B": (12, 23), "C": (11, 22)}
"""Of 100 each in video and clinic; invented."""

PROTOCOL = """
review: {{slug: r, title: Invented}}
outcomes: [{{slug: ev, name: Event}}]
instruments: [{{slug: ev, name: Event, outcome: ev, higher_is_better: {better}}}]
analyses:
  - slug: main
    plan: {{title: Main, outcome: ev, measure: RR, method: EE, test: z, margin: 0.3,
           variants: [leave_one_out],
           intervention: {{label: video, delivery_mode: [videoconference]}},
           comparator: {{label: clinic, delivery_mode: [face_to_face]}}}}
"""


class Expected(NamedTuple):
    estimate: str
    low: str
    high: str
    margin: str
    side: str


def by_hand(better: bool) -> Expected:
    """Inverse-variance mean of log risk ratios, 1/a - 1/n + 1/c - 1/n each."""
    y = [log(a / c) for a, c in EVENTS.values()]
    w = [1 / (1 / a - 0.01 + 1 / c - 0.01) for a, c in EVENTS.values()]
    mean = sum(a * b for a, b in zip(y, w, strict=True)) / sum(w)
    half = 1.959963984540054 / sqrt(sum(w))
    margin = exp(-0.3) if better else exp(0.3)
    numbers = (exp(mean), exp(mean - half), exp(mean + half), margin)
    estimate, low, high, limit = (f"{x:.2f}" for x in numbers)
    return Expected(estimate, low, high, limit, "above" if better else "below")


@pytest.fixture(params=[False, True], ids=["lower is better", "higher is better"])
def made(
    request: pytest.FixtureRequest, cli: Callable[..., Result], tmp_path: Path
) -> tuple[Callable[..., Result], Expected, Path]:
    """A review of three invented trials, pooled."""
    better: bool = request.param
    plan = tmp_path / "plan.yaml"
    text = PROTOCOL.format(better=str(better).lower())
    plan.write_text(text)
    cli("new", "--file", plan)
    rows = ["study,year,arm,treatment,delivery_mode,instrument,n,events"]
    for year, (name, (video, clinic)) in enumerate(EVENTS.items(), 2001):
        rows.append(f"{name},{year},Video,CBT,videoconference,ev,100,{video}")
        rows.append(f"{name},{year},Clinic,CBT,face_to_face,ev,100,{clinic}")
    (tmp_path / "rows.csv").write_text("\n".join(rows) + "\n")
    cli("extract", "import", tmp_path / "rows.csv")
    return cli, by_hand(better), tmp_path


def test_every_export_prints_the_same_ratio(
    made: tuple[Callable[..., Result], Expected, Path], database: Database
) -> None:
    cli, want, folder = made
    whole = f"{want.estimate} [{want.low}, {want.high}]"
    told = cli("repool").stdout
    assert f"RR {whole}" in told
    assert f"margin RR {want.margin}" in told
    assert f"RR {want.side} 1 favours video." in told

    shown = cli("runs", "show", "main").stdout
    assert re.search(rf"estimate \(RR\)\s+{want.estimate}\n", shown)
    assert f"[{want.low}, {want.high}]" in shown
    assert "log RR" not in shown
    listed = cli("runs", "list").stdout
    assert re.search(rf"RR\s+{want.estimate}\s+\[{want.low}, {want.high}\]", listed)
    as_json = json.loads(cli("runs", "show", "main", "--json").stdout)["shown"]
    assert (as_json["scale"], f"{as_json['estimate']:.2f}") == ("RR", want.estimate)
    assert [f"{x:.2f}" for x in as_json["ci"]] == [want.low, want.high]
    assert [f"{x:.2f}" for x in as_json["margins"]] == [want.margin]
    assert as_json["direction"] == f"RR {want.side} 1 favours video."

    wanted = [
        word
        for name in ("pooled_estimates", "variants", "summary_of_findings")
        for word in ("--table", name)
    ]
    cli("export", "tables", "--format", "csv", "--out", folder / "tables", *wanted)
    pooled = rows_of(folder / "tables", "pooled")[0]
    assert f"{float(pooled['estimate']):.2f}" == want.estimate
    assert pooled["measure"] == "RR"
    assert f"{float(pooled['margin']):.2f}" == want.margin
    variants = rows_of(folder / "tables", "variants")[0]
    assert f"{float(variants['estimate']):.2f}" == want.estimate
    findings = rows_of(folder / "tables", "findings")[0]
    assert f"{float(findings['effect']):.2f}" == want.estimate

    with database.reading() as session:
        facts = facts_of(session, review_called(session, "r"))
    (found,) = facts.analysed
    printer = printer_of(found, NumberStyle.APA)
    text = " ".join(plain(sentence) for sentence in result_sentences(found, printer))
    text += " ".join(plain(sentence) for sentence in variant_sentences(found, printer))
    text += str(methods(facts, NumberStyle.APA))
    assert f"pooled risk ratio was {want.estimate}, 95% CI [{want.low}, {want.high}]" in text
    assert f"margin of {want.margin}" in text
    assert "noninferiority margin was a risk ratio of " in text
    assert f"RR {want.side} 1 favours video." in text
    assert "log risk ratio 0" not in text

    cli("export", "script", "--out", folder / "script")
    for script in (*(folder / "script").glob("*.R"), *(folder / "script").glob("*.py")):
        assert f"# As measured: RR {whole}. RR {want.side} 1 favours video." in script.read_text()

    cli("plot", "forest", "main", "--out", folder / "forest.svg")
    drawn = (folder / "forest.svg").read_text()
    for number in (want.estimate, want.low, want.high):
        assert number in drawn
    assert f"margin {want.margin}" in drawn
    assert "Inverse" not in drawn


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    (path,) = [path for path in folder.glob("*.csv") if name in path.name]
    with path.open(encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))
