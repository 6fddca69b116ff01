"""Every sentence of generated manuscripts is true, and each template of one has been seen so."""

from __future__ import annotations

import ast
import os
import random
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from review.db import Database, database_at
from review.export.contents.registry import collect
from review.export.manuscript.facts import facts_of
from review.export.manuscript.writing import manuscript
from review.extraction.actions import exclude_study, import_extraction
from review.extraction.mending.renaming import rename_study
from review.extraction.rows import NumberedRow
from review.history.actions import writing
from review.living.job.repool import repool
from review.living.releases.releases import ReleaseSpec, create_release
from review.protocol.actions import (
    add_instrument,
    add_outcome,
    new_review,
    plan_analysis,
    revise_analysis,
)
from review.protocol.queries import review_called, reviews
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW
from tests.export.manuscript.claims.reading import CLAIMS, Read, claims_in
from tests.living.fixture import trial
from tests.living.job.test_repool import plan
from tests.living.networks import TRIALS, begin, enter, means, network_plan
from tests.screening.builders import attributed
from tests.tiers import seeds

PAGE = Path(__file__).parents[3] / "docs" / "sentences.md"
TEXTS = Path(__file__).parents[3] / "review" / "export" / "manuscript"

CENTRES = (0.6, 0.02, -0.2, -0.35, -0.55, -0.95)
"""Mean effects, one a class of conclusion against a margin of 0.5."""


MANY = 7
"""Analyses beside the first of one review, so that an abstract cannot tell them all."""


def _generate(database: Database, seed: int, folder: Path) -> str:
    """Make a review by chance: plan, trials, what happened to them; named synthetic."""
    chance = random.Random(seed)
    slug = f"synthetic-{seed}"
    by = attributed("tester")
    few, several = seed % 6 == 5, seed == 1
    centre = CENTRES[seed % len(CENTRES)]
    k = chance.choice((0, 1, 1)) if few else chance.choice((3, 5, 12))
    margin = None if seed % 4 == 3 else 0.5
    planned = plan(
        title=f"Synthetic analysis {seed}", margin=margin,
        other_margins=(0.25, 0.3) if margin and chance.random() < 0.7 else (),
        method=chance.choice(("REML", "DL", "EE")), test=chance.choice(("z", "adhoc", "knha")),
        variants=chance.sample(("fixed", "z_test", "leave_one_out", "trim_and_fill"), seed % 4),
        moderators=("year",) if k > 3 else (), subgroups=("country",) if k > 5 else (),
    )  # fmt: skip
    with writing(database, by) as session:
        review = new_review(session, ReviewSpec(slug=slug, title=f"Synthetic {seed}",
                                                question="Is it so?"), owner="tester")  # fmt: skip
        add_outcome(session, review, OutcomeSpec(slug="alliance", name="Alliance"))
        wai = InstrumentSpec(slug="wai", name="WAI", outcome="alliance", higher_is_better=True)
        add_instrument(session, review, wai)
        plan_analysis(session, review, AnalysisSpec(slug="alliance", plan=planned), now=NOW)
        for n in range(1, MANY + 1 if several else 1):
            copy = planned.model_copy(update={"title": f"Synthetic analysis {seed}, copy {n}"})
            plan_analysis(session, review, AnalysisSpec(slug=f"copy-{n}", plan=copy), now=NOW)

    def enter(numbers: range) -> None:
        rows = [
            trial(n, round(chance.gauss(centre, 0.08), 3), round(chance.uniform(0.01, 0.06), 4))
            for n in numbers
        ]
        rows = [
            NumberedRow(
                numbered.line,
                numbered.row.model_copy(
                    update={"year": 1990 + chance.randrange(30), "country": chance.choice("ABC")}
                ),
            )
            for numbered in rows
        ]
        with writing(database, by) as session:
            import_extraction(session, review_called(session, slug), rows,
                              file="synthetic.csv", person="ada")  # fmt: skip

    def again(days: int) -> None:
        repool(database, actor="tester", review=slug, now=lambda: NOW + timedelta(days=days))

    if k:
        enter(range(1, k + 1))
    again(1)
    if several or (k > 1 and chance.random() < 0.6):
        with writing(database, by) as session:
            create_release(session, review_called(session, slug), ReleaseSpec("1.0", "test"),
                           folder=folder / slug, now=NOW + timedelta(days=2))  # fmt: skip
    if k > 1 and not several and chance.random() < 0.8:
        enter(range(k + 1, k + 1 + chance.randrange(1, 4)))
    with writing(database, by) as session:
        review = review_called(session, slug)
        if k > 2 and not several and chance.random() < 0.5:
            exclude_study(session, review, label="Synthetic 1", reason="retracted")
        if k > 2 and chance.random() < 0.5:
            rename_study(session, review, label="Synthetic 2", to="Synthetic two")
        if several or (k > 2 and chance.random() < 0.4):
            changed = planned.model_copy(update={"rho": 0.4})
            revise_analysis(session, review, AnalysisSpec(slug="alliance", plan=changed), now=NOW)
    again(3)
    return slug


