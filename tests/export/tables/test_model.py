import math
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.export import Column, Footnote, Kind, Place, Spanner, Table
from review.export import printed as print_cell
from tests.export.tables.writers.samples import POOLED


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


def test_letters_follow_the_order_of_the_footnotes() -> None:
    assert [letter for letter, _ in POOLED.marked] == ["a", "b"]
    assert POOLED.marks(None, "estimate") == "a"
    assert POOLED.marks(1, "k") == "a"
    assert POOLED.marks(2, "ci") == "b"
    assert POOLED.marks(0, "ci") == ""
    assert POOLED.general == ("Positive values favour CBT.",)


def test_after_z_footnotes_have_two_letters() -> None:
    a = Column("a", "A")
    table = Table("T", (a,), (), footnotes=(Footnote("f", (Place(None, "a"),)),) * 54)
    letters = [letter for letter, _ in table.marked]
    assert letters[24:29] == ["y", "z", "aa", "ab", "ac"]
    assert (letters[-1], len(set(letters))) == ("bb", 54)


def test_notes_have_real_minus_signs() -> None:
    a = Column("a", "A")
    notes = (Footnote("from -0.38 [-1.09, 0.32], PHQ-9"), Footnote("-1", (Place(None, "a"),)))
    table = Table("T", (a,), (), footnotes=notes)
    assert table.general == ("from −0.38 [−1.09, 0.32], PHQ-9",)
    assert [note.text for _, note in table.marked] == ["−1"]


def test_origins_are_one_a_row() -> None:
    column = Column("a", "A")
    assert Table("T", (column,), (("x",),), origins=("1f0c5a2b9e77/pooled",)).origins
    with pytest.raises(InvalidDataError, match="2 origins for 1 rows"):
        Table("T", (column,), (("x",),), origins=("r/a", "r/b"))
