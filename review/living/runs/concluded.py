"""What a conclusion is called."""

from __future__ import annotations

from typing import Final

from review.protocol.vocabulary import AnalysisKind
from review.synthesis import Conclusion

_OF_ASSOCIATION: Final = {Conclusion.SUPERIOR: "positive", Conclusion.INFERIOR: "negative"}


WITHHELD: Final = "withheld"
"""What stands for a conclusion while a contradiction about the numbers is open."""


def conclusion_word(
    kind: AnalysisKind, conclusion: Conclusion, *, withheld: bool = False
) -> str | None:
    """Return what a conclusion is called; a single arm, which is held against nothing, has none."""
    if kind is AnalysisKind.SINGLE_ARM:
        return None
    if withheld:
        return WITHHELD
    if kind is AnalysisKind.ASSOCIATION:
        return _OF_ASSOCIATION.get(conclusion, conclusion.value)
    return conclusion.value
