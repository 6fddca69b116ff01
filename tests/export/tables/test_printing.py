import ast
import locale
import math
from pathlib import Path
from typing import Any

import pytest

import review
from review.export import Column, Interval, Kind, NumberStyle
from review.export.tables.printing import headed, printed, stated_p

PACKAGE = Path(review.__file__).parent
APA, AMA, COCHRANE = NumberStyle.APA, NumberStyle.AMA, NumberStyle.COCHRANE


@pytest.mark.parametrize(
    ("kind", "decimals", "value", "apa", "ama", "cochrane"),
    [
        (Kind.INTEGER, None, -12, "−12", "−12", "−12"),
        (Kind.NUMBER, None, -0.304, "−0.30", "−0.30", "−0.30"),
        (Kind.NUMBER, 3, 0.799661190666728, "0.800", "0.800", "0.800"),
        (Kind.NUMBER, None, -1e-17, "0.00", "0.00", "0.00"),
        (Kind.PERCENT, None, 86.2737730031777, "86.3%", "86.3%", "86.3%"),
        (Kind.P_VALUE, None, 0.104527867616752, ".105", ".10", "0.105"),
        (Kind.P_VALUE, None, 3.02102208741389e-05, "< .001", "< .001", "< 0.001"),
        (Kind.P_VALUE, None, 0.0, "< .001", "< .001", "< 0.001"),
        (Kind.P_VALUE, None, 0.001, ".001", ".001", "0.001"),
        (Kind.P_VALUE, None, 0.0085, ".009", ".009", "0.009"),
        (Kind.P_VALUE, None, 0.0123, ".012", ".01", "0.012"),
        (Kind.P_VALUE, None, 0.0462, ".046", ".046", "0.046"),
        (Kind.P_VALUE, None, 0.0501, ".050", ".05", "0.050"),
        (Kind.P_VALUE, 2, 0.0099, "< .01", "< .01", "< 0.01"),
        (Kind.P_VALUE, None, 1.0, "> .999", "> .99", "> 0.999"),
        (Kind.P_VALUE, None, 0.9994, ".999", "> .99", "0.999"),
        (Kind.INTERVAL, None, Interval(-0.67, 0.07), "[−0.67, 0.07]", "−0.67 to 0.07",
         "−0.67 to 0.07"),
        (Kind.INTERVAL, None, Interval(0.5, 1.09), "[0.50, 1.09]", "0.50-1.09", "0.50 to 1.09"),
        (Kind.INTERVAL, 1, Interval(-math.inf, 1.0), "[−∞, 1.0]", "−∞ to 1.0", "−∞ to 1.0"),
        (Kind.TEXT, None, "0.5-1", "0.5-1", "0.5-1", "0.5-1"),
    ],
)  # fmt: skip
def test_each_style_has_its_zeros_digits_and_limits(
    kind: Kind, decimals: int | None, value: Any, apa: str, ama: str, cochrane: str
) -> None:
    column = Column("a", "A", kind, decimals)
    assert printed(column, value) == apa
    assert printed(column, value, AMA) == ama
    assert printed(column, value, COCHRANE) == cochrane


def test_symbols_of_headers_follow_the_style() -> None:
    p = Column("p", "p (two-sided)", Kind.P_VALUE)
    n = Column("n", "n video", Kind.INTEGER)
    assert headed(p, APA) == ("p", " (two-sided)")
    assert headed(p, AMA) == headed(p, COCHRANE) == ("P", " (two-sided)")
    assert headed(n, APA) == ("n", " video")
    assert str(headed(n, AMA)) == "n video"
    assert headed(n, AMA).symbol == headed(Column("n", "n"), APA).symbol == ""
    assert str(headed(Column("s", "p of the study"))) == "p of the study"


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.11202, ("p = .112", "P = .11", "P = 0.112")),
        (1e-9, ("p < .001", "P < .001", "P < 0.001")),
        (1.0, ("p > .999", "P > .99", "P > 0.999")),
    ],
)
def test_a_sentence_states_p(p: float, words: tuple[str, str, str]) -> None:
    assert tuple(stated_p(p, style) for style in (APA, AMA, COCHRANE)) == words


def test_no_locale_is_asked() -> None:
    """Neither by name, nor by the format `n`, which is the only one of Python's that asks."""
    sources = [*(PACKAGE / "export").rglob("*.py"), PACKAGE / "figures/numbers.py"]
    assert len(sources) > 20
    for source in sources:
        nodes = list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))
        names = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
        names |= {str(n.module) for n in nodes if isinstance(n, ast.ImportFrom)}
        assert "locale" not in names, source
        specs = [ast.unparse(n.format_spec) for n in nodes if isinstance(n, ast.FormattedValue)
                 and n.format_spec is not None]  # fmt: skip
        assert not any(spec.rstrip("'\"").endswith("n") for spec in specs), source


def test_a_locale_of_decimal_commas_has_no_say() -> None:
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
    except locale.Error:
        pytest.skip("the locale de_DE.UTF-8 is not installed")
    try:
        assert printed(Column("a", "A", Kind.NUMBER, 1), 1234567.5) == "1234567.5"
        assert printed(Column("p", "p", Kind.P_VALUE), 0.25) == ".250"
    finally:
        locale.setlocale(locale.LC_ALL, before)
