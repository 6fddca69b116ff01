"""What an act of mending says it did, to the person now and to the history for later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from review.errors import InvalidDataError, ReviewError
from review.extraction.fields import written
from review.history.actions import record_step
from review.protocol.models import Review
from review.protocol.queries import current_versions


@dataclass(frozen=True, slots=True)
class Mended:
    """What was done: in a sentence, and thing by thing."""

    sentence: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where two that become one say different things."""

    place: str
    field: str
    stays: Any
    goes: Any

    def __str__(self) -> str:
        """``arm Video, n_randomised: 60 here, 52 there``."""
        return f"{self.place}, {self.field}: {written(self.stays)} and {written(self.goes)}"


class DifferencesError(ReviewError):
    """Two that were to become one contradict each other, and nobody said which counts."""

    def __init__(self, stays: str, goes: str, differences: Sequence[Difference]):
        self.differences = tuple(differences)
        lines = "\n".join(f"  {difference}" for difference in differences)
        super().__init__(
            f"{goes} cannot be merged into {stays} yet, for they say different things (first what "
            f"{stays} says):\n{lines}\n"
            f'Correct one of them, or say which counts with --keep "{stays}" or --keep "{goes}"; '
            "the other value stays in the history."
        )


def needs_reason(reason: str) -> str:
    """Return a reason without blanks around it; raise InvalidDataError where there is none."""
    if not reason.strip():
        raise InvalidDataError("say why with --reason; the reason is kept in the history")
    return reason.strip()


def keep_step(
    session: Session, action: str, *, entity: str, entity_id: int | None, mended: Mended
) -> Mended:
    """Put an act into the history as a sentence, beside the events of the rows; return it.

    Change reports print the sentences of what touched the inputs of their analysis.
    """
    session.flush()
    record_step(session, action, entity=entity, entity_id=entity_id, said=mended.sentence)
    return mended


_IN_WORDS = frozenset({"title", "label", "effect", "note"})
"""Parts of a plan that outputs print and nothing is selected by."""


def plans_naming(session: Session, review: Review, name: str) -> list[str]:
    """Return the analyses whose newest plan selects by a name, such as a treatment."""

    def names(part: object) -> Iterable[str]:
        if isinstance(part, str):
            yield part
        elif isinstance(part, list):
            for item in part:
                yield from names(item)
        elif isinstance(part, dict):
            for key, item in part.items():
                if key not in _IN_WORDS:
                    yield from names(item)

    return [v.analysis.slug for v in current_versions(session, review) if name in names(v.plan)]


@dataclass
class Becoming:
    """Two that become one: what each says, value by value.

    `keep` is whose value counts where they differ: None lists the differences instead.
    """

    stays: str
    goes: str
    keep_stays: bool | None = None
    differences: list[Difference] = field(default_factory=list)
    details: list[str] = field(default_factory=list)

    def facts(self, place: str, stays: Any, goes: Any, names: Iterable[str]) -> None:
        """Fill what one lacks from the other; settle or note what differs."""
        for name in names:
            was, other = getattr(stays, name), getattr(goes, name)
            if other is None or was == other:
                continue
            if was is None:
                setattr(stays, name, other)
                self.details.append(f"{place}: {name} {written(other)} comes from {self.goes}")
            elif self.keep_stays is None:
                self.differences.append(Difference(place, name, was, other))
            elif self.keep_stays:
                self.details.append(f"{place}: {name} stays {written(was)}, not {written(other)}")
            else:
                setattr(stays, name, other)
                self.details.append(f"{place}: {name} {written(was)} becomes {written(other)}")

    def settle(self) -> None:
        """Raise DifferencesError where differences are left."""
        if self.differences:
            raise DifferencesError(self.stays, self.goes, self.differences)


def which_counts(keep: str | None, *, stays: str, goes: str) -> bool | None:
    """Return whether the values of the one that stays count; None where that was not said."""
    if keep is None:
        return None
    if keep not in (stays, goes):
        raise InvalidDataError(f'--keep is "{stays}" or "{goes}", not "{keep}"')
    return keep == stays
