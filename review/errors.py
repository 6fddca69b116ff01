"""The one exception tree: each class a sentence, and apart from it what mends it.

A sentence is said to the user as it stands. A remedy is said by each edge in its own way: the
command line prints its command, a page leads to where the same is done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""What a terminal obeys or does not show: controls, marks of direction, tags, halves of characters.
Line ends and tabs are none of them, nor what joins letters in Persian and Hindi."""


def seen(text: str) -> str:
    r"""Return a text in which what nobody would see is written out, as ``\x1b``.

    What people's files hold stands in our sentences, and those are printed: a title must not
    colour a terminal, empty it, or turn the words around it.

    Examples
    --------
    >>> print(seen("a title\x1b[2J and \u202emore"))
    a title\x1b[2J and \u202emore
    """
    if text.isprintable():
        return text
    return _UNSEEN.sub(lambda sign: sign[0].encode("unicode_escape").decode("ascii"), text)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What mends an error."""

    words: str
    """What it does, as an edge may say before it: ``see them with``."""
    command: str
    """How it is done on the command line: ``review records list``."""

    def __str__(self) -> str:
        """``see them with: review records list``."""
        return f"{self.words}: {self.command}"


class ReviewError(Exception):
    """Something the user can understand and mend; the command line exits with status 1."""

    def __init__(self, sentence: str = "", *, remedy: Remedy | None = None) -> None:
        super().__init__(seen(sentence))
        self.remedy = remedy

    @property
    def told(self) -> str:
        """The sentence and the remedy, as the command line says them."""
        return f"{self}; {self.remedy}" if self.remedy else str(self)


class NotFoundError(ReviewError):
    """What was asked for is not in the database."""


class AlreadyExistsError(ReviewError):
    """A name is taken."""


class StaleError(ReviewError):
    """What was to be changed has been changed by somebody else since it was read."""

    details: Mapping[str, object] = MappingProxyType({})
    """What a form needs beside the sentence, by name: the API sends it with the problem."""


class VersionNeededError(ReviewError):
    """A change that does not say which version it changes, where others may have changed it."""


class InvalidDataError(ReviewError, ValueError):
    """Numbers or settings that cannot be right."""

    fields: tuple[tuple[str, str], ...] = ()
    """What is wrong where, for a form that has several things wrong with it."""


class NotAllowedError(InvalidDataError):
    """A person's role, or an earlier part of theirs, forbids it."""


class SignInError(ReviewError):
    """A name, a password, a code or a token that are not somebody's."""


class TooManyError(ReviewError):
    """Too many tries in too short a time; `seconds` until the next."""

    def __init__(self, sentence: str, *, seconds: int) -> None:
        super().__init__(sentence)
        self.seconds = seconds

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild with its seconds."""
        return _too_many, (str(self), self.seconds)


def _too_many(sentence: str, seconds: int) -> TooManyError:
    return TooManyError(sentence, seconds=seconds)


class DatabaseStateError(ReviewError):
    """The database is missing, behind, ahead of this software, or damaged."""


class BusyError(ReviewError):
    """Another process holds what this one needs."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one place of a file."""

    line: int | None
    column: str | None
    """Of cells that do not go together all of them: ``ci_low, ci_high``."""
    reason: str
    place: str | None = None
    """Where the file is no text: ``sheet results, cell J3``; its row is `line` all the same."""

    def __post_init__(self) -> None:
        """Write out what nobody would see: a problem quotes its file."""
        for name in ("column", "reason", "place"):
            text = getattr(self, name)
            if text is not None and not text.isprintable():
                object.__setattr__(self, name, seen(text))

    def __str__(self) -> str:
        """``line 3, column sd: "abc" is not a number``."""
        where = [f"line {self.line}"] if self.line is not None else []
        if self.place is not None:
            where = [self.place]
        if self.column is not None:
            where.append(f"column{'s' if ', ' in self.column else ''} {self.column}")
        return f"{', '.join(where)}: {self.reason}" if where else self.reason


class FileError(ReviewError):
    """A file that cannot be taken as it is; nothing of it was stored."""

    verdict = "was not accepted; nothing was stored."

    def __init__(self, file: str, problems: Sequence[Problem]):
        self.file = file
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{file} {self.verdict}\n{lines}")

    def __reduce__(self) -> tuple[type[FileError], tuple[str, tuple[Problem, ...]]]:
        """Rebuild from file and problems, so that worker processes can raise it."""
        return type(self), (self.file, self.problems)


class UnreadableFileError(FileError):
    """A file that cannot be read as the table it should be, where nothing is ever stored."""

    verdict = "cannot be pooled."
