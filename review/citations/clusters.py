"""Clusters of duplicate records from links between pairs, and who represents each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping


class Clusters:
    """Records joined by links; the representative of a cluster is its earliest record.

    A record is named by its id, which grows in the order of import. Records that no link touches
    represent themselves.

    Examples
    --------
    >>> clusters = Clusters([(1, 4), (4, 9)])
    >>> clusters.representative(9), clusters.representative(5), clusters.members(4)
    (1, 5, (1, 4, 9))
    """

    def __init__(self, links: Iterable[tuple[int, int]] = ()) -> None:
        self._parent: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        for first, second in links:
            self.join(first, second)

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

    def join(self, first: int, second: int) -> None:
        """Make one cluster of the clusters of two records."""
        one, other = self.representative(first), self.representative(second)
        if one == other:
            return
        keeps, goes = min(one, other), max(one, other)
        self._parent[goes] = keeps
        self._members.setdefault(keeps, [keeps]).extend(self._members.pop(goes, [goes]))

    def removed(self) -> Mapping[int, int]:
        """Return each record that another one represents, with that one."""
        return {record: self.representative(record) for record in sorted(self._parent)}

    def all(self) -> list[tuple[int, ...]]:
        """Return the clusters of two records and more, in order of their representatives."""
        groups: dict[int, set[int]] = defaultdict(set)
        for record, root in self.removed().items():
            groups[root] |= {root, record}
        return [tuple(sorted(groups[root])) for root in sorted(groups)]
