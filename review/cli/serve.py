"""``review serve``: the review in a browser."""

from __future__ import annotations

import secrets
import socket

import click

from review.cli.context import configured_database
from review.schema import upgrade


@click.command("serve")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="By default one that is free at the moment."
)
@click.option("--no-browser", is_flag=True, help="Do not open the browser; print the address only.")
def serve_(port: int | None, no_browser: bool) -> None:
    """Open the reviews of this database in the browser, until stopped (Ctrl-C).

    The database is made, or brought up to this software, first. The address that is printed holds a
    key that works once: who has it is you, and nobody else on this machine comes in.
    """
    database = configured_database()
    upgrade(database)
    from review.web.app import create_app
    from review.web.settings import WebSettings

    key = secrets.token_urlsafe(24)
    app = create_app(database, WebSettings(key=key))
    listening = _listen(port)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/enter?key={key}"
    click.echo(address)
    if not no_browser:
        import webbrowser

        webbrowser.open(address)
    import uvicorn

    config = uvicorn.Config(app, log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


def _listen(port: int | None) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port or 0))
    except OSError:
        raise click.BadParameter(
            f"port {port} is taken; leave --port out and a free one is found", param_hint="--port"
        ) from None
    listening.listen(128)
    return listening
