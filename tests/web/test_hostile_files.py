"""Whatever file is sent is imported whole or refused with a reason; pages go on (T10, T13)."""

from __future__ import annotations

import gzip
import io
import random
import re
import time
import zipfile
from collections.abc import Callable
from functools import cache

import pytest
from starlette.testclient import TestClient

from review.db import Database
from review.extraction.files import EXAMPLE, columns_of, table_text
from review.extraction.workbook import table_workbook
from review.history.queries import head
from review.tasks.files import folder_of
from tests.citations.formats.test_mutations import MUTATIONS, TEXTS
from tests.citations.test_imports import TITLES, ris
from tests.tiers import MOSTLY_ON_SQLITE, WHOLE
from tests.web.test_tables import lead as lead
from tests.web.test_tables import rows_of
from tests.web.test_uploads import counts, token
from tests.web.test_uploads import own as own

AT_ONCE = 56
MUTANTS = 10 * AT_ONCE if WHOLE else 2 * AT_ONCE
"""Of one part: each has a database of its own, which stays small."""

PARTS = pytest.mark.parametrize(
    ("database", "part"),
    [("sqlite", part) for part in range(25 if WHOLE else 1)]
    + [("postgresql", part) for part in range(7 if WHOLE else 0)],
    indirect=["database"],
)
"""14,000 files, and a quarter as many tables; fewer on PostgreSQL, which readers never see."""
SECONDS = 5.0


