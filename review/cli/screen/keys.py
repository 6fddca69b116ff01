"""Screening by keys: one record after the other, a key a decision.

The loops know nothing of terminals: they draw pages on a console and take keys from a function, so
that tests press keys too. Each key is one short transaction; nothing is open while a person reads.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from review.cli.context import changing, judge
from review.cli.screen.terminal import keys_of_terminal
from review.cli.terminals import drawable
from review.db import Session
from review.errors import ReviewError, seen
from review.people.models import Person
from review.people.rules import Deed
from review.protocol.models import Review
from review.screening import actions, queries, renewal, serving, standings, views
from review.screening.choices import Choice
from review.screening.desk import terms_of
from review.screening.lists import Said
from review.screening.reranking import rerank_in_background
from review.screening.terms import pattern_of, protocol_terms
from review.screening.views import Card, Conflict, Reading
from review.screening.vocabulary import STAGE_WORDS, Stage, Verdict
from review.wording import counted

VERDICTS: Final = {"i": Verdict.INCLUDE, "e": Verdict.EXCLUDE, "m": Verdict.MAYBE}
SETTLED: Final = {"i": Verdict.INCLUDE, "e": Verdict.EXCLUDE}
COLOURS: Final = {Verdict.INCLUDE: "green", Verdict.EXCLUDE: "red", Verdict.MAYBE: "yellow"}
MARKED: Final = "bold black on yellow"

HELP: Final = (
    "i  include          e  exclude           m  maybe (title and abstract: read it)\n"
    "r  exclude with a reason from the protocol's list (always asked at full text)\n"
    "n  note, kept with the decision          s  skip for now; somebody else may read it\n"
    "u  undo: take your last decision back, until somebody adjudicates\n"
    "space, b  more of a long abstract, back  q  leave; nothing is lost\n"
)


@dataclass
class Desk:
    """Where somebody screens: who, what, and the keys and pages of their terminal."""

    review: str | None
    stage: Stage
    console: Console
    key: Callable[[], str]
    ask: Callable[[str], str]
    marks: Sequence[str] = ()
    handle: str = field(default_factory=judge)
    started: float = field(default_factory=time.monotonic)
    done: int = 0
    word: str = ""
    """What is to be said above the next page."""

    def __post_init__(self) -> None:
        with self.open() as (session, review, _):
            chosen = [term for _, some in terms_of(session, review) for term in some]
            self.pattern = pattern_of(
                [*self.marks, *chosen] if chosen else protocol_terms(session, review, self.marks)
            )
            self.reasons = [(r.place, r.label) for r in queries.reasons(session, review)]
            self.title = review.slug

    @contextmanager
    def open(self) -> Iterator[tuple[Session, Review, Person]]:
        """Yield a transaction with the review and the person who screens."""
        with changing(self.review, None, Deed.SCREEN) as (session, review):
            yield session, review, actions.screener(session, review, self.handle)

    def leave(self) -> None:
        """Give back what is still held, and say what was done."""
        with self.open() as (session, _, person):
            serving.release(session, person, now=datetime.now(UTC))
        self.console.print(f"{counted(self.done, 'decision')} made. {self.pace}".rstrip())

    @property
    def pace(self) -> str:
        """How fast it goes, once that can be said."""
        hours = (time.monotonic() - self.started) / 3600
        return f"{self.done / hours:.0f} an hour." if self.done >= 5 else ""

    def page(self, head: str, card: Card, below: Sequence[Text], keys: str, offset: int) -> int:
        """Draw a record on one page; return how many lines of it do not fit below."""
        width, height = self.console.size
        lines = _lines(self.console, card, self.pattern, width)
        foot = [line for text in below for line in text.wrap(self.console, width)]
        room = max(3, height - 4 - len(foot) - bool(self.word))
        shown = lines[offset : offset + room]
        left = len(lines) - offset - len(shown)
        self.console.clear()
        self.console.print(_text(head[:width], style="reverse"), end="\n")
        if self.word:
            self.console.print(_text(self.word[: width - 1], style="bold"))
            self.word = ""
        for line in shown:
            self.console.print(line)
        if left:
            self.console.print(_text(f"… {left} more lines: space", style="dim"))
        for line in foot:
            self.console.print(line)
        self.console.print(_text(keys[:width], style="dim"), end="")
        return left

    def reason(self) -> str | None:
        """Let a reason be chosen from the protocol's list; None where none is."""
        if not self.reasons:
            self.word = "The protocol has no reasons yet: review screen reasons add"
            return None
        self.console.print()
        for place, label in self.reasons:
            self.console.print(_text(f"{place:>3}  {label}"))
        if len(self.reasons) < 10:
            pressed = self.key()
        else:
            pressed = self.ask("number of the reason, or nothing")
        found = [label for place, label in self.reasons if str(place) == pressed.strip()]
        if not found:
            self.word = "No reason was chosen; nothing was decided."
        return found[0] if found else None


