"""Files that somebody sent for a task, and the transaction in which it writes what they hold."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from review.config import settings
from review.db import Database
from review.errors import InvalidDataError
from review.history.actions import Attribution, in_role
from review.people.queries import member_who_may, role_of
from review.people.rules import Deed
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.tabular.formulas import guarded
from review.tasks.files import REJECTED, upload_of
from review.tasks.models import Task


def told_of(database: Database, number: int) -> Mapping[str, Any]:
    """Return what a task was told when it was asked for."""
    with database.reading() as session:
        return dict(session.get_one(Task, number).options)


def sent_file(database: Database, options: Mapping[str, Any], at: int) -> tuple[str, bytes]:
    """Return name and bytes of a file that was sent; raise InvalidDataError where it is gone."""
    name = str(options["files"][at]["name"])
    try:
        return name, (upload_of(database, options["folder"]) / str(at)).read_bytes()
    except OSError:
        raise InvalidDataError(f"{name} was thrown away after a day; send it again") from None


def keep_rejects(
    database: Database,
    options: Mapping[str, Any],
    rejects: Iterable[tuple[str, Mapping[str, Any]]],
) -> None:
    """Write all that could not be read, with the name of its file, as a table."""
    place = upload_of(database, options["folder"]) / REJECTED
    with place.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("file", "line", "reason"))
        for file, reject in rejects:
            writer.writerow((guarded(file), reject["line"], guarded(reject["reason"])))


def by(slug: str, reason: str) -> Attribution:
    """Return who writes: the person who asked for the task."""
    return Attribution(settings().actor, review=slug, reason=reason, at=datetime.now(UTC))


def permitted(session: Session, slug: str, deed: Deed) -> Review:
    """Return the review, in the role of the person; it may have changed since they asked."""
    review = review_called(session, slug)
    member_who_may(session, review.id, settings().actor, deed)
    in_role(session, role_of(session, review.id, settings().actor))
    return review
