"""Random effects of one outcome's results: which groups a plan names, and what it then refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from review.protocol.beside import OF_WHOLE_MODELS, TESTS_OF_MANY, refused_beside
from review.protocol.vocabulary import AnalysisKind, Variant

STUDY: Final = "study"
RESULT: Final = "result"
"""Each effect that a plan takes, a group of its own."""

OF_UNITS: Final = frozenset({STUDY, RESULT})
"""What terms may name beside characteristics."""

WEEKS: Final = "weeks"

METHODS: Final = ("REML", "ML")


def terms_of(texts: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the names of each random effect, outermost first; ValueError where one is missing.

    Examples
    --------
    >>> terms_of(["lab/study", "study + instrument"])
    (('lab',), ('lab', 'study'), ('study',), ('instrument',))
    """
    found: list[tuple[str, ...]] = []
    for text in texts:
        for part in text.split("+"):
            names = tuple(name.strip() for name in part.split("/"))
            if not all(names):
                raise ValueError(
                    f'{text!r} lacks a name; write "country / study" for studies within countries, '
                    '"study + instrument" for groups that cross'
                )
            found += [names[: depth + 1] for depth in range(len(names))]
    return tuple(dict.fromkeys(found))


def as_written(text: str) -> str:
    """Return the text of random effects with its signs set apart; raises as `terms_of`.

    Examples
    --------
    >>> as_written("country/study+instrument")
    'country / study + instrument'
    """
    terms_of([text])
    parts = ([name.strip() for name in part.split("/")] for part in text.split("+"))
    return " + ".join(" / ".join(names) for names in parts)


def names_of_levels(texts: Sequence[str], phi: float | None) -> tuple[str, ...]:
    """Return the characteristics that random effects and errors need of each result.

    Examples
    --------
    >>> names_of_levels(["country / study / result"], 0.8)
    ('country', 'weeks')
    """
    named = [name for term in terms_of(texts) for name in term if name not in OF_UNITS]
    return tuple(dict.fromkeys((*named, *((WEEKS,) if phi is not None else ()))))


class _Levelled(Protocol):
    """What of a plan says whether its results can be taken with random effects."""

    @property
    def random(self) -> Sequence[str]: ...

    @property
    def phi(self) -> float | None: ...

    @property
    def model(self) -> str: ...

    @property
    def kind(self) -> AnalysisKind: ...

    @property
    def several_results(self) -> str: ...

    @property
    def method(self) -> str: ...

    @property
    def test(self) -> str: ...

    @property
    def variants(self) -> Sequence[Variant]: ...


def levels_problem(plan: _Levelled) -> str | None:
    """Return why a plan's random effects cannot be; None where nothing is wrong."""
    if not plan.random:
        return None if plan.phi is None else "phi is of random effects: say which with random"
    if plan.model != "univariate":
        return "random is of one outcome, structure of several: leave out random or model"
    if plan.kind is not AnalysisKind.CONTRAST:
        return "random effects are of a contrast: leave kind as it is"
    if plan.several_results != "choose":
        return "random takes all results of a study as they are: leave out several_results"
    terms = terms_of(plan.random)
    if all(set(term) == {RESULT} for term in terms):
        return "results of one study share people: name the study too, as in study / result"
    if plan.method not in METHODS or plan.test not in TESTS_OF_MANY:
        return (
            f"random effects go with method {' or '.join(METHODS)} and test "
            f"{' or '.join(TESTS_OF_MANY)}"
        )
    return refused_beside(
        plan,
        "of one effect a study; plan them for a contrast beside the one with random effects",
        but=OF_WHOLE_MODELS - {Variant.DERSIMONIAN_LAIRD},
    )