def _lines(console: Console, card: Card, pattern: re.Pattern[str] | None, width: int) -> list[Text]:
    authors = "; ".join(card.authors[:6]) + (" et al." if len(card.authors) > 6 else "")
    where = ", ".join(str(x) for x in (authors, card.journal, card.year) if x)
    title = _text(card.heading, style="bold")
    abstract = _text(card.abstract or "There is no abstract.")
    for text in (title, abstract):
        if pattern is not None:
            text.highlight_regex(pattern, MARKED)
    keywords = _text(f"Keywords: {'; '.join(card.keywords)}" if card.keywords else "", style="dim")
    parts = [title, _text(where, style="dim"), _text(""), abstract, keywords]
    return [line for part in parts for line in part.wrap(console, width) or [_text("")]]


@dataclass(frozen=True)
class Pressed:
    """What somebody wants with a record: a verdict, to undo the last one, or neither, to skip."""

    verdict: Verdict | None = None
    reason: str | None = None
    note: str | None = None
    undo: bool = False


def screen_by_keys(desk: Desk) -> None:
    """Hand one record after the other to a person until nothing wants them, or they leave."""
    told: list[tuple[int, Verdict]] = []
    skipped: set[int] = set()
    again: int | None = None
    try:
        while True:
            with desk.open() as (session, review, person):
                reading = views.next_to_read(
                    session, review, person, stage=desk.stage, now=datetime.now(UTC),
                    apart_from=skipped, again=again,
                )  # fmt: skip
            again = None
            if not reading.cards:
                desk.console.clear()
                if desk.word:
                    desk.console.print(desk.word)
                _say_nothing(desk, reading, len(skipped))
                return
            (card,) = reading.cards
            pressed = _decide_on(desk, card, reading.left, bool(told))
            if pressed is None:
                return
            if pressed.verdict is not None:
                choice = Choice(card.record, pressed.verdict, pressed.reason, pressed.note)
                desk.word = _keep(desk, choice, told)
            elif pressed.undo:
                again = _undo(desk, told)
            else:
                skipped.add(card.record)
                desk.word = f"Record {card.record} skipped."
    except (KeyboardInterrupt, EOFError):
        desk.console.print()
    finally:
        desk.leave()


def _say_nothing(desk: Desk, reading: Reading, skipped: int) -> None:
    where = STAGE_WORDS[desk.stage]
    if skipped:
        desk.console.print(f"{counted(skipped, 'record')} skipped; start again for them.")
    elif reading.left:
        records = counted(reading.left, "record")
        desk.console.print(f"Others are reading all {records} that want your decision on {where}.")
    else:
        desk.console.print(f"Nothing wants your decision on {where}.")
    for line in reading.elsewhere:
        desk.console.print(f"  {line}", highlight=False)


def _decide_on(desk: Desk, card: Card, left: int, can_undo: bool) -> Pressed | None:
    """Return what was pressed for a record; None to leave."""
    note: str | None = None
    offset = 0
    undo = "  u undo" if can_undo else ""
    keys = f"i include  e exclude  m maybe  r reason  n note  s skip{undo}  ? help  q leave"
    while True:
        head = (
            f"{desk.title}, {STAGE_WORDS[desk.stage]}, {desk.handle} | record {card.record} | "
            f"{desk.done} done, {left} left {desk.pace}"
        )
        below = [_text(f"Note: {note}", style="italic")] if note else []
        more = desk.page(head, card, below, keys, offset)
        pressed = desk.key().lower()
        if pressed in VERDICTS or pressed == "r":
            verdict = VERDICTS.get(pressed, Verdict.EXCLUDE)
            asked = pressed == "r" or (verdict is Verdict.EXCLUDE and desk.stage is Stage.FULL_TEXT)
            reason = desk.reason() if asked else None
            if asked and reason is None:
                continue
            return Pressed(verdict, reason, note)
        match pressed:
            case "u" if can_undo:
                return Pressed(undo=True)
            case "s":
                return Pressed()
            case "q":
                return None
            case "n":
                desk.console.print()
                note = desk.ask("note").strip() or None
            case " " | "b":
                room = max(1, desk.console.size.height - 6)
                offset = offset + room if pressed == " " and more else max(0, offset - room)
            case "?":
                desk.console.print()
                desk.console.print(HELP, end="")
                desk.key()
            case _:
                desk.word = f"{pressed!r} means nothing here; ? explains the keys."


def _keep(desk: Desk, choice: Choice, told: list[tuple[int, Verdict]]) -> str:
    try:
        with desk.open() as (session, review, _):
            decided = actions.decide(
                session, review, [choice], stage=desk.stage, handle=desk.handle,
                now=datetime.now(UTC),
            )  # fmt: skip
            due = renewal.may_be_due(session, review, desk.stage, decided=1)
            slug = review.slug
    except ReviewError as error:
        return f"Not stored: {error}"
    if due:
        rerank_in_background(slug, desk.stage)
    if decided.late:
        return f"Thank you: record {choice.record} has all its decisions meanwhile, without yours."
    desk.done += 1
    told.append((choice.record, choice.verdict))
    return f"Record {choice.record}: {choice.verdict.value}" + (
        f", {choice.reason}" if choice.reason else ""
    )


