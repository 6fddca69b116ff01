"""Damaged files: whole rows or a named problem, never anything else (acceptance test T10)."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from review.errors import FileError
from review.extraction.formats.registry import FORMATS
from review.extraction.formats.source import Directions
from review.extraction.vocabulary import Format
from tests.extraction.formats.files import metapsy, rm5, trial
from tests.extraction.formats.test_revman import METALAB, REVMAN5, WEB
from tests.tiers import WHOLE

MUTANTS = 2000 if WHOLE else 30
"""Of each file."""

FILES = {
    "metapsy": (Format.METAPSY, metapsy([trial("A 2001"), trial("Bø, 2002"), trial("C")])),
    "rm5": (Format.REVMAN, rm5()),
    "revman web": (Format.REVMAN_WEB, WEB),
    "revman 5 csv": (Format.REVMAN_WEB, REVMAN5),
    "metalab": (Format.METALAB, METALAB),
}


def flip(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 5)):
        data[dice.randrange(len(data))] = dice.randrange(256)


def cut(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def double(data: bytearray, dice: random.Random) -> None:
    start = dice.randrange(len(data))
    data[start:start] = data[start : start + dice.randint(1, 300)]


def insert(data: bytearray, dice: random.Random) -> None:
    odd = (
        b'"',
        b";",
        b"\r",
        b"\x00",
        "\u202e".encode(),
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"9" * 70_000,
    )
    data[(place := dice.randrange(len(data))) : place] = dice.choice(odd)


def encode(data: bytearray, dice: random.Random) -> None:
    text = data.decode("utf-8", "replace")
    data[:] = text.encode(dice.choice(["utf-16", "utf-8-sig", "cp1252"]), "replace")


WAYS: tuple[Callable[[bytearray, random.Random], None], ...] = (flip, cut, double, insert, encode)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_whole_rows_or_a_named_problem(name: str) -> None:
    format_, intact = FILES[name]
    reading = FORMATS[format_]
    dice = random.Random(f"{name} 20261123")
    refused = 0
    for _ in range(MUTANTS):
        data = bytearray(intact)
        for _ in range(dice.randint(1, 2)):
            if data:
                dice.choice(WAYS)(data, dice)
        try:
            table = reading.read(bytes(data), file="f")
        except FileError:
            refused += 1
        else:
            assert table.rows
            assert reading.content(table.rows, Directions(), None).results
    assert 0 < refused < MUTANTS
