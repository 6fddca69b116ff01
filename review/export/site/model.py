"""What the pages of a release or a preview show, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from review.export.site.kept import Kept, KeptStudy
from review.export.views.analysis import MarginLine
from review.export.views.row import Given
from review.figures.forest_values import Forest
from review.figures.risk_of_bias import Blank, RiskOfBias
from review.living.reports.pages import Section

UNRELEASED: Final = "not released"
"""What stands in the place of a version in a preview."""


@dataclass(frozen=True, slots=True)
class SiteTrial:
    """A trial of an analysis, and every number that entered."""

    study_id: int
    study: str
    about: str
    value: str
    weight: str
    recipe: str
    given: tuple[Given, ...]
    not_used: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SiteVersion:
    """What a release said of an analysis."""

    version: str
    created: datetime
    k: int
    estimate: str
    interval: str
    conclusion: str
    run: int


@dataclass(frozen=True, slots=True)
class SiteOrder:
    """A forest plot in one order of its trials."""

    by: str
    forest: Forest
    places: tuple[int | None, ...]
    """The trial (its place in `trials`) of each row of the forest."""


@dataclass(frozen=True, slots=True)
class SiteAnalysis:
    """An analysis as the release has it."""

    slug: str
    title: str
    run: int
    key: str
    plan_version: int
    direction: str
    estimate: str
    interval: str
    measure: str
    k: int
    counts: str
    conclusion: str
    withheld: bool
    figures: tuple[tuple[str, str], ...]
    margins: tuple[MarginLine, ...]
    orders: tuple[SiteOrder, ...]
    """The forest plot with its trials in each order, the planned one first."""
    trials: tuple[SiteTrial, ...]
    left_out: tuple[tuple[str, str], ...]
    versions: tuple[SiteVersion, ...]
    moved: str
    """What changed since the release before, in a sentence; nothing in a first release."""
    changes: tuple[Section, ...]
    plan: tuple[tuple[str, str], ...]
    certainty: str
    network: tuple[Section, ...] = ()
    """Of a network the league table, every pair, the treatments; of several outcomes these."""


@dataclass(frozen=True, slots=True)
class SiteRelease:
    """A release in the list of all."""

    version: str
    created: datetime
    because: str
    sha256: str
    changes: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class SiteContent:
    """All that the pages of a release say."""

    slug: str
    title: str
    version: str
    released: bool
    created: datetime
    because: str
    licence: str
    authors: tuple[str, ...]
    searches: tuple[tuple[str, str], ...]
    software: tuple[tuple[str, str], ...]
    history: tuple[int, str]
    sha256: str
    """Of the manifest; empty in a preview."""
    analyses: tuple[SiteAnalysis, ...]
    kept: Kept | None
    """None of a release that was made before this was kept."""
    releases: tuple[SiteRelease, ...]
    """The newest first, this one among them."""
    manifest: Mapping[str, Any]

    @property
    def question(self) -> str:
        """The question of the review, as far as it was kept."""
        return self.kept.question if self.kept else ""

    @property
    def studies(self) -> tuple[KeptStudy, ...]:
        """The studies; of an old release those that entered an analysis, by name alone."""
        if self.kept is not None:
            return self.kept.studies
        found = {t.study_id: t.study for one in self.analyses for t in one.trials}
        return tuple(
            KeptStudy(number, name, (), None, (), ())
            for number, name in sorted(found.items(), key=lambda item: item[1].casefold())
        )

    def judged(self, study: KeptStudy) -> list[tuple[str, str, str]]:
        """Return the judgements of a study's risk of bias: of what, domain, judgement in words."""
        return [
            (row.label, domain.name, _judged(bias, judgement))
            for bias in (self.kept.bias if self.kept else ())
            for row in bias.rows
            if study_of(row.label, self.studies) == study.id
            for domain, judgement in zip(bias.domains, row.judgements, strict=True)
        ]

    def entered(self, study: int) -> list[tuple[SiteAnalysis, SiteTrial]]:
        """Return where the numbers of a study went."""
        return [(one, t) for one in self.analyses for t in one.trials if t.study_id == study]

    @property
    def citation(self) -> str:
        """How the release is cited, in a line."""
        who = "; ".join(self.authors) or self.title
        what = "" if not self.authors else f" {self.title}."
        mark = self.version if self.released else UNRELEASED
        return (
            f"{who} ({self.created:%Y}).{what} Release {mark}, {self.created:%Y-%m-%d} [data set]."
        )


def study_of(label: str, studies: Sequence[KeptStudy]) -> int | None:
    """Return the study that a row of risk of bias is of: its label begins with the study's name."""
    mine = [one for one in studies if label == one.study or label.startswith(f"{one.study},")]
    return max(mine, key=lambda one: len(one.study)).id if mine else None


def _judged(bias: RiskOfBias, judgement: int | Blank) -> str:
    return judgement.value if isinstance(judgement, Blank) else bias.categories[judgement].label
