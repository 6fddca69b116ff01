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

from review.living.reports.pages import Section
from review.wording import capitalised, counted


class NoticeKind(StrEnum):
    """What a notice is about, in the order in which notices are told."""

    WITHHELD = "withheld"
    """The headline stands back until a person has settled something."""
    STOPPED = "stopped"
    """The analysis cannot be pooled as things are."""
    PLAN_CHANGED = "plan_changed"
    """The plan was changed after results were seen."""
    POST_HOC = "post_hoc"
    """The analysis was planned after results of its outcome were seen."""
    RETRACTED = "retracted"
    """A trial that entered was retracted, or its journal has expressed concern."""
    LEFT_OUT = "left_out"
    """A trial could enter and does not."""
    IN_PART = "in_part"
    """A trial enters without an arm, or with another result, than it could."""
    ANOTHER_QUESTION = "another_question"
    """A trial has other arms than the plan asks about, or does not meet its conditions."""
    NO_RESULT = "no_result"
    """Nothing of the outcome is entered of a trial whose arms the plan asks about."""
    ZERO_CELLS = "zero_cells"
    """Cells without events: the rule, the trials that it touched, and other ways to pool."""
    UNCONTROLLED = "uncontrolled"
    """Changes within arms are pooled, with nothing that they are compared with."""
    UNMATCHED = "unmatched"
    """The plan asks for something that no study has."""
    DOUBT = "doubt"
    """A number that entered is doubted, and nobody has looked into it."""


HEADINGS: Final = {
    NoticeKind.WITHHELD: "No conclusion until this is settled",
    NoticeKind.STOPPED: "Cannot be pooled now",
    NoticeKind.PLAN_CHANGED: "Plan changed after results were seen",
    NoticeKind.POST_HOC: "Planned after results were seen",
    NoticeKind.RETRACTED: "Retracted, or under concern",
    NoticeKind.LEFT_OUT: "Left out",
    NoticeKind.IN_PART: "Enter only in part",
    NoticeKind.ANOTHER_QUESTION: "Answer another question",
    NoticeKind.NO_RESULT: "No result of the outcome",
    NoticeKind.ZERO_CELLS: "Arms or cells without events",
    NoticeKind.UNCONTROLLED: "Nothing is compared",
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
    detail: str | None = None
    """What the study has instead; told where the study stands alone."""
    by: str | None = None
    """Who did it: told to who works on the review, not in print."""

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

    def studies(self, kind: NoticeKind) -> int:
        """Return how many studies have a notice of a kind."""
        return len({item.study for item in self.of(kind)})

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
        left_out, in_part = self.studies(NoticeKind.LEFT_OUT), self.studies(NoticeKind.IN_PART)
        doubts = len(self.of(NoticeKind.DOUBT))
        retracted = len({i.study for i in self.of(NoticeKind.RETRACTED) if i.study is not None})
        told = (
            ("no conclusion until a person settles what is listed", self.withheld),
            ("it cannot be pooled now", bool(self.of(NoticeKind.STOPPED))),
            ("plan changed after results were seen", bool(self.of(NoticeKind.PLAN_CHANGED))),
            ("planned after results were seen", bool(self.of(NoticeKind.POST_HOC))),
            (f"{counted(retracted, 'trial')} retracted or under concern", retracted > 0),
            (f"{counted(left_out, 'trial')} left out", left_out > 0),
            (f"{counted(in_part, 'trial enters', 'trials enter')} only in part", in_part > 0),
            (f"{counted(doubts, 'doubt')} open", doubts > 0),
        )
        return "; ".join(text for text, holds in told if holds)

    def sentences(
        self, *kinds: NoticeKind, most: int | None = None, brief: bool = False
    ) -> tuple[str, ...]:
        """Return one sentence for each reason, the studies that share it named together.

        Parameters
        ----------
        kinds
            Of these kinds; all by default.
        most
            At most so many sentences; a last one then says how many more there are, and names the
            studies that they are about.
        brief
            Whether studies that the plan does not ask about are counted and not named.
        """
        shown = list(_grouped(self.of(*(kinds or NoticeKind)), brief=brief))
        if most is None or len(shown) <= most:
            return tuple(text for _, text in shown)
        rest = dict.fromkeys(study for studies, _ in shown[most:] for study in studies)
        named = f": {'; '.join(rest)}" if rest else ""
        return (*(text for _, text in shown[:most]), f"And {len(shown) - most} more{named}.")

    def sections(self, *, most: int | None = None, brief: bool = False) -> list[Section]:
        """Return a section for each kind that has notices."""
        found = []
        for kind in NoticeKind:
            told = self.sentences(kind, most=most, brief=brief)
            if told:
                n = len(self.of(kind)) if kind is NoticeKind.DOUBT else self.studies(kind)
                number = f" ({n})" if kind in _COUNTED else ""
                after = (AFTERWARDS[kind],) if kind in AFTERWARDS else ()
                found.append(Section(f"{HEADINGS[kind]}{number}", (*told, *after)))
        return found


_COUNTED: Final = frozenset(NoticeKind) - {
    NoticeKind.WITHHELD, NoticeKind.STOPPED, NoticeKind.PLAN_CHANGED, NoticeKind.POST_HOC,
    NoticeKind.UNMATCHED, NoticeKind.RETRACTED,
}  # fmt: skip

AFTERWARDS: Final = {
    NoticeKind.DOUBT: (
        "Look into each: correct the number, or set the doubt aside with: "
        "review extract dismiss DOUBT --reason TEXT"
    )
}
"""What can be done about all notices of a kind."""

FEW: Final = 3
"""Studies of another question that a brief report names still."""

MOST_NAMED: Final = 12
"""Studies that a sentence names; the others are counted."""


NO_NOTICES: Final = Notices()


def _grouped(items: Iterable[Notice], *, brief: bool) -> Iterator[tuple[list[str], str]]:
    groups: dict[tuple[NoticeKind, str, str | None, str | None], list[Notice]] = {}
    for item in items:
        groups.setdefault((item.kind, item.what, item.remedy, item.key), []).append(item)
    for of_reason in groups.values():
        studies = [item.study for item in of_reason if item.study]
        if brief and of_reason[0].kind is NoticeKind.ANOTHER_QUESTION and len(studies) > FEW:
            yield [], f"{counted(len(studies), 'study', 'studies')}: {of_reason[0].what}."
        else:
            yield studies, _sentence(studies, of_reason[0])


def _sentence(studies: list[str], item: Notice) -> str:
    named = "; ".join(studies[:MOST_NAMED])
    if len(studies) > MOST_NAMED:
        named = f"{named} and {len(studies) - MOST_NAMED} more"
    detail = f" ({item.detail})" if item.detail and len(studies) == 1 else ""
    told = f"{named}: {item.what}" if studies else item.what
    key = f" [{item.key}]" if item.key else f" [by {item.by}]" if item.by else ""
    remedy = f" {capitalised(item.remedy)}." if item.remedy else ""
    stop = "" if told.endswith("?") and not (detail or key) else "."
    return f"{capitalised(told)}{detail}{key}{stop}{remedy}"
