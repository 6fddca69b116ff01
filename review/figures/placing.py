"""Names beside points: each where it covers no other name, and no line or point if it can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Distances from the point that are tried, in inches; from the third on a line leads to the name.
DISTANCES = (0.05, 0.1, 0.18, 0.28, 0.4, 0.55, 0.75, 1.0)
LEADER_FROM = 0.18
AIR = 0.02
STEPS = 20

# Where a name may stand from its point: right, left, above, below, and between them.
SIDES = (
    (1, 0), (-1, 0), (1, -1), (1, 1), (-1, -1), (-1, 1), (0, -1), (0, 1),
    (1, -0.5), (1, 0.5), (-1, -0.5), (-1, 0.5), (0.5, -1), (0.5, 1), (-0.5, -1), (-0.5, 1),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in inches, `y` downwards."""

    x0: float
    y0: float
    x1: float
    y1: float

    def meets(self, other: Box) -> bool:
        """Whether the two share any area."""
        return (
            min(self.x1, other.x1) > max(self.x0, other.x0)
            and min(self.y1, other.y1) > max(self.y0, other.y0)
        )  # fmt: skip

    def within(self, other: Box) -> bool:
        """Whether it lies inside the other."""
        return (
            self.x0 >= other.x0 and self.x1 <= other.x1
            and self.y0 >= other.y0 and self.y1 <= other.y1
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A name to be placed: its point and its size."""

    x: float
    y: float
    long: float
    high: float


def place_names(
    names: Sequence[Name], points: Sequence[tuple[float, float]], bounds: Box, *, radius: float
) -> list[Box | None]:
    """Find a place for each name, the first named first.

    Parameters
    ----------
    names : sequence of Name
        In order of importance.
    points : sequence of (x, y)
        All points of the plot, named or not; a name and the line that leads to it avoid them while
        there is other room.
    bounds : Box
        That no name leaves.
    radius : float
        Of a point.

    Returns
    -------
    list of Box or None
        With `AIR` around each name; None where there is no room left.

    Examples
    --------
    >>> place_names([Name(1, 1, 0.5, 0.1)], [(1, 1)], Box(0, 0, 2, 2), radius=0.05)[0].x0
    1.08
    """
    dots = [Box(x - radius, y - radius, x + radius, y + radius) for x, y in points]
    placed: list[Box | None] = []
    taken: list[Box] = []
    led: list[Box] = []
    for name in names:
        best: tuple[tuple[int, int], Box] | None = None
        for box in _candidates(name, radius):
            if not box.within(bounds) or any(map(box.meets, taken)):
                continue
            cost = (
                _crossed(name, box, taken, led),
                sum(map(box.meets, dots)) + _passed(name, box, dots),
            )
            if best is None or cost < best[0]:
                best = cost, box
            if cost == (0, 0):
                break
        if best is None:
            placed.append(None)
            continue
        box = best[1]
        placed.append(box)
        taken.append(box)
        led += _leader(name, box)
    return placed


def _crossed(name: Name, box: Box, taken: Sequence[Box], led: Sequence[Box]) -> int:
    """Return how far lines would run through names."""
    own = sum(step.meets(other) for step in _leader(name, box) for other in taken)
    return own + sum(map(box.meets, led))


def _passed(name: Name, box: Box, dots: Sequence[Box]) -> int:
    """Return how many other points the line to a name would touch: it seems to be of each."""
    own = Box(name.x - AIR, name.y - AIR, name.x + AIR, name.y + AIR)
    chain = _leader(name, box)
    if not chain:
        return 0
    near = Box(
        min(step.x0 for step in chain), min(step.y0 for step in chain),
        max(step.x1 for step in chain), max(step.y1 for step in chain),
    )  # fmt: skip
    beside = (dot for dot in dots if dot.meets(near) and not dot.meets(own))
    return sum(any(map(dot.meets, chain)) for dot in beside)


def lead(name: Name, box: Box) -> tuple[float, float] | None:
    """Where on a name the line to its point ends; None where it stands beside its point."""
    x, y = min(max(name.x, box.x0), box.x1), min(max(name.y, box.y0), box.y1)
    return (x, y) if max(abs(x - name.x), abs(y - name.y)) >= LEADER_FROM else None


def _leader(name: Name, box: Box) -> list[Box]:
    """The line from a point to its name as a chain of small boxes."""
    end = lead(name, box)
    if end is None:
        return []
    chain = []
    for step in range(1, STEPS):
        x = name.x + (end[0] - name.x) * step / STEPS
        y = name.y + (end[1] - name.y) * step / STEPS
        chain.append(Box(x - AIR, y - AIR, x + AIR, y + AIR))
    return chain


def _candidates(name: Name, radius: float) -> list[Box]:
    found = []
    for distance in DISTANCES:
        for right, down in SIDES:
            away = distance + radius
            x0 = name.x + right * away - (0.0 if right > 0 else name.long / (1 + (right == 0)))
            y0 = name.y + down * away - (0.0 if down > 0 else name.high / (1 + (down == 0)))
            found.append(Box(x0 - AIR, y0 - AIR, x0 + name.long + AIR, y0 + name.high + AIR))
    return found