def _networks(database: Database) -> None:
    """Make reviews of networks: with a loop, a star without direct evidence, a tree, a triangle."""
    by = attributed("tester")
    video, person, waiting, book = (means(40, x, 6.0) for x in (21.0, 20.0, 25.0, 23.0))
    star = {
        f"Synthetic {n}": {"wait list": waiting, arm: numbers}
        for n, (arm, numbers) in enumerate(
            [("video", video), ("video", book), ("in person", person), ("in person", video)]
        )
    }
    tree = {
        "Synthetic 1": {"video": video, "in person": person},
        "Synthetic 2": {"video": book, "in person": person},
        "Synthetic 3": {"wait list": waiting, "in person": person},
    }
    triangle = {
        "Synthetic 1": {"video": video, "in person": person},
        "Synthetic 2": {"video": book, "wait list": waiting},
        "Synthetic 3": {"wait list": waiting, "in person": person},
    }
    for slug, trials, planned in (
        ("loop", TRIALS, network_plan(title="Synthetic network", margin=2.0)),
        ("star", star, network_plan("wait list", "music", title="Synthetic star")),
        ("tree", tree, network_plan("wait list", title="Synthetic tree", test="z")),
        ("triangle", triangle, network_plan("wait list", title="Synthetic triangle")),
    ):
        begin(database, by, planned, slug=slug)
        enter(database, by, trials, slug=slug)
        repool(database, actor="tester", review=slug, now=lambda: NOW)


@pytest.fixture(scope="module")
def generated(
    demonstration_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """The demonstration, and synthetic reviews by chance beside it (REVIEW_TRUST: many more)."""
    folder = tmp_path_factory.mktemp("claims")
    shutil.copy(demonstration_file, folder / "review.db")
    database = database_at(f"sqlite:///{folder / 'review.db'}")
    for seed in seeds(18, 120):
        _generate(database, seed, folder)
    _networks(database)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="module")
def examples(generated: Database) -> dict[str, str]:
    """The first true example of each claim, by its name; raises for a false sentence."""
    found: dict[str, str] = {}
    with generated.reading() as session:
        for review in reviews(session):
            facts = facts_of(session, review)
            tables = collect(session, review, [a.latest for a in facts.analysed]).printed
            document = manuscript(facts, tables, {})
            for made, text in claims_in(Read(session, review.id, review.slug), document):
                found.setdefault(made.name, text)
    return found


def test_every_sentence_of_generated_reviews_is_true_and_every_claim_is_seen(
    examples: dict[str, str],
) -> None:
    unseen = [made.name for made in CLAIMS if made.name not in examples]
    assert unseen == []


def _templates() -> Iterator[str]:
    """Yield what `filled` is given as text, in every module of the manuscript."""
    for path in sorted(TEXTS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "filled"
                and isinstance(node.args[0], ast.Constant)
            ):
                yield str(node.args[0].value)


def test_every_template_has_a_claim() -> None:
    """A new sentence must match a claim's pattern: its fixed words stand in one."""
    patterns = " ".join(made.pattern.pattern.replace("\\", "") for made in CLAIMS)
    sentences = [t for t in _templates() if t.endswith(".") and t[0].isupper()]
    assert len(sentences) > 25
    for template in sentences:
        words = re.sub(r"\{\w+\}", " ", template).split()
        known = sum(word.strip(".,;:()") in patterns for word in words)
        assert known >= 0.6 * len(words), template


def test_the_page_of_sentences_has_a_true_example_of_each(examples: dict[str, str]) -> None:
    """Made anew by REVIEW_WRITE_DOCS=1; every name of a claim stands in it with its example."""
    lines = [
        "# Sentences of the manuscript", "",
        "Each kind of sentence that `review export manuscript` writes, with an example. Each is",
        "proved true by `tests/export/manuscript/claims`, reading by its own queries.",
        "Reviews that no person made stand behind most examples. Made by",
        "`tests/export/manuscript/test_claims.py`.", "", "| sentence | example |", "|---|---|",
    ]  # fmt: skip
    for made in CLAIMS:
        told = examples.get(made.name, "").replace("|", "\\|")
        shown = told if len(told) < 320 else f"{told[:320].rsplit(' ', 1)[0]} …"
        lines.append(f"| {made.name.replace('_', ' ')} | {shown} |")
    if os.environ.get("REVIEW_WRITE_DOCS"):
        PAGE.write_text("\n".join(lines) + "\n", "utf-8")
    page = PAGE.read_text("utf-8")
    assert all(f"| {made.name.replace('_', ' ')} |" in page for made in CLAIMS)
    assert page.count("\n| ") == len(CLAIMS) + 1
