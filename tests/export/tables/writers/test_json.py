import gzip
import json
from dataclasses import replace
from pathlib import Path

from review.export import Interval, render_json, write_json
from tests.export.tables.writers.samples import HOSTILE, NASTY, POOLED, UNWRITABLE


def test_numbers_come_back_as_they_were() -> None:
    table = json.loads(render_json({"pooled": POOLED}))["pooled"]
    for row, given in zip(table["rows"][:2], POOLED.rows[:2], strict=True):
        assert row == [list(cell) if isinstance(cell, Interval) else cell for cell in given]
    assert table["rows"][2][3] == ["-inf", 1.8]
    assert table["rows"][2][5:] == [None, None]


def test_columns_notes_and_origins_are_told() -> None:
    origins = ("1f0c5a2b9e77/readings/0", None, None)
    table = json.loads(render_json({"p": replace(POOLED, origins=origins)}))["p"]
    assert table["columns"][2] == {
        "key": "estimate", "header": "Hedges g", "kind": "number", "decimals": 2
    }  # fmt: skip
    assert table["origins"] == list(origins)
    assert table["spanners"] == [{"header": "Random effects", "keys": ["estimate", "ci", "p"]}]
    assert table["footnotes"][1]["places"] == [
        {"row": None, "key": "estimate"}, {"row": 1, "key": "k"}
    ]  # fmt: skip
    assert table["title"] == POOLED.title
    assert table["source"] == POOLED.source


def test_a_column_that_nothing_fills_is_named_and_takes_no_place_in_the_rows() -> None:
    none = tuple((row[0], None, *row[2:]) for row in POOLED.rows)
    table = json.loads(render_json({"p": replace(POOLED, rows=none)}))["p"]
    keys = [column.key for column in POOLED.columns]
    assert [column["key"] for column in table["empty"]] == [keys[1]]
    assert [column["key"] for column in table["columns"]] == [keys[0], *keys[2:]]
    assert {len(row) for row in table["rows"]} == {len(keys) - 1}
    none = json.loads(render_json({"p": replace(POOLED, rows=(), footnotes=())}))["p"]
    assert (len(none["columns"]), none["empty"]) == (len(keys), [])


def test_a_name_that_says_so_is_compressed_and_the_same_each_time(tmp_path: Path) -> None:
    first = write_json({"p": POOLED}, tmp_path / "t.json.gz").read_bytes()
    assert gzip.decompress(first).decode() == render_json({"p": POOLED})
    assert write_json({"p": POOLED}, tmp_path / "t.json.gz").read_bytes() == first


def test_any_text_comes_back() -> None:
    rows = json.loads(render_json({"h": HOSTILE}))["h"]["rows"]
    assert [row[0] for row in rows] == list(NASTY)
    for text in UNWRITABLE:
        content = render_json({"t": replace(POOLED, title=text)}).encode()
        assert "\N{REPLACEMENT CHARACTER}" in json.loads(content)["t"]["title"]


def test_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    first = write_json({"a": POOLED, "b": HOSTILE}, tmp_path / "t.json").read_bytes()
    assert write_json({"a": POOLED, "b": HOSTILE}, tmp_path / "t.json").read_bytes() == first
