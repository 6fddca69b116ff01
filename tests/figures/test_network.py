"""The graph of a network: every treatment and line drawn, sizes true, nothing over another."""

from __future__ import annotations

import math
import random

import pytest

from review.errors import InvalidDataError
from review.figures.network import LARGEST, Edge, NetworkGraph, Node, network_plot
from review.figures.paper import DEEPEST, MM, Paper, on_paper, width_called
from review.figures.text import POINTS_PER_INCH
from tests.figures.artists import by_gid, words
from tests.figures.test_paper import faults


def graph(n: int, *, long: bool = False, unknown: bool = False) -> NetworkGraph:
    chance = random.Random(n)
    name = "Cognitive behavioural therapy by telephone with letters" if long else "Treatment"
    nodes = tuple(
        Node(f"{name} {i}", chance.randint(1, 60), None if unknown else chance.randint(20, 4000))
        for i in range(n)
    )
    pairs = [(i, j) for i in range(n) for j in range(i) if i == j + 1 or chance.random() < 0.4]
    edges = tuple(Edge(i, j, chance.randint(1, 30)) for i, j in pairs)
    return NetworkGraph("Made-up network", nodes, edges, "A note.")


@pytest.mark.parametrize("n", [2, 3, 4, 7, 12, 23])
def test_every_treatment_and_line_is_drawn(n: int) -> None:
    shown = graph(n)
    figure = network_plot(shown)
    found = by_gid(figure)
    assert {f"node-{i}" for i in range(n)} <= found.keys()
    assert {f"edge-{i}" for i in range(len(shown.edges))} <= found.keys()
    said = words(figure)
    for i, edge in enumerate(shown.edges):
        assert said.get(f"trials-{i}", str(edge.trials)) == str(edge.trials)


def test_discs_are_as_large_as_participants_are_many_and_lines_as_thick_as_trials() -> None:
    nodes = (Node("A", 9, 400), Node("B", 2, 100), Node("C", 5, 400))
    found = by_gid(network_plot(NetworkGraph("t", nodes, (Edge(0, 1, 2), Edge(1, 2, 8)))))
    across = [found[f"node-{i}"].get_markersize() / POINTS_PER_INCH for i in range(3)]
    assert across == pytest.approx([LARGEST, LARGEST / math.sqrt(4), LARGEST])
    assert found["edge-1"].get_linewidth() == pytest.approx(4 * found["edge-0"].get_linewidth())
    unsaid = (Node("A", 9), Node("B", 1, 100))
    found = by_gid(network_plot(NetworkGraph("t", unsaid, (Edge(0, 1, 1),))))
    sizes = [found[f"node-{i}"].get_markersize() for i in range(2)]
    assert sizes[0] == pytest.approx(3 * sizes[1])


@pytest.mark.parametrize("column", ["single", "double"])
@pytest.mark.parametrize("n", [2, 3, 7, 12, 20])
@pytest.mark.parametrize("case", [{}, {"long": True}, {"unknown": True}])
def test_it_fits_a_journals_column(column: str, n: int, case: dict[str, bool]) -> None:
    with on_paper(Paper(width_called(column), height=DEEPEST * MM, title=False)):
        assert faults(network_plot(graph(n, **case)), column, DEEPEST * MM) == []


def test_a_line_to_nowhere_is_refused() -> None:
    for edge in (Edge(0, 2, 1), Edge(0, 1, 0)):
        with pytest.raises(InvalidDataError):
            NetworkGraph("t", (Node("A", 1), Node("B", 1)), (edge,))
