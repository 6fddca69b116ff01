"""Names that are nearly one: "Adams (2015)" beside "Adams 2015". Pure: it asks, never decides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from rapidfuzz.distance import OSA

from review.errors import InvalidDataError, Problem
from review.extraction.spelling import identity

if TYPE_CHECKING:
    from review.extraction.rows import NumberedRow

LETTERS: Final = 5
"""Letters that a word needs before one that differs may be a slip: "CBT" and "iCBT" are two."""

_FILLING: Final = frozenset({"et", "al", "and", "und", "the"})
_SPELLED: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"}


def words(name: str) -> tuple[str, ...]:
    """Return the words and numbers of a name; accents, signs and "et al." do not count.

    Examples
    --------
    >>> words("Müller et al. (2015)"), words("Video-CBT")
    (('mueller', '2015'), ('video', 'cbt'))
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    text = "".join(_SPELLED.get(sign, sign) for sign in text)
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    found = re.findall(r"\d+|[^\W\d_]+", plain)
    return tuple(word for word in found if word not in _FILLING) or tuple(found)


def near(one: str, other: str) -> bool:
    """Whether two names may be two spellings of one.

    They have the same letters and digits, however these are parted; or the same words but for one
    letter of a long one. Numbers and single letters always tell apart: 2015a is not 2015b.

    Examples
    --------
    >>> near("Adams (2015)", "Adams, 2015"), near("wait list", "Waitlist")
    (True, True)
    >>> near("Andersson 2012", "Anderson 2012"), near("Smith 2015a", "Smith 2015b")
    (True, False)
    """
    first, second = words(one), words(other)
    if "".join(first) == "".join(second):
        return bool(first) or identity(one) == identity(other)
    if len(first) != len(second):
        return False
    ((a, b), *more) = [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]]
    return (
        not more
        and _long(a)
        and _long(b)
        and a[0] == b[0]
        and OSA.distance(a, b, score_cutoff=1) == 1
    )


def nearly_called(slug: str, name: str, known: Mapping[str, str]) -> str | None:
    """Return the first other short name which, or whose name, is nearly this one.

    `known` are names by short name.

    Examples
    --------
    >>> nearly_called("phq9", "PHQ-9", {"phq-9": "Patient Health Questionnaire"})
    'phq-9'
    """
    others = ((one, called) for one, called in known.items() if one != slug)
    return next((one for one, called in others if near(slug, one) or near(name, called)), None)


