"""One spelling of each name: case, width and blanks tell no two studies, arms or times apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from review.extraction.rows import NumberedRow


def identity(text: str) -> str:
    """Return what two spellings of one name share: case, width and blanks do not count.

    Examples
    --------
    >>> identity("Choi  (2012)") == identity("CHOI (2012) ")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class Spelling:
    """The names that are known; a name that is spelled as one of them stays even if two are alike.

    Parameters
    ----------
    known
        Names; of alike ones the first is what others are taken for.
    """

    def __init__(self, known: Iterable[str] = ()):
        self._exact: set[str] = set()
        self._first: dict[str, str] = {}
        for name in known:
            self._exact.add(name)
            self._first.setdefault(identity(name), name)

    def of(self, name: str) -> str:
        """Return the known spelling of a name; the name itself where there is none."""
        return name if name in self._exact else self._first.get(identity(name), name)

    def learned(self, name: str) -> str:
        """Return the known spelling of a name, which is known from now on."""
        return name if name in self._exact else self._first.setdefault(identity(name), name)


def as_spelled(
    rows: Iterable[NumberedRow],
    *,
    studies: Iterable[str],
    arms: Mapping[str, Iterable[str]],
    timepoints: Iterable[str],
) -> Iterator[NumberedRow]:
    """Yield rows whose studies, arms and timepoints are spelled as they are known.

    Parameters
    ----------
    rows
        Of one table, which may spell a name in more than one way too: the first counts.
    studies, arms, timepoints
        Known labels; arms by the label of their study.
    """
    study_names, times = Spelling(studies), Spelling(timepoints)
    arm_names = {study: Spelling(labels) for study, labels in arms.items()}
    for numbered in rows:
        row = numbered.row
        study = study_names.learned(row.study)
        arms_of = arm_names.setdefault(study, Spelling())
        names = {"study": study, "timepoint": times.learned(row.timepoint)}
        for column in ("arm", "versus_arm"):
            if (label := getattr(row, column)) is not None:
                names[column] = arms_of.learned(label)
        if row.favours is not None:
            names["favours"] = arms_of.of(row.favours)
        changed = {column: name for column, name in names.items() if name != getattr(row, column)}
        yield replace(numbered, row=row.model_copy(update=changed)) if changed else numbered
