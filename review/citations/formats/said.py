"""What is to be said of a file as a whole: rejects, doubts, notices and labels of its entries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from review.citations.formats.entry import Entry, Rejected
from review.citations.vocabulary import NoticeKind


@dataclass(slots=True)
class Remarked:
    """A remark that several entries share, but for what it quotes of each."""

    remark: str
    """As it is of the first of them."""
    line: int
    records: int = 0


@dataclass(frozen=True, slots=True)
class Noticed:
    """A notice with the entry that it is of."""

    line: int
    title: str | None
    kind: NoticeKind
    said: str


@dataclass(slots=True)
class Said:
    """Gathered while a file is read, so that nobody has to read it again."""

    rejects: list[Rejected] = field(default_factory=list)
    remarks: dict[str, Remarked] = field(default_factory=dict)
    notices: list[Noticed] = field(default_factory=list)
    labels: dict[str, dict[str, int]] = field(default_factory=dict)
    """By tool, how many entries carry each decision."""

    def see(self, item: Entry | Rejected) -> None:
        """Note what is to be said of an item."""
        if isinstance(item, Rejected):
            self.rejects.append(item)
            return
        for remark in {_form(remark): remark for remark in reversed(item.remarks)}.items():
            self.remarks.setdefault(remark[0], Remarked(remark[1], item.line)).records += 1
        for kind, said in item.notices:
            self.notices.append(Noticed(item.line, item.title, kind, said))
        for source, decision in dict.fromkeys((la.source, la.decision) for la in item.labels):
            counts = self.labels.setdefault(source, {})
            counts[decision or "label"] = counts.get(decision or "label", 0) + 1


def _form(remark: str) -> str:
    """Return a remark without what it quotes of its entry."""
    return re.sub(r"'[^']*'|\d+", "…", remark.split(": ", 1)[0])
