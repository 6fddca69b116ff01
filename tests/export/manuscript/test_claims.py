"""Every sentence of generated manuscripts is true, and each template of one has been seen so."""

from __future__ import annotations

import ast
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from review.db import Database, database_at
from review.export.contents.registry import collect
from review.export.manuscript.document import Cite, Manuscript, Paragraph, Reference
from review.export.manuscript.facts import facts_of
from review.export.manuscript.writing import manuscript
from review.extraction.actions import import_extraction
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.history.actions import writing
from review.living.job.repool import repool
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.queries import reviews
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW
from tests.export.manuscript.claims.reading import CLAIMS, Read, claims_in
from tests.export.manuscript.generated import generate
from tests.export.manuscript.rescaled import rescaled
from tests.living import joint, levels
from tests.living.estimates.test_counts import COUNTS
from tests.living.job.test_repool import plan
from tests.living.networks import TRIALS, begin, enter, means, network_plan
from tests.screening.builders import attributed
from tests.tiers import seeds

PAGE = Path(__file__).parents[3] / "docs" / "sentences.md"
TEXTS = Path(__file__).parents[3] / "review" / "export" / "manuscript"


POOLED_AS_COUNTS = (
    ("OR", "MH"), ("RR", "MH"), ("RD", "MH"), ("PETO", "PETO"), ("OR", "CM.EL"), ("OR", "UM.FS"),
    ("PLO", "UM.RS"), ("IRR", "MH"), ("IRR", "CM.EL"), ("IRR", "REML"), ("IRD", "MH"),
    ("PLN", "DL"), ("PAS", "REML"), ("PR", "DL"), ("IRLN", "UM.RS"), ("IR", "DL"), ("RR", "DL"),
)  # fmt: skip
"""Measures of counts, and the methods that pool them; the last trial has an arm without events."""

HYPHEN = re.compile(r"(?:^|[\s(\[=])-\.?\d")


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
    places = ("Japan", "Chile", "Japan", "Chile", "Japan", "Chile", "Chile", "Japan", "Kenya")
    told = {
        name: {
            arm: {
                **numbers,
                "year": 2005 if "book" in arms else 2000 + 3 * i % 14,
                "country": places[i],
            }
            for arm, numbers in arms.items()
        }
        for i, (name, arms) in enumerate(
            [*TRIALS.items(), ("Synthetic 9", {"video": video, "book": book})]
        )
    }
    for slug, trials, planned in (
        (
            "moderated",
            told,
            network_plan(
                title="Synthetic moderators",
                subgroups=["country"],
                moderators=["year", "0 + country"],
            ),
        ),
        (
            "loop",
            TRIALS,
            network_plan(
                title="Synthetic network", margin=2.0, variants=["fixed", "leave_one_out"]
            ),
        ),
        ("star", star, network_plan("wait list", "music", title="Synthetic star")),
        ("tree", tree, network_plan("wait list", title="Synthetic tree", test="z")),
        ("triangle", triangle, network_plan("wait list", title="Synthetic triangle")),
    ):
        begin(database, by, planned, slug=slug)
        enter(database, by, trials, slug=slug)
        repool(database, actor="tester", review=slug, now=lambda: NOW)


def _joint(database: Database) -> None:
    """Make reviews of several outcomes: two, three with one that no trial has, and by z."""
    by = attributed("tester")
    three = [
        {"label": "client’s view", "raters": ["client"]},
        {"label": "therapist’s view", "raters": ["therapist"]},
        {"label": "observer’s view", "raters": ["observer"]},
        {"label": "clinician’s view", "raters": ["clinician"]},
    ]
    plans = (
        joint.joint_plan(title="Synthetic pair", margin=0.4, variants=["fixed", "z_test"]),
        joint.joint_plan(
            title="Synthetic views",
            outcomes=three,
            structure="CS",
            test="z",
            correlations=[
                "client’s view / observer’s view = 0.3",
                "client’s view / therapist’s view = 0.5",
            ],
        ),
        joint.joint_plan(title="Synthetic common", outcomes=three, method="EE"),
    )
    joint.begin(database, by, *plans)
    joint.enter(database, by)
    repool(database, actor="tester", review="joint", now=lambda: NOW)


