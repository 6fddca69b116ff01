"""Write ``docs/glossary.md``: the words that reports print, and those of the code.

``python docs/words.py``
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from review.glossary import GLOSSARY, Entry

OUT: Final = Path(__file__).with_name("glossary.md")

CODE: Final = (
    Entry("action", "a function that writes; it takes the session and never commits (`actions`)."),
    Entry(
        "adjudication",
        "how a third person settled a conflict: `review/screening/models.py:Adjudication`.",
    ),
    Entry("batch", "one file of records as it was imported: `review/citations/models.py:Batch`."),
    Entry(
        "consensus",
        "the entry on which two blind ones agreed: "
        "`review/extraction/consensus.py:reach_consensus`.",
    ),
    Entry(
        "decision",
        "what one person said of a record at a stage: `review/screening/models.py:Decision`.",
    ),
    Entry(
        "edge",
        "the command line or a page: it parses, opens the transaction, calls, and echoes.",
    ),
    Entry(
        "evidence",
        "a result that counts, as analyses see it: `review/extraction/evidence.py:Evidence`.",
    ),
    Entry(
        "inputs",
        "what a run took, with its provenance: `review/living/runs/contents.py:RunInputs`.",
    ),
    Entry("key", "the SHA-256 of a run's inputs and of the run before: the same key, no new run."),
    Entry("ledger", "all that was entered and decided, from which everything else is counted."),
    Entry("membership", "a person's role in a review: `review/people/models.py:Membership`."),
    Entry(
        "origin",
        "the run and the place in it that a number is from: "
        "`review/export/tracing/origins.py:origin`.",
    ),
    Entry(
        "place",
        "where a record stands in screening, kept beside the ledger: "
        "`review/screening/models.py:Place`.",
    ),
    Entry("query", "a function that reads (`queries`)."),
    Entry("results", "what a run computed: `review/living/runs/results.py:RunResults`."),
    Entry("rule", "a pure decision on plain values; no database (`rules`)."),
    Entry(
        "stage",
        "a package of the review's course: protocol, citations, screening, extraction, living.",
    ),
    Entry("version", "a plan as it was frozen: `review/protocol/models.py:AnalysisVersion`."),
    Entry("watermark", "the newest event that a job of re-pooling has seen."),
)
"""Nouns of the code, for those who read it; reports do not print them."""


def written() -> str:
    """Return the page."""
    printed, code = (
        "\n".join(f"- **{entry.term}**: {entry.meaning}" for entry in entries)
        for entries in (GLOSSARY, CODE)
    )
    return (
        "# Glossary\n\nThe words that reports print; `--explain` prints those of a report.\n\n"
        f"{printed}\n\n## Words of the code\n\n"
        f"For those who read it, beside the above; see [Architecture](architecture.md).\n\n{code}\n"
    )


if __name__ == "__main__":
    OUT.write_text(written(), encoding="utf-8")
    sys.stdout.write(f"{OUT}\n")
