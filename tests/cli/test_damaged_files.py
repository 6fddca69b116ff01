"""Every command that reads a file: damaged ones are refused with a sentence, or taken whole."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, is_zipfile

import pytest
from click.testing import CliRunner

from review.cli import main
from review.config import settings
from review.db import database_at
from review.export.reproduction.bibliography import style_file
from review.history.queries import head
from review.keeping.verifying import verify_all
from tests.citations.formats.test_mutations import MUTATIONS
from tests.tiers import WHOLE
from tests.web.test_hostile_files import MADE

SEEDS = Path(__file__).parents[2] / "seeds"
MUTANTS = 300 if WHOLE else 6
"""Of each file."""
SECONDS = 10.0
"""Of the processor, for one file: far more than any needs."""

POOLED = "study,yi,vi,year\nA,0.3,0.04,1999\nB,0.1,0.09,2004\nC,0.5,0.05,2010\nD,0.2,0.1,2012\n"
COVARIANCES = "A,B,C,D\n0.04,0.01,0,0\n0.01,0.09,0,0\n0,0,0.05,0\n0,0,0,0.1\n"
ARMS = "study,treatment,n,mean,sd\nA,x,20,3,1\nA,y,21,2,1\nB,x,30,4,1.5\nB,z,28,2,1.4\n"
FLOW = json.dumps({"identified": 100, "duplicates_removed": 10, "screened": 90, "included": 4})

READ: Final[dict[str, tuple[str, str]]] = {
    "protocol": ("protocol.yaml", "new --file {}"),
    "plan": ("plan.yaml", "analysis revise panic --file {} --reason x -r invented"),
    "tool": ("tool.yaml", "rob adopt --file {} -r invented"),
    "table": ("table.csv", "extract import {} -r invented"),
    "workbook": ("table.xlsx", "extract import {} -r invented"),
    "decisions": ("decisions.csv", "screen import {} -r invented"),
    "judgements": ("robvis.csv", "rob import {} --tool rob2-parallel --outcome panic -r invented"),
    "pool": ("pool.csv", "pool {} --diagnostics"),
    "covariances": ("V.csv", "pool {folder}/pool.csv --covariances {} --random study"),
    "network": ("network.csv", "network {}"),
    "flow": ("flow.json", "flow check {}"),
    "abstract": ("abstract.txt", "records abstract 1 {} --source PubMed -r invented"),
    "style": ("style.csl", "export bibliography --style {} -r cbt-delivery"),
    "backup": ("backup.db", "restore {} --into sqlite:///{folder}/restored.db"),
    "trace a document": ("tables/tables.docx", "trace {}"),
    "trace a workbook": ("tables/tables.xlsx", "trace {}"),
    "trace numbers": ("tables/tables.json", "trace {}"),
    "trace a list": ("tables/provenance.json", "trace {folder}/tables/pooled_estimates.csv"),
}
"""A good file, and the command that reads it."""

PARTLY = ("decisions",)
"""A line that cannot be taken stops no other there, and the status says so."""


@pytest.fixture(scope="module")
def prepared_folder(
    demonstration_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The demonstration, and good files of each kind beside it."""
    folder = tmp_path_factory.mktemp("damaged")
    shutil.copy(demonstration_file, folder / "review.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{folder / 'review.db'}")
        patch.setenv("REVIEW_ACTOR", "tester")
        settings.cache_clear()

        def printed(words: str) -> str:
            found = CliRunner().invoke(main, words.format(folder=folder).split())
            assert found.exit_code == 0, (words, found.output)
            return found.stdout

        for name, words in {
            "plan.yaml": "analysis show panic -r invented",
            "tool.yaml": "rob tool-file rob2-parallel",
            "table.csv": "extract export -r invented",
            "robvis.csv": "rob export -r invented --tool rob2-parallel",
        }.items():
            (folder / name).write_text(printed(words), "utf-8")
        printed("extract export -r invented --out {folder}/table.xlsx")
        printed("screen export {folder}/decisions.csv -r invented")
        printed("backup --to {folder}/backups")
        shutil.copy(next((folder / "backups").glob("*.db")), folder / "backup.db")
        printed("export tables -r invented --out {folder}/tables --format csv --format xlsx "
                "--format docx --format json")  # fmt: skip
        own = (SEEDS / "founding" / "protocol.yaml").read_text("utf-8")
        (folder / "protocol.yaml").write_text(own.replace("founding", "another"), "utf-8")
        (folder / "pool.csv").write_text(POOLED, "utf-8")
        (folder / "V.csv").write_text(COVARIANCES, "utf-8")
        (folder / "network.csv").write_text(ARMS, "utf-8")
        (folder / "flow.json").write_text(FLOW, "utf-8")
        (folder / "abstract.txt").write_text("We randomised nurses to video. " * 20, "utf-8")
        shutil.copy(style_file("apa"), folder / "style.csl")
        yield folder
    settings.cache_clear()


def _damaged(good: bytes, draw: random.Random) -> bytes:
    """Return bytes of a text, or of a part of an archive, changed as readers do not expect."""
    if is_zipfile(BytesIO(good)) and draw.random() < 0.7:
        packed = ZipFile(BytesIO(good))
        wrong = draw.choice(packed.namelist())
        made = BytesIO()
        with ZipFile(made, "w", ZIP_DEFLATED) as archive:
            for name in packed.namelist():
                part = packed.read(name)
                archive.writestr(name, _damaged(part, draw) if name == wrong else part)
        return made.getvalue()
    kind = draw.randrange(5)
    if kind == 0 and good.isascii():
        return draw.choice(MUTATIONS)(good.decode() or " ", draw).encode()
    if kind == 1:
        return draw.choice((b"[" * 100_000, b'{"a":' * 50_000, b"9" * 100_000, b"", b"\0" * 99))
    if kind == 2:  # an encoding that nobody knows, a number that is none
        return good.replace(b"utf-8", b"zTF-8").replace(b"UTF-8", b"utf-16").replace(b"1", b"1e999")
    return draw.choice(MADE)(good or b" ", draw)


@pytest.mark.parametrize("kind", READ)
def test_a_damaged_file_is_refused_with_a_sentence_or_taken_whole(
    kind: str, prepared_folder: Path
) -> None:
    name, words = READ[kind]
    file = prepared_folder / name
    good = file.read_bytes()
    database = database_at(f"sqlite:///{prepared_folder / 'review.db'}")
    refused = 0
    try:
        for number in range(MUTANTS // 5 + 1 if kind == "backup" else MUTANTS):
            draw = random.Random(f"{kind}{number}")
            file.write_bytes(_damaged(good, draw) if number else b"\0" * 99)
            with database.reading() as session:
                before = head(session)
            began = time.process_time()
            typed = [word.format(file, folder=prepared_folder) for word in words.split()]
            found = CliRunner().invoke(main, typed)
            assert time.process_time() - began < SECONDS, number
            if found.exception is not None and not isinstance(found.exception, SystemExit):
                raise AssertionError(f"mutant {number} of {kind}") from found.exception
            if found.exit_code == 0:
                (prepared_folder / "restored.db").unlink(missing_ok=True)
                continue
            refused += 1
            assert found.output.strip(), number
            assert not set("\x1b\u202e\x00") & set(found.output), number
            with database.reading() as session:
                assert kind in PARTLY or head(session) == before, number
    finally:
        file.write_bytes(good)
        database.close()
    assert refused
    with database_at(str(database.url)).reading() as session:
        assert verify_all(session, viewer=None).sound
