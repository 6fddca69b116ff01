"""The whole manuscript: sections in order, with the tables and figures that belong to them."""

from __future__ import annotations

from collections.abc import Mapping

from review.export.manuscript.document import (
    Block,
    FigureBlock,
    Heading,
    Manuscript,
    Paragraph,
    Reference,
    ReferenceList,
    TableBlock,
    filled,
    listed,
)
from review.export.manuscript.facts import Facts
from review.export.manuscript.literature import cited_in, works
from review.export.manuscript.methods import methods
from review.export.manuscript.results import analysis_blocks, without_trials
from review.export.manuscript.studies import FLOW_FIGURE, risk_of_bias, selection
from review.export.printing import NumberStyle
from review.export.tables import Table

POOLED: Final = "pooled_estimates"
