"""The documentation as a site: ``make docs``. Sphinx, with the pages in Markdown.

The pages work from a folder without a server, search included, and load nothing from elsewhere.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent
sys.path.insert(0, str(ROOT))

project = "living-review"
html_title = "living-review"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
exclude_patterns = ["_build"]
default_role = "literal"  # docstrings name things between single backticks
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
# sphinx-click links an option from the variable that sets it, by another name; "(k,)" is a shape
suppress_warnings = ["ref.option", "ref.python"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}

TAKEN: Final = {
    "index": "README.md",
    "contributing": "CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
}
"""Pages of the site that stand in the repository's first folder."""

PACKAGES: Final = ("effects", "synthesis", "figures", "formula", "export")
"""What a program may import: packages that list their names."""


def _taken(_: Sphinx, name: str, source: list[str]) -> None:
    """Put the text of a page of the first folder before what stands in ours; mend its links."""
    if name in TAKEN:
        text = (ROOT / TAKEN[name]).read_text(encoding="utf-8")
        text = re.sub(r"\]\(docs/(?:([^)#]*/))\)", r"](\1README.md)", text)
        source[0] = text.replace("](docs/", "](") + "\n" + source[0]
    if name == "decisions/README":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"
    for page, file in TAKEN.items():
        source[0] = re.sub(rf"\]\((?:\.\./)*{file}", f"](/{page}.md", source[0])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _references(_: Sphinx) -> None:
    """Make the pages of commands and of Python, each of which says what to read from the code."""
    from importlib import import_module

    import click

    from review.cli import main

    context = click.Context(main)
    for word in main.list_commands(context):
        command = main.get_command(context, word)
        if command is None or command.callback is None:
            continue
        module = import_module(command.callback.__module__)
        name = next(name for name, thing in vars(module).items() if thing is command)
        _write(
            HERE / "commands" / f"{word}.rst",
            f".. click:: {module.__name__}:{name}\n   :prog: review {word}\n   :nested: full\n",
        )
    for package in PACKAGES:
        _write(
            HERE / "python" / f"{package}.rst",
            f"review.{package}\n{'=' * 20}\n\n.. automodule:: review.{package}\n"
            "   :members:\n   :imported-members:\n",
        )


def setup(app: Sphinx) -> None:
    """Connect what is made to the build."""
    app.connect("builder-inited", _references)
    app.connect("source-read", _taken)
