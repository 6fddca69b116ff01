"""What a job did: runs made, analyses that wait or fail, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from review.living.reports.attribution import Explanation
from review.living.reports.changes import ChangeReport
from review.living.runs.models import JobOutcome


@dataclass(frozen=True, slots=True)
class AnalysisName:
    """An analysis and its review, as outputs name them."""

    review: str
    analysis: str


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A new run and how it differs from the one before."""

    name: AnalysisName
    number: int
    report: ChangeReport
    explanation: Explanation | None = None
    """Shares and signals; None for a first run, and where very many moved at once."""

    @property
    def matters(self) -> bool:
        """Whether somebody should be told: a class changed, or a signal fired."""
        fired = self.explanation is not None and bool(self.explanation.signals)
        return self.report.flipped or fired


@dataclass(frozen=True, slots=True)
class Unpooled:
    """An analysis without a new run, and why."""

    name: AnalysisName
    reason: str


@dataclass
class RepoolReport:
    """What a job did. `outcome` is None when another job was running."""

    outcome: JobOutcome | None
    job_id: int | None = None
    recomputed: list[Recomputed] = field(default_factory=list)
    unchanged: int = 0
    """How many analyses have the inputs of their last run."""
    looked_at: int = 0
    """How many of all were compared, because something they depend on was touched."""
    waiting: list[Unpooled] = field(default_factory=list)
    """Analyses that no trial can enter yet."""
    failed: list[Unpooled] = field(default_factory=list)
