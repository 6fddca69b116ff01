"""One truth in many ways of reporting, by the commands a user types: R's answer, or a refusal.

`ways/ways.R` makes the table and the answers from invented means, SDs and counts.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result

from tests.living.ways.page import page

Cli = Callable[..., Result]

HERE = Path(__file__).parent / "ways"
PAGE = Path(__file__).parents[2] / "docs" / "ways-of-reporting.md"

TOLERANCE = 1e-9
"""Relative: both sides compute with doubles, from numbers of 15 digits."""

AT_ENTRY = "entry"
"""Instead of an analysis: the import of the way is refused."""

FEWEST = 40
"""Of one truth, as the project promises; the table has grown since."""


@dataclass(frozen=True)
class Answer:
    """What R says of a way in an analysis."""

    group: str
    way: str
    analysis: str
    effect: tuple[float, float] | None
    refused: str


def answers() -> list[Answer]:
    with (HERE / "answers.csv").open(encoding="utf-8", newline="") as file:
        return [
            Answer(
                row["group"],
                row["way"],
                row["analysis"],
                (float(row["yi"]), float(row["vi"])) if row["yi"] else None,
                row["refused"],
            )
            for row in csv.DictReader(file)
        ]


ANSWERS = answers()


@dataclass(frozen=True)
class Pooled:
    """What the program made of the table."""

    effects: dict[tuple[str, str], tuple[float, float]]
    left_out: dict[tuple[str, str], str]
    recipes: dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Pooled:
    return taken_in(tmp_path_factory.mktemp("ways"), sqlite_template)


def parted(folder: Path) -> tuple[Path, dict[str, Path]]:
    """Write what is taken as one file, and each way that is refused at entry as its own."""
    refused = [answer.way for answer in ANSWERS if answer.analysis == AT_ENTRY]
    with (HERE / "ways.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, header = list(reader), list(reader.fieldnames or ())

    def written(name: str, chosen: list[dict[str, str]]) -> Path:
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, header)
            writer.writeheader()
            writer.writerows(chosen)
        return path

    return (
        written("kept", [row for row in rows if row["study"] not in refused]),
        {way: written(way[:3], [r for r in rows if r["study"] == way]) for way in refused},
    )


def taken_in(folder: Path, template: Path) -> Pooled:
    """Enter the table by commands, pool, and read the runs."""
    import shutil

    from click.testing import CliRunner

    from review.cli import main
    from review.config import settings

    shutil.copy(template, folder / "review.db")
    patch = pytest.MonkeyPatch()
    patch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{folder / 'review.db'}")
    patch.setenv("REVIEW_ACTOR", "tester")
    settings.cache_clear()

    def cli(*arguments: str | Path) -> str:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    try:
        cli("new", "--file", HERE / "protocol.yaml")
        kept, refused = parted(folder)
        cli("extract", "import", kept)
        cli("repool")
        effects, recipes = {}, {}
        left_out = {
            (way, AT_ENTRY): CliRunner().invoke(main, ["extract", "import", str(file)]).output
            for way, file in refused.items()
        }
        for analysis in sorted({answer.analysis for answer in ANSWERS} - {AT_ENTRY}):
            shown = json.loads(cli("runs", "show", analysis, "--json"))
            for one in shown["results"]["effects"]:
                effects[one["study"], analysis] = one["yi"], one["vi"]
                recipes[one["study"], analysis] = one["recipe"]
            for one in shown["inputs"]["left_out"]:
                left_out[one["study"], analysis] = one["reason"]
        return Pooled(effects, left_out, recipes)
    finally:
        patch.undo()
        settings.cache_clear()


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: f"{a.way} ({a.analysis})")
def test_each_way_gives_what_r_gives_or_says_what_is_missing(
    pooled: Pooled, answer: Answer
) -> None:
    key = answer.way, answer.analysis
    if answer.effect is None:
        assert key not in pooled.effects
        assert answer.refused in pooled.left_out[key]
    else:
        assert key in pooled.effects, pooled.left_out.get(key)
        assert pooled.effects[key] == pytest.approx(answer.effect, rel=TOLERANCE)


def test_no_way_is_without_an_answer() -> None:
    with (HERE / "ways.csv").open(encoding="utf-8", newline="") as file:
        entered = {row["study"] for row in csv.DictReader(file)}
    assert {answer.way for answer in ANSWERS} == entered
    assert len(entered) >= FEWEST


def test_the_page_shows_what_the_program_makes_of_each_way(pooled: Pooled) -> None:
    told = page(
        [(a.group, a.way, a.analysis) for a in ANSWERS],
        pooled.effects,
        pooled.left_out,
        pooled.recipes,
    )
    assert PAGE.read_text(encoding="utf-8") == told, "python -m tests.living.ways.page writes it"