def _zipped(*parts: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return made.getvalue()


def _xml(body: str, dtd: str = "") -> bytes:
    return f'<?xml version="1.0"?>{dtd}<xml><records>{body}</records></xml>'.encode()


_LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
_RECORD = "<record><ref-type>17</ref-type><titles><title>{}</title></titles></record>"


@cache
def corpus() -> dict[str, bytes]:
    """Return files that were made to do harm, or are something else than they say.

    They are made where they are wanted: one takes a second, and unpacks to 300 MB.
    """
    return {
        "laughs.xml": _xml(_RECORD.format("&a11;"), f'<!DOCTYPE x [<!ENTITY a0 "ha">{_LAUGHS}]>'),
        "quadratic.xml": _xml(
            _RECORD.format("&a;" * 50_000), f'<!DOCTYPE x [<!ENTITY a "{"x" * 50_000}">]>'
        ),
        "file.xml": _xml(
            _RECORD.format("&a;"), '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        ),
        "http.xml": _xml(
            _RECORD.format("&a;"), '<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1:9/">]>'
        ),
        "parameter.xml": _xml("", '<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>'),
        "dtd.xml": _xml("", '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'),
        "deep.xml": _xml("<a>" * 100_000),
        "attributes.xml": _xml("<record " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>"),
        "deep.json": b"[" * 200_000,
        "digits.json": b'[{"volume": ' + b"9" * 200_000 + b"}]",
        "bomb.xlsx": _zipped(("xl/workbook.xml", b"<x/>"), ("xl/a.xml", b"\0" * 300_000_000)),
        "no.xlsx": _zipped(("xl/workbook.xml", b"<workbook/>")),
        "slip.xlsx": _zipped(
            ("../../evil", b"x"), ("/etc/evil", b"x"), ("xl/workbook.xml", b"<x/>")
        ),
        "half.xlsx": _zipped(("xl/workbook.xml", b"<workbook/>" * 100))[:-30],
        "packed.ris": gzip.compress(ris(*TITLES)),
        "word.docx": _zipped(("word/document.xml", b"<x/>")),
        "paper.pdf": b"%PDF-1.7\n" + b"\0" * 10_000,
        "program": b"\x7fELF" + bytes(range(256)) * 40,
        "page.html": b"<!doctype html><script>alert(1)</script>",
        "image.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "nothing": b"",
        "blank": b" \n\t" * 1000,
        "nul.ris": b"\0" * 100_000,
        "one-line": b"x" * 5_000_000,
        "empty.ris": b"TY  - JOUR\nER  - \n" * 5_000,
        "empty.bib": b"@article{a,}\n" * 5_000,
        "con.ris": b"TY  - ",
    }


NAMES = (
    "../../../etc/passwd", "/etc/passwd", "C:\\Windows\\x.ris", "CON", "nul.ris", ".", "..", "-rf",
    "a\x00b.ris", "a\nb: c.ris", "\u202egnp.ris", "x" * 300 + ".ris", "<script>alert(1)</script>",
    "{{7*7}}", "%2e%2e%2f", "$(id).ris", "=1+1.ris", " .ris ", "\x1b[2J.ris",
)  # fmt: skip


def _sent(client: TestClient, files: list[tuple[str, bytes]]) -> str:
    answer = client.post(
        "/r/alliance/searches/uploads", data={"token": token(client)},
        files=[("files", file) for file in files],
    )  # fmt: skip
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


@MOSTLY_ON_SQLITE
def test_files_made_to_do_harm_are_refused_soon_with_a_reason(
    own: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise AssertionError("a reader went to the network")

    if database.is_sqlite:  # the other one is reached by a socket
        monkeypatch.setattr("socket.socket.connect", nowhere)
    started = time.process_time()
    page = _sent(own, [*corpus().items()])
    assert time.process_time() - started < SECONDS * len(corpus()) / 4
    assert page.count(">not taken</span>") == len(corpus())
    assert "None of these files has anything to import" in page
    assert "root:" not in page
    assert counts(database) == (0, 0, 0)
    assert own.get("/r/alliance/searches").status_code == 200


def test_names_never_become_paths_nor_markup(own: TestClient, database: Database) -> None:
    titles = [f"{TITLES[0]} number {n} of a great many" for n in range(len(NAMES))]
    files = [(name, ris(title)) for name, title in zip(NAMES, titles, strict=True)]
    before = set(folder_of(database).parent.iterdir())
    page = _sent(own, files)
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "49" not in page.split("{{7*7}}")[0][-3:]
    after = set(folder_of(database).parent.iterdir())
    assert after - before <= {folder_of(database)}
    kept = [path for path in folder_of(database).rglob("*") if path.is_file()]
    assert {path.name for path in kept} <= {str(n) for n in range(len(NAMES))} | {"rejected.csv"}
    assert {path.stat().st_mode & 0o077 for path in folder_of(database).rglob("*")} <= {
        0,
        0o44,
        0o55,
    }


def test_a_form_without_end_and_one_too_large_are_refused(own: TestClient) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x", "x-token": token(own)}
    address = "/r/alliance/searches/uploads"
    for body in (
        b"--x\r\n",
        b"",
        b"nothing",
        b'--x\r\nContent-Disposition: form-data; name="files"',
    ):
        assert own.post(address, content=body, headers=kind).status_code in (400, 422), body
    many = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\na\r\n'
        for _ in range(101)
    )
    assert own.post(address, content=many + b"--x--\r\n", headers=kind).status_code == 400
    huge = {**kind, "content-length": str(2**40)}
    assert own.post(address, content=b"--x\r\n", headers=huge).status_code in (400, 413)


MADE: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    lambda data, draw: data[: draw.randrange(len(data))],
    lambda data, draw: bytes(b ^ (draw.random() < 0.01) * draw.randrange(256) for b in data),
    lambda data, draw: data.replace(b"\n", draw.choice((b"\r", b"\r\n", b"\n\n", b"\0"))),
    lambda data, draw: draw.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0")) + data,
    lambda data, draw: data.replace(b"Journal", b"J" * draw.choice((70_000, 700_000)), 1),
    lambda data, draw: data.replace(b" ", b"\xe2\x80\xae \xed\xa0\x80", draw.randrange(9)),
)


def _mutant(number: int) -> tuple[str, bytes]:
    draw = random.Random(number)
    kind = sorted(TEXTS)[number % len(TEXTS)]
    text = TEXTS[kind].replace("mark", f"m{number}m")
    for mutate in draw.sample(MUTATIONS, draw.randrange(3)):
        text = mutate(text or " ", draw)
    data = text.encode(draw.choice(("utf-8", "utf-16", "cp1252", "gb18030")), "replace") or b" "
    return f"{number}.{kind}", draw.choice(MADE)(data, draw)


@PARTS
def test_damaged_files_are_taken_whole_or_refused(
    own: TestClient, database: Database, part: int
) -> None:
    stored = 0
    for first in range(part * MUTANTS, (part + 1) * MUTANTS, AT_ONCE):
        files = [_mutant(number) for number in range(first, first + AT_ONCE)]
        started = time.process_time()
        page = _sent(own, files)
        assert time.process_time() - started < SECONDS * len(files) / 4
        told = [page.count(f">{word}</span>") for word in ("read", "not taken", "there already")]
        assert sum(told) == len(files)
        taken = [at for at in range(len(files)) if f'name="take" value="{at}"' in page]
        place = page.split('action="')[1:]
        address = next(a.split('"')[0] for a in place if a.split('"')[0].endswith("/import"))
        data = {"token": token(own), "search": "unstated", "take": [str(at) for at in taken]}
        done = own.post(address, data=data).text
        assert f"of {len(taken)} files imported" in done
        stored += len(taken)
    batches, records, _ = counts(database)
    assert batches == stored
    assert records > stored


def _table(number: int) -> bytes:
    """Return a table of one trial, as CSV or as a workbook."""
    label = "".join(chr(ord("A") + int(digit)) * 3 for digit in str(number))  # nearly no other
    rows = [dict(row, study=f"{label} ({1000 + number})", instrument="bdi") for row in EXAMPLE]
    if number % 2:
        return table_text(rows).encode()
    return table_workbook(columns_of(()), rows, fields=(), explained={})


def _damaged(number: int) -> tuple[str, bytes]:
    draw, data = random.Random(number), _table(number)
    if number % 2:
        return f"{number}.csv", draw.choice(MADE)(data, draw)
    if number % 4:
        return f"{number}.xlsx", draw.choice(MADE)(data, draw)
    parts = zipfile.ZipFile(io.BytesIO(data))
    wrong = draw.choice([one for one in parts.namelist() if one.endswith(".xml")])
    return f"{number}.xlsx", _zipped(
        *(
            (name, draw.choice(MADE)(parts.read(name), draw) if name == wrong else parts.read(name))
            for name in parts.namelist()
        )
    )


HOSTILE_TABLES: dict[str, bytes] = {
    "wide.csv": b"study," + b",".join(b"c%d" % n for n in range(50_000)) + b"\nA,1\n",
    "endless.csv": b"study,n\n" + b'"' + b"x" * 3_000_000,
    "numbers.csv": b"study,arm,instrument,n,mean,sd\nA,b,bdi,1e999,nan,-inf\nA,c,bdi,0x10,1_0,\n",
    "formula.csv": b"study,arm,instrument,n,mean,sd\n=cmd|' /C calc'!A0,b,bdi,4,+1+1,@SUM(A1)\n",
    "laughs.xlsx": _zipped(
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.xml", f"<!DOCTYPE x [<!ENTITY a0 'ha'>{_LAUGHS}]><workbook>&a11;</workbook>"
         .encode()),
    ),
}  # fmt: skip


def _send_tables(client: TestClient, files: list[tuple[str, bytes]]) -> tuple[str, str]:
    answer = client.post(
        "/r/alliance/extract/uploads", data={"token": token(client), "entry": ""},
        files=[("files", file) for file in files],
    )  # fmt: skip
    assert answer.status_code == 200, answer.text[:300]
    return answer.url.path, answer.text


@MOSTLY_ON_SQLITE
def test_tables_made_to_do_harm_are_refused_soon_with_a_reason(
    lead: TestClient, database: Database
) -> None:
    with database.reading() as session:
        before = head(session)
    started = time.process_time()
    files = [*corpus().items(), *HOSTILE_TABLES.items(), *((n, b"") for n in ("..", "a\x00b"))]
    _, page = _send_tables(lead, files)
    assert time.process_time() - started < SECONDS * len(files) / 4
    assert page.count(">not taken</span>") == len(files)
    assert "None of these tables can be taken in" in page
    assert "root:" not in page
    assert "<script>alert" not in page
    with database.reading() as session:
        assert head(session) == before
    assert lead.get("/r/alliance/extract/tables").status_code == 200


@PARTS
def test_damaged_tables_are_taken_whole_or_refused(
    lead: TestClient, database: Database, part: int
) -> None:
    for first in range(part * MUTANTS // 4, (part + 1) * MUTANTS // 4, AT_ONCE // 2):
        files = [_damaged(number) for number in range(first, first + AT_ONCE // 2)]
        started = time.process_time()
        place, page = _send_tables(lead, files)
        assert time.process_time() - started < SECONDS * len(files) / 4
        told = {
            word: page.count(f">{word}</span>")
            for word in ("read", "not taken", "asked about", "there already")
        }
        assert sum(told.values()) == len(files)
        assert told["not taken"] > len(files) / 8
        counts_ = re.findall(r"(\d+) rows seen, (\d+) read, (\d+) rejected", page)
        assert all(int(seen) == int(read) + int(rejected) for seen, read, rejected in counts_)
        before = rows_of(database)
        done = lead.post(f"{place}/import", data={"token": token(lead)}).text
        assert f"{told['read']} tables taken in" in done
        added = sum(int(n) for n in re.findall(r"New results</dt><dd>(\d+)", page))
        assert len(rows_of(database)) - len(before) == added > 0
