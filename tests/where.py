"""Where the tests of a module are: ``python -m tests.where review/effects/rates.py``.

A module's tests stand at its path (``review/a/b.py``, ``tests/a/test_b.py``). Where there are none
of that name, the module is reached through another, and the answer is read from the code: the tests
that import it or a name that its package offers from it, that type one of its commands, or else the
tests of the modules that import it, nearest first; of one that its package finds while running, the
tests of the package. A module whose tests are none of these says so
in its docstring: ``Tests: tests/test_packaging.py``.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import click

ROOT: Final = Path(__file__).parents[1]
_SAID: Final = re.compile(r"^Tests: (.+?)\.?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Where:
    """The test files of a module, and how they are known."""

    how: str
    files: tuple[str, ...]


def dotted(path: Path) -> str:
    """Return the name by which a file of the repository is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what a file imports: the module, and the name from it or nothing."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, alias.name) for alias in node.names)


@cache
def modules() -> Mapping[str, Path]:
    """All files of the program, by the name they are imported by."""
    return {dotted(path): path for path in sorted((ROOT / "review").rglob("*.py"))}


@cache
def _imported(path: Path) -> frozenset[str]:
    """The modules that a file imports; a name that a package offers is its module's."""
    found = set()
    for module, name in _imports(path):
        found.add(module)
        whole = f"{module}.{name}"
        while whole not in modules() and (offered := _offered(module).get(name)):
            whole = offered
            module = offered.rpartition(".")[0]
            found.add(module)
        found.add(whole)
    return frozenset(found & modules().keys())


@cache
def _offered(package: str) -> Mapping[str, str]:
    """Where the names come from that a package's own file imports."""
    path = modules().get(package)
    if path is None or path.name != "__init__.py":
        return {}
    return {name: f"{module}.{name}" for module, name in _imports(path) if module != package}


@cache
def _tests() -> tuple[Path, ...]:
    return tuple(sorted((ROOT / "tests").rglob("test_*.py")))


@cache
def _commands() -> Mapping[tuple[str, ...], str]:
    """The module of every command, by the words that call it."""
    from review.cli import main

    found: dict[tuple[str, ...], str] = {}

    def walk(command: click.Command, words: tuple[str, ...]) -> None:
        if command.callback is not None:
            found[words] = command.callback.__module__
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                one = command.get_command(context, name)
                if one is not None:
                    walk(one, (*words, name))

    walk(main, ())
    return found


@cache
def _typed(path: Path) -> frozenset[str]:
    """The modules of the commands that a test types, as the first texts of a call or a tuple."""
    found = set()
    for node in ast.walk(_tree(path)):
        given = node.args if isinstance(node, ast.Call) else getattr(node, "elts", ())
        words: list[str] = []
        for one in given:
            if not (isinstance(one, ast.Constant) and isinstance(one.value, str)):
                break
            words.append(one.value)
        for length in range(1, min(len(words), 4) + 1):
            if module := _commands().get(tuple(words[:length])):
                found.add(module)
    return frozenset(found)


def _stage(module: str) -> str:
    return module.split(".")[1]


def _near(files: list[Path], module: str) -> tuple[str, ...]:
    """Tests in the folder of the module's stage if there are any, else all of them."""
    stage = _stage(module)
    own = [path for path in files if path.relative_to(ROOT).parts[1] == stage]
    return tuple(str(path.relative_to(ROOT)) for path in own or files)


@cache
def where(module: str) -> Where:
    """Return the tests of a module, by the first rule that has any."""
    path = modules()[module]
    inside = path.relative_to(ROOT / "review")
    own = ROOT / "tests" / inside.parent / f"test_{path.stem}.py"
    if own.exists():
        return Where("at its path", (str(own.relative_to(ROOT)),))
    if said := _SAID.search(ast.get_docstring(_tree(path)) or ""):
        return Where("as the module says", tuple(re.split(r",\s*", said[1])))
    if files := [test for test in _tests() if module in _imported(test)]:
        return Where("that import it", _near(files, module))
    if files := [test for test in _tests() if module in _typed(test)]:
        return Where("that type its commands", _near(files, module))
    level = seen = {module}
    while level:
        level = {
            name
            for name, file in modules().items()
            if _imported(file) & level
            and (file.name != "__init__.py" or module.startswith(f"{name}."))
        } - seen
        seen = seen | level
        files = [test for test in _tests() if level & (_imported(test) | _typed(test))]
        if files:
            return Where(
                f"of {', '.join(sorted(level)[:3])}, which import it", _near(files, module)
            )
    if path.stem == "models":
        return Where("of every table", ("tests/test_schema.py",))
    for folder in list(inside.parents)[:-1]:  # found by its package while running, as pages are
        if files := sorted((ROOT / "tests" / folder).glob("test_*.py")):
            return Where("of its package", tuple(str(file.relative_to(ROOT)) for file in files))
    return Where("nowhere", ())


def _main() -> int:
    for name in sys.argv[1:]:
        module = dotted((ROOT / name).resolve()) if name.endswith(".py") else name
        found = where(module)
        sys.stdout.write(f"{module}: tests {found.how}\n")
        sys.stdout.writelines(f"  {file}\n" for file in found.files)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
