import math
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.export import Column, Footnote, Interval, Kind, NumberStyle, Place, Spanner, Table
from review.export import printed as print_cell
from tests.export.samples import POOLED


def one(kind: Kind, value: Any) -> Any:
    return Table("T", (Column("a", "A", kind),), ((value,),)).rows[0][0]


def test_numpy_scalars_become_pythons_own() -> None:
    assert type(one(Kind.INTEGER, np.int64(3))) is int
    assert type(one(Kind.NUMBER, np.float64(0.1))) is float
    assert type(one(Kind.NUMBER, 3)) is float
    low, high = one(Kind.INTERVAL, (np.float64(0.1), 1))
    assert (type(low), type(high)) == (float, float)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.TEXT, 1),
        (Kind.INTEGER, 1.0),
        (Kind.INTEGER, True),
        (Kind.INTEGER, "1"),
        (Kind.NUMBER, "0.5"),
        (Kind.NUMBER, True),
        (Kind.NUMBER, math.nan),
        (Kind.NUMBER, [1.0]),
        (Kind.P_VALUE, -0.01),
        (Kind.P_VALUE, 1.01),
        (Kind.INTERVAL, (1.0, 0.0)),
        (Kind.INTERVAL, (0.0, math.nan)),
        (Kind.INTERVAL, 0.5),
        (Kind.INTERVAL, (0.0, 0.5, 1.0)),
    ],
)
def test_a_value_of_another_kind_is_refused(kind: Kind, value: object) -> None:
    with pytest.raises(InvalidDataError, match='Table "T", row 1, column "a"'):
        one(kind, value)


@pytest.mark.parametrize("kind", list(Kind))
def test_none_is_empty_in_every_kind(kind: Kind) -> None:
    assert one(kind, None) is None
    assert print_cell(Column("a", "A", kind), None) == ""


def test_tables_that_cannot_be_drawn_are_refused() -> None:
    a, b, c = Column("a", "A"), Column("b", "B"), Column("c", "C")
    with pytest.raises(InvalidDataError, match="no columns"):
        Table("T", (), ())
    with pytest.raises(InvalidDataError, match="twice"):
        Table("T", (a, a), ())
    with pytest.raises(InvalidDataError, match="twice"):
        Table("T", (Column("a", "A", Kind.INTERVAL), Column("a_low", "L")), ())
    with pytest.raises(InvalidDataError, match="1 values for 2 columns"):
        Table("T", (a, b), (("x",),))
    for keys in [("a", "c"), ("b", "a"), ("z",), (), ("c", "d")]:
        with pytest.raises(InvalidDataError, match="neighbours"):
            Table("T", (a, b, c), (), spanners=(Spanner("S", keys),))
    with pytest.raises(InvalidDataError, match="two spanners"):
        Table("T", (a, b), (), spanners=(Spanner("S", ("a", "b")), Spanner("R", ("b",))))
    for place in [Place(0, "a"), Place(None, "z"), Place(-1, "a")]:
        with pytest.raises(InvalidDataError, match="does not have"):
            Table("T", (a,), (), footnotes=(Footnote("f", (place,)),))
    with pytest.raises(InvalidDataError, match="26"):
        Table("T", (a,), (), footnotes=(Footnote("f", (Place(None, "a"),)),) * 27)


def test_letters_follow_the_order_of_the_footnotes() -> None:
    assert [letter for letter, _ in POOLED.marked] == ["a", "b"]
    assert POOLED.marks(None, "estimate") == "a"
    assert POOLED.marks(1, "k") == "a"
    assert POOLED.marks(2, "ci") == "b"
    assert POOLED.marks(0, "ci") == ""
    assert POOLED.general == ("Positive values favour CBT.",)


@pytest.mark.parametrize(
    ("kind", "decimals", "value", "apa", "cochrane"),
    [
        (Kind.INTEGER, None, -12, "−12", "−12"),
        (Kind.NUMBER, None, -0.304, "−0.30", "−0.30"),
        (Kind.NUMBER, 3, 0.799661190666728, "0.800", "0.800"),
        (Kind.NUMBER, None, -1e-17, "0.00", "0.00"),
        (Kind.PERCENT, None, 86.2737730031777, "86.3%", "86.3%"),
        (Kind.P_VALUE, None, 0.104527867616752, ".105", "0.105"),
        (Kind.P_VALUE, None, 3.02102208741389e-05, "< .001", "< 0.001"),
        (Kind.P_VALUE, None, 0.0, "< .001", "< 0.001"),
        (Kind.P_VALUE, None, 0.001, ".001", "0.001"),
        (Kind.P_VALUE, 2, 0.0099, "< .01", "< 0.01"),
        (Kind.P_VALUE, None, 1.0, "> .999", "> 0.999"),
        (Kind.P_VALUE, None, 0.9994, ".999", "0.999"),
        (Kind.INTERVAL, None, Interval(-0.67, 0.07), "[−0.67, 0.07]", "−0.67 to 0.07"),
        (Kind.INTERVAL, 1, Interval(-math.inf, 1.0), "[−∞, 1.0]", "−∞ to 1.0"),
        (Kind.TEXT, None, "0.5-1", "0.5-1", "0.5-1"),
    ],
)
def test_print(kind: Kind, decimals: int | None, value: Any, apa: str, cochrane: str) -> None:
    column = Column("a", "A", kind, decimals)
    assert print_cell(column, value) == apa
    assert print_cell(column, value, NumberStyle.COCHRANE) == cochrane


def test_origins_are_one_a_row() -> None:
    column = Column("a", "A")
    assert Table("T", (column,), (("x",),), origins=("1f0c5a2b9e77/pooled",)).origins
    with pytest.raises(InvalidDataError, match="2 origins for 1 rows"):
        Table("T", (column,), (("x",),), origins=("r/a", "r/b"))
