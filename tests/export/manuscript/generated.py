"""Reviews made by chance, named synthetic: contrasts, ratios, single arms, with screening or not.

Nothing here is a real trial's, record's or person's.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from review.citations.models import Search
from review.citations.vocabulary import NoticeKind, SourceKind
from review.db import Database, Session
from review.extraction.actions import exclude_study, import_extraction
from review.extraction.holdings import Holdings
from review.extraction.linking.actions import link_report
from review.extraction.mending.renaming import rename_study
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.extraction.writer import Writer
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
from review.protocol.models import Review
from review.protocol.parts import PriorRules
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from review.protocol.vocabulary import Variant
from review.screening.conduct import add_reason
from review.screening.guidance.actions import set_criteria
from review.screening.retrieval import note_retrieval, remove
from review.screening.vocabulary import RemovalCause, RetrievalOutcome, Stage, Verdict
from tests.conftest import NOW
from tests.joining import joined
from tests.living.fixture import trial
from tests.living.job.test_repool import plan
from tests.screening.builders import attributed, import_records, link_duplicates, say

CENTRES: Final = (0.6, 0.02, -0.2, -0.35, -0.55, -0.95)
"""Mean effects, one a class of conclusion against a margin of 0.5."""

MANY: Final = 7
"""Analyses beside the first of one review, so that an abstract cannot tell them all."""

MEASURES: Final = ("SMD", "OR", "SMD", "RR", "SMD", "MN", "SMD", "PLO", "SMD")
"""Of a review by its seed: differences, ratios, and arms without a comparator."""

ALONE: Final = frozenset({"MN", "PLO"})
"""Measures of single arms."""

COUNTED: Final = frozenset({"OR", "RR", "PLO"})
"""Measures of events."""

SOURCES: Final = (
    ("Invented Index", SourceKind.DATABASE, 14),
    ("Invented Register", SourceKind.REGISTER, 8),
    ("Citations (invented)", SourceKind.CITATION_SEARCHING, 5),
)

REASONS: Final = ("wrong population", "wrong comparator", "no outcome of interest")


class Chance:
    """What is drawn for one review by its seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.measure = MEASURES[seed % len(MEASURES)]
        self.better = seed % 4 != 1
        """Whether a higher score, or more events, is better."""
        self.few, self.several = seed % 6 == 5, seed == 1
        self.centre = CENTRES[seed % len(CENTRES)]
        self.k = self.random.choice((0, 1, 1)) if self.few else self.random.choice((3, 5, 12))
        self.k = {6: 40, 11: 0}.get(seed, self.k)  # more than a sentence names; and no trial
        self.margin = None if seed % 4 == 3 or self.measure in ALONE else 0.5
        self.screens, self.typed = seed % 3 == 0, seed % 5 == 2

    def maybe(self, share: float) -> bool:
        """Draw whether something happens."""
        return self.random.random() < share

    def planned(self) -> Plan:
        """Draw a plan."""
        variants = ("fixed", "z_test", "leave_one_out", "trim_and_fill")
        margin, k = self.margin, self.k
        alone = {"kind": "single_arm"} if self.measure in ALONE else {}
        made = plan(
            title=f"Synthetic analysis {self.seed}", margin=margin, measure=self.measure,
            other_margins=(0.25, 0.3) if margin and self.maybe(0.7) else (),
            method=self.random.choice(("REML", "DL", "EE", "PM")),
            test=self.random.choice(("z", "adhoc", "knha")),
            variants=self.random.sample(variants, self.seed % 4),
            moderators=("year", "n_randomised")[: 1 + self.seed % 2] if k > 3 else (),
            subgroups=("country",) if k > 5 else (), **alone,
        )  # fmt: skip
        if self.measure in ("SMD", "OR", "RR") and self.seed % 4 != 3:
            made = made.model_copy(update={"baseline_risks": (0.15, 0.5)})
        if self.measure in ("SMD", "OR", "RR") and self.seed % 4 in (0, 1):
            normal = {"tau": "half-Cauchy", "scale": 0.4, "mean": 0.1, "mean_sd": 1.5}
            rules = PriorRules.model_validate(normal if self.seed % 3 else {})
            made = made.model_copy(update={"bayes": rules})
        if k <= 5 or self.seed % 4 != 2:
            return made
        modelled: dict[str, object] = {
            "method": "REML",
            "heterogeneity": ("country", "year", "diagnosis"),
        }
        modelled["variants"] = (*made.variants, Variant.PET_PEESE)
        if self.measure == "SMD":
            modelled["reliability"] = ("wai = 0.81",)
        return made.model_copy(update=modelled)

    def rows(self, n: int) -> list[NumberedRow]:
        """Draw the rows of one trial."""
        about = {"year": 1990 + self.random.randrange(30), "country": self.random.choice("ABC")}
        if self.measure == "SMD":
            y = round(self.random.gauss(self.centre, 0.08), 3)
            made = trial(n, y, round(self.random.uniform(0.01, 0.06), 4))
            return [NumberedRow(made.line, made.row.model_copy(update=about))]
        arms = [("video", "videoconference", self.centre)]
        if self.measure not in ALONE:
            arms.append(("in person", "face_to_face", 0.0))
        return [
            NumberedRow(
                2 * n + place,
                ExtractionRow.model_validate(
                    {
                        **about, "study": f"Synthetic {n}", "arm": name, "delivery_mode": mode,
                        "instrument": "wai", **self._numbers(shift),
                    }
                ),
            )
            for place, (name, mode, shift) in enumerate(arms)
        ]  # fmt: skip

    def _numbers(self, shift: float) -> dict[str, Any]:
        n = self.random.randrange(40, 160)
        if self.measure in COUNTED:
            share = min(0.9, max(0.05, 0.35 + 0.2 * shift + self.random.gauss(0, 0.03)))
            return {"n": n, "events": round(n * share)}
        return {"n": n, "mean": round(self.random.gauss(5 + shift, 0.2), 2), "sd": 1.4}


