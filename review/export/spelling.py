"""The English of a review: words of ours in one spelling, words of its authors as they wrote them.

Texts of the program are written in British English with -ize (Oxford); `PAIRS` has each word of
them that the two varieties spell differently, and `tests/export/test_spelling.py` that there is no
other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from review.export.runs import LatestRun
from review.export.tables.model import Footnote, Table
from review.protocol.models import Review
from review.protocol.vocabulary import English

PAIRS: Final = (
    ("analyse", "analyze"), ("analysed", "analyzed"), ("favour", "favor"),
    ("favourable", "favorable"), ("favoured", "favored"), ("favours", "favors"), ("grey", "gray"),
    ("judgement", "judgment"), ("judgements", "judgments"), ("modelled", "modeled"),
    ("nonrandomised", "nonrandomized"), ("organisations", "organizations"),
    ("randomisation", "randomization"), ("randomised", "randomized"), ("signalling", "signaling"),
    ("standardised", "standardized"), ("studentised", "studentized"), ("towards", "toward"),
)  # fmt: skip
"""Words of our texts, British and American."""

QUOTED: Final = r"“[^”]*”"
"""What stands in quotation marks is somebody's own."""


@dataclass(frozen=True)
class Spelling:
    """One variety of English, and the texts that are not ours to spell."""

    english: English
    own: tuple[str, ...] = ()

    @cached_property
    def _words(self) -> dict[str, str]:
        american = self.english is English.US
        return {(gb if american else us): (us if american else gb) for gb, us in PAIRS}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Find texts that are not ours first, then words of the other variety."""
        words = "|".join(sorted(self._words, key=len, reverse=True))
        theirs = [text for text in self.own if re.search(rf"\b(?:{words})\b", text, re.IGNORECASE)]
        theirs.sort(key=len, reverse=True)
        # a figure breaks lines between words
        kept = "|".join(r"\s+".join(map(re.escape, text.split())) for text in theirs)
        return re.compile(
            f"(?P<own>{QUOTED}{'|' if kept else ''}{kept})|\\b(?P<word>{words})\\b", re.IGNORECASE
        )

    def text(self, text: str) -> str:
        """Return a text of ours in this spelling.

        Examples
        --------
        >>> american = Spelling(English.US, ("Randomised trials of video",))
        >>> american.text("Randomised trials of video: 12 were randomised; favours “favour”")
        'Randomised trials of video: 12 were randomized; favors “favour”'
        """
        return self._pattern.sub(self._spelled, text)

    def _spelled(self, found: re.Match[str]) -> str:
        word = found["word"]
        if word is None:
            return found["own"]
        made = self._words[word.lower()]
        return made.capitalize() if word[0].isupper() else made

    def table(self, table: Table, *, cells: bool = False) -> Table:
        """Return a table with title, headers and notes in this spelling; cells where asked."""
        rows = table.rows
        if cells:
            rows = tuple(
                tuple(self.text(cell) if isinstance(cell, str) else cell for cell in row)
                for row in rows
            )
        return replace(
            table,
            title=self.text(table.title),
            columns=tuple(replace(c, header=self.text(c.header)) for c in table.columns),
            rows=rows,
            spanners=tuple(replace(s, header=self.text(s.header)) for s in table.spanners),
            footnotes=tuple(Footnote(self.text(n.text), n.places) for n in table.footnotes),
        )


def spelling_of(
    review: Review, runs: Sequence[LatestRun] = (), own: Iterable[str] = ()
) -> Spelling:
    """Return the spelling of a review; titles, names of trials and `own` texts are not ours."""
    plans = [run.inputs.plan for run in runs]
    texts = {review.title, review.question, *own}
    for plan in plans:
        texts |= {plan.title, plan.effect or ""}
        for side in (plan.intervention, plan.comparator):
            texts |= {side.label, *side.treatment}
    for run in runs:
        texts |= {trial.study for trial in run.inputs.trials}
    return Spelling(review.english or English.GB, tuple(sorted(texts - {""})))
