"""What a reader must know beside the results: trials left out, open doubts, changed plans."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.columns import Row, said_once
from review.export.tables.model import Column, Footnote, Table
from review.figures.numbers import with_minus
from review.living.inputs.reasons import mode_words
from review.living.reports.notices import HEADINGS, Notice, NoticeKind
from review.living.reports.noticing import notices_of
from review.protocol.models import Review
from review.protocol.queries import current_versions, instruments, outcomes, plan_of
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater
from review.wording import by_name, lowered

COLUMNS = (
    Column("analysis", "Analysis"),
    Column("about", "About"),
    Column("study", "Study"),
    Column("what", "What"),
    Column("remedy", "Remedy"),
    Column("key", "Doubt"),
)


PRINTED: Final = COLUMNS[:4]
"""Without commands and keys, which no reader of a document can use."""

SETS: Final = {
    AnalysisSet.ITT: "intention to treat",
    AnalysisSet.COMPLETERS: "completers",
    AnalysisSet.PER_PROTOCOL: "per protocol",
    AnalysisSet.NOT_REPORTED: "not reported",
}

NOT_REPORTED: Final = SETS[AnalysisSet.NOT_REPORTED]

NO_MODE: Final = f" ({mode_words(DeliveryMode.NONE)})"
"""What stands behind an arm that no treatment is delivered to."""

_TOKEN: Final = re.compile(r"(?<![\w-])[a-z0-9]+(?:[_-][a-z0-9]+)*(?![\w-])")

_OF_A_PLACE: Final = frozenset({NoticeKind.DOUBT, NoticeKind.WITHHELD})
"""Notices that begin with the result that they are about."""

_OF_AN_OUTCOME: Final = frozenset({NoticeKind.NO_RESULT, NoticeKind.LEFT_OUT})
"""Notices that may name outcomes by their short names."""


def in_print(item: Notice, names: Mapping[str, str]) -> str:
    """Return what a notice says, with names in place of the short ones that commands take.

    Examples
    --------
    >>> doubt = Notice(NoticeKind.DOUBT, "video, wai, not_reported, post, itt: SD 0.1")
    >>> in_print(doubt, {"wai": "Working Alliance Inventory"})
    'video, Working Alliance Inventory, post, intention to treat: SD 0.1'
    """
    known = {kept.value: words for kept, words in SETS.items() if "_" in kept or kept == "itt"}
    known |= {rater.value: rater.value.replace("_", " ") for rater in Rater}
    place, colon, rest = item.what.partition(": ")
    if item.kind in _OF_A_PLACE and colon:
        parts = _named(place, {**known, **names}).split(", ")
        return f"{', '.join(part for part in parts if part != NOT_REPORTED)}: {rest}"
    told = {**known, **names} if item.kind in _OF_AN_OUTCOME else known
    return _named(item.what, told)


def _named(text: str, names: Mapping[str, str]) -> str:
    return _TOKEN.sub(lambda found: names.get(found[0], found[0]), text)


def names_in(session: Session, review: Review) -> dict[str, str]:
    """Return what outcomes and instruments are called, by their short names."""
    return {
        **{o.slug: lowered(o.name) for o in outcomes(session, review)},
        **{i.slug: i.name for i in instruments(session, review)},
    }


def notices_table(session: Session, review: Review) -> Table:
    """Return one row a notice of each planned analysis, with all its studies, for print."""
    every, names = _items(session, review), names_in(session, review)
    return Table(
        title=f"{review.title}: what to know beside the results",
        columns=PRINTED,
        rows=said_once(_together(every, names), 2),
        footnotes=(Footnote("As things were when this table was made."),),
    )


def _together(every: Sequence[tuple[str, Notice]], names: Mapping[str, str]) -> list[Row]:
    """Return rows for print, the studies of which the same is said in one."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for title, item in every:
        what = in_print(item, names)
        what = f"{what}; {item.detail.replace(NO_MODE, '')}" if item.detail else what
        studies = alike.setdefault((title, HEADINGS[item.kind], with_minus(what)), [])
        studies += [item.study] if item.study else []
    return [
        (title, about, "; ".join(sorted(studies, key=by_name)) or None, what)
        for (title, about, what), studies in alike.items()
    ]


def notices_data(session: Session, review: Review) -> Table:
    """Return the same with what can be done about each, and the keys that commands take."""
    rows = tuple(
        (title, HEADINGS[item.kind], item.study, _detailed(item.what, item), item.remedy, item.key)
        for title, item in _items(session, review)
    )
    return Table(
        title=f"{review.title}: what to know beside the results",
        columns=COLUMNS,
        rows=rows,
        footnotes=(Footnote("As things were when this table was made."),),
    )


def _detailed(what: str, item: Notice) -> str:
    return f"{what} ({item.detail})" if item.detail else what


def _items(session: Session, review: Review) -> list[tuple[str, Notice]]:
    """Return every notice with the title of its analysis."""
    titles = {v.analysis.slug: plan_of(v).title for v in current_versions(session, review)}
    found = notices_of(session, review)
    return [(titles[slug], item) for slug, notices in found.items() for item in notices.items]
