"""Formulae are read as R reads them, and nothing in them is ever run."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import InvalidDataError
from review.formula import LONGEST, parse

HOSTILE = (
    "__import__('os').system('true')",
    "().__class__.__bases__[0].__subclasses__()",
    "eval(x)",
    "exec(x)",
    "open(x)",
    "I(__import__(x))",
    "I(x.__class__())",
    "log(x)(y)",
    "getattr(x, y)",
    "lambda x: x",
    "[x for x in y]",
    "{x}",
    "x; y",
    "x if y else z",
    "f'{x}'",
    "I(x := 3)",
    "x[0]",
    'system("rm")',
    "x %in% y",
    "poly(x, 999999999)",
    "poly(x, -1)",
    "ns(x, df = y)",
    "I(x^(y + factor(g)))",
    "log(x:y)",
    "I()",
    "I(2)",
    "2*x",
    "x + 3",
    "x - y",
    "x^2",
    "(x + y)^z",
    "(x + y)^0.5",
    "x +",
    "+",
    "",
    "~",
    "x y",
    "x ~ y",
    "`x",
    "`a\\` + `+system(1)+`",
    "0",
    "factor(log(x))",
    "log(x, y)",
    "bs(x, degree = 2, degree = 3)",
    "bs(x, knots = 3)",
    "x\x00",
    "x + \u202ey",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_formula_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidDataError, match="formula"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "x" + ")" * 5000,
        "-" * 900 + "x",
        "(" * 300 + "x" + ")" * 300,
        "*".join(f"a{i}" for i in range(100)),
        "(" + "+".join(f"a{i}" for i in range(100)) + ")^20",
        "(" + "+".join(f"a{i}" for i in range(30)) + ")^9999999999",
        "+".join(f"a{i}" for i in range(300)),
        "I(" * 200 + "x" + ")" * 200,
        "a" * (LONGEST + 1),
    ],
)
def test_a_formula_cannot_exhaust_the_machine(text: str) -> None:
    began = time.process_time()
    with pytest.raises(InvalidDataError):
        parse(text)
    assert time.process_time() - began < 0.5


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except InvalidDataError:
        return
    assert parse(str(found)).labels == found.labels


@given(st.text(alphabet="xyf ()+-*:/^01~,=.`I2log", max_size=30))
def test_what_looks_like_a_formula_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except InvalidDataError:
        return
    again = parse(str(found))
    assert (again.labels, again.intercept) == (found.labels, found.intercept)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a*b", "a + b + a:b"),
        ("b:a + a", "a + b:a"),
        ("~ a * b - 1", "0 + a + b + a:b"),
        ("(a + b + c)^2 - a:c", "a + b + c + a:b + b:c"),
        ("a/b", "a + a:b"),
        ("a - 1 + 1", "a"),
        ("a + a + a:a", "a"),
        ("I( x^2 )+log(x)", "I(x^2) + log(x)"),
        ("poly(x,degree=2) + ns(x,3)", "poly(x, degree = 2) + ns(x, 3)"),
        ("I(-(x+1)*2)", "I(-(x + 1) * 2)"),
        ("`pre-registered` * year", "`pre-registered` + year + `pre-registered`:year"),
        ("risk_of_bias + comparator.sessions", "risk_of_bias + comparator.sessions"),
        ("ålder", "ålder"),
    ],
)
def test_formulae_are_written_out_as_r_does(text: str, written: str) -> None:
    assert str(parse(text)) == written


def test_the_names_are_those_of_columns() -> None:
    assert parse("log(x):factor(g) + I(year - 2010)").names == ("x", "g", "year")
    assert parse("1").names == ()
    assert parse("a*b - b - a:b").names == ("a",)
