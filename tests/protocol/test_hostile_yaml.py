"""YAML made to hang, to fill the memory or to break its reader is refused with a reason."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from review.errors import FileError
from review.protocol.files import MAX_BYTES, mapping_of, read_protocol, validated
from review.protocol.specs import ProtocolFile

SECONDS = 3.0


def bomb(line: str, levels: int = 30) -> str:
    """Each line repeats the one before nine times."""
    lines = ["a0: &a0 x" if "<<" not in line else "a0: &a0 {k0: 1}"]
    for level in range(1, levels):
        parts = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(line.format(level=level, parts=parts))
    return "\n".join(lines)


REFUSED = {
    "aliases": bomb("a{level}: &a{level} [{parts}]"),
    "merges": bomb("a{level}: &a{level} {{<<: [{parts}], k{level}: 1}}"),
    "merges at the top": bomb("a{level}: &a{level} {{<<: [{parts}]}}", 12) + "\n<<: *a11",
    "itself": "a: &a [x, *a]",
    "itself by name": "a: &a {b: {c: *a}}",
    "itself by merge": "a: &a {<<: *a}",
    "brackets": "a: " + "[" * 100_000,
    "braces": "a: " + "{a: " * 50_000,
    "dashes": "- " * 50_000 + "x",
    "names in names": "\n".join(" " * n + "a:" for n in range(300)),
    "digits": "a: " + "9" * 100_000,
    "hexadecimal": "a: 0x" + "f" * 100_000,
    "binary": "a: 0b" + "1" * 100_000,
    "sixties": "a: " + ":".join(["59"] * 2_000),
    "no date": "a: 2000-99-99",
    "no time": "a: 2000-01-01 99:99:99",
    "NUL": "a: \x00",
    "half a character": "a: \ud800",
    "no number": "a: !!int x",
    "no float": "a: !!float x",
    "no yes": "a: !!bool x",
    "no bytes": "a: !!binary é",
    "a program": "a: !!python/object/apply:os.system ['echo']",
    "a list as name": "? [a, b]\n: c",
    "a number of names": "a: !!set [x]",
    "too many values": "a: [" + "1, " * 200_000 + "]",
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_is_refused_soon_with_a_reason(name: str) -> None:
    started = time.process_time()
    with pytest.raises(FileError) as refused:
        mapping_of(REFUSED[name], source="x.yaml")
    limit = SECONDS if len(REFUSED[name]) < 300_000 else 3 * SECONDS
    assert time.process_time() - started < limit
    assert all(problem.reason for problem in refused.value.problems)


def test_a_file_of_many_megabytes_is_not_read_at_all(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"a: " + b"x" * (30 * 1024 * 1024))
    started = time.process_time()
    with pytest.raises(FileError, match="larger than 1 MiB"):
        read_protocol(path)
    assert time.process_time() - started < 1
    assert MAX_BYTES == 1024 * 1024


def test_aliases_that_people_write_are_taken() -> None:
    text = "a: &a {x: 1, y: [2, 3]}\nb: {<<: *a, x: 4}\nc: *a\nd: [*a, *a]"
    assert mapping_of(text, source="x.yaml") == {
        "a": {"x": 1, "y": [2, 3]},
        "b": {"x": 4, "y": [2, 3]},
        "c": {"x": 1, "y": [2, 3]},
        "d": [{"x": 1, "y": [2, 3]}] * 2,
    }


PIECES = st.lists(
    st.sampled_from(
        ["a", "b", ": ", "\n", "  ", "- ", "[", "]", "{", "}", ", ", "&a ", "*a", "<<: ", "? ",
         "!!int ",
         "!!set ", "|", ">", "'", '"', "#", "1", "1e9", "2000-01-01", "\t", "%", "---\n", "...\n",
         "\x00", "\u202e", "~", "=", "review", "outcomes"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(PIECES)
@example("=: 1")
@example("a: =")
def test_whatever_is_written_is_taken_or_refused(text: str) -> None:
    try:
        values = mapping_of(text, source="x.yaml")
        validated(ProtocolFile, values, source="x.yaml")
    except FileError:
        return