def generate(database: Database, seed: int, folder: Path) -> str:
    """Make a review by chance: plan, records, trials, and what happened to them."""
    chance, slug = Chance(seed), f"synthetic-{seed}"
    by, k = attributed("tester", slug=slug), chance.k
    planned = chance.planned()
    with writing(database, by) as session:
        _begin(session, chance, slug, planned)

    def enter(numbers: range) -> None:
        rows = [row for n in numbers for row in chance.rows(n)]
        with writing(database, by) as session:
            review = review_called(session, slug)
            if chance.typed:
                _type_in(session, review, rows)
            else:
                import_extraction(session, review, rows, file="synthetic.csv", person="ada")

    def again(days: int) -> None:
        repool(database, actor="tester", review=slug, now=lambda: NOW + timedelta(days=days))

    if k:
        enter(range(1, k + 1))
    if chance.screens:
        _screen(database, chance, slug)
    again(1)
    if chance.several or (k > 1 and chance.maybe(0.6)):
        with writing(database, by) as session:
            create_release(session, review_called(session, slug), ReleaseSpec("1.0", "test"),
                           folder=folder / slug, now=NOW + timedelta(days=2))  # fmt: skip
    if k > 1 and not chance.several and chance.maybe(0.8):
        enter(range(k + 1, k + 1 + (30 if seed == 6 else chance.random.randrange(1, 4))))
    with writing(database, by) as session:
        _happens(session, chance, slug, planned)
    if chance.screens and chance.maybe(0.5):
        _search_again(database, slug)
    if seed % 4 == 0 and k > 2:
        _warn(database, seed, slug)
    again(3)
    return slug


def _begin(session: Session, chance: Chance, slug: str, planned: Plan) -> None:
    """Make the review with its outcome, criteria and plans."""
    spec = ReviewSpec(slug=slug, title=f"Synthetic {chance.seed}",
                      question="" if chance.seed == 2 else "Is it so?")  # fmt: skip
    review = new_review(session, spec, owner="tester")
    add_outcome(session, review, OutcomeSpec(slug="alliance", name="Alliance"))
    wai = InstrumentSpec(slug="wai", name="WAI", outcome="alliance", higher_is_better=chance.better)
    add_instrument(session, review, wai)
    if chance.screens:
        for label in REASONS:
            add_reason(session, review, label)
        for wanted in (("Adults (invented)",), ("Adults (invented)", "Trials: randomised")):
            set_criteria(session, review, include=wanted, exclude=("Animals",), now=NOW)
    plan_analysis(session, review, AnalysisSpec(slug="alliance", plan=planned), now=NOW)
    for n in range(1, MANY + 1 if chance.several else 1):
        copy = planned.model_copy(update={"title": f"Synthetic analysis {chance.seed}, copy {n}"})
        plan_analysis(session, review, AnalysisSpec(slug=f"copy-{n}", plan=copy), now=NOW)


def _type_in(session: Session, review: Review, rows: Sequence[NumberedRow]) -> None:
    """Write rows as a form does: from no file."""
    writer = Writer(Holdings(session, review, rows, "ada", None))
    writer.write()
    assert not writer.problems
    writer.describe_new_results()
    writer.held.finish(None)


def _happens(session: Session, chance: Chance, slug: str, planned: Plan) -> None:
    """Let a trial be retracted, another renamed, and the plan be changed, by chance."""
    review, k = review_called(session, slug), chance.k
    if k > 2 and not chance.several and chance.maybe(0.5):
        exclude_study(session, review, label="Synthetic 1", reason="retracted")
    if k > 2 and chance.maybe(0.5):
        rename_study(session, review, label="Synthetic 2", to="Synthetic two")
    if chance.several or (k > 2 and chance.maybe(0.4)):
        changed = planned.model_copy(update={"rho": 0.4})
        revise_analysis(session, review, AnalysisSpec(slug="alliance", plan=changed), now=NOW)
    if chance.seed % 4 == 2 and k > 2:
        late = planned.model_copy(update={"title": f"Synthetic analysis {chance.seed}, later"})
        plan_analysis(session, review, AnalysisSpec(slug="later", plan=late), now=NOW)


