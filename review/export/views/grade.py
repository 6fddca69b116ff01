"""The certainty of an analysis as its page shows it: its rating, and what the run says to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotFoundError
from review.export.contents.findings import participants_of
from review.export.drawings.bias import bias_of_run
from review.export.views.analysis import Headline, Loaded, headline_of, load
from review.extraction.appraisal.certainty import Rated, look_again, ratings
from review.extraction.appraisal.grade import LOWERS, MOST_DOWN, MOST_UP, RAISES
from review.extraction.appraisal.queries import adopted_tools
from review.extraction.appraisal.vocabulary import Consideration, Design
from review.figures.risk_of_bias import Blank, shares
from review.protocol.models import Review
from review.protocol.queries import plan_of, versions
from review.wording import counted

MEANINGS: Final[Mapping[Consideration, str]] = {
    Consideration.RISK_OF_BIAS: "Would the trials that carry the weight mislead?",
    Consideration.INCONSISTENCY: "Do trials differ in a way that nobody can explain?",
    Consideration.INDIRECTNESS: (
        "Are people, interventions, comparators and outcomes those of the question?"
    ),
    Consideration.IMPRECISION: (
        "Would one decide otherwise at the other end of the interval, or are there few people?"
    ),
    Consideration.PUBLICATION_BIAS: "Are trials or results likely to be missing for what they say?",
    Consideration.LARGE_EFFECT: "Is the effect so large that bias alone cannot explain it?",
    Consideration.DOSE_RESPONSE: "Does more of the intervention do more?",
    Consideration.PLAUSIBLE_CONFOUNDING: (
        "Would all plausible confounding have worked against the effect that is seen?"
    ),
}

FEW: Final = 10
"""Trials below which tests for small-study effects are not advised (Cochrane Handbook 13.3.5.4)."""


@dataclass(frozen=True, slots=True)
class ConsiderationLine:
    """What can move the certainty, and what the newest run says to it."""

    key: str
    name: str
    meaning: str
    most: int
    """Levels that it moves at most."""
    raises: bool
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GradeView:
    """The certainty of an analysis, with what it is rated on."""

    analysis: str
    title: str
    question: str
    head: Headline | None
    """The newest run; None where there is none."""
    considerations: tuple[ConsiderationLine, ...]
    ratings: tuple[Rated, ...]
    """The newest first; the first one counts."""
    look_again: str | None
    """Why the rating that counts asks for another look."""
    robins_i: bool
    """Whether risk of bias is judged with ROBINS-I here."""

    @property
    def given(self) -> dict[str, str]:
        """The rating that counts, as the fields of the form."""
        if not self.ratings:
            robins = "true" if self.robins_i else ""
            return {"design": Design.RANDOMISED.value, "robins_i": robins}
        rated = self.ratings[0]
        found = {"design": rated.design.value, "note": rated.note or ""}
        if rated.design is Design.NONRANDOMISED and rated.start.value == "high":
            found["robins_i"] = "true"
        for consideration, step in rated.steps.items():
            found[f"levels-{consideration.value}"] = str(abs(step.levels))
            found[f"reason-{consideration.value}"] = step.reason or ""
        return found


def grade_view(session: Session, review: Review, analysis: str) -> GradeView:
    """Return the certainty of an analysis, rated or not; raise NotFoundError."""
    newest = versions(session, review, analysis)[0]
    try:
        loaded = load(session, review, analysis)
    except NotFoundError:
        loaded = None
    rated = ratings(session, review, analysis)
    head = headline_of(loaded, review) if loaded is not None else None
    facts = _facts(session, review, loaded, head) if loaded is not None and head else {}
    return GradeView(
        analysis=analysis,
        title=plan_of(newest).title,
        question=review.question,
        head=head,
        considerations=tuple(
            ConsiderationLine(
                key=one.value,
                name=one.value.replace("_", " "),
                meaning=MEANINGS[one],
                most=(MOST_UP if one in RAISES else MOST_DOWN)[one],
                raises=one in RAISES,
                told=facts.get(one, ()),
            )
            for one in (*LOWERS, *RAISES)
        ),
        ratings=tuple(rated),
        look_again=look_again(rated[0], head.run if head else None) if rated else None,
        robins_i=any(tool.family == "robins-i" for tool in adopted_tools(session, review)),
    )


def _facts(
    session: Session, review: Review, loaded: Loaded, head: Headline
) -> dict[Consideration, tuple[str, ...]]:
    figures = dict(head.figures)
    k = loaded.now[1].pooled.k
    people, silent = participants_of(*loaded.now)
    spread = [
        f"{name}: {figures[name]}"
        for name in ("I² (%)", "tau²", "prediction interval", "Q")
        if name in figures
    ]
    interval = next((f"{n}: {v}" for n, v in head.figures if n.startswith("95% interval")), "")
    margins = [f"against {one.margin}: {one.conclusion}" for one in head.margins]
    told = f"{people:,} participants in {counted(k - silent, 'trial')}"
    size = [f"{told}; {silent} give no n" if silent else told]
    few = [f"{counted(k, 'trial')}, with fewer than {FEW} tests for small-study effects say little"]
    estimate = [f"{name}: {value}" for name, value in head.figures[:1]]
    return {
        Consideration.RISK_OF_BIAS: tuple(_bias(session, review, loaded)),
        Consideration.INCONSISTENCY: tuple(spread),
        Consideration.INDIRECTNESS: (review.question,) if review.question else (),
        Consideration.IMPRECISION: tuple(filter(None, [interval, *margins, *size])),
        Consideration.PUBLICATION_BIAS: tuple(few if k < FEW else [counted(k, "trial")]),
        Consideration.LARGE_EFFECT: tuple(estimate),
    }


def _bias(session: Session, review: Review, loaded: Loaded) -> Iterator[str]:
    try:
        drawn = bias_of_run(session, review, None, *loaded.now)
    except InvalidDataError as error:
        yield error.told
        return
    found = shares(drawn, len(drawn.domains) - 1, weighted=True)
    for one in found:
        if one.count:
            of = one.category
            words = of.value if isinstance(of, Blank) else drawn.categories[of].label.lower()
            yield f"{words}: {counted(one.count, 'trial')}, {one.percent:.0f}% of the weight"
