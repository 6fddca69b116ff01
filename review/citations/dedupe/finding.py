"""Pairs of duplicate records: those linked, and those for a person to look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from review.citations.clusters import Clusters
from review.citations.dedupe.blocking import candidates
from review.citations.dedupe.comparison import Comparison, compare, contradiction
from review.citations.dedupe.fingerprint import Fingerprint
from review.citations.dedupe.journals import Agreement
from review.citations.vocabulary import Band


@dataclass(frozen=True, slots=True)
class FoundPair:
    """Two records with what their comparison says."""

    earlier_id: int
    later_id: int
    comparison: Comparison


def find_pairs(
    records: Sequence[Fingerprint],
    *,
    is_new: frozenset[int] | None = None,
    links: Iterable[tuple[int, int]] = (),
    different: Iterable[tuple[int, int]] = (),
    asked: Iterable[tuple[int, int]] = (),
) -> list[FoundPair]:
    """Return the pairs that new records make with each other and with earlier ones.

    Parameters
    ----------
    records : sequence of Fingerprint
        All records of the review, in order of their ids.
    is_new : frozenset of int or None
        Ids of the records not compared before; None for all.
    links : iterable of pairs of ids
        What is linked already.
    different : iterable of pairs of ids
        What a person has called different; no link joins them, not through others either.
    asked : iterable of pairs of ids
        What is or was in a person's queue; the same question is not asked of other members of
        the same clusters.

    Returns
    -------
    list of FoundPair
        In the order to store them: certain pairs by falling score, then possible ones.

    Notes
    -----
    A chain A–B–C would join A and C though their DOIs differ. So a certain pair links only if
    no two records of the two clusters it joins contradict each other; else it becomes a possible
    pair that says so.
    """
    by_id = {record.id: record for record in records}
    clusters = Clusters(links, different=different)
    known = _Groups(by_id, clusters)
    certain: list[FoundPair] = []
    possible: list[FoundPair] = []
    for earlier, later in candidates(records, is_new):
        comparison = compare(earlier, later)
        if comparison is not None:
            pair = FoundPair(earlier.id, later.id, comparison)
            (certain if comparison.band is Band.CERTAIN else possible).append(pair)
    certain.sort(key=_order)
    linked: list[FoundPair] = []
    for pair in certain:
        conflict = known.conflict(pair)
        if conflict is None and clusters.join(pair.earlier_id, pair.later_id):
            linked.append(pair)
            continue
        reason = conflict or "a person called records of the two groups different"
        rule = f"{pair.comparison.rule}, but {reason}"
        offered = replace(pair.comparison, band=Band.POSSIBLE, rule=rule)
        possible.append(replace(pair, comparison=offered))
    return linked + _questions(possible, clusters, asked)


def _order(pair: FoundPair) -> tuple[float, int, int]:
    return (-pair.comparison.score, pair.earlier_id, pair.later_id)


def _questions(
    possible: list[FoundPair], clusters: Clusters, asked: Iterable[tuple[int, int]]
) -> list[FoundPair]:
    """Return the best pair of each two clusters that nobody was asked about before."""
    known = {_ends(clusters, one, other) for one, other in asked}
    kept = []
    for pair in sorted(possible, key=_order):
        ends = _ends(clusters, pair.earlier_id, pair.later_id)
        if ends[0] != ends[1] and ends not in known:
            known.add(ends)
            kept.append(pair)
    return kept


def _ends(clusters: Clusters, one: int, other: int) -> tuple[int, int]:
    first, second = clusters.representative(one), clusters.representative(other)
    return (first, second) if first < second else (second, first)


class _Groups:
    """The records of clusters, to see whether joining two would mix works."""

    def __init__(self, records: dict[int, Fingerprint], clusters: Clusters):
        self.records = records
        self.clusters = clusters

    def conflict(self, pair: FoundPair) -> str | None:
        """Return why the groups of two records are not to be one, or None.

        Pages that differ do not count where the pair has one text: a count of pages or the number
        of an article stands for the page.
        """
        one, other = pair.earlier_id, pair.later_id
        if self.clusters.representative(one) == self.clusters.representative(other):
            return None
        places = pair.comparison.evidence["abstract"] != Agreement.SAME
        for mine in self._of(one):
            for theirs in self._of(other):
                found = contradiction(mine, theirs, places=places)
                if found is not None:
                    return f"the groups they belong to {found}"
        return None

    def _of(self, record: int) -> list[Fingerprint]:
        return [self.records[m] for m in self.clusters.members(record) if m in self.records]


def groups(pairs: Iterable[FoundPair]) -> dict[int, tuple[int, ...]]:
    """Return the clusters that certain pairs make, by their representatives."""
    clusters = Clusters(
        (p.earlier_id, p.later_id) for p in pairs if p.comparison.band is Band.CERTAIN
    )
    found: dict[int, tuple[int, ...]] = defaultdict(tuple)
    for members in clusters.all():
        found[members[0]] = members
    return dict(found)
