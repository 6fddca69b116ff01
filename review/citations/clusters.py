"""Clusters of duplicate records from links between pairs, and who represents each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping


class Clusters:
    """Records joined by links; the representative of a cluster is its earliest record.

    A record is named by its id, which grows in the order of import. Records that no link touches
    represent themselves. Links join in the order given; one that would bring two records called
    `different` into one cluster, be it through others, does nothing.

    Examples
    --------
    >>> clusters = Clusters([(1, 4), (4, 9)])
    >>> clusters.representative(9), clusters.representative(5), clusters.members(4)
    (1, 5, (1, 4, 9))
    """

    def __init__(
        self,
        links: Iterable[tuple[int, int]] = (),
        *,
        different: Iterable[tuple[int, int]] = (),
    ) -> None:
        self._parent: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._apart: dict[int, set[int]] = defaultdict(set)
        for first, second in different:
            self.part(first, second)
        for first, second in links:
            self.join(first, second)

    def part(self, first: int, second: int) -> None:
        """Let no later link bring two records into one cluster."""
        self._apart[first].add(second)
        self._apart[second].add(first)

    def representative(self, record: int) -> int:
        """Return the earliest record of the cluster that `record` is in."""
        parent = self._parent
        root = record
        while (above := parent.get(root, root)) != root:
            root = above
        while record != root:
            parent[record], record = root, parent[record]
        return root

    def members(self, record: int) -> tuple[int, ...]:
        """Return all records of the cluster that `record` is in, the earliest first."""
        root = self.representative(record)
        return tuple(sorted(self._members.get(root, (root,))))

    def separated(self, first: int, second: int) -> tuple[int, int] | None:
        """Return two records called different that joining two clusters would join, or None."""
        if not self._apart:
            return None
        members = set(self.members(second))
        for record in self.members(first):
            found = self._apart.get(record, set()) & members
            if found:
                return record, min(found)
        return None

    def join(self, first: int, second: int) -> bool:
        """Make one cluster of the clusters of two records; False where a difference forbids it."""
        one, other = self.representative(first), self.representative(second)
        if one == other:
            return True
        if self.separated(one, other) is not None:
            return False
        keeps, goes = min(one, other), max(one, other)
        self._parent[goes] = keeps
        self._members.setdefault(keeps, [keeps]).extend(self._members.pop(goes, [goes]))
        return True

    def removed(self) -> Mapping[int, int]:
        """Return each record that another one represents, with that one."""
        return {record: self.representative(record) for record in sorted(self._parent)}

    def all(self) -> list[tuple[int, ...]]:
        """Return the clusters of two records and more, in order of their representatives."""
        groups: dict[int, set[int]] = defaultdict(set)
        for record, root in self.removed().items():
            groups[root] |= {root, record}
        return [tuple(sorted(groups[root])) for root in sorted(groups)]
