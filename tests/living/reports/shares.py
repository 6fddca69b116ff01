"""That what each event moved adds up to what moved."""

from __future__ import annotations

import pytest

from review.living.reports.full import FullReport


def shares_add_up(full: FullReport, *events: str) -> None:
    """Hold that these events share the change, and that their shares are all of it."""
    shares = full.explanation.shares
    assert shares is not None
    assert {share.what for share in shares.shares} == set(events)
    for name in ("estimate", "lower", "upper", "tau2"):
        parts = sum(getattr(share, name) for share in shares.shares)
        assert parts == pytest.approx(getattr(shares.total, name), abs=1e-9)
    assert full.report.before is not None
    moved = full.report.after.estimate - full.report.before.estimate
    assert shares.total.estimate == pytest.approx(moved)
