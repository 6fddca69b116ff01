"""Pages ask for what a person may see; what reads all entries is for those that decide on it."""

from __future__ import annotations

import ast
from pathlib import Path

import review

ROOT = Path(review.__file__).parent
READ_ALL = frozenset({"entries", "entered", "decisions_on"})
"""Queries that return what others said, whoever asks."""
NARROWED = frozenset(
    {"visible", "names_seen", "own_entry", "counting", "closed_because", "kind_for"}
)
"""What a module must hold the answer of `entries` against."""


def _calls(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in called}


def test_edges_ask_no_query_that_returns_what_others_said() -> None:
    for file in [*ROOT.glob("web/**/*.py"), *ROOT.glob("cli/**/*.py")]:
        assert not _calls(file) & READ_ALL, file


def test_views_narrow_entries_to_what_their_viewer_may_see() -> None:
    asking = [f for f in ROOT.glob("export/views/*.py") if "entries" in _calls(f)]
    assert asking
    for file in asking:
        calls = _calls(file)
        assert calls & NARROWED, file
        assert "entered" not in calls, file
