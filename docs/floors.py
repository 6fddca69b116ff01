"""Draw ``docs/architecture.svg`` from the code: ``python docs/floors.py``.

Floors and their order are those that import-linter holds (`pyproject.toml`); the sentence of each
package is its own; a dot says that a module of the row imports one of the column. Imports run one
way: every dot lies right of the diagonal.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from html import escape
from itertools import chain
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
OUT: Final = ROOT / "docs" / "architecture.svg"
ROW, COLUMN, LEFT, TOP = 24, 24, 560, 120


def floors() -> list[list[str]]:
    """The floors from the top down, each with its packages."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = contracts[0]["layers"]
    return [[name.strip(" ()") for name in layer.split("|")] for layer in layers]


def _files(package: str) -> list[Path]:
    folder = ROOT / "review" / package
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def _sentence(package: str) -> str:
    folder = ROOT / "review" / package
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = said.split("\n\n")[0].replace("\n", " ").replace("`", "")
    return first if len(first) <= 78 else first[:76].rsplit(" ", 1)[0] + " …"


def imported(package: str) -> set[str]:
    """The packages of the program that a package imports."""
    found = set()
    for path in _files(package):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {n.split(".")[1] for n in names if n.startswith("review.")}
    return found & set(chain.from_iterable(floors())) - {package}


def drawn() -> str:
    """Return the drawing."""
    rows = list(chain.from_iterable(floors()))
    width, height = LEFT + COLUMN * len(rows) + 20, TOP + ROW * len(rows) + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<style>text { font: 12px system-ui, sans-serif } .name { font-weight: 600 }</style>",
        "<title>The floors of the program, and what imports what</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    at = TOP
    for number, floor in enumerate(floors()):
        tall = ROW * len(floor)
        fill = "#eef4f4" if number % 2 else "#dfeaea"
        parts.append(f'<rect x="0" y="{at}" width="{width}" height="{tall}" fill="{fill}"/>')
        at += tall
    for number, name in enumerate(rows):
        y, x = TOP + ROW * number + 16, LEFT + COLUMN * number + 12
        parts.append(
            f'<text x="12" y="{y}" class="name">{name}</text>'
            f'<text x="96" y="{y}" fill="#333">{escape(_sentence(name))}</text>'
            f'<text transform="translate({x + 4} {TOP - 8}) rotate(-60)">{name}</text>'
        )
        uses = imported(name)
        for other, column in enumerate(rows):
            cx, cy = LEFT + COLUMN * other + 12, TOP + ROW * number + 12
            if other == number:
                parts.append(f'<rect x="{cx - 4}" y="{cy - 4}" width="8" height="8" fill="#9bb"/>')
            elif column in uses:
                parts.append(f'<circle cx="{cx}" cy="{cy}" r="4.5" fill="#0b6e6e"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    OUT.write_text(drawn(), encoding="utf-8")
    sys.stdout.write(f"{OUT}\n")
