"""Drafts of a study that becomes one with another: what somebody has typed is not lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction.draft import Draft
from review.extraction.models import Study

MARK: Final = "+"
"""Before the keys of parts that came from the other draft."""


def move_drafts(session: Session, gone: Study, kept: Study) -> None:
    """Move the drafts of a study; who has typed both has one with the parts of both."""
    for draft in session.scalars(sa.select(Draft).where(Draft.study_id == gone.id)).all():
        other = session.scalar(
            sa.select(Draft).where(Draft.study_id == kept.id, Draft.person_id == draft.person_id)
        )
        if other is None:
            draft.study_id = kept.id
            continue
        other.form = appended(other.form, draft.form)
        other.made_from = {
            **other.made_from,
            **{
                name: {**draft.made_from.get(name, {}), **other.made_from.get(name, {})}
                for name in ("arms", "reports", "results")
            },
        }
        session.delete(draft)
    session.flush()


def appended(form: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a form with the parts of another one after its own, by keys that stay apart.

    Examples
    --------
    >>> appended({"arms": [{"key": "a1"}]}, {"arms": [{"key": "a1"}]})["arms"]
    [{'key': 'a1'}, {'key': '+a1'}]
    """

    def marked(part: Mapping[str, Any], *names: str) -> dict[str, Any]:
        return {**part, **{n: f"{MARK}{part[n]}" for n in names if part.get(n)}}

    def source(one: Mapping[str, Any] | None) -> dict[str, Any] | None:
        return None if one is None else marked(one, "report")

    def row(one: Mapping[str, Any]) -> dict[str, Any]:
        found = marked(one, "key", "arm", "versus_arm")
        found["source"] = source(one.get("source"))
        found["sources"] = {n: source(s) for n, s in (one.get("sources") or {}).items()}
        return found

    blocks = [
        {
            **marked(block, "key"),
            "source": source(block.get("source")),
            "rows": [row(one) for one in block.get("rows", ())],
        }
        for block in more.get("blocks", ())
    ]
    added = {n: [marked(p, "key") for p in more.get(n, ())] for n in ("arms", "reports", "notes")}
    return {
        **form,
        **{n: [*form.get(n, ()), *parts] for n, parts in {**added, "blocks": blocks}.items()},
    }
