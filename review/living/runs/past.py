"""An earlier run of an analysis, in short."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from review.living.runs.digests import Digest


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run of an analysis, in short."""

    run_id: int
    analysis: str
    number: int
    created: datetime
    job_id: int
    plan_version: int
    plan_frozen: datetime
    digest: Digest
