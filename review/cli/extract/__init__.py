"""``review extract``: numbers of studies, entered, compared, checked and corrected."""

from __future__ import annotations

from typing import Final

import click

from review.cli.lazy import LazyGroup, Place

COMMANDS: Final = {
    "assign": Place(
        "extract.assigning",
        "Ask people to enter STUDIES, two a study; others may enter them all the same.",
    ),
    "check": Place(
        "extract.doubts",
        "List doubts about the numbers: each with the numbers behind it, none a verdict.",
    ),
    "compare": Place(
        "extract.double_entry",
        "Compare two finished blind entries cell by cell; all studies that have two by default.",
    ),
    "dismiss": Place("extract.doubts", "Set a doubt aside; it comes back when its numbers change."),
    "export": Place(
        "extract.sheets",
        "Print what the review holds in the template's form, to correct and import again.",
    ),
    "field": Place(
        "extract.field", "Custom fields of the form; a change makes a version, and entries stay."
    ),
    "finish": Place(
        "extract.double_entry",
        "Say that your blind entry of a study is complete: it can be compared, not changed.",
    ),
    "import": Place(
        "extract.sheets",
        "Take a CSV or XLSX of the template's form: new rows are added, known ones corrected.",
    ),
    "imports": Place(
        "extract.imports",
        "List the imports of results, the newest first, each with its number for extract undo.",
    ),
    "queue": Place(
        "extract.assigning",
        "List the studies that wait for you to be entered or agreed on, and who has finished.",
    ),
    "reinstate": Place("extract.withdrawing", "Let a withdrawn RESULT count again."),
    "rekey": Place(
        "extract.withdrawing",
        "Put one RESULT where it belongs: it was entered under a wrong timepoint, rater or arm.",
    ),
    "releases": Place(
        "extract.formats", "List the releases of other programs' files that were taken in."
    ),
    "reopen": Place(
        "extract.double_entry",
        "Change your finished blind entry after all; not after the consensus.",
    ),
    "reread": Place(
        "extract.formats",
        "Read the kept rows of a release again, and say which effects and directions turned.",
    ),
    "resolve": Place(
        "extract.double_entry",
        "Decide differing CELLS (their ids, or `open` for all); the last one makes the consensus.",
    ),
    "selection": Place(
        "extract.selection",
        "List what an analysis would take of each study now, and what it would leave out, and why.",
    ),
    "source": Place(
        "extract.formats",
        "Show the rows of files that a study's results were made from, with every column.",
    ),
    "template": Place(
        "extract.sheets",
        "Print the CSV template: one row a result; docs/extract-a-trial.md explains the columns.",
    ),
    "trace": Place(
        "extract.trace",
        "Follow each number of a study back to the report, and on to the analyses that used it.",
    ),
    "undo": Place(
        "extract.imports",
        "Take an import of results back, by the number that review extract imports prints.",
    ),
    "withdraw": Place(
        "extract.withdrawing",
        "Take one RESULT out, by the number that review extract trace prints.",
    ),
    "withdrawn": Place(
        "extract.withdrawing", "List the results that were withdrawn, by whom, when and why."
    ),
}
"""The parts, by name."""


@click.group("extract", cls=LazyGroup, places=COMMANDS)
def extract_() -> None:
    """Enter, compare, check and correct extracted numbers."""
