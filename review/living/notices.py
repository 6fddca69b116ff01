"""What a reader must know beside a result: one list that every report and export prints from.

Trials that are left out, open doubts, a plan changed after results were seen, a headline that is
withheld: each is a notice, with its reason and its remedy, as things are when the report is made.
Pure values; ``noticing`` reads them from the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from review.living.pages import Section
from review.wording import capitalised, counted


class NoticeKind(StrEnum):
    """What a notice is about, in the order in which notices are told."""

    WITHHELD = "withheld"
    """The headline stands back until a person has settled something."""
    STOPPED = "stopped"
    """The analysis cannot be pooled as things are."""
    PLAN_CHANGED = "plan_changed"
    """The plan was made or changed after results were seen."""
    LEFT_OUT = "left_out"
    """A trial (or an arm of one) could enter and does not."""
    UNMATCHED = "unmatched"
    """The plan asks for something that no study has."""
    DOUBT = "doubt"
    """A number that entered is doubted, and nobody has looked into it."""


HEADINGS: Final = {
    NoticeKind.WITHHELD: "No conclusion until this is settled",
    NoticeKind.STOPPED: "Cannot be pooled now",
    NoticeKind.PLAN_CHANGED: "Plan changed after results were seen",
    NoticeKind.LEFT_OUT: "Left out",
    NoticeKind.UNMATCHED: "In the plan, but in no study",
    NoticeKind.DOUBT: "Doubts open",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to know: what, of which study, and what can be done about it."""

    kind: NoticeKind
    what: str
    """The reason in words, without a full stop."""
    study: str | None = None
    remedy: str | None = None
    key: str | None = None
    """What commands call it: the key of a doubt."""

    @property
    def sentence(self) -> str:
        """Study, reason and remedy as one sentence."""
        return _sentence([self.study] if self.study else [], self)


@dataclass(frozen=True, slots=True)
class Notices:
    """The notices of one analysis, as things are now."""

    items: tuple[Notice, ...] = ()

    def of(self, *kinds: NoticeKind) -> tuple[Notice, ...]:
        """Return the notices of some kinds, in their order."""
        return tuple(item for item in self.items if item.kind in kinds)

    @property
    def withheld(self) -> bool:
        """Whether the headline stands back until a person has settled something."""
        return bool(self.of(NoticeKind.WITHHELD))

    @property
    def plain(self) -> dict[str, object]:
        """For scripts."""
        return {"headline": self.headline, "notices": [asdict(item) for item in self.items]}

    @property
    def headline(self) -> str:
        """What stands beside the estimate: ``1 trial left out; 9 doubts open``; may be empty."""
        left_out = len({item.study for item in self.of(NoticeKind.LEFT_OUT)})
        doubts = len(self.of(NoticeKind.DOUBT))
        told = (
            ("no conclusion until a person settles what is listed", self.withheld),
            ("it cannot be pooled now", bool(self.of(NoticeKind.STOPPED))),
            ("plan changed after results were seen", bool(self.of(NoticeKind.PLAN_CHANGED))),
            (f"{counted(left_out, 'trial')} left out", left_out > 0),
            (
                "the plan names something that no study has",
                bool(self.of(NoticeKind.UNMATCHED)),
            ),
            (f"{counted(doubts, 'doubt')} open", doubts > 0),
        )
        return "; ".join(text for text, holds in told if holds)

    def sentences(self, *kinds: NoticeKind, most: int | None = None) -> tuple[str, ...]:
        """Return one sentence for each reason, the studies that share it named together.

        Parameters
        ----------
        kinds
            Of these kinds; all by default.
        most
            At most so many sentences; a last one then says how many more there are.
        """
        shown = list(_grouped(self.of(*(kinds or NoticeKind))))
        if most is None or len(shown) <= most:
            return tuple(shown)
        return (*shown[:most], f"And {len(shown) - most} more.")

    def sections(self, *, most: int | None = None) -> list[Section]:
        """Return a section for each kind that has notices."""
        found = []
        for kind in NoticeKind:
            told = self.sentences(kind, most=most)
            if told:
                n = len({i.study for i in self.of(kind)} if kind is NoticeKind.LEFT_OUT else told)
                if kind is NoticeKind.DOUBT:
                    n = len(self.of(kind))
                heading = HEADINGS[kind]
                if kind in (NoticeKind.LEFT_OUT, NoticeKind.DOUBT):
                    heading = f"{heading} ({n})"
                found.append(Section(heading, told))
        return found


NO_NOTICES: Final = Notices()


def _grouped(items: Iterable[Notice]) -> Iterator[str]:
    groups: dict[tuple[NoticeKind, str, str | None, str | None], list[Notice]] = {}
    for item in items:
        groups.setdefault((item.kind, item.what, item.remedy, item.key), []).append(item)
    for of_reason in groups.values():
        yield _sentence([item.study for item in of_reason if item.study], of_reason[0])


def _sentence(studies: list[str], item: Notice) -> str:
    names = f"{'; '.join(studies)}: " if studies else ""
    key = f" [{item.key}]" if item.key else ""
    remedy = f". Remedy: {item.remedy}" if item.remedy else ""
    return f"{capitalised(names + item.what)}{key}{remedy}."
