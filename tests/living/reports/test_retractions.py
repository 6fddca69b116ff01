"""A retraction that a record tells of is followed to its study, its analyses and the flow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from review.synthesis import Method, Test, pool
from tests.conftest import Prepared

Cli = Callable[..., Result]

DOI = "10.5555/synthetic.one"
MEANS = ((10.0, 8.0), (11.0, 8.5), (9.0, 8.8))


@pytest.fixture
def pooled(cli: Cli, tmp_path: Path, prepared: Prepared[None]) -> Path:
    """A synthetic review of three pooled trials, the first with a report."""
    prepared(lambda: _pool(cli, tmp_path))
    return tmp_path


def _pool(cli: Cli, tmp_path: Path) -> None:
    plan = tmp_path / "protocol.yaml"
    plan.write_text(
        "review: {slug: synthetic, title: Synthetic}\n"
        "outcomes:\n  - {slug: mood, name: Mood}\n"
        "instruments:\n  - {slug: scale, name: Scale, outcome: mood, higher_is_better: true}\n"
        "analyses:\n  - slug: video\n    plan: {title: Video, outcome: mood, measure: SMD,"
        " intervention: {label: video, treatment: [video]},"
        " comparator: {label: face, treatment: [face]}}\n"
    )
    cli("new", "--file", plan)
    rows = ["study,citation,doi,arm,treatment,instrument,timepoint,n,mean,sd,page"]
    for n, means in enumerate(MEANS, start=1):
        report = (f"Report {n}", DOI) if n == 1 else ("", "")
        for arm, mean in zip(("video", "face"), means, strict=True):
            rows.append(f"Trial {n},{report[0]},{report[1]},{arm},{arm},scale,post,40,{mean},4,3")
    table = tmp_path / "results.csv"
    table.write_text("\n".join(rows) + "\n")
    cli("extract", "import", table)
    cli("repool")


def test_a_retracted_trial_is_named_with_the_line_without_it(cli: Cli, pooled: Path) -> None:
    assert "retracted" not in cli("repool").stdout
    records = pooled / "r.ris"
    records.write_text(f"TY  - JOUR\nTI  - RETRACTED: Report one\nDO  - {DOI}\nER  - \n")
    cli("import", records)
    said = " ".join(cli("repool").stdout.split())
    assert "1 of 3 trials is retracted: Trial 1." in said
    assert "Trial 1: record 1 says: title: RETRACTED: Report one." in said
    assert 'review study exclude "Trial 1" --reason TEXT' in said
    j = 1 - 3 / (4 * 78 - 1)
    d = np.array([(one - other) / 4 for one, other in MEANS[1:]])
    g = d * j
    without = pool(g, 1 / 20 + g**2 / (2 * 80), method=Method.REML, test=Test.ADHOC)
    assert f"Without it the estimate is {without.estimate:.2f}" in said
    assert "from 2 trials" in said
    shown = json.loads(cli("runs", "show", "video", "--json").stdout)
    assert "1 trial retracted or under concern" in json.dumps(shown)
    assert "RETRACTED" in cli("study", "show", "Trial 1").stdout
    assert "retracted" not in cli("study", "show", "Trial 2").stdout.lower()
    cli("study", "exclude", "Trial 1", "--reason", "retracted by its journal")
    after = cli("repool").stdout
    assert "is retracted: Trial 1" not in " ".join(after.split())


def test_a_retraction_counts_in_the_flow(cli: Cli, pooled: Path) -> None:
    records = pooled / "r.ris"
    records.write_text(
        "TY  - JOUR\nTI  - RETRACTED: One\nER  - \nTY  - JOUR\nTI  - Expression of concern: Two\n"
        "ER  - \nTY  - JOUR\nTI  - Three\nER  - \n"
    )
    cli("import", records)
    assert "1 record retracted, by what their files say; 0 of them included." in cli("flow").stdout
