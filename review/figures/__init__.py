"""Figures of a review: frozen values in, a matplotlib figure out, the same bytes every time.

Nothing here reads a database or computes an estimate; what a figure shows is what it was given.
matplotlib is imported when a figure is drawn, not when this package is.
"""

from review.figures.cumulative import Cumulative, CumulativeStep, cumulative_plot
from review.figures.forest import forest_plot
from review.figures.forest_values import Diamond, Forest, ForestRow, Heading
from review.figures.saving import FigureFormat, render, save

__all__ = [
    "Cumulative",
    "CumulativeStep",
    "Diamond",
    "FigureFormat",
    "Forest",
    "ForestRow",
    "Heading",
    "cumulative_plot",
    "forest_plot",
    "render",
    "save",
]
