"""Small changes of a module, each tried against its tests: ``python -m tests.mutants MODULE``.

``python -m tests.mutants review/screening/rules.py`` tries the tests that `tests.where` finds, or
those that are named. A change is of one comparison, sign, number, condition, answer or check, and
survives where all tests pass with it. Tests are collected once; a process is forked for each change
and ends at the first test that fails, or after ten times what all tests took.
"""

from __future__ import annotations

import ast
import copy
import gc
import importlib
import importlib.machinery
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final

import click
import pytest

from tests.where import ROOT, dotted, where

_INSTEAD: Final[dict[type[ast.AST], tuple[type[ast.AST], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
_SWAPPED: Final = {
    "min": "max",
    "any": "all",
    "minimum": "maximum",
    "chdtrc": "chdtr",
    "max": "min",
    "all": "any",
    "maximum": "minimum",
    "ones": "zeros",
    "zeros": "ones",
}
"""Names that are mistaken for each other."""


_LEFT: Final = (ast.Raise, ast.Import, ast.ImportFrom, ast.JoinedStr)
"""What a message says is no rule."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where it is, what it makes of the source, and the function that holds it."""

    line: int
    before: str
    after: str
    tree: ast.Module
    function: tuple[str, int] | None
    """Qualified name and first line; None where more than the body of a function changes."""

    def __str__(self) -> str:
        return f"{self.line}: {self.before} → {self.after}"


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every change of a source, in the order of its lines."""
    tree = ast.parse(source)
    found = []
    for node, fields, function in _places(tree, (), None):
        for field, new in _changes(node):
            if field not in fields:
                continue
            old = getattr(node, field)
            before = ast.unparse(node)
            setattr(node, field, new)
            ast.fix_missing_locations(tree)
            made = ast.unparse(node)
            changed = copy.deepcopy(tree)
            setattr(node, field, old)
            before, made = (text.splitlines()[0] for text in (before, made))
            found.append(Mutant(node.lineno, before, made, changed, function))
    yield from sorted(found, key=lambda m: m.line)


_Place = tuple[ast.expr | ast.stmt, frozenset[str], "tuple[str, int] | None"]


def _places(
    node: ast.AST, names: tuple[str, ...], function: tuple[str, int] | None
) -> Iterator[_Place]:
    """Yield nodes that run, with the fields that may change and the function they are in."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_params"):
            continue
        inside = function
        within = names
        if isinstance(node, ast.FunctionDef) and field == "body" and function is None:
            line = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            within = (*names, node.name)
            inside = (".".join(within), line)
        elif isinstance(node, ast.ClassDef):
            within = (*names, node.name)
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, _LEFT):
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield child, frozenset(child._fields), inside
            yield from _places(child, within, inside)


def _changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Yield each change of one node: a field, and what stands there instead."""
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                for other in _INSTEAD[type(op)]:
                    yield "ops", [*ops[:at], other(), *ops[at + 1 :]]
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op):
            for other in _INSTEAD.get(type(op), ()):
                yield "op", other()
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert() as op, operand=operand):
            yield "operand", ast.UnaryOp(op, operand)
        case ast.Constant(value=bool(value)):
            yield "value", not value
        case ast.Constant(value=int(value) | float(value)):
            yield "value", value + 1
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            if not isinstance(test, ast.Compare) or len(test.ops) > 1:
                yield "test", ast.UnaryOp(ast.Not(), test)
        case ast.Return(value=ast.expr()):
            yield "value", ast.Constant(None)
        case ast.Expr(value=ast.Call()):
            yield "value", ast.Constant(None)
        case ast.Name(id=name) if name in _SWAPPED:
            yield "id", _SWAPPED[name]
        case ast.Attribute(attr=name) if name in _SWAPPED:
            yield "attr", _SWAPPED[name]
        case ast.GeneratorExp(generators=[*_, last]) | ast.ListComp(generators=[*_, last]) if (
            last.ifs
        ):
            bare = ast.comprehension(last.target, last.iter, [], last.is_async)
            yield "generators", [*node.generators[:-1], bare]
        case _:
            return


def _codes(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _codes(const)


def _swap(module: str, function: tuple[str, int], code: CodeType) -> None:
    """Give a function of a module that is loaded another body."""
    new = next(c for c in _codes(code) if (c.co_qualname, c.co_firstlineno) == function)
    swapped = 0
    for one in gc.get_objects():
        if not isinstance(one, FunctionType) or one.__module__ != module:
            continue
        if (one.__code__.co_qualname, one.__code__.co_firstlineno) == function:
            one.__code__ = new
            swapped += 1
    if not swapped:
        raise LookupError(f"{module} has no function {function} in memory")


class Trying:
    """Runs the collected tests once for each change, instead of once."""

    def __init__(self, path: Path, only: Callable[[Mutant], bool]) -> None:
        self.path, self.module = path, dotted(path)
        self.mutants = [m for m in mutants(path.read_text(encoding="utf-8")) if only(m)]
        self.survived: list[Mutant] = []
        self.late = 0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of the loop over tests."""
        importlib.import_module(self.module)
        gc.unfreeze()
        items = list(session.items)
        began = time.monotonic()
        if self._ended(session, items, None, 3600) != -1:
            raise click.ClickException("The tests do not pass as the module is.")
        limit = 10 * (time.monotonic() - began) + 5
        click.echo(f"{self.path.name}: {len(self.mutants)} changes, {len(items)} tests", err=True)
        for mutant in self.mutants:
            killer = self._ended(session, items, mutant, limit)
            if killer == -1:
                self.survived.append(mutant)
                click.echo(f"survived {self.path.name}:{mutant}", err=True)
            elif killer is None:
                self.late += 1
            else:
                items.insert(0, items.pop(killer))
        return True

    def _ended(
        self, session: pytest.Session, items: list[pytest.Item], mutant: Mutant | None, limit: float
    ) -> int | None:
        """Return the place of the test that failed, -1 where none did, None after the limit."""
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            os.setsid()
            self._child(session, items, mutant, writing)
        os.close(writing)
        until = time.monotonic() + limit
        while os.waitpid(child, os.WNOHANG)[0] == 0:
            if time.monotonic() > until:
                with suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                os.close(reading)
                return None
            time.sleep(0.01)
        said = os.read(reading, 20)
        os.close(reading)
        return int(said) if said else 0

    def _child(
        self, session: pytest.Session, items: list[pytest.Item], mutant: Mutant | None, to: int
    ) -> None:
        reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
        reporter._tw._file = open(os.devnull, "w")  # noqa: SIM115 # the process ends before it
        said = "0"
        try:
            if mutant is not None:
                code = compile(mutant.tree, str(self.path), "exec")
                if mutant.function is None:
                    self._afresh(session, code, to)
                _swap(self.module, mutant.function, code)  # type: ignore[arg-type] # the above does not return
            said = "-1"
            for at, item in enumerate(items):
                following = items[at + 1] if at + 1 < len(items) else None
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.testsfailed:
                    said = str(at)
                    break
        finally:
            os.write(to, said.encode())
            os._exit(0)

    def _afresh(self, session: pytest.Session, code: CodeType, to: int) -> None:
        """Run the tests with the package and the tests loaded anew, and end."""
        usual = importlib.machinery.SourceFileLoader.get_code

        def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
            return code if name == self.module else usual(loader, name)

        importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment] # in this process alone
        for name in [n for n in sys.modules if n.split(".")[0] in ("review", "tests", "conftest")]:
            del sys.modules[name]
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        failed = pytest.main([*session.config.args, "-x", "-q", "-p", "no:cacheprovider"])
        os.write(to, b"0" if failed else b"-1")
        os._exit(0)


@click.command
@click.argument("module", type=click.Path(exists=True, path_type=Path))
@click.argument("tests", nargs=-1)
@click.option("--lines", help="From and to, as 10-20: changes of these lines only.")
def main(module: Path, tests: tuple[str, ...], lines: str | None) -> None:
    """Try every small change of MODULE against TESTS, or the tests that are found for it."""
    first, _, last = (lines or "1-1000000").partition("-")
    path = module.resolve()
    trying = Trying(path, lambda m: int(first) <= m.line <= int(last or first))
    files = tests or tuple(str(ROOT / name) for name in where(dotted(path)).files)
    os.environ["CI"] = "1"  # properties are tried with the same examples for each change
    pytest.main([*files, "-q", "-p", "no:cacheprovider"], plugins=[trying])
    count = len(trying.mutants)
    for mutant in trying.survived:
        click.echo(f"{module}:{mutant}")
    click.echo(
        f"{module}: {count} changes, {count - len(trying.survived)} noticed "
        f"({trying.late} by the time they took), {len(trying.survived)} survived"
    )


if __name__ == "__main__":
    main()
