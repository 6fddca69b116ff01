"""Every module that holds tables, by name, for those who must see all tables.

A command imports the tables of its own stages and starts the sooner for it. Who follows references
through the whole database (what refers to a row, what a change touches, migrations) asks here for
all of them first; a list of imports there would turn the floors upside down.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final

import sqlalchemy as sa

from review.db import Base

MODELS: Final = (
    "review.history.models",
    "review.people.models",
    "review.people.accounts.models",
    "review.protocol.models",
    "review.citations.models",
    "review.screening.models",
    "review.screening.guidance.models",
    "review.extraction.models",
    "review.extraction.draft",
    "review.extraction.appraisal.models",
    "review.extraction.assigning.models",
    "review.extraction.formats.models",
    "review.extraction.linking.models",
    "review.living.runs.models",
    "review.tasks.models",
)


@cache
def every_table() -> sa.MetaData:
    """Return the metadata with every table of the program."""
    for module in MODELS:
        import_module(module)
    return Base.metadata
