"""``review serve``: who may reach it, and a start on a machine of one's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from click.testing import Result

from review.db import Database
from review.history.actions import Attribution, writing
from review.people.accounts.actions import set_password
from review.people.accounts.secrets import hasher
from review.people.actions import person_called
from tests.conftest import NOW
from tests.loaded import PATIENCE

Command = Callable[..., Result]


@pytest.mark.parametrize(
    ("origin", "arguments", "told"),
    [
        (None, ("--host", "0.0.0.0"), "is reached by others"),
        (None, ("--host", "::"), "is reached by others"),
        ("http://review.example.org", (), "begins with https://"),
        ("http://review.example.org", ("--host", "0.0.0.0"), "begins with https://"),
        ("https://review.example.org", ("--host", "0.0.0.0"), "no account yet"),
        ("review.example.org", (), "is the address that people type"),
        ("https://review.example.org/pages", (), "is the address that people type"),
    ],
)
def test_it_listens_beyond_this_machine_with_https_and_accounts_only(
    cli: Command, monkeypatch: pytest.MonkeyPatch, origin: str | None, arguments: tuple[str, ...],
    told: str,
) -> None:  # fmt: skip
    if origin:
        monkeypatch.setenv("REVIEW_WEB_ORIGIN", origin)
    assert told in cli("serve", "--no-browser", *arguments, status=1).output.replace("\n", " ")


def test_proxies_are_addresses(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_WEB_PROXIES", "the-proxy")
    assert "REVIEW_WEB_PROXIES" in cli("serve", "--no-browser", status=1).output


@pytest.mark.usefixtures("cli")
def test_a_password_is_set_by_typing_it(database: Database) -> None:
    from click.testing import CliRunner

    from review.cli import main

    short = CliRunner().invoke(main, ["people", "password", "anna"], input="short\nshort\n")
    assert "8 signs" in short.output
    typed = "four plain words\nfour plain words\n"
    done = CliRunner().invoke(main, ["people", "password", "anna"], input=typed)
    assert done.exit_code == 0, done.output
    with database.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT password FROM credential").scalar_one()
    assert hasher().verify(stored, "four plain words")


def test_a_link_to_an_account_is_printed(cli: Command, database: Database) -> None:
    with writing(database, Attribution(actor="tester", at=NOW)) as session:
        person_called(session, "anna")
    assert "/invitation/" in cli("people", "link", "anna").output
    assert "nobody called bo" in cli("people", "link", "bo", status=1).output
    cli("people", "close", "anna", "--because", "left")
    cli("people", "reopen", "anna")


def _start(environment: dict[str, str]) -> tuple[subprocess.Popen[str], str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "review", "serve", "--no-browser"],
        env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    assert server.stdout is not None
    return server, server.stdout.readline().strip()


def _stop(server: subprocess.Popen[str]) -> None:
    server.terminate()
    server.communicate(timeout=PATIENCE)


def test_one_person_starts_and_reads_by_the_printed_address(tmp_path: Path) -> None:
    file = tmp_path / "new" / "review.db"
    environment = {
        "REVIEW_DATABASE_URL": f"sqlite:///{file}", "REVIEW_ACTOR": "anna", "REVIEW_WEB_ORIGIN": "",
    }  # fmt: skip
    server, address = _start(environment)
    try:
        assert address.startswith("http://127.0.0.1:")
        with build_opener(HTTPCookieProcessor()).open(address, timeout=PATIENCE) as answer:
            page = answer.read().decode()
        assert answer.geturl().endswith("/")
        assert "anna" in page
        with build_opener().open(address.partition("/enter")[0], timeout=PATIENCE) as answer:
            assert answer.geturl().partition("?")[0].endswith("/sign-in")
    finally:
        _stop(server)
    assert file.exists()


def test_where_somebody_has_a_password_no_key_is_printed(
    tmp_path: Path, sqlite_template: Path
) -> None:
    file = tmp_path / "review.db"
    file.write_bytes(sqlite_template.read_bytes())
    from review.db import database_at

    database = database_at(f"sqlite:///{file}")
    with writing(database, Attribution(actor="anna", at=NOW)) as session:
        person = person_called(session, "anna")
        set_password(session, person, hasher().hash("four plain words"), now=NOW)
    database.close()
    server, address = _start({"REVIEW_DATABASE_URL": f"sqlite:///{file}", "REVIEW_WEB_ORIGIN": ""})
    _stop(server)
    assert "key" not in address
    assert address.startswith("http://127.0.0.1:")
