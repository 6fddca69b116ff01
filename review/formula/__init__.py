"""Model formulae as R reads them: text in, terms out, and nothing is ever evaluated.

A formula comes from a plan or from a command line. It is read by a grammar of its own that knows
names, numbers, the operators of formulae and a short list of functions; whatever else it holds is
refused with its place.
"""

from review.formula.expressions import (
    FACTORS,
    FUNCTIONS,
    Call,
    Expression,
    Name,
    Number,
    Operation,
    names_in,
)
from review.formula.reading import LONGEST
from review.formula.terms import Formula, parse

__all__ = [
    "FACTORS",
    "FUNCTIONS",
    "LONGEST",
    "Call",
    "Expression",
    "Formula",
    "Name",
    "Number",
    "Operation",
    "names_in",
    "parse",
]
