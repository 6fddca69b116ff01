"""The one exception tree: each class a sentence, said to the user as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ReviewError(Exception):
    """Something the user can understand and mend; the command line exits with status 1."""


class NotFoundError(ReviewError):
    """What was asked for is not in the database."""


class AlreadyExistsError(ReviewError):
    """A name is taken."""


class InvalidDataError(ReviewError, ValueError):
    """Numbers or settings that cannot be right."""


class NotAllowedError(InvalidDataError):
    """A person's role, or an earlier part of theirs, forbids it."""


class DatabaseStateError(ReviewError):
    """The database is missing, behind, ahead of this software, or damaged."""


class BusyError(ReviewError):
    """Another process holds what this one needs."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one place of a file."""

    line: int | None
    column: str | None
    reason: str
    place: str | None = None
    """Where the file is no text: ``sheet results, cell J3``; its row is `line` all the same."""

    def __str__(self) -> str:
        """``line 3, column sd: "abc" is not a number``."""
        where = [f"line {self.line}"] if self.line is not None else []
        if self.place is not None:
            where = [self.place]
        if self.column is not None:
            where.append(f"column {self.column}")
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