def _undo(desk: Desk, told: list[tuple[int, Verdict]]) -> int | None:
    record, verdict = told.pop()
    try:
        with desk.open() as (session, review, _):
            actions.withdraw(
                session, review, record, stage=desk.stage, handle=desk.handle,
                now=datetime.now(UTC),
            )  # fmt: skip
    except ReviewError as error:
        desk.word = f"Not undone: {error}"
        return None
    desk.done -= 1
    desk.word = f"Taken back: {verdict.value} of record {record}. You are undecided."
    return record


def adjudicate_by_keys(desk: Desk) -> None:
    """Show one conflict after the other to somebody who may settle it."""
    passed: list[int] = []
    keys = "i include  e exclude  n note  s skip  u the one before  ? help  q leave"
    again: int | None = None
    try:
        while True:
            found, card, left = _conflict(desk, passed, again)
            if found is None or card is None:
                desk.console.clear()
                if desk.word:
                    desk.console.print(desk.word)
                desk.console.print(
                    f"No conflict on {STAGE_WORDS[desk.stage]} is left for {desk.handle} to settle."
                )
                return
            if not _settle(desk, found, card, left, keys, passed):
                return
            again = None
            if passed and passed[-1] < 0:
                passed.pop()
                again = passed.pop() if passed else None
    except (KeyboardInterrupt, EOFError):
        desk.console.print()
    finally:
        desk.leave()


def _conflict(
    desk: Desk, passed: Sequence[int], again: int | None
) -> tuple[Conflict | None, Card | None, int]:
    with desk.open() as (session, review, person):
        if again is not None:
            numbers = [again]
        else:
            numbers = standings.to_settle(session, review, stage=desk.stage, person=person.id)
        left = len(numbers)
        chosen = next((number for number in numbers if number not in passed), None)
        if chosen is None:
            return None, None, left
        (found,) = views.conflicts_on(session, review, [chosen], stage=desk.stage)
        (card,) = views.cards(session, review, [chosen], stage=desk.stage, handle=desk.handle)
        return found, card, left


def _settle(
    desk: Desk, found: Conflict, card: Card, left: int, keys: str, passed: list[int]
) -> bool:
    """Take keys until a conflict is settled, skipped or left; False to leave."""
    note: str | None = None
    offset = 0
    while True:
        head = f"{desk.title}, conflicts on {STAGE_WORDS[desk.stage]} | {desk.handle} | {left} left"
        below = [_verdict_line(said.who, said) for said in found.said]
        for copy, sayings in found.copies:
            whose = f"of its duplicate {copy}"
            below += [_verdict_line(f"{said.who}, {whose}", said) for said in sayings]
        if note:
            below.append(_text(f"Note: {note}", style="italic"))
        more = desk.page(head, card, below, keys, offset)
        pressed = desk.key().lower()
        if pressed in SETTLED:
            verdict = SETTLED[pressed]
            reason = None
            if verdict is Verdict.EXCLUDE and desk.stage is Stage.FULL_TEXT:
                reason = desk.reason()
                if reason is None:
                    continue
            desk.word = _rule(desk, Choice(card.record, verdict, reason, note))
            passed.append(card.record)
            return True
        match pressed:
            case "s":
                passed.append(card.record)
                return True
            case "u" if passed:
                passed.append(-1)
                return True
            case "q":
                return False
            case "n":
                desk.console.print()
                note = desk.ask("note").strip() or None
            case " " | "b":
                room = max(1, desk.console.size.height - 6)
                offset = offset + room if pressed == " " and more else max(0, offset - room)
            case _:
                desk.word = "i and e settle it, s skips it, q leaves."


def _rule(desk: Desk, choice: Choice) -> str:
    try:
        with desk.open() as (session, review, _):
            actions.adjudicate(
                session, review, choice, stage=desk.stage, handle=desk.handle,
                now=datetime.now(UTC),
            )  # fmt: skip
    except ReviewError as error:
        return f"Not stored: {error}"
    desk.done += 1
    return f"Record {choice.record}: {choice.verdict.value}, adjudicated."


def _verdict_line(who: str, said: Said) -> Text:
    line = _text(f"{who}: ")
    line.append(said.verdict.value, style=COLOURS[said.verdict])
    line.append(f", {said.reason}" if said.reason else "")
    line.append(f" ({said.note})" if said.note else "")
    return line


def _text(words: str, style: str = "") -> Text:
    """Return words to be shown; what a terminal would obey in them is written out."""
    return Text(seen(words), style=style)


def run_at_terminal(
    loop: Callable[[Desk], None], review: str | None, stage: Stage, marks: Sequence[str]
) -> None:
    """Run a loop at this terminal; raise UsageError where there is none."""
    console = Console(highlight=False, file=drawable(sys.stdout))
    if not (console.is_terminal and sys.stdin.isatty()):
        raise click.UsageError("screening by keys needs a terminal; see: review screen --help")
    with keys_of_terminal() as keys:
        loop(Desk(review, stage, console, keys.key, keys.ask, marks))
