"""What a form cannot be taken for: wrong cells, another tab's saving, somebody who was faster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from review.errors import InvalidDataError, StaleError
from review.extraction.drafts.form import Stored
from review.extraction.drafts.lines import Wrong
from review.extraction.drafts.merging import Clash
from review.wording import counted


def _field(one: Wrong) -> list[str]:
    place = ":".join(filter(None, (one.place.at, one.place.key)))
    return [f"{place}:{name}" for name in one.fields] or [place]


class FormError(InvalidDataError):
    """Cells of a form that cannot be taken; all of them are said."""

    def __init__(self, wrong: Sequence[Wrong]):
        self.wrong = tuple(wrong)
        self.fields = tuple((name, one.message) for one in wrong for name in _field(one))
        many = counted(len(self.wrong), "thing")
        is_are = "is" if len(self.wrong) == 1 else "are"
        super().__init__(f"{many} in this form {is_are} not right yet; nothing was stored")

    def __reduce__(self) -> tuple[type[FormError], tuple[tuple[Wrong, ...]]]:
        """Rebuild from what is wrong."""
        return FormError, (self.wrong,)


class CellsError(InvalidDataError):
    """Cells that cannot be settled so; none was."""

    def __init__(self, wrong: Sequence[tuple[str, str]]):
        self.fields = tuple(wrong)
        super().__init__("; ".join(dict.fromkeys(message for _, message in wrong)))

    def __reduce__(self) -> tuple[type[CellsError], tuple[tuple[tuple[str, str], ...]]]:
        """Rebuild from what is wrong."""
        return CellsError, (self.fields,)


class StaleDraftError(StaleError):
    """Another window of the same person saved the draft since; both texts are kept."""

    def __init__(self, draft: dict[str, Any] | None):
        self.details = {"draft": draft}
        super().__init__(
            "another window of yours has saved this draft since; choose which to go on with"
            if draft is not None
            else "this draft was taken over or thrown away in another window of yours"
        )


class OvertakenError(StaleError):
    """Somebody changed cells that the form changes too; nothing was stored, and nothing is lost."""

    def __init__(self, clashes: Sequence[Clash], stored: Stored):
        self.clashes = tuple(clashes)
        self.stored = stored
        self.details = {"conflicts": self.clashes, "stored": stored}
        super().__init__(
            f"somebody changed {counted(len(self.clashes), 'cell')} of this form after it was "
            "opened; nothing was stored, and all you typed is kept: choose which value is right"
        )
