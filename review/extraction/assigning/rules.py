"""Who is given what: pure, on plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

ASKED: Final = 2
"""How many are asked to enter a study (MECIR standard C45: two, independently)."""


def shared(
    studies: Sequence[int], people: Sequence[str], have: Mapping[int, Sequence[str]]
) -> list[tuple[int, str]]:
    """Return whom to ask for what, so that each study has two people and each person as many.

    Parameters
    ----------
    studies : sequence of int
        In the order in which they are given out.
    people : sequence of str
        Among whom; one alone is asked for each study that nobody has.
    have : mapping of int to sequence of str
        Who is asked already, by study; they stay, and count as theirs.

    Returns
    -------
    list of (int, str)
        Pairs change from study to study, so that everybody works with everybody.

    Examples
    --------
    >>> shared([1, 2, 3], ["ada", "ben", "cleo"], {})
    [(1, 'ada'), (1, 'ben'), (2, 'cleo'), (2, 'ada'), (3, 'ben'), (3, 'cleo')]
    """
    load = dict.fromkeys(people, 0)
    met = dict.fromkeys((frozenset(pair) for pair in combinations(people, 2)), 0)
    for study in studies:
        for person in have.get(study, ()):
            if person in load:
                load[person] += 1
    found = []
    for study in studies:
        given = list(have.get(study, ()))
        while len(given) < min(ASKED, len(people)):
            left = [person for person in people if person not in given]
            chosen = min(
                left,
                key=lambda p: (load[p], sum(met.get(frozenset((p, g)), 0) for g in given)),
            )
            for other in given:
                if frozenset((chosen, other)) in met:
                    met[frozenset((chosen, other))] += 1
            load[chosen] += 1
            given.append(chosen)
            found.append((study, chosen))
    return found