def _warn(database: Database, seed: int, slug: str) -> None:
    """Import a record that says of a trial that it is retracted, or under concern."""
    kind = NoticeKind.CONCERN if seed % 8 else NoticeKind.RETRACTED
    late = NOW + timedelta(days=2, hours=1)
    (record,) = import_records(
        database, [f"Synthetic 3 {slug}"], source="Invented Notices", at=late, slug=slug,
        notices=[[kind.value, "as its file says"]],
    )  # fmt: skip
    _two_say(database, slug, [record], [record])
    with writing(database, attributed("tester", at=late, slug=slug)) as session:
        review = review_called(session, slug)
        joined(session, review, "anna")
        note_retrieval(session, review, [record], outcome=RetrievalOutcome.RETRIEVED, handle="anna",
                       now=late)  # fmt: skip
    for who in ("anna", "ben"):
        say(database, who, Verdict.INCLUDE, record, slug=slug, stage=Stage.FULL_TEXT)
    with writing(database, attributed("tester", at=late, slug=slug)) as session:
        review = review_called(session, slug)
        link_report(session, review, record, "Synthetic 3", handle="anna", now=late)


def _search_again(database: Database, slug: str) -> None:
    """Search a source again, which finds nothing new."""
    with writing(database, attributed("tester", slug=slug)) as session:
        source, kind, _ = SOURCES[0]
        session.add(
            Search(review_id=review_called(session, slug).id, kind=kind, source=source,
                   ran_on="2026-11-27", searched_by="tester")
        )  # fmt: skip


def _screen(database: Database, chance: Chance, slug: str) -> None:
    """Import records, judge them by two, retrieve, assess, and link some to studies."""
    found: list[int] = []
    for source, kind, n in SOURCES:
        titles = [f"{source} {slug} {i}" for i in range(n)]
        found += import_records(database, titles, source=source, kind=kind, slug=slug)
    duplicates = [(found[0], found[15]), (found[0], found[16]), (found[1], found[17])]
    link_duplicates(database, duplicates[: chance.random.randrange(1, 4)], slug=slug)
    unique = [r for r in found if r not in {later for _, later in duplicates}]
    with writing(database, attributed("tester", slug=slug)) as session:
        review = review_called(session, slug)
        for cause, some in ((RemovalCause.AUTOMATION_TOOL, unique[2:4]),
                            (RemovalCause.OTHER, unique[4:5])):  # fmt: skip
            remove(session, review, some, cause=cause, reason="by chance", handle="tester", now=NOW)
    left = [*unique[:2], *unique[5:]]
    judged, waiting = left[:-2], left[-2:]
    wanted = [r for r in judged if chance.maybe(0.6)] or judged[:1]
    _two_say(database, slug, judged, wanted)
    if chance.maybe(0.7):
        say(database, "anna", Verdict.INCLUDE, waiting[0], slug=slug)
    got = [r for r in wanted if chance.maybe(0.8)]
    lost = [r for r in wanted if r not in got][:1]
    with writing(database, attributed("tester", slug=slug)) as session:
        review = review_called(session, slug)
        joined(session, review, "anna")
        if got:
            note_retrieval(session, review, got, outcome=RetrievalOutcome.RETRIEVED, handle="anna",
                           now=NOW)  # fmt: skip
        if lost:
            note_retrieval(session, review, lost, outcome=RetrievalOutcome.NOT_RETRIEVED,
                           handle="anna", now=NOW, reason="not held anywhere")  # fmt: skip
    assessed = got[: max(0, len(got) - 1)]
    for place, record in enumerate(assessed):
        reason = None if place % 3 else str(1 + place % len(REASONS))
        verdict = Verdict.EXCLUDE if reason else Verdict.INCLUDE
        for who in ("anna", "ben"):
            say(database, who, verdict, record, slug=slug, stage=Stage.FULL_TEXT, reason=reason)
    _link(database, slug, [r for place, r in enumerate(assessed) if place % 3], chance.k)


def _two_say(database: Database, slug: str, judged: Sequence[int], wanted: Sequence[int]) -> None:
    """Let two judge titles and abstracts alike, and a third settle one on which they differ."""
    for who in ("anna", "ben"):
        say(database, who, Verdict.INCLUDE, *wanted, slug=slug)
        say(database, who, Verdict.EXCLUDE, *(r for r in judged if r not in wanted), slug=slug)


def _link(database: Database, slug: str, included: Sequence[int], k: int) -> None:
    """Link reports to studies, two to the first; the last one stays without a study."""
    with writing(database, attributed("tester", slug=slug)) as session:
        review = review_called(session, slug)
        for place, record in enumerate(included[:-1]):
            label, new = _study(place, k)
            link_report(session, review, record, label, handle="anna", now=NOW, new=new)


def _study(place: int, k: int) -> tuple[str, bool]:
    """Return the study that a report belongs to: two a trial while there are trials."""
    n = 1 + place // 2
    return (f"Synthetic {n}", False) if n <= k else (f"Without results {place}", True)
