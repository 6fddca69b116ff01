"""Nothing public in the engine is out of reach: a command or a plan uses it, or a page names it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from review import synthesis

ROOT = Path(__file__).parents[2]


def test_every_public_function_of_the_engine_has_a_door() -> None:
    defined = {n: Path(inspect.getfile(getattr(synthesis, n))) for n in synthesis.__all__}
    functions = {n for n in synthesis.__all__ if inspect.isfunction(getattr(synthesis, n))}
    words = {
        path: set(re.findall(r"\w+", path.read_text("utf-8")))
        for path in (ROOT / "review").rglob("*.py")
        if path != ROOT / "review/synthesis/__init__.py"
    }
    reached = {
        name
        for name in functions
        if any(name in found for path, found in words.items() if path != defined[name])
    }
    page = (ROOT / "docs/use-from-python.md").read_text("utf-8")
    named = set(re.findall(r"`(?:\w+\.)?(\w+)`", page)) | set(re.findall(r"\w+(?=\()", page))
    assert functions - reached - named == set()
    assert len(functions) > 50


def test_what_the_page_names_is_there() -> None:
    page = (ROOT / "docs/use-from-python.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)
    assert len(rows) >= 9
    for name in rows:
        found = synthesis
        for part in name.split("."):
            found = getattr(found, part)
        assert "Examples" in (found.__doc__ or ""), name