def twins(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield ``(later, earlier)`` for names that may be one, each name with the first like it.

    Names that `identity` takes for one are no twins: they are written alike at import.
    """
    seen: set[str] = set()
    alike: dict[object, list[str]] = {}
    for name in names:
        mark = identity(name)
        if mark in seen:
            continue
        seen.add(mark)
        found = words(name)
        keys: list[object] = ["".join(found)]
        keys += [(i, *found[:i], *found[i + 1 :]) for i, w in enumerate(found) if _long(w)]
        others = (other for key in keys for other in alike.get(key, ()) if near(name, other))
        if (twin := next(others, None)) is not None:
            yield name, twin
        for key in keys:
            alike.setdefault(key, []).append(name)


def _long(word: str) -> bool:
    return word.isalpha() and len(word) >= LETTERS


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person said of names that are nearly one."""

    distinct: frozenset[str] = frozenset()
    """New names that are their own."""
    same: Mapping[str, str] = field(default_factory=dict)
    """Names and what each is to be called."""

    @classmethod
    def given(cls, distinct: Iterable[str], same: Iterable[str]) -> Answers:
        """Return answers as the command line takes them, ``NAME`` and ``NAME=KNOWN``."""
        pairs: dict[str, str] = {}
        for text in same:
            name, equals, known = text.rpartition("=")
            if not equals or not name.strip() or not known.strip():
                raise InvalidDataError(f"--same is NAME=KNOWN, not {text!r}")
            pairs[name] = known.strip()
        return cls.of(distinct, pairs)

    @classmethod
    def of(cls, distinct: Iterable[str], same: Mapping[str, str]) -> Answers:
        """Return answers by the names that they are about."""
        called = {identity(name): known for name, known in same.items()}
        return cls(frozenset(identity(name) for name in distinct), called)

    def called(self, name: str) -> str:
        """Return what a name is to be called."""
        return self.same.get(identity(name), name)

    def separates(self, *names: str) -> bool:
        """Whether one of the names was said to be its own."""
        return any(identity(name) in self.distinct for name in names)


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names that a review has already, in the order in which they came."""

    studies: Sequence[str] = ()
    arms: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By study."""
    treatments: Sequence[str] = ()
    timepoints: Sequence[str] = ()
    reports: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Citations, by study."""


@dataclass(frozen=True, slots=True)
class NameQuestion(Problem):
    """A new name that is nearly a known one: the problem that answering it mends."""

    kind: str = ""
    """What is named: study, arm, treatment, timepoint or report."""
    study: str = ""
    """Of which study, where it is of one."""
    name: str = ""
    """The new one."""
    other: str = ""
    """The known one."""


def as_answered(rows: Iterable[NumberedRow], answers: Answers) -> Iterator[NumberedRow]:
    """Yield rows with every name called what it was said to be the same as."""
    for numbered in rows:
        given = {name: getattr(numbered.row, name) for name in _NAMES}
        names = {
            name: called
            for name, value in given.items()
            if value is not None and (called := answers.called(value)) != value
        }
        row = numbered.row.model_copy(update=names)
        yield replace(numbered, row=row) if names else numbered


_NAMES: Final = (
    "study", "citation", "arm", "versus_arm", "favours", "treatment", "versus_treatment",
    "timepoint",
)  # fmt: skip


def questions(
    rows: Sequence[NumberedRow], known: KnownNames, answers: Answers
) -> list[NameQuestion]:
    """Return what a table must be asked: its new names that nearly are known ones, or each other.

    Parameters
    ----------
    rows
        Spelled as the review has them (`review.extraction.spelling.as_spelled`).
    known
        What the review has; of the names of a table, the first counts as known for the others.
    answers
        What was answered already.
    """
    kinds: dict[tuple[str, str], dict[str, int | None]] = {}

    def there(kind: str, study: str, names: Iterable[str]) -> None:
        kinds.setdefault((kind, study), dict.fromkeys(names))

    def named(kind: str, study: str, name: str | None, line: int) -> None:
        if name is not None:
            kinds.setdefault((kind, study), {}).setdefault(name, line)

    there("study", "", known.studies)
    there("treatment", "", known.treatments)
    there("timepoint", "", known.timepoints)
    for study, arms in known.arms.items():
        there("arm", study, arms)
    for study, cited in known.reports.items():
        there("citation", study, cited)
    for numbered in rows:
        row, line = numbered.row, numbered.line
        named("study", "", row.study, line)
        named("citation", row.study, row.citation, line)
        there_already = kinds.get(("arm", row.study), {})
        for arm, treatment in (
            (row.arm, row.treatment),
            (row.versus_arm, row.versus_treatment),
        ):
            # an arm that comes without a treatment is taken to be of the treatment it is called
            unsaid = arm if arm not in there_already else None
            named("arm", row.study, arm, line)
            named("treatment", "", treatment or unsaid, line)
        if row.instrument is not None:
            named("timepoint", "", row.timepoint, line)
    found = []
    asked: set[tuple[int, str, str]] = set()
    for (kind, study), names in sorted(kinds.items()):
        for name, other in twins(names):
            at = names[name]
            if at is None or (at, name, other) in asked or answers.separates(name, other):
                continue
            asked.add((at, name, other))
            what = "report" if kind == "citation" else kind
            reason = _question(what, study, name, other)
            found.append(NameQuestion(at, kind, reason, None, what, study, name, other))
    return sorted(found, key=lambda problem: (problem.line or 0, problem.column or ""))


def _question(what: str, study: str, name: str, other: str) -> str:
    of = f" of {study}" if study else ""
    return (
        f'"{name}" is nearly "{other}"{of}: the same {what}? Then write it alike, or add '
        f'--same "{name}={other}"; if they differ, add --distinct "{name}"'
    )
