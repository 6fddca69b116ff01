"""Many people type at once, and the program is killed: nothing acknowledged is lost (T5)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from review.db import Database, database_at
from review.extraction.drafts.actions import keep_draft, take_over
from review.extraction.drafts.queries import draft_of, drafts_of
from review.extraction.models import Result
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from review.history.queries import verify
from tests.conftest import NOW
from tests.extraction.drafts.entering import begun, opened, place, typed
from tests.joining import joined

TYPISTS, TURNS = 16, 4

TYPING = """
import sys
from review.db import database_at
from review.extraction.drafts.actions import keep_draft
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from tests.conftest import NOW
from tests.extraction.drafts.entering import opened, place, typed

database = database_at(sys.argv[1])
version = 0
for turn in range(100_000):
    with writing(database, Attribution(actor="anna", at=NOW, review="r")) as session:
        review, study = place(session)
        _, stored = opened(session, study, "anna")
        version = keep_draft(
            session, review, study, version=version, kind=EntryKind.SINGLE,
            form=typed({"n": str(turn)}), made_from=stored, person="anna", now=NOW,
        ).version
    print(turn, flush=True)
"""


def _typed_n(database: Database, person: str) -> int:
    with database.reading() as session:
        _, study = place(session)
        draft = draft_of(session, study, person)
        assert draft is not None
        return int(draft.form["blocks"][0]["rows"][0]["cells"]["n"])


def test_kill_in_the_middle_of_typing_loses_nothing_that_was_acknowledged(
    sqlite_template: Path, tmp_path: Path, by: Attribution
) -> None:
    file = tmp_path / "review.db"
    file.write_bytes(sqlite_template.read_bytes())
    database = begun(database_at(f"sqlite:///{file}"), by)
    for kills in range(2):
        if kills:
            with writing(database, by) as session:
                _, study = place(session)
                draft = draft_of(session, study, "anna")
                session.delete(draft)
        typist = subprocess.Popen(
            [sys.executable, "-c", TYPING, f"sqlite:///{file}"], stdout=subprocess.PIPE, text=True
        )
        assert typist.stdout is not None
        said = [int(typist.stdout.readline()) for _ in range(4 + kills)]
        os.kill(typist.pid, signal.SIGKILL)
        said += [int(line) for line in typist.stdout.read().split()]
        typist.wait()
        typist.stdout.close()
        kept = _typed_n(database, "anna")
        assert said[-1] <= kept <= said[-1] + 1  # the last may be kept and not yet acknowledged
    with database.reading() as session:
        assert verify(session).problems == ()
    database.engine.dispose()


def test_sixteen_people_type_at_once_and_every_draft_is_its_authors(
    database: Database, by: Attribution
) -> None:
    begun(database, by)
    people = [f"typist{number}" for number in range(TYPISTS)]
    with writing(database, by) as session:
        review, _ = place(session)
        for who in people:
            joined(session, review, who)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        person, version = people[number], 0
        try:
            for turn in range(TURNS):
                with writing(database, Attribution(actor=person, at=NOW, review="r")) as session:
                    review, study = place(session)
                    _, stored = opened(session, study, person, EntryKind.BLIND)
                    version = keep_draft(
                        session, review, study, version=version, kind=EntryKind.BLIND,
                        form=typed({"n": str(100 * number + turn + 1)}), made_from=stored,
                        person=person, now=NOW,
                    ).version  # fmt: skip
            if number % 2:
                with writing(database, Attribution(actor=person, at=NOW, review="r")) as session:
                    review, study = place(session)
                    take_over(session, review, study, version=version, person=person, now=NOW)
        except BaseException as error:  # told to the test below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(TYPISTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with database.reading() as session:
        review, _ = place(session)
        sizes = sorted(
            result.numbers.n or 0
            for result in session.query(Result)
            if result.numbers.mean is None or result.numbers.n != 49
        )
        own = [draft for who in people for draft in drafts_of(session, review, who)]
        assert len(own) == TYPISTS // 2
        assert [n for n in sizes if n % 100 == TURNS] == [
            100 * number + TURNS for number in range(1, TYPISTS, 2)
        ]
        assert verify(session).problems == ()
    for number in range(0, TYPISTS, 2):
        assert _typed_n(database, people[number]) == 100 * number + TURNS
