"""``review serve``: the reviews in a browser, of one person at a machine or of a team."""

from __future__ import annotations

import ipaddress
import logging
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from review.cli.context import by, configured_database
from review.config import settings
from review.db import Database
from review.errors import InvalidDataError, Remedy
from review.schema import current, revision_of, upgrade
from review.web.settings import WebSettings, web_settings


@click.command("serve")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="By default one that is free at the moment."
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
    help="Where to listen; beyond this machine only with accounts and REVIEW_WEB_ORIGIN=https://…",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True,
    help="Processes, for a team.",
)  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Do not open the browser; print the address only.")
@click.option("--debug", is_flag=True, help="Show /design, and log every request.")
def serve_(port: int | None, host: str, workers: int, no_browser: bool, debug: bool) -> None:
    """Open the reviews of this database in the browser, until stopped (Ctrl-C).

    On a machine of one's own the database is made, or brought up to this software, and the printed
    address holds a key that works once: who has it is you (REVIEW_ACTOR), and nobody else comes in.
    Analyses follow every change.

    A team has accounts: REVIEW_WEB_ORIGIN is the https address that people type, and a proxy such
    as Caddy or nginx passes it on; see docs/administer.md. The first account is made with a link
    that is printed once.
    """
    serve(
        configured_database(), web_settings(), port=port, host=host, workers=workers,
        no_browser=no_browser, debug=debug,
    )  # fmt: skip


def serve(
    database: Database,
    web: WebSettings,
    *,
    port: int | None,
    host: str = "127.0.0.1",
    workers: int = 1,
    no_browser: bool,
    debug: bool = False,
) -> None:
    """Serve a database until stopped, after what `serve_` says of it."""
    alone = web.origin is None
    if alone:
        _bring_up(database)
    database = current(database)
    click.get_current_context().call_on_close(database.close)
    accounts = _has_accounts(database)
    _check_place(web, host, accounts=accounts)
    if alone and accounts and workers > 1:
        raise click.UsageError("several workers are for a team: set REVIEW_WEB_ORIGIN")
    with_key = alone and not accounts and database.is_sqlite
    if alone and not with_key and not accounts:
        raise InvalidDataError(
            "a key lets one person into a database of their own, an SQLite file; on PostgreSQL set "
            "REVIEW_WEB_ORIGIN",
            remedy=Remedy("or make an account first, with", "review people password NAME"),
        )
    listening = _listen(host, port)
    place = web.origin or f"http://{_spelled(host)}:{listening.getsockname()[1]}"
    key = secrets.token_urlsafe(24) if with_key else None
    address = f"{place}/enter?key={key}" if key else place
    if not alone and not accounts:
        click.echo("No account yet. Yours is made with this link, which works once:", err=True)
        address = f"{place}/invitation/{_first_link(database)}"
    click.echo(address)
    if with_key:
        click.echo("Stop with Ctrl-C.", err=True)
    if alone and not no_browser:
        import webbrowser

        webbrowser.open(address)
    if workers > 1:
        _serve_by_workers(listening, workers)
        return
    with _watcher(database, wanted=with_key):
        _serve(database, WebSettings(web.origin, web.proxies, key, debug), listening)


def _bring_up(database: Database) -> None:
    before = revision_of(database)
    _, backup = upgrade(database)
    if before is None:
        click.echo(f"Made {database}", err=True)
    if backup is not None:
        click.echo(f"Brought {database} up; the state before is kept in {backup}.", err=True)


def _has_accounts(database: Database) -> bool:
    from review.people.accounts.queries import anybody_has_a_password

    with database.reading() as session:
        return anybody_has_a_password(session)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_place(web: WebSettings, host: str, *, accounts: bool) -> None:
    """Raise InvalidDataError where others could listen in, or come in unasked."""
    if web.origin is not None and not web.secure and web.hosts[0].split(":")[0] not in (
        "127.0.0.1", "localhost",
    ):  # fmt: skip
        raise InvalidDataError(
            f"REVIEW_WEB_ORIGIN is {web.origin}; beyond one's own machine it begins with https://, "
            "or passwords could be read on the way"
        )
    if _is_loopback(host):
        return
    if not web.secure:
        raise InvalidDataError(
            f"{host} is reached by others: listen on 127.0.0.1, or set REVIEW_WEB_ORIGIN=https://… "
            "and let a proxy pass it on (docs/administer.md)"
        )
    if not accounts:
        raise InvalidDataError(
            f"{host} is reached by others, and there is no account yet",
            remedy=Remedy("make the first one with", "review people password NAME"),
        )


def _first_link(database: Database) -> str:
    from review.history.actions import writing
    from review.people.actions import person_called
    from review.people.invitations import open_door_for

    with writing(database, by(reason="the first account")) as session:
        person = person_called(session, settings().actor)
        return open_door_for(session, person, by=settings().actor, now=datetime.now(UTC))[1]


def _spelled(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _listen(host: str, port: int | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port or 0))
    except OSError as error:
        raise InvalidDataError(
            f"cannot listen on {host}{f', port {port}' if port else ''}: {error.strerror}; leave "
            "--port out and a free one is found"
        ) from None
    listening.listen(256)
    listening.set_inheritable(True)
    return listening


@contextmanager
def _watcher(database: Database, *, wanted: bool) -> Iterator[None]:
    """Let analyses follow every change, in a process beside this one, while pages are served."""
    if not wanted:
        yield
        return
    from review.tasks.watching import start

    process = start(database, actor=settings().actor)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()


def _serve(database: Database, web: WebSettings, listening: socket.socket) -> None:
    import uvicorn

    from review.web.app import create_app
    from review.web.logs import write_lines

    write_lines(logging.INFO if web.debug or web.secure else logging.WARNING)
    app = create_app(database, web)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, proxy_headers=False, server_header=False,
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listening])


def _serve_by_workers(listening: socket.socket, workers: int) -> None:
    """Serve with several processes, each of which reads the settings as this one did."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    config = uvicorn.Config(
        "review.web.app:from_environment", factory=True, workers=workers, log_config=None,
        access_log=False, proxy_headers=False, server_header=False, timeout_graceful_shutdown=5,
    )  # fmt: skip
    Multiprocess(config, sockets=[listening]).run()
