"""What the process of a task does with PDF files: find out which report each of them is."""

from __future__ import annotations

import io
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from review.db import Database
from review.export.views.fulltexts import sought_of
from review.protocol.queries import review_called
from review.screening.matching import Match, PdfFacts, Sought, matches
from review.screening.queries import newest_retrievals
from review.screening.retrieval import check_pdf
from review.tasks.files import upload_of
from review.tasks.models import Outcome, Task
from review.wording import counted

PAGES: Final = 2
"""Pages that are looked at: title and DOI stand on the first, or behind a cover."""

LETTERS: Final = 20_000
"""Letters of each that are looked at."""

SECONDS: Final = 20
"""After which a PDF is given up: what it is, the person says."""

OFFERED: Final = 5
"""Reports that are offered where several fit."""


def match(
    database: Database, number: int, review_slug: str, told: dict[str, Any]
) -> dict[str, Any]:
    """Find out which report each PDF is; nothing is attached to any."""
    with database.reading() as session:
        options = dict(session.get_one(Task, number).options)
        review = review_called(session, review_slug)
        sought = sought_of(session, review)
        known = newest_retrievals(session, [one.record for one in sought])
        held = {record for record, row in known.items() if row.full_text_id is not None}
    told["total"] = len(options["files"])
    found = []
    for at, one in enumerate(options["files"]):
        told["step"] = f"looking at {one['name']}"
        content = (upload_of(database, options["folder"]) / str(at)).read_bytes()
        found.append(_looked_at(one["name"], content, sought, held))
        told["done"] = at + 1
    sure = sum(len(one["matches"]) == 1 for one in found)
    return {
        "outcome": Outcome.DONE,
        "message": f"{counted(sure, 'file')} of {len(found)} recognised",
        "found": {"pdfs": found, "looked_at": datetime.now(UTC).isoformat()},
    }


def _looked_at(
    name: str, content: bytes, sought: Sequence[Sought], held: set[int]
) -> Mapping[str, Any]:
    wrong = check_pdf(name, content)
    facts, remark = (PdfFacts(name), "") if wrong else facts_of(name, content)
    fitting: list[Match] = [] if wrong else matches(facts, sought)
    titles = {one.record: one.title or "no title" for one in sought}
    return {
        "name": name,
        "size": len(content),
        "error": wrong,
        "remark": remark,
        "several": max(0, len(fitting) - OFFERED),
        "matches": [
            {
                "record": one.record, "title": titles[one.record], "why": one.why,
                "held": one.record in held,
            }
            for one in fitting[:OFFERED]
        ],
    }  # fmt: skip


def facts_of(name: str, content: bytes) -> tuple[PdfFacts, str]:
    """Return what a PDF says of itself, and what could not be read of it."""
    from pypdf import PdfReader

    title, text = "", ""
    try:
        with _at_most(SECONDS):
            reader = PdfReader(io.BytesIO(content))
            said = {key: str(value) for key, value in (reader.metadata or {}).items()}
            title = said.get("/Title", "")[:LETTERS]
            text = " ".join(said.values())[:LETTERS]
            for page in reader.pages[:PAGES]:
                text += " " + page.extract_text()[:LETTERS]
    except Exception as error:  # whatever a damaged or hostile file makes of its reader
        return PdfFacts(name, title, text), f"not all of it could be read ({type(error).__name__})"
    return PdfFacts(name, title, text), "" if text.strip() else "it has no text; it may be a scan"


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Give up after some seconds, where this is the main thread of a process of its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
