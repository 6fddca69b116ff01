"""Reporting checklists and a self-audit, filled where the ledger knows the answer."""

from __future__ import annotations

from review.export.manuscript.checklists.amstar import amstar_2
from review.export.manuscript.checklists.living import prisma_lsr
from review.export.manuscript.checklists.prisma import prisma_2020
from review.export.manuscript.facts import Facts
from review.export.tables.model import Table


def checklists_of(facts: Facts) -> dict[str, Table]:
    """Return the checklists of a review by file name."""
    return {
        "prisma_2020": prisma_2020(facts),
        "prisma_lsr": prisma_lsr(facts),
        "amstar_2": amstar_2(facts),
    }
