"""The seal of an appraisal: what it says, as one digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from review.canonical import sha256_of, utc_text
from review.extraction.appraisal.form import Appraisal
from review.extraction.appraisal.models import AppraisalRow
from review.extraction.appraisal.rules import OVERALL


def seal_of(row: AppraisalRow, appraisal: Appraisal) -> str:
    """Return the seal that an appraisal should bear: the SHA-256 of all that it says."""
    return sealed_whole(
        row,
        kind=row.kind.value,
        at=utc_text(row.judged_at),
        answers={n: [a.answer.value, a.support] for n, a in appraisal.answers.items()},
        domains={
            key: [judged.judgement, judged.proposed, judged.support]
            for key, judged in {**appraisal.domains, OVERALL: appraisal.overall}.items()
        },
    )


def sealed_whole(
    row: AppraisalRow | sa.Row[Any],
    *,
    kind: str,
    at: str,
    answers: Mapping[str, Sequence[str | None]],
    domains: Mapping[str, Sequence[str | None]],
) -> str:
    """Return the seal of an appraisal from what it says, as it is stored.

    Answers are each the answer and its support; domains, the overall judgement among them, each the
    judgement, what was proposed, and the support.
    """
    return sha256_of(
        {
            "nonce": row.nonce,
            "tool": row.tool_id,
            "study": row.study_id,
            "outcome": row.outcome_id,
            "instrument": row.instrument_id,
            "timepoint": row.timepoint,
            "person": row.person_id,
            "kind": kind,
            "reason": row.reason,
            "at": at,
            "answers": answers,
            "domains": domains,
        }
    )
