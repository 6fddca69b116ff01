"""``review plot`` on the seed, as a user types it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from review.cli import main
from review.cli.plot import plot_
from review.config import settings
from review.db import Database

Plot = Callable[..., Result]


@pytest.fixture
def plot(delivery: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plot]:
    """Run ``review plot`` on cbt-delivery."""
    monkeypatch.setenv("REVIEW_DATABASE_URL", delivery.url.render_as_string(hide_password=False))
    settings.cache_clear()

    def run(*arguments: str | Path, status: int = 0) -> Result:
        from review.cli import main

        result = CliRunner().invoke(main, ["plot", *map(str, arguments)])
        assert result.exit_code == status, result.output
        return result

    yield run
    settings.cache_clear()


KINDS = (
    "forest", "cumulative", "versions", "leave-one-out", "margins", "sequential", "classes",
    "specification", "screening", "prisma", "risk-of-bias",
    "funnel", "baujat", "influence", "bubble", "gosh", "drapery", "heterogeneity",
)  # fmt: skip


def test_the_help_names_every_kind_of_figure(plot: Plot) -> None:
    said = plot("--help").output
    assert set(KINDS) <= set(plot_.commands)
    assert all(f"  {kind} " in said for kind in KINDS)


@pytest.mark.parametrize(
    "arguments",
    [
        ("forest", "multimedia", "--arm-data"),
        ("versions", "multimedia", "--number", "2"),
        ("leave-one-out", "multimedia"),
        ("classes", "multimedia"),
        ("classes",),
        ("specification", "multimedia"),
        ("prisma",),
    ],
    ids=" ".join,
)
def test_a_figure_is_written_and_the_same_each_time(
    plot: Plot, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    assert f"Wrote {first}" in plot(*arguments, "--out", first).output
    plot(*arguments, "--out", second)
    assert first.read_bytes() == second.read_bytes()
    where = rb"[0-9a-f]{12}" if "multimedia" in arguments else b"ledger/cbt-delivery"
    assert re.search(b"living-review:" + where + b"<", first.read_bytes())
    assert b"<text" not in first.read_bytes()  # glyphs as outlines: no font is needed


def test_the_resolution_of_a_png_is_as_asked(plot: Plot, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "a.png"
    plot("funnel", "multimedia", "--out", path, "--dpi", "150")
    with Image.open(path) as image:
        assert image.size[0] == pytest.approx(6.5 * 150, abs=1)
        assert image.info["dpi"][0] == pytest.approx(150, abs=0.1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("forest", "multimedia", "--by", "rater"), "no planned subgroups by rater"),
        (("forest", "multimedia", "--risk-of-bias"), "nothing appraised to draw"),
        (("sequential", "multimedia"), "no panel for repeated looks"),
        (("versions", "nothing"), "nothing"),
        (("risk-of-bias", "--summary"), "nothing appraised to draw"),
        (("margins", "multimedia", "--number", "9"), "runs 1 to 2, not 9"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_drawn_is_said(
    plot: Plot, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "a.svg"
    assert said in plot(*arguments, "--out", path, status=1).output
    assert not path.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("alliance", "review plot forest alliance --out forest.svg. Figures: baujat, bubble"),
        ("forest", "Missing argument 'ANALYSIS'. review analysis list shows them"),
        ("forest alliance", "Missing option '--out' / '-o'. The file to write"),
    ],
)
def test_what_is_missing_is_said_with_what_to_type(typed: str, said: str) -> None:
    ran = CliRunner().invoke(main, ["plot", *typed.split()])
    assert ran.exit_code == 2
    assert said in " ".join(ran.output.split())