def _levels(database: Database) -> None:
    """Make reviews of all results of a trial: nested, crossed, in time, with arms apart."""
    by = attributed("tester")
    plans = (
        levels.levels_plan(title="Synthetic results", margin=0.4, variants=["fixed", "z_test"]),
        levels.levels_plan(
            title="Synthetic crossed",
            random=["study + instrument"],
            phi=0.9,
            correlations=["wai / haq = 0.3"],
        ),
        levels.levels_plan(
            title="Synthetic raters",
            random=["study / result", "rater"],
            raters=["client"],
            test="z",
        ),
        levels.levels_plan(title="Synthetic few", instruments=["haq"]),
    )
    levels.begin(database, by, *plans)
    levels.enter(database, by)
    repool(database, actor="tester", review="levels", now=lambda: NOW)


def _counts(database: Database) -> None:
    """Make reviews whose counts are pooled as they are: tables of trials, and mixed models."""
    by = attributed("tester")
    for n, (measure, method) in enumerate(POOLED_AS_COUNTS):
        slug, alone = f"counts-{n}", measure in ("PLO", "PLN", "PAS", "PR", "IRLN", "IR")
        timed = measure.startswith("IR")
        planned = plan(
            title=f"Synthetic counts {n}", margin=None if alone else 0.3, measure=measure,
            method=method, test="z", kind="single_arm" if alone else "contrast",
            zero_cells={"by_arm": True} if (measure, method) == ("RR", "DL") else None,
            baseline_risks=(0.1, 0.3) if measure in ("OR", "RR", "RD", "PETO") else (),
            baseline_rates=(0.12, 0.5) if measure in ("IRR", "IRD") else (),
        )  # fmt: skip
        rows = [
            NumberedRow(
                line,
                ExtractionRow.model_validate(
                    {
                        "study": f"Synthetic {trial}", "arm": arm, "delivery_mode": mode,
                        "instrument": "wai", "n": people, "events": events,
                        "person_years": people / 2 if timed else None,
                    }
                ),
            )
            for trial, (a, n1, c, n2) in enumerate((*COUNTS, (0, 40, 2, 41)), start=1)
            for line, (arm, mode, events, people) in enumerate(
                [("video", "videoconference", a, n1), ("in person", "face_to_face", c, n2)],
                start=2 * trial,
            )
        ]  # fmt: skip
        with writing(database, by) as session:
            review = new_review(session, ReviewSpec(slug=slug, title=slug), owner="tester")
            add_outcome(session, review, OutcomeSpec(slug="alliance", name="Rupture"))
            wai = InstrumentSpec(slug="wai", name="WAI", outcome="alliance", higher_is_better=False)
            add_instrument(session, review, wai)
            plan_analysis(session, review, AnalysisSpec(slug="alliance", plan=planned), now=NOW)
            import_extraction(session, review, rows, file="synthetic.csv", person="ada")
        repool(database, actor="tester", review=slug, now=lambda: NOW)


@pytest.fixture(scope="module")
def generated(
    demonstration_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """The demonstration, and synthetic reviews by chance beside it (REVIEW_TRUST: many more)."""
    folder = tmp_path_factory.mktemp("claims")
    shutil.copy(demonstration_file, folder / "review.db")
    database = database_at(f"sqlite:///{folder / 'review.db'}")
    for seed in seeds(12, 120):
        generate(database, seed, folder)
    _networks(database)
    _joint(database)
    _levels(database)
    _counts(database)
    rescaled(database)
    yield database
    database.engine.dispose()


def _references_stand_in_single_brackets(document: Manuscript) -> None:
    """Works are cited outside brackets, since they bring their own; tables in one pair at most."""
    for block in document.blocks:
        if isinstance(block, Paragraph):
            depth, before = 0, ""
            for span in block.spans:
                if isinstance(span, Cite):
                    assert depth == 0, block.text
                elif isinstance(span, Reference):
                    assert depth <= 1, block.text
                    assert not before.endswith(") ("), block.text
                before = span if isinstance(span, str) else ""
                depth += before.count("(") - before.count(")")


@pytest.fixture(scope="module")
def examples(generated: Database) -> dict[str, str]:
    """The first true example of each claim, by its name; raises for a false sentence."""
    found: dict[str, str] = {}
    with generated.reading() as session:
        for review in sorted(reviews(session), key=lambda one: one.id):  # what tells a story first
            facts = facts_of(session, review)
            tables = collect(session, review, [a.latest for a in facts.analysed]).printed
            document = manuscript(facts, tables, {})
            _references_stand_in_single_brackets(document)
            for made, text in claims_in(Read(session, review.id, review.slug), document):
                assert not text[0].isdigit(), f"begins with a numeral: {text}"
                assert not HYPHEN.search(text), f"a hyphen for a minus sign: {text}"
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
        "Reviews that no person made stand behind most examples; a day is written as the database",
        "has it. Made by `tests/export/manuscript/test_claims.py`.", "",
        "| sentence | example |", "|---|---|",
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
